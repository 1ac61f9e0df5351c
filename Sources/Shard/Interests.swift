package import Basics
package import Graph
package import Learn
import Nearest
import Plans
import Store
import World

// Retrieval, then ranking: exact search by inner product gives each person's candidates, the place head orders them.
// Models without such a head rank by the inner product.

/// What the people of a city would like to do, as the model sees it.
struct Interests {
    let graph: CityGraph
    let embeddings: CityEmbeddings
    /// Places that came after the model was trained: it has nothing to say of them. Ascending.
    var unknownPlaces: [UInt32] = []
    let configuration: ModelConfiguration
    let weights: [Float]

    /// For each person asked (local vertices), the `keep` best of the `candidates` retrieved places, best first, ties
    /// by lower place row.
    func of(
        people: [Int], candidates: Int, keep: Int, skippingVisited: Bool, pool: ComputePool
    ) -> [PersonInterest] {
        let width = embeddings.dimensions
        var queries: [Float] = []
        queries.reserveCapacity(people.count * width)
        for person in people { queries += embeddings.people[person * width..<(person + 1) * width] }
        let index = ExactIndex(vectors: embeddings.places, dimensions: width)
        let (graph, unknown) = (graph, unknownPlaces)
        let found = index.search(
            queries: queries.span, count: candidates,
            excluding: { row in
                skippingVisited ? Self.visited(graph, person: people[row], and: unknown) : unknown
            }, pool: pool)
        let places = found.map { $0.map(\.row) }
        let scores =
            configuration.placeHead(weights: weights, columns: embeddings.taste)?.scores(
                people: people.map { UInt32($0) }, candidates: places, embeddings: embeddings,
                wish: .anything, features: graph.placeFeatures, pool: pool) ?? found.map { $0.map(\.score) }
        return pool.map(people.count) { Self.best(keep, places: places[$0], scores: scores[$0]) }
    }

    private static func visited(_ graph: CityGraph, person: Int, and others: [UInt32]) -> [UInt32] {
        let range = Int(graph.visitOffsets[person])..<Int(graph.visitOffsets[person + 1])
        return Set(graph.visitPlaces[range]).union(others).sorted()
    }

    private static func best(_ keep: Int, places: [UInt32], scores: [Float]) -> PersonInterest {
        let order = places.indices.sorted { (scores[$0], places[$1]) > (scores[$1], places[$0]) }.prefix(keep)
        return PersonInterest(places: order.map { places[$0] }, scores: order.map { scores[$0] })
    }
}

/// For each resident who holds something out, the `keep` best of the retrieved places they have not visited, best
/// first; nothing for the others. What publishing a model judges, and what a benchmark of training does.
package func rankHeldOut(
    graph: CityGraph, embeddings: CityEmbeddings, configuration: ModelConfiguration, weights: [Float], keep: Int,
    pool: ComputePool
) -> [[UInt32]] {
    let asked = (0..<UInt32(graph.residents)).filter { !graph.heldOut(of: $0).isEmpty }
    let lists = rankNewPlaces(
        for: asked, graph: graph, embeddings: embeddings, configuration: configuration, weights: weights, keep: keep,
        pool: pool)
    var ranked = [[UInt32]](repeating: [], count: graph.residents)
    for (list, person) in zip(lists, asked) { ranked[Int(person)] = list }
    return ranked
}

/// For each of `people` (local) the `keep` best of the retrieved places they have not visited, best first. Without
/// `candidates` as many are retrieved as for a plan; `Int.max` leaves the ranking of all places to the head.
package func rankNewPlaces(
    for people: [UInt32], graph: CityGraph, embeddings: CityEmbeddings, configuration: ModelConfiguration,
    weights: [Float], candidates: Int? = nil, keep: Int, pool: ComputePool
) -> [[UInt32]] {
    let model = Interests(graph: graph, embeddings: embeddings, configuration: configuration, weights: weights)
    return model.of(
        people: people.map { Int($0) }, candidates: min(candidates ?? CityShard.candidates, graph.places.count),
        keep: keep, skippingVisited: true, pool: pool
    ).map(\.places)
}

extension CityShard {
    /// What people have shown interest in lately, from the rows as they are now. Time is counted back from the city's
    /// latest row, not from a clock. The visits that models hold out count as well: nothing is judged by a plan.
    func recentInterest(_ graph: CityGraph, pool: ComputePool) throws -> RecentInterest {
        let latest = try store.mapVisits(pool: pool) { $0.reduce(Int64.min) { max($0, $1.time.milliseconds) } }
        guard let last = latest.max(), last > .min else { return .none }
        let signs = try store.mapVisits(pool: pool) { visits in
            visits.compactMap { visit -> InterestSign? in
                guard let person = graph.localPerson(visit.person), let place = graph.localPlace(visit.place) else {
                    return nil
                }
                return InterestSign(
                    visit, person: person, place: place, latest: Timestamp(milliseconds: last))
            }
        }
        return RecentInterest(signs.flatMap { $0 }, in: graph, pool: pool)
    }
}
