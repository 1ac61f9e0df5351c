// Greedy over sets that lie in several places (NewGreeDi, Tang et al. 2022, section 4). Each place counts, once, how
// many sets every vertex meets there; the coordinator sums the counts and chooses. Per choice the places tell which
// sets the chosen one meets; these are met everywhere, and every place answers whose counts fell and by how much. The
// choice is that of greedy on all sets together. Bytes: 4 a vertex and place once, then 4 a set newly met and 8 a
// count that fell.

import Basics

/// The part of the sets that lies in one place: whole sets of its own, or its own members of everybody's sets.
package struct ShardedSets: Sendable {
    private let collection: RRCollection
    private var isMet: [Bool]

    /// Members by set; a set that has none here is empty.
    init(_ lists: [[UInt32]], vertices: Int) {
        var offsets: [UInt32] = [0]
        offsets.reserveCapacity(lists.count + 1)
        for list in lists { offsets.append(offsets[offsets.count - 1] + UInt32(list.count)) }
        collection = RRCollection(
            FlatSets([SetChunk(offsets: offsets, members: lists.flatMap { $0 })]), vertices: vertices)
        isMet = [Bool](repeating: false, count: lists.count)
    }

    /// Sets `range` of a stream, whole; the others are empty here. For a replicated graph whose sets are shared out.
    package init(_ sampler: SetSampler, _ range: Range<Int>, of count: Int, seed: UInt64) {
        let whole = drawSets(sampler, range, seed: seed)
        self.init(
            (0..<count).map { range.contains($0) ? Array(whole.members(of: $0 - range.lowerBound)) : [] },
            vertices: sampler.graph.count)
    }

    /// Sets that each vertex meets here.
    package func counts() -> [UInt32] {
        (0..<UInt32(collection.vertices)).map { UInt32(collection.sets(holding: $0).count) }
    }

    /// Sets not yet met that hold `person` here.
    package func setsNewlyMet(by person: UInt32) -> [UInt32] {
        collection.sets(holding: person).filter { !isMet[Int($0)] }
    }

    /// These sets are met from now on: whose counts fall here, ascending by vertex, and by how much.
    package mutating func meet(_ sets: [UInt32]) -> [(vertex: UInt32, loss: UInt32)] {
        var losses: [UInt32: UInt32] = [:]
        for set in sets where !isMet[Int(set)] {
            isMet[Int(set)] = true
            for member in collection.members(of: Int(set)) { losses[member, default: 0] += 1 }
        }
        return losses.sorted { $0.key < $1.key }.map { (vertex: $0.key, loss: $0.value) }
    }
}

/// Who chooses. Ties by lower vertex, as `greedyCover`.
package struct CoverCoordinator: Sendable {
    private var gains: [UInt32]
    private var heap: MaxHeap<Promise>
    /// Chosen so far, first choice first, and the sets that each added.
    package private(set) var seeds: [UInt32] = []
    package private(set) var added: [Int] = []

    /// Counts of every place.
    package init(counts: [[UInt32]]) {
        var sums = [UInt32](repeating: 0, count: counts.first?.count ?? 0)
        for part in counts { for vertex in sums.indices { sums[vertex] += part[vertex] } }
        gains = sums
        heap = MaxHeap(sums.indices.map { Promise(gain: Double(sums[$0]), vertex: UInt32($0)) })
    }

    /// The next choice; nil when nobody is left. Then `absorb` what all places answer.
    package mutating func next() -> UInt32? {
        while let top = heap.pop() {
            let gain = Double(gains[Int(top.vertex)])
            if gain == top.gain {
                seeds.append(top.vertex)
                added.append(Int(gain))
                return top.vertex
            }
            heap.push(Promise(gain: gain, vertex: top.vertex))
        }
        return nil
    }

    /// What one place answered to the last choice.
    package mutating func absorb(_ losses: [(vertex: UInt32, loss: UInt32)]) {
        for (vertex, loss) in losses { gains[Int(vertex)] -= loss }
    }
}
