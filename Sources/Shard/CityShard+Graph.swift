package import Basics
package import Graph
import Store
import Synchronization
import World

// The graph that all computing starts from. It is built from the store at first need; what is imported afterwards is
// collected in a delta and folded in at the next need, so that a few new visits do not cost the reading of all.
//
// A row is in the store before it is in the delta. So a fold, which reads the store, may find rows that are not yet in
// the delta it was given; those come with the next delta, and folding a row in twice is folding it in once.

extension CityShard.View {
    /// More new rows than a tenth of the visits, and than this many, and the graph is built anew.
    private static let foldedRowsMin = 10_000

    /// Notes rows that are durable.
    mutating func changed(by block: CheckedBlock) { changed(block.visits, block.others) }

    mutating func changed(_ visits: [Visit], _ others: [Record]) {
        generation += 1
        if delta == nil { return }
        for record in others { delta?.insert(record) }
        for visit in visits { delta?.insert(.visit(visit)) }
        let limit = max(Self.foldedRowsMin, (graph?.visitPlaces.count ?? 0) / 10)
        // Nobody will fold into the graph any more, and nobody must use it as it is: its memory can go.
        if let rows = delta?.rows, rows > limit { (self.graph, delta) = (nil, nil) }
    }
}

/// The rows of a graph are the rows of its store.
extension ShardStore: CityRows {}

extension CityShard {
    /// The graph of all that is stored now: the one at hand when nothing was imported since, else with what came since
    /// folded in, or built anew. One caller at a time, which is whoever holds `computing`.
    package func currentGraph(pool: ComputePool) throws -> CityGraph {
        let (known, delta, generation, isCurrent) = view.withLock { view in
            // What comes while this works on is for the next time.
            defer { view.delta = GraphDelta() }
            return (view.graph, view.delta, view.generation, view.graphGeneration == view.generation)
        }
        if let known, isCurrent { return known }
        do {
            let graph =
                if let known, let delta {
                    try delta.folded(into: known, from: store, pool: pool)
                } else {
                    try CityGraph.build(city: city, from: store, pool: pool)
                }
            view.withLock {
                $0.graph = graph
                $0.graphGeneration = generation
            }
            return graph
        } catch {
            view.withLock { ($0.graph, $0.delta) = (nil, nil) }
            throw error
        }
    }
}
