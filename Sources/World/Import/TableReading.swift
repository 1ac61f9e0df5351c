// One pass over the tables, and a second one over people only: to send a copy of each to the cities where they
// turned out to be guests. It comes last because only then is it known who they are, and holding all people in
// memory until then would cost a hundred times their number.

import Basics

/// The reading of one `TableDataSet`. Used once, by one thread.
final class TableReading {
    private(set) var tallies: [TableTally] = []

    private let data: TableDataSet
    /// The names of these tables' files, nil where they are not there.
    private let peopleName: String?
    private let placesName: String?
    private var cities: CityNames
    private let emit: (CityID, Record) throws -> Void
    private let reject: (Reject) throws -> Void
    private let progress: (Double) -> Void

    private var people = NumberIndex()
    private var homes: [CityID] = []
    private var places = NumberIndex()
    private var placeCities: [CityID] = []
    /// Places whose number was given in another city before.
    private var twins: Set<Twin> = []
    private var twinNumbers: Set<UInt64> = []
    private var gatherings: Set<Twin> = []
    private var guests = GuestPairs()

    private var bytesBefore = 0
    private let bytesTotal: Int
    private static let rowsPerStep = 8192

    private struct Twin: Hashable {
        var city: CityID
        var number: UInt64
    }

    init(
        _ data: TableDataSet, _ cities: [String: CityID], emit: @escaping (CityID, Record) throws -> Void,
        reject: @escaping (Reject) throws -> Void, progress: @escaping (Double) -> Void
    ) throws(ImportError) {
        self.data = data
        peopleName = data.file(.people)?.name
        placesName = data.file(.places)?.name
        self.cities = CityNames(cities, standard: data.city)
        (self.emit, self.reject, self.progress) = (emit, reject, progress)
        var total = 0
        for file in data.files { total += try data.open(file).size * (file.kind == .people ? 2 : 1) }
        bytesTotal = max(total, 1)
    }

    func readAll() throws {
        try read(.people) { try self.takePerson($0) }
        try read(.places) { try self.takePlace($0) }
        try read(.visits) { try self.takeVisit($0) }
        try read(.friendships) { reader in
            let friendship = try reader.friendship()
            try self.toHomes(friendship.first, friendship.second, .friendship(friendship))
        }
        try read(.friendLabels) { reader in
            let label = try reader.friendLabel()
            try self.toHomes(label.first, label.second, .friendLabel(label))
        }
        try read(.gatherings) { try self.takeGathering($0) }
        try sendGuests()
        progress(1)
    }

    /// Reads one table, if it is there. What `take` throws as `RowFault` is a reject.
    private func read(_ kind: TableKind, _ take: (TableReader) throws -> Void) throws {
        guard let file = data.file(kind) else { return }
        let reader = try data.open(file)
        var tally = TableTally(kind: kind, file: file.name)
        defer { tallies.append(tally) }
        while true {
            let step = try reader.next()
            if case .end = step { break }
            tally.rows += 1
            do {
                if case .fault(let fault) = step { throw fault }
                try take(reader)
                tally.taken += 1
            } catch let fault as RowFault {
                tally.rejected += 1
                try reject(Reject(file: file.name, line: reader.line, reason: fault.reason))
            }
            if tally.rows % Self.rowsPerStep == 0 { tell(reader) }
        }
        bytesBefore += reader.size
        progress(min(1, Double(bytesBefore) / Double(bytesTotal)))
    }

    private func tell(_ reader: TableReader) {
        progress(min(1, Double(bytesBefore + min(reader.position, reader.size)) / Double(bytesTotal)))
    }

    private func takePerson(_ reader: TableReader) throws {
        let home = try cities.city(reader, 1)
        let person = try reader.person(home: home)
        guard people.insert(person.id.number, homes.count) else {
            throw RowFault(reason: "person \(person.id) was given before")
        }
        homes.append(home)
        try emit(home, .person(person))
    }

    private func takePlace(_ reader: TableReader) throws {
        let city = try cities.city(reader, 1)
        let place = try reader.place(city: city)
        let number = place.id.number
        if let known = places[number] {
            let isNew = placeCities[known] != city && twins.insert(Twin(city: city, number: number)).inserted
            guard isNew else { throw RowFault(reason: "place \(number) of this city was given before") }
            twinNumbers.insert(number)
        } else {
            _ = places.insert(number, placeCities.count)
            placeCities.append(city)
        }
        try emit(city, .place(place))
    }

    private func takeVisit(_ reader: TableReader) throws {
        let visit = try reader.visit()
        let city = try city(ofPlace: visit.place, reader, 2)
        if peopleName != nil { guests.note(try position(visit.person), in: city, homes) }
        try emit(city, .visit(visit))
    }

    /// The city whose place a row means: the one it names, or else the only one with a place of that number.
    private func city(ofPlace place: PlaceID, _ reader: TableReader, _ slot: Int) throws(RowFault) -> CityID {
        guard placesName != nil else { return try cities.city(reader, slot) }
        guard let known = places[place.number] else {
            throw RowFault(reason: "place \(place) is not in \(placesName ?? "the places")")
        }
        guard reader.field(slot) != nil else {
            if !twinNumbers.isEmpty && twinNumbers.contains(place.number) {
                throw RowFault(reason: "place \(place) is in several cities, and the row does not say in which")
            }
            return placeCities[known]
        }
        let city = try cities.city(reader, slot)
        guard placeCities[known] == city || twins.contains(Twin(city: city, number: place.number)) else {
            throw RowFault(reason: "place \(place) of this city is not in \(placesName ?? "the places")")
        }
        return city
    }

    /// A person's place in `homes`.
    private func position(_ person: PersonID) throws(RowFault) -> Int {
        guard let position = people[person.number] else {
            throw RowFault(reason: "person \(person) is not in \(peopleName ?? "the people")")
        }
        return position
    }

    /// Sends a row about two people to the home cities of both.
    private func toHomes(_ one: PersonID, _ other: PersonID, _ record: Record) throws {
        guard peopleName != nil else { return try emit(try cities.standardCity(), record) }
        let (first, second) = (try position(one), try position(other))
        guests.note(first, in: homes[second], homes)
        guests.note(second, in: homes[first], homes)
        try emit(homes[first], record)
        if homes[second] != homes[first] { try emit(homes[second], record) }
    }

    private func takeGathering(_ reader: TableReader) throws {
        let place = PlaceID(try reader.identifier(4))
        let city = try city(ofPlace: place, reader, 3)
        let gathering = try reader.gathering(city: city)
        guard gatherings.insert(Twin(city: city, number: gathering.id.number)).inserted else {
            throw RowFault(reason: "gathering \(gathering.id) of this city was given before")
        }
        try emit(city, .gathering(gathering))
    }

    /// The second pass: people to where they are guests.
    private func sendGuests() throws {
        guests.settle()
        guard let file = data.file(.people), !guests.isEmpty else { return }
        let reader = try data.open(file)
        var isSent = [Bool](repeating: false, count: homes.count)
        var rows = 0
        while true {
            let step = try reader.next()
            if case .end = step { return }
            rows += 1
            if rows % Self.rowsPerStep == 0 { tell(reader) }
            // What was rejected the first time is passed over now.
            guard case .row = step, let number = try? reader.identifier(0), let position = people[number],
                !isSent[position], let person = try? reader.person(home: homes[position]),
                (try? cities.city(reader, 1)) == homes[position]
            else { continue }
            isSent[position] = true
            try guests.forEachCity(of: position) { try emit($0, .person(person)) }
        }
    }
}

/// Who is a guest in which city, by position: without repetitions often enough not to outgrow the people.
private struct GuestPairs {
    private var pairs: [UInt64] = []
    private var limit = 1 << 16

    var isEmpty: Bool { pairs.isEmpty }

    /// Notes that a person has to do with a city. Their home is passed over.
    mutating func note(_ position: Int, in city: CityID, _ homes: [CityID]) {
        if homes[position] == city { return }
        let pair = UInt64(position) << 32 | UInt64(city.number)
        if pairs.last == pair { return }
        pairs.append(pair)
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

    /// The cities of one person, ascending. Only behind `settle`.
    func forEachCity(of position: Int, _ body: (CityID) throws -> Void) rethrows {
        var (low, high) = (0, pairs.count)
        while low < high {
            let middle = (low + high) / 2
            if pairs[middle] >> 32 < UInt64(position) { low = middle + 1 } else { high = middle }
        }
        while low < pairs.count && pairs[low] >> 32 == UInt64(position) {
            try body(CityID(UInt32(truncatingIfNeeded: pairs[low])))
            low += 1
        }
    }
}

/// City names of rows as the numbers they were given. Neighbouring rows mostly name the same city.
struct CityNames {
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
