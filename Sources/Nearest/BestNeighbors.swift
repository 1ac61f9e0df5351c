/// The best of the rows that are offered with their scores in full, without sorting them all: what is worse than the
/// worst of the best so far costs a comparison.
struct BestNeighbors {
    private let count: Int
    private let room: Int
    /// Complements of keys, so that the order is the one that sorts fastest.
    private var keys: [UInt64] = []
    /// A key from here on is not among the best.
    private var limit = UInt64.max

    /// For the best `count`, which is positive.
    init(count: Int) {
        self.count = count
        room = max(4 * count, 64)
        keys.reserveCapacity(room)
    }

    /// Takes a row in; a score that is not a number is nobody's best.
    mutating func offer(_ row: UInt32, score: Float) {
        if score.isNaN { return }
        let key = ~Neighbor(row: row, score: score).key
        if key >= limit { return }
        if keys.count == room { cut() }
        keys.append(key)
    }

    /// The best, best first, ties by lower row; nothing is left for the next time.
    mutating func take() -> [Neighbor] {
        cut()
        defer {
            keys.removeAll(keepingCapacity: true)
            limit = .max
        }
        return keys.map { Neighbor(key: ~$0) }
    }

    private mutating func cut() {
        keys.sort()
        if keys.count < count { return }
        keys.removeLast(keys.count - count)
        limit = keys[count - 1]
    }
}
