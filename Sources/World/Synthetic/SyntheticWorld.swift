// A made-up world whose people behave for reasons: they go where their taste, their part of town, their
// friends and, a little, the crowd take them. A model can learn it, and because everything comes from one
// seed, it can be made again anywhere. Specification section 7.
//
// What everybody must know of everybody (people and places, without what they do) is made at once and small;
// what people do is made city by city, and nobody keeps it: so a world can be larger than the memory. Each
// person, pair and place has a generator of its own, so that neither the order nor the number of threads shows.

package import Basics

/// A made-up world: all its people and places, and the rows of each of its cities when asked for them.
package struct SyntheticWorld: Sendable {
    package let configuration: SyntheticConfiguration
    /// The numbers of the cities, in order.
    package let cities: [CityID]
    let score: SyntheticScore
    private let visits: SyntheticVisits
    private let friendships: SyntheticFriendships
    private let outings: SyntheticOutings
    private let labels: SyntheticLabels
    private let gatherings: SyntheticGatherings
    /// Friends in different cities, ascending.
    let tiesBetweenCities: [SyntheticTie]
    let pool: ComputePool

    /// Makes people and places. `cities` are the numbers of its cities, as many as the configuration says.
    package init(
        _ configuration: SyntheticConfiguration, cities: [CityID], search: SimilaritySearch, pool: ComputePool
    ) throws(ImportError) {
        try configuration.validate()
        precondition(cities.count == configuration.cities, "every city of a made-up world has a number")
        let random = SeededRandom(seed: configuration.seed)
        self.configuration = configuration
        self.cities = cities
        self.pool = pool
        let people = SyntheticPeople(configuration, random, pool)
        score = SyntheticScore(people, SyntheticPlaces(configuration, random), random)
        visits = SyntheticVisits(configuration, score, random)
        friendships = SyntheticFriendships(people, search, random)
        outings = SyntheticOutings(visits, random)
        labels = SyntheticLabels(people, random)
        gatherings = SyntheticGatherings(people, score.places, visits.calendar, random)
        tiesBetweenCities = friendships.tiesBetweenCities(pool)
    }

    /// What belongs to one city. O(people × (places scored + visits)).
    func city(_ city: Int) -> SyntheticCity {
        let residents = score.people.residents(of: city)
        let similar = friendships.similar(in: city, pool)
        let ties = friendships.ties(in: city, similar: similar, pool)
        let visits = outings.add(
            ties, to: visits.solo(residents: residents, pool), firstResident: residents.lowerBound, pool)
        let attended = AttendedPlaces(visits, firstPerson: residents.lowerBound, pool)
        let known = pool.map(ties.count) { friendship(ties[$0], attended) }
        return SyntheticCity(
            residents: residents, places: score.places.starts[city]..<score.places.starts[city + 1], visits: visits,
            friendships: known,
            labels: labels.labels(in: city, friendships: known, similar: similar, attended: attended, pool),
            gatherings: gatherings.gatherings(in: city, as: cities[city]), attended: attended)
    }

    /// The friendships between cities, once it is known where everybody has been, and their labels.
    func betweenCities(_ attended: AttendedPlaces) -> (friendships: [Friendship], labels: [FriendLabel]) {
        let friendships = pool.map(tiesBetweenCities.count) { friendship(tiesBetweenCities[$0], attended) }
        return (friendships, friendships.compactMap { labels.label(of: $0) })
    }

    private func friendship(_ tie: SyntheticTie, _ attended: AttendedPlaces) -> Friendship {
        let (first, second) = (Int(tie.first), Int(tie.second))
        return Friendship(
            first: PersonID(UInt64(first)), second: PersonID(UInt64(second)),
            interestOverlap: score.people.statedOverlap(first, second), coAttendance: attended.common(first, second),
            sharedNeighborhoods: score.people.sharedNeighborhoods(first, second))
    }

    /// The record of a visit.
    func record(of visit: SyntheticVisit, by person: Int) -> Visit {
        Visit(
            person: PersonID(UInt64(person)), place: PlaceID(UInt64(visit.place)),
            time: Timestamp(milliseconds: visit.time), dwellSeconds: visit.dwellSeconds, likes: UInt16(visit.likes),
            saves: UInt16(visit.saves), shares: UInt16(visit.shares), attended: visit.attended)
    }
}

/// One city of a made-up world: what its residents do, wherever they do it.
struct SyntheticCity: Sendable {
    /// Numbers of the people who live here.
    var residents: Range<Int>
    /// Numbers of the places that lie here.
    var places: Range<Int>
    /// The visits of each resident, rising in time.
    var visits: [[SyntheticVisit]]
    /// Among residents, ascending, as the labels.
    var friendships: [Friendship]
    var labels: [FriendLabel]
    var gatherings: [Gathering]
    /// Where the residents have been.
    var attended: AttendedPlaces
}
