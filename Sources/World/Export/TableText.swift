// The tables of a world as text, with the columns of the specification (section 2) in its order. What an importer
// does not need because it follows from the rest (category_ids, implicit_rating, the two buckets of time) is written
// all the same: it is there for whoever reads the files.
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
        row = RowText(format: format, columns: kind.columns)
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

/// The tables of records.
package enum TableKind: String, CaseIterable, Sendable {
    case people, places, visits, friendships

    /// The names of the columns, in the order in which they are written.
    package var columns: [String] {
        switch self {
        case .people:
            [
                "user_id", "home_city_id", "home_neighborhood_id", "cat_pref", "fine_pref", "vibe_pref", "area_freqs",
                "avg_sessions_per_week", "avg_views_per_session", "avg_likes_per_session", "avg_saves_per_session",
                "avg_attends_per_month",
            ]
        case .places:
            [
                "place_id", "city_id", "neighborhood_id", "category_ids", "category_one_hot", "fine_tag_vector",
                "price_band", "typical_time_slot", "base_popularity", "avg_daily_visits", "conversion_rate",
                "novelty_score",
            ]
        case .visits:
            [
                "user_id", "place_id", "city_id", "dwell_time", "num_likes", "num_saves", "num_shares", "attended",
                "implicit_rating", "timestamp", "time_of_day_bucket", "day_of_week_bucket",
            ]
        case .friendships:
            ["user_u", "user_v", "interest_overlap_score", "co_attendance_count", "same_neighborhood_freq"]
        }
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
    }

    private mutating func append(_ place: Place) {
        row.put(place.id.number)
        put(place.city)
        row.put(place.neighborhood)
        row.put(numbers: place.categories.indices.filter { place.categories[$0] > 0 })
        row.put(list: place.categories)
        row.put(list: place.fineTags)
        row.put(place.priceBand)
        row.put(place.typicalSlot)
        for value in [\PlacePopularity.base, \.dailyVisits, \.conversionRate, \.novelty] {
            if let popularity = place.popularity { row.put(popularity[keyPath: value]) } else { row.putUnknown() }
        }
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
        row.put(visit.implicitRating)
        row.put(time: visit.time)
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
}
