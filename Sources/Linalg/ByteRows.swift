// Rows of bytes, laid out so that a processor multiplies 64 of them with a query at once, and those products. Whole
// numbers throughout: every machine and every path computes the same sums.

import CRelaxed

private let hasByteProducts = machine_has_byte_products() != 0

/// How rows of bytes lie in memory: in tiles of 64 rows, each tile in 4 blocks of 16 rows, a block column group by
/// column group, where 64 bytes hold 4 neighboring columns of the block's 16 rows.
package struct ByteLayout: Sendable {
    package let columns: Int
    package let rows: Int

    /// Rows of a tile; rows are filled up to whole tiles.
    package static let rowsOfTile = Int(ROWS_OF_TILE)
    /// As many queries share one pass over the rows.
    package static let queriesAtOnce = 6
    /// What stands for zero in a row, whose bytes are unsigned.
    package static let zero: UInt8 = 128

    /// Sums of this many products of two bytes cannot overflow.
    private static let columnsMax = 65_536

    package init(rows: Int, columns: Int) {
        precondition((1...Self.columnsMax).contains(columns), "rows of bytes have 1 to 65,536 columns")
        self.rows = rows
        self.columns = columns
    }

    /// Groups of 4 columns.
    package var groups: Int { (columns + 3) / 4 }
    package var tiles: Int { (rows + Self.rowsOfTile - 1) / Self.rowsOfTile }
    package var bytesOfTile: Int { Self.rowsOfTile * bytesOfQuery }
    /// Bytes of a query, filled up with zeros to whole groups.
    package var bytesOfQuery: Int { groups * 4 }

    /// Where a row's first byte lies.
    package func start(ofRow row: Int) -> Int { row / 16 * (groups * 64) + row % 16 * 4 }

    /// Where a column's byte lies, behind the start of its row.
    package func offset(ofColumn column: Int) -> Int { column / 4 * 64 + column % 4 }
}

/// sums[q · stride + row] = Σ over columns of row byte · query byte, for each of 1 to 6 queries and all rows of `tiles`
/// tiles. Row bytes are unsigned: a query's sum of bytes, times 128, is in every sum. The same on every machine.
/// 64 · columns products a query and tile: on AVX-512 with VNNI 64 of them an instruction.
/// SAFETY: `rows` has all bytes of the tiles, `query` has `layout.bytesOfQuery` bytes a query, and `sums` has a
/// stride of at least 64 · tiles.
package func multiplyByteRows(
    _ layout: ByteLayout, _ rows: UnsafePointer<UInt8>, tiles: Int, _ query: UnsafePointer<Int8>, queries: Int,
    into sums: UnsafeMutablePointer<Int32>, stride: Int
) {
    precondition((1...ByteLayout.queriesAtOnce).contains(queries), "one to six queries at once")
    #if arch(x86_64)
    if hasByteProducts {
        multiply_bytes_avx512(rows, tiles, layout.groups, query, Int32(queries), sums, stride)
        return
    }
    #endif
    multiplyByteRowsWithoutThem(layout, rows, tiles: tiles, query, queries: queries, into: sums, stride: stride)
}

/// The same on machines without products of bytes.
func multiplyByteRowsWithoutThem(
    _ layout: ByteLayout, _ rows: UnsafePointer<UInt8>, tiles: Int, _ query: UnsafePointer<Int8>, queries: Int,
    into sums: UnsafeMutablePointer<Int32>, stride: Int
) {
    #if arch(x86_64)
    if built_for_avx2() != 0 {
        multiply_bytes_avx2(rows, tiles, layout.groups, query, Int32(queries), sums, stride)
        return
    }
    #endif
    multiplyByteRowsPlainly(layout, rows, tiles: tiles, query, queries: queries, into: sums, stride: stride)
}

/// The twin for any machine.
func multiplyByteRowsPlainly(
    _ layout: ByteLayout, _ rows: UnsafePointer<UInt8>, tiles: Int, _ query: UnsafePointer<Int8>, queries: Int,
    into sums: UnsafeMutablePointer<Int32>, stride: Int
) {
    for q in 0..<queries {
        let asked = query + q * layout.bytesOfQuery
        for row in 0..<tiles * ByteLayout.rowsOfTile {
            let start = layout.start(ofRow: row)
            var sum: Int32 = 0
            for column in 0..<layout.bytesOfQuery {
                sum &+= Int32(rows[start + layout.offset(ofColumn: column)]) &* Int32(asked[column])
            }
            sums[q * stride + row] = sum
        }
    }
}

/// Which rows pass: those whose score, up to what it can be wrong by, reaches a threshold. The score of a row is its
/// scale times `scale` times (its sum - `offset`); the errors of 16 neighboring rows are bounded by two numbers.
package struct ScoreLimit: Sendable {
    package var offset: Int32
    package var scale: Float
    package var threshold: Float = -.infinity
    /// What the scores of a block of rows can be wrong by is its first bound times this ...
    package var errorShare: Float
    /// ... and its second bound times this.
    package var lengthShare: Float

    package init(offset: Int32, scale: Float, errorShare: Float, lengthShare: Float) {
        self.offset = offset
        self.scale = scale
        self.errorShare = errorShare
        self.lengthShare = lengthShare
    }

    @inlinable
    package func score(_ sum: Int32, rowScale: Float) -> Float { rowScale * (Float(sum &- offset) * scale) }

    @inlinable
    package func bound(error: Float, length: Float) -> Float { errorShare * error + lengthShare * length }
}

/// Rows whose errors one pair of bounds covers.
package let rowsOfBound = 16

/// Bit i of passing[tile] is set when the score of row i of the tile, and what it can be wrong by, reach the threshold;
/// not when the row's scale is NaN.
/// SAFETY: for each tile there are 64 `sums` and `scales`, 8 `bounds` (an error and a length for each 16 rows), and a
/// word of `passing`.
package func findPassingRows(
    _ limit: ScoreLimit, _ sums: UnsafePointer<Int32>, scales: UnsafePointer<Float>, bounds: UnsafePointer<Float>,
    tiles: Int, into passing: UnsafeMutablePointer<UInt64>
) {
    #if arch(x86_64)
    if hasByteProducts {
        passing_rows_avx512(sums, scales, bounds, tiles, limit.muster, passing)
        return
    }
    #endif
    findPassingRowsPlainly(limit, sums, scales: scales, bounds: bounds, tiles: tiles, into: passing)
}

/// The twin for any machine.
func findPassingRowsPlainly(
    _ limit: ScoreLimit, _ sums: UnsafePointer<Int32>, scales: UnsafePointer<Float>, bounds: UnsafePointer<Float>,
    tiles: Int, into passing: UnsafeMutablePointer<UInt64>
) {
    passing.update(repeating: 0, count: tiles)
    for block in 0..<tiles * ByteLayout.rowsOfTile / rowsOfBound {
        let least = limit.threshold - limit.bound(error: bounds[2 * block], length: bounds[2 * block + 1])
        var lanes: UInt32 = 0
        for lane in 0..<rowsOfBound {
            let row = block * rowsOfBound + lane
            lanes |= limit.score(sums[row], rowScale: scales[row]) >= least ? 1 << UInt32(lane) : 0
        }
        passing[block / 4] |= UInt64(lanes) << UInt64(block % 4 * rowsOfBound)
    }
}

/// maxima[i] = the greatest that the score of a row is at least (its score less what that can be wrong by), of the rows
/// whose number has the remainder i by the number of `maxima`; -infinity where no such row has a score.
/// SAFETY: for each tile there are 64 `sums` and `scales`, and 8 `bounds`. `maxima` are some multiple of 64.
package func findGreatestLeasts(
    _ limit: ScoreLimit, _ sums: UnsafePointer<Int32>, scales: UnsafePointer<Float>, bounds: UnsafePointer<Float>,
    tiles: Int, into maxima: UnsafeMutableBufferPointer<Float>
) {
    precondition(!maxima.isEmpty && maxima.count % ByteLayout.rowsOfTile == 0, "greatest values come in whole tiles")
    #if arch(x86_64)
    if hasByteProducts {
        maxima.update(repeating: -.infinity)
        greatest_leasts_avx512(
            sums, scales, bounds, tiles, limit.muster, maxima.baseAddress!, maxima.count / ByteLayout.rowsOfTile)
        return
    }
    #endif
    findGreatestLeastsPlainly(limit, sums, scales: scales, bounds: bounds, tiles: tiles, into: maxima)
}

/// The twin for any machine.
func findGreatestLeastsPlainly(
    _ limit: ScoreLimit, _ sums: UnsafePointer<Int32>, scales: UnsafePointer<Float>, bounds: UnsafePointer<Float>,
    tiles: Int, into maxima: UnsafeMutableBufferPointer<Float>
) {
    maxima.update(repeating: -.infinity)
    for row in 0..<tiles * ByteLayout.rowsOfTile {
        let block = row / rowsOfBound
        let bound = limit.bound(error: bounds[2 * block], length: bounds[2 * block + 1])
        let least = limit.score(sums[row], rowScale: scales[row]) - bound
        if least > maxima[row % maxima.count] { maxima[row % maxima.count] = least }
    }
}

#if arch(x86_64)
extension ScoreLimit {
    fileprivate var muster: muster_limit {
        muster_limit(
            offset: offset, scale: scale, threshold: threshold, error_share: errorShare, length_share: lengthShare)
    }
}
#endif
