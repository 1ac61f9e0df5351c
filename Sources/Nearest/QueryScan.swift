// The scan over rows of bytes: sums of a chunk of rows for six queries at a time, then one comparison for each row and
// query. A chunk stays in the second-level cache until all queries have seen it, its sums in the first. The threshold
// is that of the chunk before; that of the first is found in its own sums, by greatest values of some rows each: where
// the k-th of these is, there are k rows at least that reach it.

import Linalg

/// One query while the rows pass.
struct QueryScan {
    /// The query's whole numbers, filled up to whole groups.
    fileprivate let entries: [Int8]
    private var limit: ScoreLimit
    private let allowed: AllowedRows
    /// The first excluded row that is not behind us.
    private var next = 0
    private var candidates: CandidateList

    /// For the best `count` rows. Nil when the query, or a product with it, may be no finite number.
    init?(_ asked: Asked, count: Int, _ rows: QuantizedRows) {
        let layout = rows.layout
        var entries = [Int8](repeating: 0, count: layout.bytesOfQuery)
        let vector = Span(_unsafeStart: asked.vector, count: layout.columns)
        guard let quantized = Quantization(vector, into: &entries),
            (quantized.length * rows.greatestLength).isFinite
        else { return nil }
        self.entries = entries
        let rounding = QuantizedRows.rounding(layout.columns)
        limit = ScoreLimit(
            offset: quantized.sum * Int32(ByteLayout.zero), scale: quantized.scale,
            errorShare: quantized.length * (1 + rounding),
            lengthShare: quantized.error + quantized.length * rounding)
        allowed = asked.allowed
        candidates = CandidateList(count: count)
    }

    fileprivate var hasMask: Bool { allowed.mask != nil }

    /// Whether any row of a tile may be an answer.
    fileprivate func allows(tile: Int) -> Bool { allowed.mask.map { $0.words[tile] != 0 } ?? true }

    /// Finds the threshold that the first rows are held against.
    fileprivate mutating func begin(
        with tiles: Range<Int>, _ rows: RowPointers, sums: UnsafePointer<Int32>, _ scratch: Scratch
    ) {
        // Rows that may not be answers may be among the greatest: so many more are passed over.
        let rank = candidates.count + allowed.forbidden(in: tiles)
        var lanes = ByteLayout.rowsOfTile
        while lanes < Self.lanesEach * rank, 2 * lanes <= scratch.rows { lanes *= 2 }
        guard rank <= lanes else { return }
        let maxima = UnsafeMutableBufferPointer(start: scratch.maxima, count: lanes)
        findGreatestLeasts(
            limit, sums, scales: rows.scales, bounds: rows.bounds, tiles: tiles.count, into: maxima)
        candidates.expect(greatest(rank, of: maxima))
    }

    /// As many greatest values for each row that is wanted: with fewer the k-th of them would be too low.
    private static let lanesEach = 2

    /// Looks at the rows of `tiles`; `scratch` has their sums of byte products.
    fileprivate mutating func look(
        at tiles: Range<Int>, _ rows: RowPointers, sums: UnsafePointer<Int32>, _ scratch: Scratch
    ) {
        limit.threshold = candidates.threshold
        let first = tiles.lowerBound * ByteLayout.rowsOfTile
        let (scales, bounds, limit) = (
            rows.scales + first, rows.bounds + 2 * first / rowsOfBound, limit
        )
        findPassingRows(
            limit, sums, scales: scales, bounds: bounds, tiles: tiles.count, into: scratch.passing)
        var count = 0
        for tile in tiles {
            var word = scratch.passing[tile - tiles.lowerBound]
            if word == 0 { continue }
            if let mask = allowed.mask { word &= mask.words[tile] }
            while word != 0 {
                let row = (tile - tiles.lowerBound) * ByteLayout.rowsOfTile + word.trailingZeroBitCount
                word &= word - 1
                let block = row / rowsOfBound
                let candidate = Candidate(
                    UInt32(first + row), score: limit.score(sums[row], rowScale: scales[row]),
                    bound: limit.bound(error: bounds[2 * block], length: bounds[2 * block + 1]))
                if !allowed.excluded.isEmpty, isExcluded(candidate.row) { continue }
                (scratch.offered + count).initialize(to: candidate)
                count += 1
            }
        }
        if count > 0 { candidates.take(UnsafeBufferPointer(start: scratch.offered, count: count)) }
    }

    /// Whether a row is to be skipped; rows come in order.
    private mutating func isExcluded(_ row: UInt32) -> Bool {
        while next < allowed.excluded.count, allowed.excluded[next] < row { next += 1 }
        return next < allowed.excluded.count && allowed.excluded[next] == row
    }

    /// The rows to be scored in full.
    mutating func finish() -> [UInt32] { candidates.finish() }
}

/// Room that all queries of a scan share, for one chunk of rows.
private struct Scratch {
    /// A word for each tile.
    let passing: UnsafeMutablePointer<UInt64>
    /// As many as a chunk has rows.
    let offered: UnsafeMutablePointer<Candidate>
    /// Likewise.
    let maxima: UnsafeMutablePointer<Float>
    let rows: Int

    init(rows: Int) {
        self.rows = rows
        passing = .allocate(capacity: rows / ByteLayout.rowsOfTile)
        offered = .allocate(capacity: rows)
        maxima = .allocate(capacity: rows)
    }

    func deallocate() {
        passing.deallocate()
        offered.deallocate()
        maxima.deallocate()
    }
}

/// Tiles of a chunk: 128 KiB at 128 columns.
private let tilesPerChunk = 16

/// Shows all rows to all queries. O(queries · rows · dimensions) products of bytes.
func scan(_ rows: QuantizedRows, for queries: inout [QueryScan]) {
    if queries.isEmpty { return }
    let (layout, size) = (rows.layout, ByteLayout.queriesAtOnce)
    let stride = tilesPerChunk * ByteLayout.rowsOfTile
    let entries = queries.flatMap(\.entries)
    let sums = UnsafeMutablePointer<Int32>.allocate(capacity: size * stride)
    let scratch = Scratch(rows: stride)
    defer {
        sums.deallocate()
        scratch.deallocate()
    }
    rows.withPointers { pointers in
        queries.withUnsafeMutableBufferPointer { queries in
            var chunk = 0..<min(tilesPerChunk, layout.tiles)
            while !chunk.isEmpty {
                for first in Swift.stride(from: 0, to: queries.count, by: size) {
                    let group = first..<min(first + size, queries.count)
                    multiply(layout, pointers, chunk, entries, queries, group, into: sums, stride: stride)
                    for (index, query) in group.enumerated() {
                        if chunk.lowerBound == 0 {
                            queries[query].begin(with: chunk, pointers, sums: sums + index * stride, scratch)
                        }
                        queries[query].look(at: chunk, pointers, sums: sums + index * stride, scratch)
                    }
                }
                chunk = chunk.upperBound..<min(chunk.upperBound + tilesPerChunk, layout.tiles)
            }
        }
    }
}

/// The sums of `tiles` for the queries of `group`; what stands for tiles that none of them may be answered from is left
/// as it was.
private func multiply(
    _ layout: ByteLayout, _ rows: RowPointers, _ tiles: Range<Int>, _ entries: [Int8],
    _ queries: UnsafeMutableBufferPointer<QueryScan>, _ group: Range<Int>, into sums: UnsafeMutablePointer<Int32>,
    stride: Int
) {
    let areAllWanted = group.contains { !queries[$0].hasMask }
    entries.withUnsafeBufferPointer { entries in
        var tile = tiles.lowerBound
        while tile < tiles.upperBound {
            var end = areAllWanted ? tiles.upperBound : tile
            while end < tiles.upperBound, group.contains(where: { queries[$0].allows(tile: end) }) {
                end += 1
            }
            if end > tile {
                // SAFETY: the tiles lie in the bytes, the queries in the entries, and a chunk's sums in their room.
                multiplyByteRows(
                    layout, rows.bytes + tile * layout.bytesOfTile, tiles: end - tile,
                    entries.baseAddress! + group.lowerBound * layout.bytesOfQuery, queries: group.count,
                    into: sums + (tile - tiles.lowerBound) * ByteLayout.rowsOfTile, stride: stride)
            }
            tile = end + 1
        }
    }
}

extension QuantizedRows {
    /// Lends the arrays; there is at least one row.
    fileprivate func withPointers(_ body: (RowPointers) -> Void) {
        bytes.withUnsafeBufferPointer { bytes in
            scales.withUnsafeBufferPointer { scales in
                bounds.withUnsafeBufferPointer { bounds in
                    body(
                        RowPointers(
                            bytes: bytes.baseAddress!, scales: scales.baseAddress!, bounds: bounds.baseAddress!))
                }
            }
        }
    }
}
