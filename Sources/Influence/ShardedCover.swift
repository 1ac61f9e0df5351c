// The sets of a search that lie in one place: its own members of everybody's sets. Greedy counts here what a choice
// meets and loses (`UnionGround` chooses).

import Basics

/// The part of the sets that lies in one place.
package struct ShardedSets: Sendable {
    private let collection: RRCollection
    private var isMet: [Bool]

    package var count: Int { collection.count }
    package var vertices: Int { collection.vertices }

    /// Members of the sets 0..<sets, in any order; a set that has none here is empty. O(sets + members + vertices).
    init(_ members: [FrontierEntry], sets: Int, vertices: Int) {
        var offsets = [UInt32](repeating: 0, count: sets + 1)
        for member in members { offsets[Int(member.set) + 1] += 1 }
        for set in 0..<sets { offsets[set + 1] += offsets[set] }
        var next = offsets
        var sorted = [UInt32](repeating: 0, count: members.count)
        for member in members {
            sorted[Int(next[Int(member.set)])] = member.vertex
            next[Int(member.set)] += 1
        }
        collection = RRCollection(SetPool(offsets: offsets, members: sorted), vertices: vertices)
        isMet = [Bool](repeating: false, count: sets)
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
