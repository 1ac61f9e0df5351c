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
    private let directory: String

    package init(directory: String) { self.directory = directory }

    package func outline() throws(ImportError) -> [CityOutline] {
        try requireFiles(GowallaReading.files, in: directory)
        var cities: [CityOutline] = []
        for file in [GowallaReading.placesFile, GowallaReading.homesFile] {
            var table = try TextTable(directory: directory, file: file)
            let column = try table.header(["city"])[0]
            countNames(table, column: column, into: &cities)
        }
        return cities
    }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try requireFolder(directory)
        var reading = GowallaReading(cities: cities)
        try reading.readPlaces(directory, reject)
        try reading.readHomes(directory, reject)
        for file in GowallaReading.visitFiles { try reading.readVisits(directory, file, reject) }
        try reading.readFriends(directory, reject)
        let parsed = 0.1
        progress(parsed)
        try reading.emitAll(emit, progress, from: parsed)
        progress(1)
    }
}

/// The files as columns of small numbers: cities are slots of `cities`, people and places are
/// numbered in the order of their files.
struct GowallaReading {
    static let placesFile = "poi_city.tsv"
    static let homesFile = "user_home_city.tsv"
    static let trainFile = "train.txt"
    static let visitFiles = [trainFile, "tune.txt", "test.txt"]
    static let friendsFile = "socialRelations.txt"
    static let files = [placesFile, homesFile] + visitFiles + [friendsFile]
    /// Monday 2009-02-02 00:00 UTC, the week in which Gowalla opened.
    private static let start: Int64 = 1_233_532_800_000
    private static let hourMilliseconds: Int64 = 3_600_000
    /// Side of a neighbourhood in degrees.
    private static let squareDegrees = 0.05

    private struct Spot {
        var id: UInt64
        var city: Int
        var neighborhood: UInt16
    }

    private struct CheckIns {
        var person: UInt32
        var place: UInt32
        var hours: UInt32
        var count: UInt32
    }

    private var cities: CityColumn
    private var places: [Spot] = []
    private var placeIndex: [UInt64: UInt32] = [:]
    /// Per city slot, the number of each square.
    private var squares: [[UInt64: UInt16]] = []
    private var people = CheckInPeople()
    private var rowsOfPerson: [UInt32] = []
    private var neighborhoodBallot = Ballot()
    private var visits: [CheckIns] = []

    init(cities: [String: CityID]) { self.cities = CityColumn(known: cities) }

    mutating func readPlaces(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: Self.placesFile)
        let columns = try table.header(["poi", "lat", "lon", "city"])
        try table.forEachRow(reject) { table throws(RowFault) in try addPlace(table, columns) }
    }

    private mutating func addPlace(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let id = try table.number(columns[0], "poi")
        let latitude = try table.decimal(columns[1], "lat", in: -90...90)
        let longitude = try table.decimal(columns[2], "lon", in: -180...180)
        let city = try cities.slot(table, columns[3])
        guard placeIndex[id] == nil else { throw RowFault(reason: "poi \(id) was given before") }
        let row = UInt64((latitude + 90) / Self.squareDegrees)
        let column = UInt64((longitude + 180) / Self.squareDegrees)
        while squares.count <= city { squares.append([:]) }
        let square = row << 32 | column
        let neighborhood = squares[city][square] ?? UInt16(truncatingIfNeeded: squares[city].count)
        squares[city][square] = neighborhood
        placeIndex[id] = UInt32(places.count)
        places.append(Spot(id: id, city: city, neighborhood: neighborhood))
    }

    mutating func readHomes(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: Self.homesFile)
        let columns = try table.header(["user", "city"])
        try table.forEachRow(reject) { table throws(RowFault) in try addPerson(table, columns) }
    }

    private mutating func addPerson(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let id = try table.number(columns[0], "user")
        let city = try cities.slot(table, columns[1])
        guard people.position(of: id) == nil else { throw RowFault(reason: "user \(id) was given before") }
        _ = people.added(id)
        people.homes.append(city)
        rowsOfPerson.append(0)
    }

    mutating func readVisits(_ directory: String, _ file: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: file, width: 3)
        try table.forEachRow(reject) { table throws(RowFault) in
            let row = try checkIns(table)
            visits.append(row)
            let (person, place) = (Int(row.person), places[Int(row.place)])
            rowsOfPerson[person] += 1
            if file == Self.trainFile && place.city == people.homes[person] {
                neighborhoodBallot.add(person: person, choice: Int(place.neighborhood))
            }
        }
    }

    private func checkIns(_ table: borrowing TextTable) throws(RowFault) -> CheckIns {
        let person = try person(table, 0)
        let id = try table.number(1, "poi")
        let count = try table.number(2, "count", in: 1...1_000_000)
        guard let place = placeIndex[id] else {
            throw RowFault(reason: "poi \(id) is not in \(Self.placesFile)")
        }
        return CheckIns(person: person, place: place, hours: rowsOfPerson[Int(person)], count: UInt32(count))
    }

    private func person(_ table: borrowing TextTable, _ column: Int) throws(RowFault) -> UInt32 {
        let id = try table.number(column, "user")
        guard let person = people.position(of: id) else {
            throw RowFault(reason: "user \(id) is not in \(Self.homesFile)")
        }
        return person
    }

    mutating func readFriends(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: Self.friendsFile, width: 2)
        try table.forEachRow(reject) { table throws(RowFault) in
            let (one, other) = (try person(table, 0), try person(table, 1))
            guard one != other else { throw RowFault(reason: "a user cannot be their own friend") }
            people.befriend(one, other)
        }
    }

    func emitAll(
        _ emit: (CityID, Record) throws -> Void, _ progress: (Double) -> Void, from parsed: Double
    ) throws {
        var meter = ProgressMeter(total: people.rows + places.count + visits.count, from: parsed)
        let cities = cities.cities
        let neighborhoods = neighborhoodBallot.favourites(people: people.numbers.count)
        var guests = GuestList()
        for row in visits {
            let person = Int(row.person)
            guests.note(person: person, in: places[Int(row.place)].city, home: people.homes[person])
        }
        try people.emitPeople(guests, to: cities, emit) { person, home in
            Person(
                id: PersonID(people.numbers[person]), homeCity: cities[home],
                homeNeighborhood: UInt16(neighborhoods[person] ?? 0))
        } step: {
            meter.step(progress)
        }
        for place in places {
            let city = cities[place.city]
            try emit(city, .place(Place(id: PlaceID(place.id), city: city, neighborhood: place.neighborhood)))
            meter.step(progress)
        }
        for row in visits {
            let place = places[Int(row.place)]
            let visit = Visit(
                person: PersonID(people.numbers[Int(row.person)]), place: PlaceID(place.id),
                time: Timestamp(milliseconds: Self.start + Int64(row.hours) * Self.hourMilliseconds),
                likes: UInt16(min(row.count - 1, UInt32(UInt16.max))), attended: true)
            try emit(cities[place.city], .visit(visit))
            meter.step(progress)
        }
        try people.emitFriendships(to: cities, emit) { meter.step(progress) }
    }
}
