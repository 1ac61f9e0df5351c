// Reverse-reachable sets (Borgs et al. 2014): pick a person, flip the coins of the edges that lead to them,
// and go backwards over the heads. The set is everyone who would have caused this person to come. A group
// that meets a share x of many such sets brings, in expectation, x times everybody: choosing whom to ask
// becomes choosing whom the sets contain.
//
// Storage is flat: 4 bytes per member, and 4 more per member for the way back from a person to their sets.

/// Sets one after the other, without a way back. Set i is members[offsets[i]..<offsets[i + 1]], its root first.
struct FlatSets: Sendable, Equatable {
    var offsets: [UInt32] = [0]
    var members: [UInt32] = []

    var count: Int { offsets.count - 1 }

    /// What the sets occupy.
    var bytes: Int { 4 * (offsets.count + members.count) }

    /// Appends sets that were made elsewhere. Members of both together stay below 2^32.
    mutating func append(_ other: FlatSets) {
        let base = UInt32(members.count)
        offsets.append(contentsOf: other.offsets.dropFirst().map { base + $0 })
        members.append(contentsOf: other.members)
    }
}

/// Reverse-reachable sets with the way back from a vertex to the sets that hold it. Immutable and reusable:
/// many questions about the same graph may be asked of one collection.
package struct RRCollection: Sendable, Equatable {
    /// Vertices of the graph the sets were drawn from.
    package let vertices: Int
    let sets: FlatSets
    /// Sets that hold vertex v, ascending: holders[holderOffsets[v]..<holderOffsets[v + 1]].
    let holderOffsets: [UInt32]
    let holders: [UInt32]

    /// Indexes the sets by counting sort. O(vertices + members).
    init(_ sets: FlatSets, vertices: Int) {
        var starts = [UInt32](repeating: 0, count: vertices + 1)
        for member in sets.members { starts[Int(member) + 1] += 1 }
        for vertex in 0..<vertices { starts[vertex + 1] += starts[vertex] }
        var next = starts
        let holders = [UInt32](unsafeUninitializedCapacity: sets.members.count) { buffer, initialized in
            for set in 0..<sets.count {
                for place in Int(sets.offsets[set])..<Int(sets.offsets[set + 1]) {
                    let member = Int(sets.members[place])
                    // SAFETY: `next` runs through the slots counted above, a permutation of the whole buffer.
                    buffer[Int(next[member])] = UInt32(set)
                    next[member] += 1
                }
            }
            initialized = sets.members.count
        }
        self.vertices = vertices
        self.sets = sets
        self.holderOffsets = starts
        self.holders = holders
    }

    /// What the way back from people to sets occupies.
    static func indexBytes(_ sets: FlatSets, vertices: Int) -> Int { 4 * (vertices + 1 + sets.members.count) }

    /// Number of sets.
    package var count: Int { sets.count }

    /// Sum of the sets' sizes.
    package var memberCount: Int { sets.members.count }

    /// The members of one set, its root first.
    package func members(of set: Int) -> ArraySlice<UInt32> {
        sets.members[Int(sets.offsets[set])..<Int(sets.offsets[set + 1])]
    }

    /// The sets that hold a vertex, ascending.
    package func sets(holding vertex: UInt32) -> ArraySlice<UInt32> {
        holders[Int(holderOffsets[Int(vertex)])..<Int(holderOffsets[Int(vertex) + 1])]
    }
}
