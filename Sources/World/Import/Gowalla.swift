// Gowalla check-ins with friendships in CAPRI's split, with cities found by density. Tab-separated:
//
//   poi_city.tsv, user_home_city.tsv   with header: poi lat lon city; user city
//   train.txt, tune.txt, test.txt      user poi count; chronological per user, in this order of files
//   socialRelations.txt                user user
//
// The files say how often somebody was at a place, not when. Each row is one attended visit, a
// user's rows an hour apart in their order, so that "the last tenth" means what it should; every
// return counts as a like. Neighbourhoods are squares of a twentieth of a degree (about 5 km). A
// user's own is the one they visited most in train.txt: the other files are what models are asked for.

package import Basics

/// The Gowalla data set in one folder.
package struct GowallaDataSet: DataSet {
    private let folder: CheckInFolder<GowallaReading>

    package init(directory: String) { folder = CheckInFolder(directory: directory) }

    package func outline() throws(ImportError) -> [CityOutline] { try folder.outline() }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try folder.read(cities: cities, emit: emit, reject: reject, progress: progress)
    }
}

/// The six files, row by row.
struct GowallaReading: CheckInReading {
    private static let placesFile = "poi_city.tsv"
    private static let homesFile = "user_home_city.tsv"
    private static let trainFile = "train.txt"
    private static let visitFiles = [trainFile, "tune.txt", "test.txt"]
    private static let friendsFile = "socialRelations.txt"
    static let files = [placesFile, homesFile] + visitFiles + [friendsFile]
    static let cityFiles = [placesFile, homesFile]
    /// Monday 2009-02-02 00:00 UTC, the week in which Gowalla opened.
    private static let start: Int64 = 1_233_532_800_000
    /// Side of a neighbourhood in degrees.
    private static let squareDegrees = 0.05

    private(set) var cities: CityColumn
    private(set) var rows = CheckIns()
    private var placeIndex = NumberIndex()
    /// Per city slot, the number of each square.
    private var squares: [[UInt64: UInt16]] = []
    private var rowsOfPerson: [UInt32] = []
    private var neighborhoodBallot = Ballot()

    init(cities: [String: CityID]) { self.cities = CityColumn(known: cities) }

    mutating func readAll(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        try TextTable.forEachRow(
            of: Self.placesFile, in: directory, columns: ["poi", "lat", "lon", "city"], reject
        ) { table, columns throws(RowFault) in try addPlace(table, columns) }
        try TextTable.forEachRow(
            of: Self.homesFile, in: directory, columns: ["user", "city"], reject
        ) { table, columns throws(RowFault) in try addPerson(table, columns) }
        for file in Self.visitFiles {
            var table = try TextTable(directory: directory, file: file, width: 3)
            let isTraining = file == Self.trainFile
            try table.forEachRow(reject) { table throws(RowFault) in try addVisit(table, isTraining: isTraining) }
        }
        rows.people.neighborhoods = neighborhoodBallot.favourites(people: rows.people.numbers.count).map {
            UInt16($0 ?? 0)
        }
        var table = try TextTable(directory: directory, file: Self.friendsFile, width: 2)
        try table.forEachRow(reject) { table throws(RowFault) in
            let (one, other) = (try person(table, 0), try person(table, 1))
            guard one != other else { throw RowFault(reason: "a user cannot be their own friend") }
            rows.people.befriend(one, other)
        }
    }

    private mutating func addPlace(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let id = try table.number(columns[0], "poi")
        let latitude = try table.decimal(columns[1], "lat", in: -90...90)
        let longitude = try table.decimal(columns[2], "lon", in: -180...180)
        let city = try cities.slot(table, columns[3])
        guard placeIndex.insert(id, rows.places.count) else { throw RowFault(reason: "poi \(id) was given before") }
        let row = UInt64((latitude + 90) / Self.squareDegrees)
        let column = UInt64((longitude + 180) / Self.squareDegrees)
        while squares.count <= city { squares.append([:]) }
        let square = row << 32 | column
        let neighborhood = squares[city][square] ?? UInt16(truncatingIfNeeded: squares[city].count)
        squares[city][square] = neighborhood
        rows.places.append(
            (city, Place(id: PlaceID(id), city: cities.cities[city], neighborhood: neighborhood)))
    }

    private mutating func addPerson(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let id = try table.number(columns[0], "user")
        let city = try cities.slot(table, columns[1])
        guard rows.people.position(of: id) == nil else { throw RowFault(reason: "user \(id) was given before") }
        _ = rows.people.added(id)
        rows.people.homes.append(city)
        rowsOfPerson.append(0)
    }

    private mutating func addVisit(_ table: borrowing TextTable, isTraining: Bool) throws(RowFault) {
        let person = try person(table, 0)
        let id = try table.number(1, "poi")
        let count = try table.number(2, "count", in: 1...1_000_000)
        guard let position = placeIndex[id] else {
            throw RowFault(reason: "poi \(id) is not in \(Self.placesFile)")
        }
        let (number, place) = (Int(person), rows.places[position])
        rows.visits.append(
            CheckIns.Visit(
                time: Self.start + Int64(rowsOfPerson[number]) * CheckIns.hourMilliseconds, person: person,
                place: UInt32(position), likes: UInt16(min(count - 1, UInt64(UInt16.max)))))
        rowsOfPerson[number] += 1
        if isTraining && place.slot == rows.people.homes[number] {
            neighborhoodBallot.add(person: number, choice: Int(place.record.neighborhood))
        }
    }

    private func person(_ table: borrowing TextTable, _ column: Int) throws(RowFault) -> UInt32 {
        let id = try table.number(column, "user")
        guard let person = rows.people.position(of: id) else {
            throw RowFault(reason: "user \(id) is not in \(Self.homesFile)")
        }
        return person
    }
}
