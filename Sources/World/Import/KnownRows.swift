// Where rows belong. It is filled by the thread that takes rows in their order; threads that read rows look only at
// what does not change any more: people are complete before places are read, and both before anything else.

import Basics

/// The people and places of the tables, and who is a guest where.
struct KnownRows: Sendable {
    /// A number that counts within a city only.
    struct Twin: Hashable, Sendable {
        var city: CityID
        var number: UInt64
    }

    /// The names of these tables' files, nil where they are not there.
    let peopleName: String?
    let placesName: String?
    let names: CityNames

    private var people = NumberIndex()
    private(set) var homes: [CityID] = []
    private var places = NumberIndex()
    private var placeCities: [CityID] = []
    /// Places whose number was given in another city before.
    private var twins: Set<Twin> = []
    private var twinNumbers: Set<UInt64> = []

    init(_ data: TableDataSet, _ cities: [String: CityID]) {
        peopleName = data.file(.people)?.name
        placesName = data.file(.places)?.name
        names = CityNames(cities, standard: data.city)
    }

    mutating func insert(person number: UInt64, home: CityID) throws(RowFault) {
        guard people.insert(number, homes.count) else {
            throw RowFault(reason: "person \(number) was given before")
        }
        homes.append(home)
    }

    mutating func insert(place number: UInt64, in city: CityID) throws(RowFault) {
        guard let known = places[number] else {
            _ = places.insert(number, placeCities.count)
            placeCities.append(city)
            return
        }
        let isNew = placeCities[known] != city && twins.insert(Twin(city: city, number: number)).inserted
        guard isNew else { throw RowFault(reason: "place \(number) of this city was given before") }
        twinNumbers.insert(number)
    }

    /// A person's place in `homes`, or nil.
    func position(of number: UInt64) -> Int? { people[number] }

    /// A person's place in `homes`.
    func position(_ person: PersonID) throws(RowFault) -> Int {
        guard let position = people[person.number] else {
            throw RowFault(reason: "person \(person) is not in \(peopleName ?? "the people")")
        }
        return position
    }

    /// The city whose place a row means: the one it names, or else the only one with a place of that number.
    func city(
        ofPlace place: PlaceID, _ reader: TableReader, _ slot: Int, _ names: inout CityNames
    ) throws(RowFault) -> CityID {
        guard placesName != nil else { return try names.city(reader, slot) }
        guard let known = places[place.number] else {
            throw RowFault(reason: "place \(place) is not in \(placesName ?? "the places")")
        }
        guard reader.field(slot) != nil else {
            if !twinNumbers.isEmpty && twinNumbers.contains(place.number) {
                throw RowFault(reason: "place \(place) is in several cities, and the row does not say in which")
            }
            return placeCities[known]
        }
        let city = try names.city(reader, slot)
        guard placeCities[known] == city || twins.contains(Twin(city: city, number: place.number)) else {
            throw RowFault(reason: "place \(place) of this city is not in \(placesName ?? "the places")")
        }
        return city
    }
}

/// Who is a guest in which city, by position: without repetitions often enough not to outgrow the people.
struct GuestPairs: Sendable {
    private var pairs: [UInt64] = []
    private var limit = 1 << 16

    var isEmpty: Bool { pairs.isEmpty }

    /// Notes that a person has to do with a city. Their home is passed over.
    mutating func note(_ position: Int, in city: CityID, _ homes: [CityID]) {
        if homes[position] == city { return }
        let pair = UInt64(position) << 32 | UInt64(city.number)
        if pairs.last == pair { return }
        pairs.append(pair)
    }

    /// Takes over what another has noted.
    mutating func add(_ other: GuestPairs) {
        pairs += other.pairs
        if pairs.count >= limit {
            settle()
            limit = max(1 << 16, pairs.count * 2)
        }
    }

    /// Sorts, each pair once.
    mutating func settle() {
        pairs.sort()
        var kept = 0
        for index in pairs.indices where index == 0 || pairs[index] != pairs[kept - 1] {
            pairs[kept] = pairs[index]
            kept += 1
        }
        pairs.removeLast(pairs.count - kept)
    }

    /// Whether a person is a guest anywhere. Only behind `settle`.
    func contains(_ position: Int) -> Bool {
        let index = first(of: position)
        return index < pairs.count && pairs[index] >> 32 == UInt64(position)
    }

    /// The cities of one person, ascending. Only behind `settle`.
    func forEachCity(of position: Int, _ body: (CityID) throws -> Void) rethrows {
        var index = first(of: position)
        while index < pairs.count && pairs[index] >> 32 == UInt64(position) {
            try body(CityID(UInt32(truncatingIfNeeded: pairs[index])))
            index += 1
        }
    }

    /// Where the pairs of a person begin, or would.
    private func first(of position: Int) -> Int {
        var (low, high) = (0, pairs.count)
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle] >> 32 < UInt64(position) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// City names of rows as the numbers they were given. Neighbouring rows mostly name the same city.
struct CityNames: Sendable {
    static let bytesMax = 200
    private let known: [String: CityID]
    private let standard: CityID?
    private var last: [UInt8] = []
    private var lastCity = CityID(0)

    init(_ known: [String: CityID], standard: String?) {
        self.known = known
        self.standard = standard.flatMap { known[$0] }
    }

    /// The city of rows that name none.
    func standardCity() throws(RowFault) -> CityID {
        guard let standard else { throw RowFault(reason: "the row names no city") }
        return standard
    }

    mutating func city(_ reader: TableReader, _ slot: Int) throws(RowFault) -> CityID {
        guard let field = reader.field(slot) else { return try standardCity() }
        if last.count == field.count && last.elementsEqual(field) { return lastCity }
        guard let name = try reader.text(slot, bytesMax: Self.bytesMax) else { return try standardCity() }
        guard let city = known[name] else {
            throw RowFault(reason: "city '\(name)' is not one of the import's cities")
        }
        last = Array(field)
        lastCity = city
        return city
    }
}
