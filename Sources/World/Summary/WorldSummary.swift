// What a data scientist looks at first in a new world: how much there is, how it is spread, when things
// happen, how often people cross into other cities, and whether friends are alike. Fed row by row, in the
// order of a data set; keeps a few numbers per person and place.

package import Basics

/// Counts and distributions of a world's rows.
package struct WorldSummary: Sendable {
    private var cityNumbers: [CityID: Int] = [:]
    private var cities: [CityRows] = []
    private var personNumbers: [PersonID: Int] = [:]
    private var placeNumbers: [PlaceKey: Int] = [:]
    private var people: [PersonRow] = []
    private var visitsOfPlaces: [Int] = []
    private var popularities: [Float] = []
    private var seenTies = Set<UInt64>()
    private var seenLabels = Set<UInt64>()

    /// Rows of each kind, each counted once however many cities hold it.
    package private(set) var counts: [TableKind: Int] = [:]
    /// Visits by implicit rating: a bin for each quarter from 1 up; the last is 5 itself.
    package private(set) var ratings = [Int](repeating: 0, count: 17)
    /// Visits by hour of the week, Monday first.
    package private(set) var hours = [Int](repeating: 0, count: 168)
    package private(set) var slots = [Int](repeating: 0, count: TimeSlot.count)
    /// Visits at which the person was really there, and those outside the person's home city.
    package private(set) var visitsAttended = 0
    package private(set) var visitsAway = 0
    package private(set) var friendshipsAway = 0
    package private(set) var labelsCompatible = 0
    package private(set) var labelsAttending = 0
    package private(set) var gatheringsCancelled = 0
    /// The largest distance of a preference's sum from one, over people who state one.
    package private(set) var preferenceError = 0.0
    private var overlapSum = 0.0
    private var coAttendanceSum = 0
    private var sameNeighborhood = 0
    private var friendshipsAtHome = 0

    /// How many people of each city are compared with one another as strangers.
    private static let sampleSize = 100

    private struct CityRows {
        var people = 0
        var places = 0
        var visits = 0
        var sample: [[Float]] = []
        var neighborhoods: [UInt16: Int] = [:]
    }
    private struct PersonRow {
        var city: Int
        var neighborhood: UInt16
        var visits = 0
        var friends = 0
    }
    private struct PlaceKey: Hashable {
        var city: CityID
        var place: PlaceID
    }

    package init() {}

    /// One more row, as the shard of `city` gets it.
    package mutating func add(_ record: Record, in city: CityID) {
        let number = self.number(of: city)
        switch record {
        case .person(let person): add(person, number, isHome: person.homeCity == city)
        case .place(let place):
            guard placeNumbers.updateValue(visitsOfPlaces.count, forKey: PlaceKey(city: city, place: place.id)) == nil
            else { return }
            visitsOfPlaces.append(0)
            cities[number].places += 1
            counts[.places, default: 0] += 1
            if let base = place.popularity?.base, base > 0 { popularities.append(base) }
        case .visit(let visit): add(visit, city, number)
        case .friendship(let friendship): add(friendship)
        case .friendLabel(let label):
            guard seenLabels.insert(key(label.first, label.second)).inserted else { return }
            counts[.friendLabels, default: 0] += 1
            labelsCompatible += label.isCompatible ? 1 : 0
            labelsAttending += label.attends ? 1 : 0
        case .gathering(let gathering):
            counts[.gatherings, default: 0] += 1
            gatheringsCancelled += gathering.status == .cancelled ? 1 : 0
        }
    }

    private mutating func number(of city: CityID) -> Int {
        if let known = cityNumbers[city] { return known }
        cityNumbers[city] = cities.count
        cities.append(CityRows())
        return cities.count - 1
    }

    private mutating func add(_ person: Person, _ city: Int, isHome: Bool) {
        guard isHome, personNumbers[person.id] == nil else { return }
        personNumbers[person.id] = people.count
        people.append(PersonRow(city: city, neighborhood: person.homeNeighborhood))
        counts[.people, default: 0] += 1
        cities[city].people += 1
        cities[city].neighborhoods[person.homeNeighborhood, default: 0] += 1
        if cities[city].sample.count < Self.sampleSize, !person.finePreference.isEmpty {
            cities[city].sample.append(person.finePreference)
        }
        for preference in [person.categoryPreference, person.finePreference, person.vibePreference]
        where !preference.isEmpty {
            preferenceError = max(preferenceError, abs(preference.reduce(0) { $0 + Double($1) } - 1))
        }
    }

    private mutating func add(_ visit: Visit, _ city: CityID, _ number: Int) {
        counts[.visits, default: 0] += 1
        cities[number].visits += 1
        visitsAttended += visit.attended ? 1 : 0
        ratings[min(max(Int((visit.implicitRating - 1) * 4), 0), 16)] += 1
        hours[visit.time.weekday * 24 + visit.time.hour] += 1
        slots[Int(visit.time.slot.number)] += 1
        if let place = placeNumbers[PlaceKey(city: city, place: visit.place)] { visitsOfPlaces[place] += 1 }
        guard let person = personNumbers[visit.person] else { return }
        people[person].visits += 1
        visitsAway += people[person].city == number ? 0 : 1
    }

    private mutating func add(_ friendship: Friendship) {
        guard seenTies.insert(key(friendship.first, friendship.second)).inserted else { return }
        counts[.friendships, default: 0] += 1
        overlapSum += Double(friendship.interestOverlap)
        coAttendanceSum += Int(friendship.coAttendance)
        guard let first = personNumbers[friendship.first], let second = personNumbers[friendship.second] else { return }
        people[first].friends += 1
        people[second].friends += 1
        if people[first].city != people[second].city {
            friendshipsAway += 1
            return
        }
        friendshipsAtHome += 1
        sameNeighborhood += people[first].neighborhood == people[second].neighborhood ? 1 : 0
    }

    /// A number for a pair; two pairs share one as seldom as two hashes do.
    private func key(_ first: PersonID, _ second: PersonID) -> UInt64 {
        SeededRandom.mix(SeededRandom.mix(first.number) &+ second.number)
    }
}

extension WorldSummary {
    /// How many there are of somebody's kind in their city.
    package struct City: Equatable, Sendable {
        package var city: CityID
        package var people: Int
        package var places: Int
        package var visits: Int
    }

    /// The cities in the order of their first row.
    package var perCity: [City] {
        cityNumbers.sorted { $0.value < $1.value }.map { city, number in
            City(
                city: city, people: cities[number].people, places: cities[number].places,
                visits: cities[number].visits)
        }
    }

    package var visitsPerPerson: Distribution { Distribution(people.map { Double($0.visits) }) }
    package var friendsPerPerson: Distribution { Distribution(people.map { Double($0.friends) }) }
    package var visitsPerPlace: Distribution { Distribution(visitsOfPlaces.map(Double.init)) }
    /// Of the stated popularities, the logarithms: normal where popularity is log-normal.
    package var logPopularity: Distribution { Distribution(popularities.map { naturalLogarithm(Double($0)) }) }

    /// The mean interest overlap of friends, as stated with their friendships.
    package var friendsOverlap: Double { share(overlapSum, of: counts[.friendships] ?? 0) }

    /// The mean number of places that two friends both attended.
    package var friendsCoAttendance: Double { share(Double(coAttendanceSum), of: counts[.friendships] ?? 0) }

    /// The mean interest overlap of people of one city, whoever they are: what that of friends is to be held
    /// against. From the first hundred people of each city.
    package var strangersOverlap: Double {
        var (sum, pairs) = (0.0, 0)
        for city in cities {
            for first in city.sample.indices {
                for second in first + 1..<max(city.sample.count, first + 1) {
                    sum += cosine(city.sample[first], city.sample[second])
                    pairs += 1
                }
            }
        }
        return share(sum, of: pairs)
    }

    /// The share of friendships within a city whose people live in one neighbourhood.
    package var friendsInNeighborhood: Double { share(Double(sameNeighborhood), of: friendshipsAtHome) }

    /// The same share of any two people of one city, cities weighted by their people.
    package var strangersInNeighborhood: Double {
        var (sum, everybody) = (0.0, 0)
        for city in cities where city.people > 1 {
            let pairs = city.neighborhoods.values.reduce(0) { $0 + $1 * ($1 - 1) }
            sum += Double(pairs) / Double(city.people - 1)
            everybody += city.people
        }
        return share(sum, of: everybody)
    }

    private func share(_ part: Double, of count: Int) -> Double { count == 0 ? 0 : part / Double(count) }
}

private func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, one, other) = (0.0, 0.0, 0.0)
    for (x, y) in zip(left, right) {
        product += Double(x) * Double(y)
        one += Double(x) * Double(x)
        other += Double(y) * Double(y)
    }
    return one * other > 0 ? product / (one * other).squareRoot() : 0
}
