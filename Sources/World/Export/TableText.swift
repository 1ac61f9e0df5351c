// The tables of a world as text, with the columns of `TableKind`. What an importer does not need because it follows
// from the rest (category_ids, implicit_rating, the two buckets of time) stands behind them: the specification has it
// (section 2), and it is there for whoever reads the files.
//
// Cities are written by name: numbers belong to one cluster. Places are unique within their city only, so a visit
// names its city as well.

package import Basics

/// Writes records of one kind as rows of their table.
package struct TableText {
    private var row: RowText
    private let cityNames: [CityID: String]

    /// `cityNames` must name every city that the rows speak of.
    package init(_ kind: TableKind, format: TextFormat, cityNames: [CityID: String]) {
        row = RowText(format: format, columns: kind.exportedColumns)
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
        row.endRow()
    }

    /// Hands out what is written and begins anew, without another head.
    package mutating func drain() -> [UInt8] { row.drain() }

    /// Bytes written and not handed out.
    package var bytesCount: Int { row.bytes.count }

    private mutating func put(_ city: CityID) {
        guard let name = cityNames[city] else { preconditionFailure("city \(city) has no name") }
        row.put(text: name)
    }
}

extension TableKind {
    /// The names of the columns as they are exported: those that are read again, then those that follow from them.
    package var exportedColumns: [String] {
        columns.map(\.name)
            + {
                switch self {
                case .places: ["category_ids"]
                case .visits: ["implicit_rating", "time_of_day_bucket", "day_of_week_bucket"]
                default: []
                }
            }()
    }
}

extension TableText {
    private mutating func append(_ person: Person) {
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
    }

    private mutating func append(_ place: Place) {
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
        row.put(numbers: place.categories.indices.filter { place.categories[$0] > 0 })
    }

    private mutating func append(_ visit: Visit, of city: CityID) {
        row.put(visit.person.number)
        row.put(visit.place.number)
        put(city)
        row.put(visit.dwellSeconds)
        row.put(visit.likes)
        row.put(visit.saves)
        row.put(visit.shares)
        row.put(flag: visit.attended)
        row.put(time: visit.time)
        row.put(visit.implicitRating)
        row.put(visit.time.timeOfDay)
        row.put(visit.time.dayOfWeek)
    }

    private mutating func append(_ friendship: Friendship) {
        row.put(friendship.first.number)
        row.put(friendship.second.number)
        row.put(friendship.interestOverlap)
        row.put(friendship.coAttendance)
        row.put(friendship.sharedNeighborhoods)
    }

    private mutating func append(_ label: FriendLabel) {
        row.put(label.first.number)
        row.put(label.second.number)
        row.put(flag: label.isCompatible)
        row.put(flag: label.attends)
    }

    private mutating func append(_ gathering: Gathering) {
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
    }
}
