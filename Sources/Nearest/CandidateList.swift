// The rows that may be among a query's best k, as far as a scan over bytes can tell: each with the least and the most
// its inner product can be. A row whose most is below the k-th greatest least is out. Few wanted: the greatest leasts
// are kept in order, and the k-th is known after each row. Many wanted: it is looked for when the list is full. Either
// way most rows cost one comparison, and one that is kept costs one more write.

/// A row as a scan sees it.
struct Candidate {
    var row: UInt32
    var least: Float
    var most: Float

    /// `score` is the row's inner product up to an error of at most `bound`. Neither is NaN.
    init(_ row: UInt32, score: Float, bound: Float) {
        (self.row, least, most) = (row, score - bound, score + bound)
    }
}

/// Gathers what may be among the best of one query.
struct CandidateList {
    let count: Int
    private var candidates: [Candidate]
    private var used = 0
    /// The greatest leasts so far, descending, where few are wanted; else room to find the k-th in.
    private var leasts: [Float]
    /// No more than the k-th greatest least of all rows, known or expected: a row whose score is certainly below it
    /// need not be offered.
    private(set) var threshold: Float = -.infinity

    /// Up to so many wanted are kept in order.
    private static let orderedMax = 32

    private var isOrdered: Bool { count <= Self.orderedMax }

    /// For the best `count`, which is positive.
    init(count: Int) {
        self.count = count
        let room = max(4 * count, 128)
        candidates = [Candidate](repeating: Candidate(0, score: 0, bound: 0), count: room)
        leasts = [Float](repeating: -.infinity, count: count <= Self.orderedMax ? count : room)
    }

    /// The k-th greatest least will be no less than this.
    mutating func expect(_ least: Float) { threshold = max(threshold, least) }

    /// Takes rows in.
    mutating func take(_ offered: UnsafeBufferPointer<Candidate>) {
        if used + offered.count > candidates.count { makeRoom(for: offered.count) }
        let (isOrdered, last) = (isOrdered, count - 1)
        var (used, threshold) = (used, threshold)
        candidates.withUnsafeMutableBufferPointer { candidates in
            leasts.withUnsafeMutableBufferPointer { leasts in
                for candidate in offered where candidate.most >= threshold {
                    candidates[used] = candidate
                    used += 1
                    guard isOrdered, candidate.least > leasts[last] else { continue }
                    var place = last
                    while place > 0, leasts[place - 1] < candidate.least {
                        leasts[place] = leasts[place - 1]
                        place -= 1
                    }
                    leasts[place] = candidate.least
                    threshold = max(threshold, leasts[last])
                }
            }
        }
        (self.used, self.threshold) = (used, threshold)
        if !isOrdered, used >= 4 * count { cut() }
    }

    /// The rows that are left, in the order they were offered.
    mutating func finish() -> [UInt32] {
        if used > count { cut() }
        return candidates.prefix(used).map(\.row)
    }

    /// Drops what is out, and lengthens the list where scores are closer to each other than their bounds and all stay.
    private mutating func makeRoom(for more: Int) {
        if used > count { cut() }
        let missing = used + more - candidates.count
        if missing <= 0 { return }
        let fresh = max(missing, candidates.count)
        candidates.append(contentsOf: repeatElement(Candidate(0, score: 0, bound: 0), count: fresh))
        if !isOrdered { leasts.append(contentsOf: repeatElement(-.infinity, count: fresh)) }
    }

    private mutating func cut() {
        let used = used
        if !isOrdered, used >= count {
            for index in 0..<used { leasts[index] = candidates[index].least }
            let least = leasts.withUnsafeMutableBufferPointer {
                greatest(count, of: UnsafeMutableBufferPointer(rebasing: $0[..<used]))
            }
            threshold = max(threshold, least)
        }
        let threshold = threshold
        var kept = 0
        candidates.withUnsafeMutableBufferPointer { candidates in
            for index in 0..<used {
                let candidate = candidates[index]
                candidates[kept] = candidate
                kept += candidate.most >= threshold ? 1 : 0
            }
        }
        self.used = kept
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
