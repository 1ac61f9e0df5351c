package import Basics

/// Reverse-reachable sets with the way back from a vertex to the sets that hold it. Immutable and reusable:
/// many questions about the same graph may be asked of one collection.
package struct RRCollection: Sendable, Equatable {
    /// Vertices of the graph the sets were drawn from.
    package let vertices: Int
    let sets: SetPool
    private let back: WayBack

    /// Turns a pool's sets around. O(vertices + members).
    package init(_ sets: SetPool, vertices: Int, pool threads: ComputePool? = nil) {
        self.vertices = vertices
        self.sets = sets
        back = WayBack(sets, vertices: vertices, on: threads)
    }

    /// Number of sets.
    package var count: Int { sets.count }

    /// Sum of the sets' sizes.
    package var memberCount: Int { back.holders.count }

    /// What the sets and the way back occupy.
    package var bytes: Int { sets.bytes + back.bytes }

    /// The members of one set, its root first.
    package func members(of set: Int) -> ArraySlice<UInt32> { sets.members(of: set) }

    /// The sets that hold a vertex, ascending.
    package func sets(holding vertex: UInt32) -> SetNumbers.Run {
        let first = back.offsets[Int(vertex)], end = back.offsets[Int(vertex) + 1]
        return SetNumbers.Run(numbers: back.holders, startIndex: Int(first), endIndex: Int(end))
    }
}
