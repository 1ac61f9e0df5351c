// Draws the neighborhoods a batch is computed from, outside in: the vertices asked for choose a few
// neighbors in each relation, those join the rows, and the next layer lets every row choose. A hub thus costs
// no more than its fan-out, and a vertex met twice has one row.
//
// Pairs that the batch predicts are excluded: were the visit (person, place) to carry a message in either
// direction, the model would read its answer off its input.

package import Basics
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
    private let store = Store()

    /// `fanouts` are neighbors per vertex and relation, positive, for the layer nearest to the targets first.
    package init(graph: CityGraph, fanouts: [Int]) {
        precondition(fanouts.allSatisfy { $0 > 0 }, "every layer samples at least one neighbor")
        self.graph = graph
        self.fanouts = fanouts
    }

    /// The neighborhood of `people` and `places` (local numbers, distinct within each), which become the first
    /// rows in the given order. `excluded` holds person << 32 | place pairs whose visits carry no message in any
    /// layer. O(sampled edges), plus the visits of people with excluded pairs.
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
        var layers: [SampledLayer] = []
        for fanout in fanouts {
            let targets = (people: scratch.people.count, places: scratch.places.count)
            layers.append(
                SampledLayer(
                    people: targets.people, places: targets.places,
                    social: sampleFriends(targets.people, fanout, &scratch, &random),
                    interacts: sampleVisitors(targets.places, fanout, excluded, &scratch, &random),
                    revInteracts: sampleVisits(targets.people, fanout, excluded, &scratch, &random)))
        }
        layers.reverse()
        let result = SampledSubgraph(people: scratch.people.vertices, places: scratch.places.vertices, layers: layers)
        store.scratches.withLock { [scratch] in $0.append(scratch) }
        return result
    }

    /// person <- person
    private func sampleFriends(
        _ targets: Int, _ fanout: Int, _ scratch: inout SamplerScratch, _ random: inout SeededRandom
    ) -> SampledRelation {
        let neighbors = graph.socialNeighbors
        var relation = SampledRelation(targets: targets, fanout: fanout)
        for target in 0..<targets {
            let row = graph.friends(of: scratch.people.vertices[target])
            chooseDistinct(fanout, of: row.count, random: &random, into: &scratch.chosen)
            for position in scratch.chosen {
                let edge = row.lowerBound + position
                relation.edges.append(UInt32(truncatingIfNeeded: edge))
                relation.sources.append(scratch.people.row(of: neighbors[edge]))
            }
            relation.endTarget()
        }
        return relation
    }

    /// place <- person. A place's edges ascend, and a person's are numbered one behind the other, so those excluded are
    /// found by bisection and a hub with thousands of visits is not walked through.
    private func sampleVisitors(
        _ targets: Int, _ fanout: Int, _ excluded: ExcludedPairs, _ scratch: inout SamplerScratch,
        _ random: inout SeededRandom
    ) -> SampledRelation {
        let visitors = graph.placeVisitors
        let edges = visitors.edges
        var relation = SampledRelation(targets: targets, fanout: fanout)
        var gaps: [Range<Int>] = []
        for target in 0..<targets {
            let place = scratch.places.vertices[target]
            let row = graph.visitors(of: place)
            gaps.removeAll(keepingCapacity: true)
            for pair in excluded.pairs(ofPlace: place) {
                let gap = positions(of: graph.visits(of: UInt32(truncatingIfNeeded: pair)), in: edges, row)
                if !gap.isEmpty { gaps.append(gap) }
            }
            let left = gaps.reduce(row.count) { $0 - $1.count }
            chooseDistinct(fanout, of: left, random: &random, into: &scratch.chosen)
            for position in scratch.chosen {
                var index = row.lowerBound + position
                for gap in gaps where gap.lowerBound <= index { index += gap.count }
                relation.edges.append(edges[index])
                relation.sources.append(scratch.people.row(of: visitors[index]))
            }
            relation.endTarget()
        }
        return relation
    }

    /// person <- place. A person's visits stand in the order of time: with excluded pairs they are walked through.
    private func sampleVisits(
        _ targets: Int, _ fanout: Int, _ excluded: ExcludedPairs, _ scratch: inout SamplerScratch,
        _ random: inout SeededRandom
    ) -> SampledRelation {
        let places = graph.visitPlaces
        var relation = SampledRelation(targets: targets, fanout: fanout)
        for target in 0..<targets {
            let person = scratch.people.vertices[target]
            let row = graph.visits(of: person)
            let pairs = excluded.pairs(ofPerson: person)
            scratch.allowed.removeAll(keepingCapacity: true)
            if !pairs.isEmpty {
                let from = UInt64(person) << 32
                for edge in row where !pairs.contains(from | UInt64(places[edge])) { scratch.allowed.append(edge) }
            }
            let left = pairs.isEmpty ? row.count : scratch.allowed.count
            chooseDistinct(fanout, of: left, random: &random, into: &scratch.chosen)
            for position in scratch.chosen {
                let edge = pairs.isEmpty ? row.lowerBound + position : scratch.allowed[position]
                relation.edges.append(UInt32(truncatingIfNeeded: edge))
                relation.sources.append(scratch.places.row(of: places[edge]))
            }
            relation.endTarget()
        }
        return relation
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

/// Where the edges of a range stand in the ascending part `row` of `edges`; empty when none does.
private func positions(of range: Range<Int>, in edges: [UInt32], _ row: Range<Int>) -> Range<Int> {
    func first(notBelow bound: Int) -> Int {
        var low = row.lowerBound
        var high = row.upperBound
        while low < high {
            let middle = (low + high) / 2
            if Int(edges[middle]) < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
    return first(notBelow: range.lowerBound)..<first(notBelow: range.upperBound)
}
