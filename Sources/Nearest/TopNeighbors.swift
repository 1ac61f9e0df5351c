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

    /// The one order of answers: higher score first, ties by lower row.
    package func isBetter(than other: Neighbor) -> Bool {
        score != other.score ? score > other.score : row < other.row
    }
}

/// Keeps the best `capacity` of what is offered. No score is NaN.
struct TopNeighbors {
    /// A heap: no entry is worse than its parent.
    private var heap: [Neighbor] = []
    private let capacity: Int

    /// `capacity` is positive.
    init(capacity: Int) {
        precondition(capacity > 0, "a list of the best has room for one")
        self.capacity = capacity
        heap.reserveCapacity(capacity)
    }

    /// A row that comes after all rows offered so far is kept only if it scores above this;
    /// nil as long as there is room for anything.
    var threshold: Float? { heap.count < capacity ? nil : heap[0].score }

    /// O(log capacity) when kept, O(1) when not.
    mutating func offer(_ candidate: Neighbor) {
        if heap.count < capacity {
            heap.append(candidate)
            siftUp()
        } else if candidate.isBetter(than: heap[0]) {
            heap[0] = candidate
            siftDown()
        }
    }

    /// Best first.
    consuming func sorted() -> [Neighbor] {
        heap.sort { $0.isBetter(than: $1) }
        return heap
    }

    private mutating func siftUp() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if !heap[parent].isBetter(than: heap[child]) { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { return }
            if child + 1 < heap.count, heap[child].isBetter(than: heap[child + 1]) { child += 1 }
            if !heap[parent].isBetter(than: heap[child]) { return }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
