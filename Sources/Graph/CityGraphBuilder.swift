// A city graph is built in one go from all records of a shard: people and places get their numbers first, visits
// and friendships become edges between numbers, and only then are features written, since what a record leaves
// open is derived from edges. A store hands its rows over in the order of its keys (`CityRows`); records that come in
// any other order are brought into that order first.

package import Basics
package import World

/// The rows of one city, as a store keeps them.
package protocol CityRows {
    /// Ascending by id, each once.
    func people(pool: ComputePool) throws -> [Person]
    /// Ascending by id, each once.
    func places(pool: ComputePool) throws -> [Place]
    /// Ascending, each once.
    func friendships(pool: ComputePool) throws -> [Friendship]
    /// Ascending, each once.
    func friendLabels(pool: ComputePool) throws -> [FriendLabel]
    /// What `body` makes of the visits, ascending by person, place and time, each once; they are cut into pieces, none
    /// of them within a person, and a piece lives only as long as its call. The order of results is that of pieces.
    func mapVisits<Made: Sendable>(
        pool: ComputePool, _ body: @escaping @Sendable (ArraySlice<Visit>) -> Made
    ) throws -> [Made]
    /// The visits of some people, who are ascending, in the same order.
    func visits(of people: [PersonID]) throws -> [Visit]
}

extension CityGraph {
    /// Of every resident's visits a share, the last by time, is kept out of the graph and becomes the places to
    /// predict: rounded down, but at least one visit of five or more, and none of fewer.
    package static let heldOutShareUsual = 0.1

    /// The graph of all rows of a city; the same for any number of threads. O(rows + visits · log(visits of a person)).
    package static func build(
        city: CityID, from rows: some CityRows, heldOutShare: Double = heldOutShareUsual, pool: ComputePool
    ) throws -> CityGraph {
        let vertices = CityVertices(
            city: city, people: try rows.people(pool: pool), places: try rows.places(pool: pool))
        return try assemble(vertices, from: rows, heldOutShare: heldOutShare, pool: pool)
    }

    /// All visits and ties of a store.
    static func assemble(
        _ vertices: CityVertices, from rows: some CityRows, heldOutShare: Double, pool: ComputePool
    ) throws -> CityGraph {
        let pieces = try rows.mapVisits(pool: pool) { VisitPiece($0, of: vertices, heldOutShare: heldOutShare) }
        let ties = try Ties(of: rows, pool: pool)
        return assemble(vertices, pieces: pieces, ties: ties, heldOutShare: heldOutShare, pool: pool)
    }

    /// Visits in order and in pieces, as `CityRows` says.
    static func assemble(
        _ vertices: CityVertices, visits: [ArraySlice<Visit>], ties: Ties, heldOutShare: Double, pool: ComputePool
    ) -> CityGraph {
        let pieces = pool.map(visits.count) { VisitPiece(visits[$0], of: vertices, heldOutShare: heldOutShare) }
        return assemble(vertices, pieces: pieces, ties: ties, heldOutShare: heldOutShare, pool: pool)
    }

    /// Rows of visits become edges, edges and records features.
    static func assemble(
        _ vertices: CityVertices, pieces: [VisitPiece], ties: Ties, heldOutShare: Double, pool: ComputePool
    ) -> CityGraph {
        let (people, places) = (vertices.people, vertices.places)
        let visits = VisitEdges(
            pieces: pieces, people: people.count, residents: vertices.residents, places: places.count, pool: pool)
        let areas = PersonAreas(
            people: people, residents: vertices.residents, places: places, visits: visits, pool: pool)
        let features = CityFeatures(people: people, places: places, visits: visits, areas: areas, pool: pool)
        var social = SocialEdges(friendships: ties.friendships, people: vertices.personIndex, pool: pool)
        social.writeFeatures(
            FriendshipEvidence(
                personFeatures: features.people, people: people, areas: areas, visits: visits, pool: pool),
            friendships: ties.friendships, pool: pool)
        let labels = FriendLabels(labels: ties.labels, people: vertices.personIndex, residents: vertices.residents)
        return CityGraph(
            city: vertices.city, people: people.map(\.id), residents: vertices.residents, places: places.map(\.id),
            social: social, labels: labels, visits: visits, features: features,
            skipped: SkippedRecords(
                visits: visits.skipped, friendships: social.skipped, places: vertices.foreignPlaces,
                friendLabels: labels.skipped),
            heldOutShare: heldOutShare)
    }
}

/// What records say of pairs of people.
struct Ties: Sendable {
    var friendships: [Friendship] = []
    var labels: [FriendLabel] = []

    init() {}

    init(of rows: some CityRows, pool: ComputePool) throws {
        friendships = try rows.friendships(pool: pool)
        labels = try rows.friendLabels(pool: pool)
    }
}

/// Collects the records of one city, in any order, and turns them into a `CityGraph`.
package struct CityGraphBuilder: Sendable {
    private let city: CityID
    private let heldOutShare: Double
    private let cut: CityCut?
    private var people: [Person] = []
    private var places: [Place] = []
    private var visits: [Visit] = []
    private var ties = Ties()

    /// `heldOutShare` is in 0...1, see `CityGraph.heldOutShareUsual`. Without a `cut` the city has whoever and whatever
    /// says so.
    package init(city: CityID, heldOutShare: Double = CityGraph.heldOutShareUsual, cut: CityCut? = nil) {
        precondition((0...1).contains(heldOutShare), "a share is between 0 and 1")
        self.city = city
        self.heldOutShare = heldOutShare
        self.cut = cut
    }

    /// Takes in a record that has passed `validate()`. A person, place, friendship, friend label, or visit (same
    /// person, place and time) that was there before is replaced. Gatherings are no part of a graph: they are passed
    /// over.
    package mutating func add(_ record: Record) {
        switch record {
        case .person(let person): people.append(person)
        case .place(let place): places.append(place)
        case .visit(let visit): visits.append(visit)
        case .friendship(let friendship): ties.friendships.append(friendship)
        case .friendLabel(let label): ties.labels.append(label)
        case .gathering: break
        }
    }

    /// The graph of all records taken in; the same for any order of arrival of distinct records and any number of
    /// threads. O(records + visits · log(visits of a person)).
    package consuming func build(pool: ComputePool) -> CityGraph {
        let vertices = CityVertices(city: city, people: people, places: places, cut: cut)
        let ordered = orderedVisits(visits, people: vertices.personIndex, pool: pool)
        return CityGraph.assemble(vertices, visits: ordered, ties: ties, heldOutShare: heldOutShare, pool: pool)
    }
}

/// Visits as they arrived, in the order of `CityRows` and each once, in pieces of whole people. Of two of the same
/// person, place and time the later one counts. Those of strangers stand in a piece of their own.
private func orderedVisits(_ visits: [Visit], people: LocalIndex, pool: ComputePool) -> [ArraySlice<Visit>] {
    precondition(visits.count < Int(UInt32.max), "a city has fewer than 2^32 visits")
    let stranger = UInt32(people.count)
    var groupOf = [UInt32](repeating: stranger, count: visits.count)
    pool.forEachRow(of: &groupOf, columns: 1) { number, group in
        group[0] = people.position(of: visits[number].person.number) ?? stranger
    }
    var (offsets, order) = grouped(by: groupOf, groups: people.count + 1)
    pool.sortGroups(of: &order, offsets: offsets) { left, right in
        let (one, other) = (visits[Int(left)], visits[Int(right)])
        if one.place != other.place { return one.place < other.place }
        return one.time != other.time ? one.time < other.time : left < right
    }
    let groups = people.count + 1
    let pieces = min(groups, pool.threads * 4)
    return pool.map(pieces) { [offsets, order] piece in
        var sorted: [Visit] = []
        for group in piece * groups / pieces..<(piece + 1) * groups / pieces {
            let start = sorted.count
            for row in order[Int(offsets[group])..<Int(offsets[group + 1])] {
                let visit = visits[Int(row)]
                if sorted.count > start, let last = sorted.last, last.person == visit.person,
                    last.place == visit.place, last.time == visit.time
                {
                    sorted.removeLast()
                }
                sorted.append(visit)
            }
        }
        return sorted[...]
    }
}

extension VisitSignals {
    /// The signals of a recorded visit.
    package init(_ visit: Visit) {
        let part = visit.time.partOfWeek
        self.init(
            dwellSeconds: visit.dwellSeconds, likes: Int(visit.likes), saves: Int(visit.saves),
            shares: Int(visit.shares), attended: visit.attended, timeOfDay: part.timeOfDay, isWeekend: part.isWeekend)
    }
}
