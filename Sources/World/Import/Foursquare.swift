// Foursquare check-ins of four cities with friendships (Yang et al., LBSN2Vec, WWW 2019), as three
// tab-separated files with a header: venues.tsv, checkins.tsv, friends_new.tsv.
//
// What the files do not say is left unknown, not made up: no neighbourhoods, no preferences, no
// dwell. A check-in is an attended visit. Time is the hour of the week (1-168, from Monday 00:00)
// in a numbered week; we put week 0 at Monday 2012-04-02, when the collection began, and the row's
// number into the milliseconds, so that order is kept and no two visits coincide.

package import Basics

/// The Foursquare data set in one folder.
package struct FoursquareDataSet: DataSet {
    private let directory: String

    package init(directory: String) { self.directory = directory }

    package func outline() throws(ImportError) -> [CityOutline] {
        try requireFiles(FoursquareReading.files, in: directory)
        var venues = try TextTable(directory: directory, file: FoursquareReading.venuesFile)
        let column = try venues.header(["city"])[0]
        var cities: [CityOutline] = []
        countNames(venues, column: column, into: &cities)
        return cities
    }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try requireFolder(directory)
        var reading = FoursquareReading(cities: cities)
        try reading.readVenues(directory, reject)
        try reading.readCheckIns(directory, reject)
        reading.settleHomes()
        try reading.readFriends(directory, reject)
        let parsed = 0.1
        progress(parsed)
        try reading.emitAll(emit, progress, from: parsed)
        progress(1)
    }
}

/// The files as columns of small numbers. Cities are slots of `cities`, people and venues are
/// numbered in order of first appearance.
struct FoursquareReading {
    static let venuesFile = "venues.tsv"
    static let checkInsFile = "checkins.tsv"
    static let friendsFile = "friends_new.tsv"
    static let files = [venuesFile, checkInsFile, friendsFile]
    /// Monday 2012-04-02 00:00 UTC.
    private static let start: Int64 = 1_333_324_800_000
    private static let hourMilliseconds: Int64 = 3_600_000

    private struct Venue {
        var id: UInt64
        var city: Int32
        var category: Int32
    }

    private struct CheckIn {
        var person: UInt32
        var venue: UInt32
        var time: Int64
    }

    private var cities: CityColumn
    private var venues: [Venue] = []
    /// Per city slot, the index in `venues` of each venue's number.
    private var venueIndex: [[UInt64: UInt32]] = []
    private var people = CheckInPeople()
    private var homeBallot = Ballot()
    private var checkIns: [CheckIn] = []

    init(cities: [String: CityID]) { self.cities = CityColumn(known: cities) }

    mutating func readVenues(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: Self.venuesFile)
        let columns = try table.header(["city", "venue", "category"])
        try table.forEachRow(reject) { table throws(RowFault) in try addVenue(table, columns) }
    }

    private mutating func addVenue(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let city = try cities.slot(table, columns[0])
        let id = try table.number(columns[1], "venue")
        let category = try table.number(columns[2], "category", in: 0...1_000_000)
        while venueIndex.count <= city { venueIndex.append([:]) }
        guard venueIndex[city][id] == nil else { throw RowFault(reason: "venue \(id) of this city was given before") }
        venueIndex[city][id] = UInt32(venues.count)
        venues.append(Venue(id: id, city: Int32(city), category: Int32(category)))
    }

    mutating func readCheckIns(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: Self.checkInsFile)
        let columns = try table.header(["city", "user", "venue", "hour_of_week", "seq", "pseudo_week"])
        try table.forEachRow(reject) { table throws(RowFault) in try addCheckIn(table, columns) }
    }

    private mutating func addCheckIn(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let city = try cities.slot(table, columns[0])
        let user = try table.number(columns[1], "user")
        let venueNumber = try table.number(columns[2], "venue")
        let hour = try table.number(columns[3], "hour_of_week", in: 1...168)
        let sequence = try table.number(columns[4], "seq")
        let week = try table.number(columns[5], "pseudo_week", in: 0...4_000)
        guard city < venueIndex.count, let venue = venueIndex[city][venueNumber] else {
            throw RowFault(reason: "venue \(venueNumber) of this city is not in \(Self.venuesFile)")
        }
        let person = people.added(user)
        homeBallot.add(person: Int(person), choice: city)
        let hours = Int64(week) * 168 + Int64(hour) - 1
        let time = Self.start + hours * Self.hourMilliseconds + Int64(sequence % UInt64(Self.hourMilliseconds))
        checkIns.append(CheckIn(person: person, venue: venue, time: time))
    }

    /// Everybody seen so far lives where most of their check-ins are.
    mutating func settleHomes() {
        people.homes = homeBallot.favourites(people: people.numbers.count).map { home in
            guard let home else { preconditionFailure("whoever is known by now has checked in") }
            return home
        }
    }

    mutating func readFriends(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        var table = try TextTable(directory: directory, file: Self.friendsFile)
        let columns = try table.header(["city", "user_a", "user_b"])
        try table.forEachRow(reject) { table throws(RowFault) in try addFriends(table, columns) }
    }

    /// Friends who never checked in are people too, at home in the row's city.
    private mutating func addFriends(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let city = try cities.slot(table, columns[0])
        let first = try table.number(columns[1], "user_a")
        let second = try table.number(columns[2], "user_b")
        guard first != second else { throw RowFault(reason: "user \(first) cannot be their own friend") }
        people.befriend(people.added(min(first, second)), people.added(max(first, second)))
        while people.homes.count < people.numbers.count { people.homes.append(city) }
    }

    func emitAll(
        _ emit: (CityID, Record) throws -> Void, _ progress: (Double) -> Void, from parsed: Double
    ) throws {
        var meter = ProgressMeter(total: people.rows + venues.count + checkIns.count, from: parsed)
        let cities = cities.cities
        var guests = GuestList()
        for checkIn in checkIns {
            let person = Int(checkIn.person)
            guests.note(person: person, in: Int(venues[Int(checkIn.venue)].city), home: people.homes[person])
        }
        try people.emitPeople(guests, to: cities, emit) { person, home in
            Person(id: PersonID(people.numbers[person]), homeCity: cities[home])
        } step: {
            meter.step(progress)
        }
        let tags = TagVectors()
        for venue in venues {
            let city = cities[Int(venue.city)]
            try emit(city, .place(tags.place(PlaceID(venue.id), city, category: Int(venue.category))))
            meter.step(progress)
        }
        for checkIn in checkIns {
            let venue = venues[Int(checkIn.venue)]
            let visit = Visit(
                person: PersonID(people.numbers[Int(checkIn.person)]), place: PlaceID(venue.id),
                time: Timestamp(milliseconds: checkIn.time), attended: true)
            try emit(cities[Int(venue.city)], .visit(visit))
            meter.step(progress)
        }
        try people.emitFriendships(to: cities, emit) { meter.step(progress) }
    }
}

/// The vectors of a place that is known by one category number only. Places with the same number
/// share them.
private struct TagVectors {
    private let fineTags: [[Float]] = Taxonomy.fineTags.indices.map { tag in
        var vector = [Float](repeating: 0, count: Taxonomy.fineTags.count)
        vector[tag] = 1
        return vector
    }
    private let categories: [[Float]] = Taxonomy.categories.indices.map { category in
        var vector = [Float](repeating: 0, count: Taxonomy.categories.count)
        vector[category] = 1
        return vector
    }

    /// The source's categories are numbers without names: each stands for one fine tag, modulo 100,
    /// and brings that tag's coarse category with it.
    func place(_ id: PlaceID, _ city: CityID, category: Int) -> Place {
        let tag = category % Taxonomy.fineTags.count
        return Place(
            id: id, city: city, categories: categories[Taxonomy.category(ofFineTag: tag)], fineTags: fineTags[tag])
    }
}
