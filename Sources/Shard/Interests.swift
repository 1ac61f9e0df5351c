import Basics
import Graph
import Learn
import Nearest
import Plans

// Retrieval, then ranking: exact search by inner product gives each person's candidates, the place head orders them.

/// What the people of a city would like to do, as the model sees it.
struct Interests {
    let graph: CityGraph
    let embeddings: CityEmbeddings
    /// Places that came after the model was trained: it has nothing to say of them. Ascending.
    var unknownPlaces: [UInt32] = []
    let head: PlaceHead

    /// For each person asked (local vertices), the `keep` best of the `candidates` retrieved places, best first, ties by lower place row.
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
        let context = [Float](repeating: 0, count: head.configuration.contextDimensions)
        let (head, embeddings) = (head, embeddings)
        return pool.map(people.count) { row in
            let person = people[row]
            let places = found[row].map(\.row)
            let scores = head.scores(
                person: embeddings.people.span.extracting(person * width..<(person + 1) * width), places: places,
                embeddings: embeddings, context: context)
            return Self.best(keep, places: places, scores: scores)
        }
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
