// The rows that may be among a query's best k, as far as a scan over bytes can tell: each with the least and the most
// its inner product can be. A row whose most is below the k-th greatest least is out. The list is cut down only when
// it is full, so that most rows cost one comparison and a row that is kept costs one more write.

/// Gathers what may be among the best of one query.
struct CandidateList {
    private struct Candidate {
        var row: UInt32
        var least: Float
        var most: Float
    }

    private let count: Int
    private var candidates: [Candidate] = []
    /// Room to find the threshold in.
    private var leasts: [Float]
    private var room: Int
    /// The k-th greatest least so far: a row whose score is certainly below it need not be offered.
    private(set) var threshold: Float = -.infinity

    /// For the best `count`, which is positive.
    init(count: Int) {
        self.count = count
        room = max(4 * count, 64)
        candidates.reserveCapacity(room)
        leasts = [Float](repeating: 0, count: room)
    }

    /// `score` is the row's inner product up to an error of at most `bound`. Neither is NaN.
    mutating func offer(_ row: UInt32, score: Float, bound: Float) {
        candidates.append(Candidate(row: row, least: score - bound, most: score + bound))
        if candidates.count >= room { cut() }
    }

    /// The rows that are left, in the order they were offered.
    mutating func finish() -> [UInt32] {
        if candidates.count > count { cut() }
        return candidates.map(\.row)
    }

    private mutating func cut() {
        for index in candidates.indices { leasts[index] = candidates[index].least }
        let least = leasts.withUnsafeMutableBufferPointer {
            greatest(count, of: UnsafeMutableBufferPointer(rebasing: $0[..<candidates.count]))
        }
        threshold = max(threshold, least)
        let threshold = threshold
        var kept = 0
        candidates.withUnsafeMutableBufferPointer { candidates in
            for index in candidates.indices {
                let candidate = candidates[index]
                candidates[kept] = candidate
                kept += candidate.most >= threshold ? 1 : 0
            }
        }
        candidates.removeLast(candidates.count - kept)
        // So that the next cut has something to do: scores closer to each other than their bounds all stay.
        if kept > room / 2 {
            room *= 2
            leasts = [Float](repeating: 0, count: room)
        }
    }
}

/// The `k`-th greatest of at least `k` values, none NaN; reorders them. Selection by partition around a median of
/// three, linear on average; without branches on the values, which nothing could foretell.
func greatest(_ k: Int, of values: UnsafeMutableBufferPointer<Float>) -> Float {
    precondition((1...values.count).contains(k), "there is a k-th of at least k values")
    var (low, high) = (0, values.count)
    while true {
        let (first, middle, last) = (values[low], values[low + (high - low) / 2], values[high - 1])
        let pivot = max(min(first, last), min(max(first, last), middle))
        let greater = partition(values, low..<high) { $0 > pivot }
        if k <= greater {
            high = greater
            continue
        }
        let notLess = partition(values, greater..<high) { $0 >= pivot }
        if k <= notLess { return pivot }
        low = notLess
    }
}

/// Moves the values of `range` that pass to its front; answers where they end.
@inline(__always)
private func partition(
    _ values: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>, _ passes: (Float) -> Bool
) -> Int {
    var end = range.lowerBound
    for index in range {
        let value = values[index]
        values[index] = values[end]
        values[end] = value
        end += passes(value) ? 1 : 0
    }
    return end
}
