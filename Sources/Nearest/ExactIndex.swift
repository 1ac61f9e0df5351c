// Exact nearest neighbors by inner product. A city has tens of thousands of rows, not billions: a matrix
// product of a block of queries with a block of rows scores them at the speed of the arithmetic units, and at
// this size no graph or tree that skips rows was found to beat it. The blocks are cut so that their scores
// stay in the second-level cache until the heaps have seen them.
//
// Blocks depend on the number of queries and rows only, never on the number of threads, so that every score
// and with it every answer is the same however the work is shared out.

package import Basics
import Linalg

/// Answers which rows have the largest inner products with a query. Immutable; any thread may ask.
package struct ExactIndex: Sendable {
    private let vectors: [Float]
    /// Entries of a row.
    package let dimensions: Int
    /// How many rows there are.
    package let count: Int

    /// 64 queries times 1,024 rows: 256 KiB of scores.
    private static let queriesPerBlock = 64
    private static let rowsPerBlock = 1024

    /// `vectors` is [rows, dimensions], row-major.
    package init(vectors: [Float], dimensions: Int) {
        precondition(dimensions > 0, "a vector has at least one dimension")
        precondition(vectors.count % dimensions == 0, "the vectors are no matrix of \(dimensions) columns")
        precondition(vectors.count / dimensions < Int(UInt32.max), "an index has fewer than 2^32 rows")
        self.vectors = vectors
        self.dimensions = dimensions
        count = vectors.count / dimensions
    }

    /// The best `k` rows of every query, best first, ties by lower row; fewer when there are not so many.
    /// `queries` is [queries, dimensions]; `excluding` gives the rows to skip for a query, ascending, and is
    /// called once per query on the caller's thread. Rows whose score is not a number are no one's neighbors.
    /// 2 · queries · rows · dimensions operations, on all threads of the pool.
    package func search(
        queries: Span<Float>, count k: Int, excluding: (Int) -> [UInt32], pool: ComputePool
    ) -> [[Neighbor]] {
        precondition(queries.count % dimensions == 0, "the queries are no matrix of \(dimensions) columns")
        let total = queries.count / dimensions
        var answers = [[Neighbor]](repeating: [], count: total)
        if k <= 0 || count == 0 || total == 0 { return answers }
        let excluded = (0..<total).map(excluding)
        queries.withUnsafeBufferPointer { queries in
            answers.withUnsafeMutableBufferPointer { answers in
                // SAFETY: blocks of queries are disjoint, each writes the answers of its own queries only,
                // and the loop ends before either scope does.
                nonisolated(unsafe) let (queries, answers) = (queries, answers)
                pool.forEach((total + Self.queriesPerBlock - 1) / Self.queriesPerBlock) { block in
                    let range = block * Self.queriesPerBlock..<min((block + 1) * Self.queriesPerBlock, total)
                    let part = UnsafeBufferPointer(
                        rebasing: queries[range.lowerBound * dimensions..<range.upperBound * dimensions])
                    let found = search(Span(_unsafeElements: part), count: k, excluded: excluded[range])
                    for (query, neighbors) in zip(range, found) { answers[query] = neighbors }
                }
            }
        }
        return answers
    }

    /// One block of queries against all rows. `excluded` has one entry per query.
    private func search(_ queries: Span<Float>, count k: Int, excluded: ArraySlice<[UInt32]>) -> [[Neighbor]] {
        let height = excluded.count
        let room = min(Self.rowsPerBlock, count)
        var best = excluded.map { RowFilter(TopNeighbors(capacity: min(k, count)), excluding: $0) }
        var scores = [Float](repeating: 0, count: height * room)
        var start = 0
        while start < count {
            let width = min(room, count - start)
            let rows = vectors.span.extracting(start * dimensions..<(start + width) * dimensions)
            var block = scores.mutableSpan
            multiplyTransposed(queries, rows, into: &block, rows: height, columns: width, inner: dimensions)
            for query in 0..<height {
                best[query].offer(scores.span.extracting(query * width..<(query + 1) * width), from: start)
            }
            start += width
        }
        return best.map { $0.neighbors() }
    }
}

/// One query's best so far, and how far its excluded rows have been passed. Rows come in ascending order.
private struct RowFilter {
    private var best: TopNeighbors
    private let excluded: [UInt32]
    /// The first excluded row that is not behind us.
    private var next = 0

    init(_ best: TopNeighbors, excluding excluded: [UInt32]) {
        self.best = best
        self.excluded = excluded
    }

    /// Scores of the rows from `start` on. Sixteen at a time are compared with the threshold: once the heap
    /// is full, few groups hold a row that passes.
    mutating func offer(_ scores: Span<Float>, from start: Int) {
        var index = 0
        while index < scores.count {
            let end = min(index + 16, scores.count)
            if let threshold = best.threshold, end - index == 16,
                !anyScore(of: scores.extracting(index..<end), above: threshold)
            {
                index = end
                continue
            }
            for position in index..<end { offer(scores[position], row: UInt32(start + position)) }
            index = end
        }
    }

    private mutating func offer(_ score: Float, row: UInt32) {
        if let threshold = best.threshold, !(score > threshold) { return }
        if score.isNaN { return }
        while next < excluded.count, excluded[next] < row { next += 1 }
        if next < excluded.count, excluded[next] == row { return }
        best.offer(Neighbor(row: row, score: score))
    }

    consuming func neighbors() -> [Neighbor] { best.sorted() }
}

/// Whether one of 16 scores is above the threshold; one vector comparison.
@inline(__always)
private func anyScore(of scores: Span<Float>, above threshold: Float) -> Bool {
    var lanes: UInt32 = 0
    for lane in 0..<16 { lanes |= scores[lane] > threshold ? 1 : 0 }
    return lanes != 0
}
