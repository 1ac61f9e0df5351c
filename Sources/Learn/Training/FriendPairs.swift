// Pairs of people of whom something is known together, for the friend head. A fifth of them, the same for the same
// seed, is never learned from: by these the head is judged. Labels are no edges, but friends have an edge whose
// features say much of what the label says. So the edge of a pair that is asked about carries no message.

import Basics
import Graph

/// Some labelled pairs of a step; rows of its people.
struct FriendPairs: Sendable {
    var first: [UInt32] = []
    var second: [UInt32] = []
    /// [pairs, contextDimensions]
    var context: [Float] = []
    /// 0 or 1: whether they get on, and whether they come when invited together.
    var compatible: [Int8] = []
    var attends: [Int8] = []
    /// Edges of the social relation between the two, in both directions.
    var silentFriendships: [UInt32] = []

    var count: Int { first.count }
}

/// A city's labelled pairs, split.
struct FriendSampler: Sendable {
    /// Labels of the graph that are learned from, and those that are judged by; ascending.
    private(set) var training: [UInt32] = []
    private(set) var heldOut: [UInt32] = []
    private let graph: CityGraph
    private let seed: SeededRandom
    private let batch: Int
    private let width: Int
    private var epoch = -1
    private var order: [UInt32] = []

    private static let heldOutShare = 0.2

    /// `seed` draws batches. What is held out follows from `splitSeed` and the two people's identifiers.
    init(_ graph: CityGraph, _ configuration: GraphRecConfiguration, seed: SeededRandom, splitSeed: UInt64) {
        self.graph = graph
        self.seed = seed
        (batch, width) = (configuration.friendBatch, configuration.contextDimensions)
        for label in graph.labelOutcomes.indices {
            let (one, other) = Self.pair(label, graph)
            let (first, second) = (graph.people[Int(one)].number, graph.people[Int(other)].number)
            var random = SeededRandom(seed: splitSeed).child("friends held out", min(first, second), max(first, second))
            if random.uniform() < Self.heldOutShare {
                heldOut.append(UInt32(label))
            } else {
                training.append(UInt32(label))
            }
        }
    }

    private static func pair(_ label: Int, _ graph: CityGraph) -> (UInt32, UInt32) {
        (graph.labelPairs[2 * label], graph.labelPairs[2 * label + 1])
    }

    /// The pairs of step `number`; the people they name get rows. Each pair is asked either way round.
    mutating func draw(step number: Int, _ rows: inout DistinctRows) -> FriendPairs {
        if training.isEmpty { return FriendPairs() }
        var random = seed.child("friend pairs", UInt64(number))
        let chosen = (0..<batch).map { index in label(number * batch + index) }
        return pairs(chosen.map { ($0, random.next() & 1 == 0) }) { rows.person($0) }
    }

    private mutating func label(_ position: Int) -> UInt32 {
        let wanted = position / training.count
        if wanted != epoch {
            epoch = wanted
            order = training
            var random = seed.child("friend epoch", UInt64(wanted))
            random.shuffle(&order)
        }
        return order[position % training.count]
    }

    /// Labels as pairs, turned round where said so; `row` places a local person.
    func pairs(_ labels: [(label: UInt32, isTurned: Bool)], row: (UInt32) -> UInt32) -> FriendPairs {
        var pairs = FriendPairs()
        for (label, isTurned) in labels {
            let (one, other) = Self.pair(Int(label), graph)
            pairs.first.append(row(isTurned ? other : one))
            pairs.second.append(row(isTurned ? one : other))
            let outcome = graph.labelOutcomes[Int(label)]
            pairs.compatible.append(outcome.contains(.compatible) ? 1 : 0)
            pairs.attends.append(outcome.contains(.attends) ? 1 : 0)
            let isAtHome = Int(max(one, other)) < graph.residents
            pairs.context += FriendContext.vector(slot: nil, shareCity: isAtHome, width: width)
            pairs.silentFriendships += [friendship(one, other), friendship(other, one)].compactMap { $0 }
        }
        return pairs
    }

    /// The edge from one person's row to a friend. O(log friends).
    private func friendship(_ person: UInt32, _ friend: UInt32) -> UInt32? {
        let row = graph.friends(of: person)
        var (low, high) = (row.lowerBound, row.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if graph.socialNeighbors[middle] < friend { low = middle + 1 } else { high = middle }
        }
        return low < row.upperBound && graph.socialNeighbors[low] == friend ? UInt32(low) : nil
    }
}
