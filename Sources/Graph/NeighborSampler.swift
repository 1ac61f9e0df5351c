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
    /// The person of each visit, place by place: looked up too often to be found anew.
    private let visitors: [UInt32]
    private let store = Store()

    /// Edges that a target looks at, at most; of a longer row it sees a stretch that begins anywhere.
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
        visitors = Array(graph.placeVisitors)
    }

    /// The neighborhood of `people` and `places` (local numbers, distinct within each), which become the first
    /// rows in the given order. `excluded` holds person << 32 | place pairs whose visits carry no message in any
    /// layer. O(edges of the targets of each layer), at most `edgesSeenMax` a target.
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
        let neighbors = graph.socialNeighbors
        var relation = SampledRelation(targets: targets, fanout: fanout)
        for target in 0..<targets {
            let person = scratch.people.vertices[target]
            scratch.choice.start()
            for edge in ranks.stretch(of: graph.friends(of: person), for: person) {
                scratch.choice.offer(edge, rank: ranks.person(neighbors[edge]))
            }
            for edge in scratch.choice.take(fanout) {
                relation.edges.append(edge)
                relation.sources.append(scratch.people.row(of: neighbors[Int(edge)]))
            }
            relation.endTarget()
        }
        return relation
    }

    /// place <- person
    private func sampleVisitors(
        _ targets: Int, _ fanout: Int, _ ranks: Ranks, _ excluded: ExcludedPairs, _ scratch: inout SamplerScratch
    ) -> SampledRelation {
        let (visitors, edges) = (visitors, graph.placeEdges)
        var relation = SampledRelation(targets: targets, fanout: fanout)
        for target in 0..<targets {
            let place = scratch.places.vertices[target]
            let pairs = excluded.pairs(ofPlace: place)
            let from = UInt64(place) << 32
            scratch.choice.start()
            for position in ranks.stretch(of: graph.visitors(of: place), for: place) {
                let person = visitors[position]
                if !pairs.isEmpty, pairs.contains(from | UInt64(person)) { continue }
                scratch.choice.offer(position, rank: ranks.person(person))
            }
            for position in scratch.choice.take(fanout) {
                relation.edges.append(edges[Int(position)])
                relation.sources.append(scratch.people.row(of: visitors[Int(position)]))
            }
            relation.endTarget()
        }
        return relation
    }

    /// person <- place
    private func sampleVisits(
        _ targets: Int, _ fanout: Int, _ ranks: Ranks, _ excluded: ExcludedPairs, _ scratch: inout SamplerScratch
    ) -> SampledRelation {
        let places = graph.visitPlaces
        var relation = SampledRelation(targets: targets, fanout: fanout)
        for target in 0..<targets {
            let person = scratch.people.vertices[target]
            let row = graph.visits(of: person)
            let pairs = excluded.pairs(ofPerson: person)
            let from = UInt64(person) << 32
            scratch.choice.start()
            // With weights the old visits of a long row hardly count.
            let recent = recency == nil ? row : row.suffix(Self.edgesSeenMax)
            for edge in ranks.stretch(of: recent, for: person) {
                if !pairs.isEmpty, pairs.contains(from | UInt64(places[edge])) { continue }
                let rank = ranks.place(places[edge])
                scratch.choice.offer(
                    edge, rank: recency.map { Ranks.weigh(rank, age: row.upperBound - 1 - edge, halfLife: $0) } ?? rank)
            }
            for edge in scratch.choice.take(fanout, isUniform: recency == nil) {
                relation.edges.append(edge)
                relation.sources.append(scratch.places.row(of: places[Int(edge)]))
            }
            relation.endTarget()
        }
        return relation
    }
}

/// The ranks of one batch: a number for each vertex, uniform over all 64-bit numbers.
private struct Ranks {
    let people: UInt64
    let places: UInt64

    @inline(__always)
    func person(_ vertex: UInt32) -> UInt64 { SeededRandom.mix(people &+ UInt64(vertex)) }

    @inline(__always)
    func place(_ vertex: UInt32) -> UInt64 { SeededRandom.mix(places &+ UInt64(vertex)) }

    /// The rank of a neighbor with weight 2^(-age / halfLife): an exponential draw divided by its weight, so that the
    /// lowest are a weighted choice without replacement (Efraimidis and Spirakis, Inf. Process. Lett. 97(5), 2006). The
    /// order is that of its logarithm, which no age makes overflow; its bits are turned so that they order like it.
    static func weigh(_ rank: UInt64, age: Int, halfLife: Int) -> UInt64 {
        let draw = log(-log((Double(rank >> 11) + 0.5) * 0x1p-53)) + Double(age) / Double(halfLife) * log(2)
        return draw < 0 ? ~draw.bitPattern : draw.bitPattern | 1 << 63
    }

    /// A row's edges, or, of a long row, as many as are looked at, from an edge that the batch and the vertex choose.
    func stretch(of row: Range<Int>, for vertex: UInt32) -> Stretch {
        if row.count <= NeighborSampler.edgesSeenMax { return Stretch(row: row, start: 0, count: row.count) }
        var random = SeededRandom(seed: people ^ SeededRandom.mix(UInt64(vertex)))
        return Stretch(row: row, start: random.below(row.count), count: NeighborSampler.edgesSeenMax)
    }
}

/// Some edges of a row, one behind the other; behind the last comes the first.
private struct Stretch: Sequence, IteratorProtocol {
    private let row: Range<Int>
    private var edge: Int
    private var left: Int

    init(row: Range<Int>, start: Int, count: Int) {
        self.row = row
        edge = row.lowerBound + start
        left = count
    }

    @inline(__always)
    mutating func next() -> Int? {
        if left == 0 { return nil }
        left -= 1
        defer { edge = edge + 1 == row.upperBound ? row.lowerBound : edge + 1 }
        return edge
    }
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

    /// Closes the row of the target at hand.
    fileprivate mutating func endTarget() { offsets.append(UInt32(truncatingIfNeeded: sources.count)) }
}
