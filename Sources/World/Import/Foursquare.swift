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
    private let folder: CheckInFolder<FoursquareReading>

    package init(directory: String) { folder = CheckInFolder(directory: directory) }

    package func outline() throws(ImportError) -> [CityOutline] { try folder.outline() }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try folder.read(cities: cities, emit: emit, reject: reject, progress: progress)
    }
}

/// The three files, row by row.
struct FoursquareReading: CheckInReading {
    private static let venuesFile = "venues.tsv"
    private static let checkInsFile = "checkins.tsv"
    private static let friendsFile = "friends_new.tsv"
    static let files = [venuesFile, checkInsFile, friendsFile]
    static let cityFiles = [venuesFile]
    /// Monday 2012-04-02 00:00 UTC.
    private static let start: Int64 = 1_333_324_800_000

    private(set) var cities: CityColumn
    private(set) var rows = CheckIns()
    /// Per city slot, the position of each venue's number.
    private var venueIndex: [[UInt64: UInt32]] = []
    private var homeBallot = Ballot()
    private let tags = TagVectors()

    init(cities: [String: CityID]) { self.cities = CityColumn(known: cities) }

    mutating func readAll(_ directory: String, _ reject: (Reject) throws -> Void) throws {
        try TextTable.forEachRow(
            of: Self.venuesFile, in: directory, columns: ["city", "venue", "category"], reject
        ) { table, columns throws(RowFault) in try addVenue(table, columns) }
        try TextTable.forEachRow(
            of: Self.checkInsFile, in: directory,
            columns: ["city", "user", "venue", "hour_of_week", "seq", "pseudo_week"], reject
        ) { table, columns throws(RowFault) in try addCheckIn(table, columns) }
        settleHomes()
        try TextTable.forEachRow(
            of: Self.friendsFile, in: directory, columns: ["city", "user_a", "user_b"], reject
        ) { table, columns throws(RowFault) in try addFriends(table, columns) }
    }

    private mutating func addVenue(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let city = try cities.slot(table, columns[0])
        let id = try table.number(columns[1], "venue")
        let category = try table.number(columns[2], "category", in: 0...1_000_000)
        while venueIndex.count <= city { venueIndex.append([:]) }
        guard venueIndex[city][id] == nil else { throw RowFault(reason: "venue \(id) of this city was given before") }
        venueIndex[city][id] = UInt32(rows.places.count)
        rows.places.append((city, tags.place(PlaceID(id), cities.cities[city], category: Int(category))))
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
        let person = rows.people.added(user)
        homeBallot.add(person: Int(person), choice: city)
        let hours = Int64(week) * 168 + Int64(hour) - 1
        let order = Int64(sequence % UInt64(CheckIns.hourMilliseconds))
        let time = Self.start + hours * CheckIns.hourMilliseconds + order
        rows.visits.append(CheckIns.Visit(time: time, person: person, place: venue))
    }

    /// Everybody seen so far lives where most of their check-ins are.
    private mutating func settleHomes() {
        rows.people.homes = homeBallot.favourites(people: rows.people.numbers.count).map { home in
            guard let home else { preconditionFailure("whoever is known by now has checked in") }
            return home
        }
    }

    /// Friends who never checked in are people too, at home in the row's city.
    private mutating func addFriends(_ table: borrowing TextTable, _ columns: [Int]) throws(RowFault) {
        let city = try cities.slot(table, columns[0])
        let first = try table.number(columns[1], "user_a")
        let second = try table.number(columns[2], "user_b")
        guard first != second else { throw RowFault(reason: "user \(first) cannot be their own friend") }
        rows.people.befriend(rows.people.added(min(first, second)), rows.people.added(max(first, second)))
        while rows.people.homes.count < rows.people.numbers.count { rows.people.homes.append(city) }
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
