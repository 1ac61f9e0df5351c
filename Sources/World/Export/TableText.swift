// The tables of a world as text, with the columns of `TableKind`. What an importer does not need because it follows
// from the rest (category_ids, implicit_rating, the two buckets of time) may stand behind them: the specification has
// it (section 2), and it is there for whoever reads the files.
//
// Cities are written by name: numbers belong to one cluster. Places are unique within their city only, so a visit
// names its city as well.

package import Basics

/// Writes records of one kind as rows of their table.
package struct TableText: Sendable {
    private let format: TextFormat
    private let isDerived: Bool
    private var row: RowText
    private let cityNames: [CityID: String]
    /// The city named last, and how: neighbouring rows mostly name the same.
    private var lastCity: CityID?
    private var lastName: [UInt8] = []

    /// `cityNames` must name every city that the rows speak of. `derived` adds the columns that follow from the others.
    package init(_ kind: TableKind, format: TextFormat, cityNames: [CityID: String], derived: Bool = true) {
        self.format = format
        isDerived = derived
        row = RowText(format: format, columns: kind.columns.map(\.name) + (derived ? kind.followingColumns : []))
        self.cityNames = cityNames
    }

    /// The line that comes before the rows; none in JSON Lines.
    package mutating func head() { row.head() }

    /// One more row. `city` is where the record was found; it must be of the table's kind.
    package mutating func append(_ record: Record, of city: CityID) {
        switch record {
        case .person(let person): append(person)
        case .place(let place): append(place)
        case .visit(let visit): append(visit, of: city)
        case .friendship(let friendship): append(friendship)
        case .friendLabel(let label): append(label)
        case .gathering(let gathering): append(gathering)
        }
    }

    /// Hands out what is written and begins anew, without another head.
    package mutating func drain() -> [UInt8] { row.drain() }

    private mutating func put(_ city: CityID) {
        if city != lastCity {
            guard let name = cityNames[city] else { preconditionFailure("city \(city) has no name") }
            lastName = RowText.spelled(name, format)
            lastCity = city
        }
        row.put(spelled: lastName)
    }
}

extension TableKind {
    /// Columns that follow from the others, as they are exported behind them.
    package var followingColumns: [String] {
        switch self {
        case .places: ["category_ids"]
        case .visits: ["implicit_rating", "time_of_day_bucket", "day_of_week_bucket"]
        default: []
        }
    }
}

// Each kind of record by itself, for writers that know which they have.
extension TableText {
    mutating func append(_ person: Person) {
        row.put(person.id.number)
        put(person.homeCity)
        row.put(person.homeNeighborhood)
        row.put(list: person.categoryPreference)
        row.put(list: person.finePreference)
        row.put(list: person.vibePreference)
        row.put(weights: person.areaFrequencies)
        row.put(person.sessionsPerWeek)
        row.put(person.viewsPerSession)
        row.put(person.likesPerSession)
        row.put(person.savesPerSession)
        row.put(person.attendsPerMonth)
        row.put(known: person.ageGroup)
        row.put(known: person.gender)
        row.endRow()
    }

    mutating func append(_ place: Place) {
        row.put(place.id.number)
        put(place.city)
        row.put(place.neighborhood)
        row.put(list: place.categories)
        row.put(list: place.fineTags)
        row.put(place.priceBand)
        row.put(place.typicalSlot)
        for value in [\PlacePopularity.base, \.dailyVisits, \.conversionRate, \.novelty] {
            if let popularity = place.popularity { row.put(popularity[keyPath: value]) } else { row.putUnknown() }
        }
        if isDerived { row.put(numbers: place.categories.indices.filter { place.categories[$0] > 0 }) }
        row.endRow()
    }

    mutating func append(_ visit: Visit, of city: CityID) {
        row.put(visit.person.number)
        row.put(visit.place.number)
        put(city)
        row.put(visit.dwellSeconds)
        row.put(visit.likes)
        row.put(visit.saves)
        row.put(visit.shares)
        row.put(flag: visit.attended)
        row.put(time: visit.time)
        if isDerived {
            row.put(visit.implicitRating)
            row.put(visit.time.timeOfDay)
            row.put(visit.time.dayOfWeek)
        }
        row.endRow()
    }

    mutating func append(_ friendship: Friendship) {
        row.put(friendship.first.number)
        row.put(friendship.second.number)
        row.put(friendship.interestOverlap)
        row.put(friendship.coAttendance)
        row.put(friendship.sharedNeighborhoods)
        row.endRow()
    }

    mutating func append(_ label: FriendLabel) {
        row.put(label.first.number)
        row.put(label.second.number)
        row.put(flag: label.isCompatible)
        row.put(flag: label.attends)
        row.endRow()
    }

    mutating func append(_ gathering: Gathering) {
        row.put(gathering.id.number)
        row.put(text: gathering.kind.name)
        row.put(knownText: gathering.title)
        put(gathering.city)
        row.put(gathering.place.number)
        row.put(known: gathering.host?.number)
        row.put(time: gathering.start)
        if let end = gathering.end { row.put(time: end) } else { row.putUnknown() }
        row.put(gathering.capacity)
        row.put(gathering.priceBand)
        row.put(list: gathering.categories)
        row.put(list: gathering.fineTags)
        row.put(text: gathering.status.name)
        row.endRow()
    }
}
