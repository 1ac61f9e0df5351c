// Draws the neighborhoods a batch is computed from, outside in: the vertices asked for choose a few
// neighbors in each relation, those join the rows, and the next layer lets every row choose. A hub thus costs
// no more than its fan-out, and a vertex met twice has one row.
//
// Every vertex draws one rank a batch, and whoever chooses takes the neighbors of the lowest ranks. Ranks are uniform,
// so each target's choice is a uniform one without replacement; and since all choosers read the same ranks, they choose
// the same neighbors where they can, and a batch reaches a fraction of the vertices that independent choices would
// (Balin and Catalyurek, "Layer-neighbor sampling", NeurIPS 2023). A neighbor counts once and brings all its visits.
//
// Pairs that the batch predicts are excluded: were the visit (person, place) to carry a message in either
// direction, the model would read its answer off its input.

package import Basics
import Glibc
import Synchronization

/// Samples mini-batches of one city without replacement. May be used from several threads at once;
/// what a call returns depends on its arguments only.
package struct NeighborSampler: Sendable {
    /// Memory of calls that have ended, for the next ones: as many as ever ran at the same time.
    private final class Store: Sendable {
        let scratches = Mutex<[SamplerScratch]>([])
    }

    private let graph: CityGraph
    private let fanouts: [Int]
    private let recency: Int?
    /// The places of each person and the people of each place, each once.
    private let visited: DistinctNeighbors
    private let visitors: DistinctNeighbors
    private let store = Store()

    /// Neighbors that a target looks at, at most; of a longer row it sees a stretch that begins anywhere.
    package static let edgesSeenMax = 512

    /// `fanouts` are neighbors per vertex and relation, positive, for the layer nearest to the targets first.
    /// With `recency`, a person's visit is half as likely to be drawn as the one so many visits later, and each visit
    /// counts as a neighbor; without, all neighbors are equally likely.
    package init(graph: CityGraph, fanouts: [Int], recency: Int? = nil) {
        precondition(fanouts.allSatisfy { $0 > 0 }, "every layer samples at least one neighbor")
        precondition(recency.map { $0 > 0 } ?? true, "a half-life is positive")
        self.graph = graph
        self.fanouts = fanouts
        self.recency = recency
        visited = DistinctNeighbors(
            rows: graph.visitOffsets, neighbors: graph.visitPlaces, count: graph.places.count, edge: { UInt32($0) })
        let edges = graph.placeEdges
        visitors = DistinctNeighbors(
            rows: graph.placeOffsets, neighbors: Array(graph.placeVisitors), count: graph.people.count,
            edge: { edges[$0] })
    }

    /// The neighborhood of `people` and `places` (local numbers, distinct within each), which become the first
    /// rows in the given order. `excluded` holds person << 32 | place pairs whose visits carry no message in any
    /// layer. O(neighbors of the targets of each layer), at most `edgesSeenMax` a target.
    package func sample(
        people: [UInt32], places: [UInt32], excluding excluded: Set<UInt64>, random: inout SeededRandom
    ) -> SampledSubgraph {
        var scratch =
            store.scratches.withLock { $0.popLast() }
            ?? SamplerScratch(people: graph.people.count, places: graph.places.count)
        scratch.people.start()
        scratch.places.start()
        for (row, person) in people.enumerated() {
            precondition(scratch.people.row(of: person) == UInt32(row), "a target person is given twice")
        }
        for (row, place) in places.enumerated() {
            precondition(scratch.places.row(of: place) == UInt32(row), "a target place is given twice")
        }
        let excluded = ExcludedPairs(excluded)
        let ranks = Ranks(people: random.next(), places: random.next())
        scratch.personRanks.draw(ranks.people)
        scratch.placeRanks.draw(ranks.places)
        var layers: [SampledLayer] = []
        for fanout in fanouts {
            let targets = (people: scratch.people.count, places: scratch.places.count)
            layers.append(
                SampledLayer(
                    people: targets.people, places: targets.places,
                    social: sampleFriends(targets.people, fanout, ranks, &scratch),
                    interacts: sampleVisitors(targets.places, fanout, ranks, excluded, &scratch),
                    revInteracts: sampleVisits(targets.people, fanout, ranks, excluded, &scratch)))
        }
        layers.reverse()
        let result = SampledSubgraph(people: scratch.people.vertices, places: scratch.places.vertices, layers: layers)
        store.scratches.withLock { [scratch] in $0.append(scratch) }
        return result
    }

    /// person <- person
    private func sampleFriends(
        _ targets: Int, _ fanout: Int, _ ranks: Ranks, _ scratch: inout SamplerScratch
    ) -> SampledRelation {
        var relation = SampledRelation(targets: targets, fanout: fanout)
        let (choice, table) = (scratch.choice, scratch.personRanks)
        graph.socialNeighbors.withUnsafeBufferPointer { neighbors in
            for target in 0..<targets {
                let person = scratch.people.vertices[target]
                let stretch = ranks.stretch(of: graph.friends(of: person), for: person)
                for edge in choice.choose(fanout, of: stretch, neighbors, table, [], from: 0) {
                    relation.edges.append(edge)
                    relation.sources.append(scratch.people.row(of: neighbors[Int(edge)]))
                }
                relation.endTarget()
            }
        }
        return relation
    }

    /// place <- person
    private func sampleVisitors(
        _ targets: Int, _ fanout: Int, _ ranks: Ranks, _ excluded: ExcludedPairs, _ scratch: inout SamplerScratch
    ) -> SampledRelation {
        var relation = SampledRelation(targets: targets, fanout: fanout)
        let (choice, table) = (scratch.choice, scratch.personRanks)
        visitors.neighbors.withUnsafeBufferPointer { neighbors in
            for target in 0..<targets {
                let place = scratch.places.vertices[target]
                let chosen = choice.choose(
                    fanout, of: ranks.stretch(of: visitors.row(place), for: place), neighbors, table,
                    excluded.pairs(ofPlace: place), from: UInt64(place) << 32)
                for neighbor in chosen {
                    relation.append(neighbor, of: visitors, row: scratch.people.row(of: neighbors[Int(neighbor)]))
                }
                relation.endTarget()
            }
        }
        return relation
    }

    /// person <- place
    private func sampleVisits(
        _ targets: Int, _ fanout: Int, _ ranks: Ranks, _ excluded: ExcludedPairs, _ scratch: inout SamplerScratch
    ) -> SampledRelation {
        if let recency { return sampleRecentVisits(targets, fanout, ranks, excluded, halfLife: recency, &scratch) }
        var relation = SampledRelation(targets: targets, fanout: fanout)
        let (choice, table) = (scratch.choice, scratch.placeRanks)
        visited.neighbors.withUnsafeBufferPointer { neighbors in
            for target in 0..<targets {
                let person = scratch.people.vertices[target]
                let chosen = choice.choose(
                    fanout, of: ranks.stretch(of: visited.row(person), for: person), neighbors, table,
                    excluded.pairs(ofPerson: person), from: UInt64(person) << 32)
                for neighbor in chosen {
                    relation.append(neighbor, of: visited, row: scratch.places.row(of: neighbors[Int(neighbor)]))
                }
                relation.endTarget()
            }
        }
        return relation
    }

    /// person <- place, where an edge is half as likely to be chosen as the one so many behind it, and counts for
    /// itself.
    private func sampleRecentVisits(
        _ targets: Int, _ fanout: Int, _ ranks: Ranks, _ excluded: ExcludedPairs, halfLife: Int,
        _ scratch: inout SamplerScratch
    ) -> SampledRelation {
        var relation = SampledRelation(targets: targets, fanout: fanout)
        let (choice, places) = (scratch.choice, graph.visitPlaces)
        for target in 0..<targets {
            let person = scratch.people.vertices[target]
            let (row, pairs) = (graph.visits(of: person), excluded.pairs(ofPerson: person))
            choice.start()
            // With weights the old visits of a long row hardly count.
            for edge in row.suffix(Self.edgesSeenMax) {
                if !pairs.isEmpty, pairs.contains(UInt64(person) << 32 | UInt64(places[edge])) { continue }
                let age = row.upperBound - 1 - edge
                choice.offer(edge, rank: Ranks.weigh(ranks.place(places[edge]), age: age, halfLife: halfLife))
            }
            for edge in choice.take(fanout, all: true) ?? UnsafeBufferPointer(start: nil, count: 0) {
                relation.edges.append(edge)
                relation.sources.append(scratch.places.row(of: places[Int(edge)]))
            }
            relation.endTarget()
        }
        return relation
    }
}

extension LowestRanks {
    /// The `wanted` neighbors of the lowest ranks in a row, as positions in `neighbors`, but for those named in the
    /// lower halves of `pairs`, which all begin with `from`.
    ///
    /// Ranks are uniform, so most of a long row is out of the question at first sight: only what lies below the rank
    /// that a few more than are wanted will lie below is compared, and the rest when those were too few.
    fileprivate func choose(
        _ wanted: Int, of stretch: Stretch, _ neighbors: UnsafeBufferPointer<UInt32>, _ table: RankTable,
        _ pairs: ArraySlice<UInt64>, from: UInt64
    ) -> UnsafeBufferPointer<UInt32> {
        guard let to = neighbors.baseAddress else { return UnsafeBufferPointer(start: nil, count: 0) }
        // Two deviations more than are wanted.
        let share = (Double(wanted) + 2 * Double(wanted).squareRoot() + 2) / Double(max(stretch.count, 1))
        var bound = share < 1 ? UInt32(share * 0x1p32) : .max
        while true {
            start()
            offer(stretch.first, to, table.ranks, upTo: bound)
            offer(stretch.second, to, table.ranks, upTo: bound)
            if !pairs.isEmpty { remove { pairs.contains(from | UInt64(to[Int($0)])) } }
            if let taken = take(wanted, all: bound == .max) { return taken }
            bound = .max
        }
    }
}

/// The ranks of one batch: a number for each vertex, uniform over all 64-bit numbers.
private struct Ranks {
    let people: UInt64
    let places: UInt64

    func place(_ vertex: UInt32) -> UInt64 { SeededRandom.mix(places &+ UInt64(vertex)) }

    /// The rank of a neighbor with weight 2^(-age / halfLife): an exponential draw divided by its weight, so that the
    /// lowest are a weighted choice without replacement (Efraimidis and Spirakis, Inf. Process. Lett. 97(5), 2006). The
    /// order is that of its logarithm, which no age makes overflow; its bits are turned so that they order like it, and
    /// the upper half of them is order enough.
    static func weigh(_ rank: UInt64, age: Int, halfLife: Int) -> UInt32 {
        let draw = log(-log((Double(rank >> 11) + 0.5) * 0x1p-53)) + Double(age) / Double(halfLife) * log(2)
        let bits = draw < 0 ? ~draw.bitPattern : draw.bitPattern | 1 << 63
        return UInt32(truncatingIfNeeded: bits >> 32)
    }

    /// A row's edges, or, of a long row, as many as are looked at, from an edge that the batch and the vertex choose;
    /// behind the last comes the first.
    func stretch(of row: Range<Int>, for vertex: UInt32) -> Stretch {
        let most = NeighborSampler.edgesSeenMax
        if row.count <= most { return Stretch(first: row, second: row.upperBound..<row.upperBound) }
        var random = SeededRandom(seed: people ^ SeededRandom.mix(UInt64(vertex)))
        let start = row.lowerBound + random.below(row.count)
        let end = min(start + most, row.upperBound)
        return Stretch(first: start..<end, second: row.lowerBound..<row.lowerBound + most - (end - start))
    }
}

/// Some edges of a row, in one piece or two.
private struct Stretch {
    let first: Range<Int>
    let second: Range<Int>

    var count: Int { first.count + second.count }
}

extension SampledRelation {
    /// An empty relation with room for what `targets` targets draw.
    fileprivate init(targets: Int, fanout: Int) {
        self.init()
        let room = targets * min(fanout, 16)
        offsets.reserveCapacity(targets + 1)
        sources.reserveCapacity(room)
        edges.reserveCapacity(room)
    }

    /// Adds all edges to a neighbor, whose row it is.
    @inline(__always)
    fileprivate mutating func append(_ neighbor: UInt32, of list: DistinctNeighbors, row: UInt32) {
        for position in Int(list.starts[Int(neighbor)])..<Int(list.starts[Int(neighbor) + 1]) {
            edges.append(list.edges[position])
            sources.append(row)
        }
    }

    /// Closes the row of the target at hand.
    fileprivate mutating func endTarget() { offsets.append(UInt32(truncatingIfNeeded: sources.count)) }
}
