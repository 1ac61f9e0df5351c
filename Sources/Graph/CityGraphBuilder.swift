// A city graph is built in one go from all records of a shard, in any order: people and places get their
// numbers first, visits and friendships become edges between numbers, and only then are features written,
// since what a record leaves open is derived from edges. Everything is grouped by counting and sorted in
// small pieces; half a million visits take a fraction of a second.

package import Basics
package import World

/// Collects the records of one city and turns them into a `CityGraph`.
package struct CityGraphBuilder: Sendable {
    private let city: CityID
    private let heldOutShare: Double
    private var people: [Person] = []
    private var places: [Place] = []
    private var visits: [VisitRow] = []
    private var friendships: [Friendship] = []
    private var labels: [FriendLabel] = []
    private var foreignPlaces = 0

    /// `heldOutShare` in 0...1 of every resident's visits, the last by time, is kept out of the graph and becomes
    /// the places to predict: rounded down, but at least one visit of five or more, and none of fewer.
    package init(city: CityID, heldOutShare: Double = 0.1) {
        precondition((0...1).contains(heldOutShare), "a share is between 0 and 1")
        self.city = city
        self.heldOutShare = heldOutShare
    }

    /// Takes in a record that has passed `validate()`. A person, place, friendship, friend label, or visit (same
    /// person, place and time) that was there before is replaced. Gatherings are no part of a graph: they are passed
    /// over.
    package mutating func add(_ record: Record) {
        switch record {
        case .person(let person): people.append(person)
        case .place(let place): if place.city == city { places.append(place) } else { foreignPlaces += 1 }
        case .visit(let visit): visits.append(VisitRow(visit))
        case .friendship(let friendship): friendships.append(friendship)
        case .friendLabel(let label): labels.append(label)
        case .gathering: break
        }
    }

    /// The graph of all records taken in; the same for any order of arrival of distinct records and any number of
    /// threads. O(records · log(visits of a person)).
    package consuming func build(pool: ComputePool) -> CityGraph {
        let known = lastOfEach(people.map(\.id)).map { people[$0] }
        let residents = known.filter { $0.homeCity == city }
        let everyone = residents + known.filter { $0.homeCity != city }
        let venues = lastOfEach(places.map(\.id)).map { places[$0] }
        let personIndex = LocalIndex(everyone.map(\.id.number))
        let visitEdges = VisitEdges(
            rows: visits, people: personIndex, residents: residents.count,
            places: LocalIndex(venues.map(\.id.number)), heldOutShare: heldOutShare, pool: pool)
        let areas = PersonAreas(people: everyone, residents: residents.count, places: venues, visits: visitEdges)
        let features = CityFeatures(people: everyone, places: venues, visits: visitEdges, areas: areas, pool: pool)
        var social = SocialEdges(friendships: friendships, people: personIndex, pool: pool)
        social.writeFeatures(
            FriendshipEvidence(personFeatures: features.people, people: everyone, areas: areas, visits: visitEdges),
            friendships: friendships, pool: pool)
        let friendLabels = FriendLabels(labels: labels, people: personIndex, residents: residents.count)
        return CityGraph(
            city: city, people: everyone.map(\.id), residents: residents.count, places: venues.map(\.id),
            social: social, labels: friendLabels, visits: visitEdges, features: features,
            skipped: SkippedRecords(
                visits: visitEdges.skipped, friendships: social.skipped, places: foreignPlaces,
                friendLabels: friendLabels.skipped))
    }
}

extension VisitSignals {
    /// The signals of a recorded visit.
    package init(_ visit: Visit) {
        self.init(
            dwellSeconds: visit.dwellSeconds, likes: Int(visit.likes), saves: Int(visit.saves),
            shares: Int(visit.shares), attended: visit.attended, timeOfDay: visit.time.timeOfDay,
            isWeekend: visit.time.dayOfWeek == 1)
    }
}

extension VisitRow {
    init(_ visit: Visit) {
        self.init(
            person: visit.person.number, place: visit.place.number, milliseconds: visit.time.milliseconds,
            signals: VisitSignals(visit))
    }
}

/// Positions of the last of each key, ascending by key. O(n log n).
private func lastOfEach<Key: Comparable>(_ keys: [Key]) -> [Int] {
    let order = keys.indices.sorted { keys[$0] != keys[$1] ? keys[$0] < keys[$1] : $0 < $1 }
    return order.indices
        .filter { $0 + 1 == order.count || keys[order[$0 + 1]] != keys[order[$0]] }
        .map { order[$0] }
}
