// The best k of a stream of scored rows, in a heap whose root is the worst of them: most rows are turned
// away by one comparison with the root.

/// A row of an index and how well it scored.
package struct Neighbor: Equatable, Sendable {
    package var row: UInt32
    /// The inner product with the query.
    package var score: Float

    package init(row: UInt32, score: Float) {
        self.row = row
        self.score = score
    }
}

extension Neighbor {
    /// A number that is larger for a better neighbor, better being a higher score or, in a tie, a lower row: the
    /// score's bits, turned so that they order like the score, above the row's complement. Heaps compare keys only.
    fileprivate var key: UInt64 {
        // Adding zero makes one zero of the two.
        let bits = (score + 0).bitPattern
        let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return UInt64(ordered) << 32 | UInt64(~row)
    }

    fileprivate init(key: UInt64) {
        let ordered = UInt32(truncatingIfNeeded: key >> 32)
        let bits = ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered
        self.init(row: ~UInt32(truncatingIfNeeded: key), score: Float(bitPattern: bits))
    }
}

/// Keeps the best `capacity` of what is offered. No score is NaN.
struct TopNeighbors {
    /// Keys in a heap: none is smaller than its parent.
    private var heap: [UInt64] = []
    private let capacity: Int

    /// A row that comes after all rows offered so far is kept only if it scores above this;
    /// nil as long as there is room for anything.
    private(set) var threshold: Float?

    /// `capacity` is positive.
    init(capacity: Int) {
        precondition(capacity > 0, "a list of the best has room for one")
        self.capacity = capacity
        heap.reserveCapacity(capacity)
    }

    /// O(log capacity) when kept, O(1) when not.
    mutating func offer(_ candidate: Neighbor) {
        let key = candidate.key
        if heap.count < capacity {
            heap.append(key)
            siftUp(key)
        } else if key > heap[0] {
            siftDown(key)
        } else {
            return
        }
        if heap.count == capacity { threshold = Neighbor(key: heap[0]).score }
    }

    /// Best first.
    consuming func sorted() -> [Neighbor] {
        heap.sort(by: >)
        return heap.map { Neighbor(key: $0) }
    }

    /// Moves the last entry, `key`, up to its place.
    private mutating func siftUp(_ key: UInt64) {
        var hole = heap.count - 1
        while hole > 0 {
            let parent = (hole - 1) / 2
            if heap[parent] <= key { break }
            heap[hole] = heap[parent]
            hole = parent
        }
        heap[hole] = key
    }

    /// Puts `key` in place of the root and moves it down to its place.
    private mutating func siftDown(_ key: UInt64) {
        var hole = 0
        let count = heap.count
        while true {
            var child = 2 * hole + 1
            if child >= count { break }
            if child + 1 < count { child += heap[child + 1] < heap[child] ? 1 : 0 }
            if heap[child] >= key { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = key
    }
}
