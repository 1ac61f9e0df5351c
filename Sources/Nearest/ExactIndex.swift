// Exact nearest neighbors by inner product. A city has tens of thousands of rows, not billions: a scan over rows of
// bytes finds the few that may be among the best, and those are scored in full. The scan knows how wrong it can be
// (see QuantizedRows), so the answers are those of comparing everything with everything, at a quarter of the bytes and
// a fraction of the arithmetic. At this size no graph or tree that skips rows was found to beat it.
//
// Queries that wait share each pass over the rows. An answer depends on its query alone, never on the others or on the
// number of threads.

package import Basics
import Linalg

/// Answers which rows have the largest inner products with a query. Any thread may ask.
package struct ExactIndex: Sendable {
    private(set) var vectors: [Float]
    private(set) var quantized: QuantizedRows
    /// Entries of a row.
    package let dimensions: Int
    /// How many rows there are, removed ones included.
    package private(set) var count: Int

    /// Queries of one pass of one thread.
    private static let queriesPerBlock = 10 * ByteLayout.queriesAtOnce

    /// `vectors` is [rows, dimensions], row-major. O(rows · dimensions), about a nanosecond an entry.
    package init(vectors: [Float], dimensions: Int) {
        precondition(dimensions > 0, "a vector has at least one dimension")
        precondition(vectors.count % dimensions == 0, "the vectors are no matrix of \(dimensions) columns")
        precondition(vectors.count / dimensions < Int(UInt32.max), "an index has fewer than 2^32 rows")
        self.vectors = vectors
        self.dimensions = dimensions
        count = vectors.count / dimensions
        quantized = QuantizedRows(
            vectors, dimensions: dimensions, middle: QuantizedRows.middle(of: vectors, dimensions: dimensions))
    }

    /// Puts rows behind the last; `more` is [rows, dimensions]. They are found by every search that begins afterwards.
    /// O(their entries) where nobody else holds this index; a copy of all of it where somebody does.
    package mutating func append(_ more: [Float]) {
        precondition(more.count % dimensions == 0, "the vectors are no matrix of \(dimensions) columns")
        precondition(count + more.count / dimensions < Int(UInt32.max), "an index has fewer than 2^32 rows")
        vectors += more
        count += more.count / dimensions
        quantized.append(more)
    }

    /// Takes a row out of all later answers; its number is not given again. O(dimensions).
    package mutating func remove(_ row: Int) {
        precondition(row < count, "there is no row \(row)")
        // A score that is no number is nobody's best.
        for column in row * dimensions..<(row + 1) * dimensions { vectors[column] = .nan }
        quantized.remove(row)
    }

    /// A row as it was given; not a number throughout when it was removed.
    package func row(_ row: Int) -> ArraySlice<Float> { vectors[row * dimensions..<(row + 1) * dimensions] }

    /// Bytes of the rows and of what is kept beside them.
    package var bytes: Int { 4 * vectors.count + quantized.byteCount }

    /// The best `k` rows of every query, best first, ties by lower row; fewer when there are not so many.
    /// `queries` is [queries, dimensions]; `excluding` gives the rows to skip for a query, ascending, and `keeping` the
    /// rows it may be answered with, nil for all; both are called once per query on the caller's thread. Rows whose
    /// score is not a number are no one's neighbors.
    /// queries · rows · dimensions products of bytes, on all threads of the pool.
    package func search(
        queries: Span<Float>, count k: Int, excluding: (Int) -> [UInt32], keeping: (Int) -> RowMask? = { _ in nil },
        pool: ComputePool
    ) -> [[Neighbor]] {
        precondition(queries.count % dimensions == 0, "the queries are no matrix of \(dimensions) columns")
        let total = queries.count / dimensions
        var answers = [[Neighbor]](repeating: [], count: total)
        if k <= 0 || count == 0 || total == 0 { return answers }
        let allowed = (0..<total).map { query in
            let mask = keeping(query)
            precondition(mask.map { $0.rows == count } ?? true, "a mask has a bit for each row")
            return AllowedRows(excluded: excluding(query), mask: mask)
        }
        queries.withUnsafeBufferPointer { queries in
            answers.withUnsafeMutableBufferPointer { answers in
                // SAFETY: blocks of queries are disjoint, each writes the answers of its own queries only,
                // and the loop ends before either scope does.
                nonisolated(unsafe) let (queries, answers) = (queries, answers)
                pool.forEach((total + Self.queriesPerBlock - 1) / Self.queriesPerBlock) { block in
                    let range = block * Self.queriesPerBlock..<min((block + 1) * Self.queriesPerBlock, total)
                    let asked = range.map { query in
                        Asked(number: query, vector: queries.baseAddress! + query * dimensions, allowed[query])
                    }
                    answer(asked, min(k, count)) { query, neighbors in answers[query] = neighbors }
                }
            }
        }
        return answers
    }

    /// Queries that keep few rows look at those in full; all others are scanned for together.
    private func answer(_ asked: [Asked], _ k: Int, _ tell: (Int, [Neighbor]) -> Void) {
        var scans: [QueryScan] = []
        var scanned: [Asked] = []
        for query in asked {
            if !isWorthScanning(query), let rows = query.allowed.rows(of: count) {
                tell(query.number, best(k, of: rows, for: query))
            } else if let scan = QueryScan(query, count: k, quantized) {
                scans.append(scan)
                scanned.append(query)
            } else {
                tell(query.number, best(k, of: query.allowed.all(of: count), for: query))
            }
        }
        scan(quantized, for: &scans)
        for index in scans.indices {
            let candidates = scans[index].finish() + scanned[index].allowed.among(quantized.irregular)
            tell(scanned[index].number, best(k, of: candidates, for: scanned[index]))
        }
    }

    /// A scan goes through all rows of the tiles that keep one, in order; a row that is looked at in full comes from
    /// anywhere and has four times the bytes. Measured, it costs some `fullRowCost` rows of a scan.
    private func isWorthScanning(_ query: Asked) -> Bool {
        guard let mask = query.allowed.mask else { return true }
        return Self.fullRowCost * mask.count > ByteLayout.rowsOfTile * mask.words.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    }

    /// Scores `rows` in full and answers the best `k`.
    private func best(_ k: Int, of rows: [UInt32], for query: Asked) -> [Neighbor] {
        let asked = Span(_unsafeStart: query.vector, count: dimensions)
        let vectors = vectors.span
        var best = BestNeighbors(count: k)
        for (index, row) in rows.enumerated() {
            if index + Self.rowsAhead < rows.count {
                let ahead = Int(rows[index + Self.rowsAhead]) * dimensions
                vectors.extracting(ahead..<ahead + dimensions).withUnsafeBufferPointer {
                    prefetchRow($0.baseAddress!, columns: dimensions)
                }
            }
            let start = Int(row) * dimensions
            let score = dot(vectors.extracting(start..<start + dimensions), asked)
            best.offer(row, score: score)
        }
        return best.take()
    }

    private static let fullRowCost = 24

    /// As many rows ahead are asked of memory.
    private static let rowsAhead = 4
}

/// One query of a search. Lives as long as the search's buffers.
struct Asked {
    let number: Int
    let vector: UnsafePointer<Float>
    let allowed: AllowedRows

    init(number: Int, vector: UnsafePointer<Float>, _ allowed: AllowedRows) {
        self.number = number
        self.vector = vector
        self.allowed = allowed
    }
}

/// The rows that a query may be answered with.
struct AllowedRows: Sendable {
    /// Ascending.
    let excluded: [UInt32]
    let mask: RowMask?

    /// Those of `rows`, ascending, that are allowed.
    func among(_ rows: [UInt32]) -> [UInt32] {
        var next = 0
        return rows.filter { row in
            while next < excluded.count, excluded[next] < row { next += 1 }
            return !(next < excluded.count && excluded[next] == row) && (mask?.contains(Int(row)) ?? true)
        }
    }

    /// At most how many rows of some tiles are not allowed, those behind an index's last left out.
    func forbidden(in tiles: Range<Int>) -> Int {
        let end = UInt32(tiles.upperBound * ByteLayout.rowsOfTile)
        var count = excluded.prefix { $0 < end }.count
        if let mask {
            for tile in tiles {
                let rows = min(mask.rows - tile * ByteLayout.rowsOfTile, ByteLayout.rowsOfTile)
                count += rows - mask.words[tile].nonzeroBitCount
            }
        }
        return count
    }

    /// All allowed rows of an index of `count`.
    func all(of count: Int) -> [UInt32] { rows(of: count) ?? among(Array(0..<UInt32(count))) }

    /// The same, where a mask names them.
    func rows(of count: Int) -> [UInt32]? {
        guard let mask else { return nil }
        var kept: [UInt32] = []
        kept.reserveCapacity(mask.count)
        mask.forEach { kept.append($0) }
        return among(kept)
    }
}
