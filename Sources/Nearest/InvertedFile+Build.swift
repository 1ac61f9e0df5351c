package import Basics
import Linalg

// Lloyd's algorithm on a sample, then every row to its nearest center. Distances are matrix products,
// |x - c|² = |x|² - 2 (x · c - |c|²/2), of which only the bracket decides. Each center's mean is summed by one thread,
// in the order of the rows, so that the centers do not depend on how many threads there are.

/// How an inverted file is made.
package struct InvertedFileOptions: Sendable {
    /// Centers; 0 for twice the root of the number of rows.
    package var lists = 0
    /// Rows per center that the centers are found with.
    package var sampled = 32
    /// Passes of Lloyd's algorithm.
    package var passes = 6
    package var seed: UInt64 = 1

    package init(lists: Int = 0, seed: UInt64 = 1) { (self.lists, self.seed) = (lists, seed) }
}

extension InvertedFile {
    /// `vectors` is [rows, dimensions], all finite. rows · lists · dimensions products, on all threads of the pool; the
    /// same for any number of them.
    package init(
        vectors: [Float], dimensions: Int, options: InvertedFileOptions = InvertedFileOptions(),
        pool: ComputePool
    ) {
        precondition(dimensions > 0 && vectors.count % dimensions == 0, "the vectors are whole rows")
        let rows = vectors.count / dimensions
        let wanted = options.lists > 0 ? options.lists : Int(2 * Double(rows).squareRoot())
        let lists = max(1, min(wanted, rows, Self.listsMax))
        let centers = Centers.found(in: vectors, dimensions, count: lists, options, pool: pool)
        self.init(
            centers: rows == 0 ? [Float](repeating: 0, count: dimensions) : centers.values,
            dimensions: dimensions)
        if rows == 0 { return }
        fill(vectors, lists: centers.nearest(vectors, rows: rows, pool: pool).map { UInt16($0) }, pool: pool)
    }

    /// Puts all rows into the lists that are named for them.
    mutating func fill(_ vectors: [Float], lists listOfRow: [UInt16], pool: ComputePool) {
        let (rows, dimensions) = (listOfRow.count, dimensions)
        let order = RowsOfLists(listOfRow.map { UInt32($0) }, lists: lists.count)
        lists = pool.map(lists.count) { list in
            let own = Array(order.rows(list))
            var filled: [Float] = []
            filled.reserveCapacity(own.count * dimensions)
            for row in own { filled += vectors[Int(row) * dimensions..<(Int(row) + 1) * dimensions] }
            return RowList(rows: own, vectors: filled, dimensions: dimensions)
        }
        placeOfRow = [UInt16](repeating: 0, count: rows)
        for list in lists.indices {
            for (place, row) in order.rows(list).enumerated() {
                placeOfRow[Int(row)] = UInt16(truncatingIfNeeded: place)
            }
        }
        self.listOfRow = listOfRow
        count = rows
    }
}

/// Which rows belong to which list, ascending.
private struct RowsOfLists {
    private var offsets: [Int]
    private var order: [UInt32]

    init(_ lists: [UInt32], lists count: Int) {
        offsets = [Int](repeating: 0, count: count + 1)
        for list in lists { offsets[Int(list) + 1] += 1 }
        for list in 0..<count { offsets[list + 1] += offsets[list] }
        order = [UInt32](repeating: 0, count: lists.count)
        var next = offsets
        for (row, list) in lists.enumerated() {
            order[next[Int(list)]] = UInt32(row)
            next[Int(list)] += 1
        }
    }

    func rows(_ list: Int) -> ArraySlice<UInt32> { order[offsets[list]..<offsets[list + 1]] }
}

/// Centers of rows.
private struct Centers {
    /// [centers, dimensions]
    var values: [Float]
    let dimensions: Int

    private static let rowsPerBlock = 256
    private static let centersPerTile = 1024

    var count: Int { values.count / dimensions }

    static func found(
        in vectors: [Float], _ dimensions: Int, count: Int, _ options: InvertedFileOptions,
        pool: ComputePool
    ) -> Centers {
        let rows = vectors.count / dimensions
        var random = SeededRandom(seed: options.seed).child("centers")
        // An even draw without replacement: a random one of each of so many equal stretches.
        let sampled = min(rows, options.sampled * count)
        let sample = (0..<sampled).flatMap { index -> ArraySlice<Float> in
            let stretch =
                index * rows / sampled..<max((index + 1) * rows / sampled, index * rows / sampled + 1)
            let row = stretch.lowerBound + random.below(stretch.count)
            return vectors[row * dimensions..<(row + 1) * dimensions]
        }
        if rows == 0 { return Centers(values: [], dimensions: dimensions) }
        var centers = Centers(values: [], dimensions: dimensions)
        for index in 0..<count {
            let row = index * sampled / count
            centers.values += sample[row * dimensions..<(row + 1) * dimensions]
        }
        if count == rows { return centers }
        for _ in 0..<options.passes { centers.move(sample, rows: sampled, pool: pool, &random) }
        return centers
    }

    /// One pass: every center to the mean of the rows that are nearest to it; one that has none to a row of the sample.
    private mutating func move(
        _ sample: [Float], rows: Int, pool: ComputePool, _ random: inout SeededRandom
    ) {
        let order = RowsOfLists(nearest(sample, rows: rows, pool: pool), lists: count)
        let replacements = (0..<count).map { _ in random.below(rows) }
        let (width, total) = (dimensions, count)
        let means = pool.map(total) { center -> [Float] in
            let own = order.rows(center)
            guard !own.isEmpty else {
                return Array(sample[replacements[center] * width..<(replacements[center] + 1) * width])
            }
            var sum = [Float](repeating: 0, count: width)
            var target = sum.mutableSpan
            for row in own {
                addScaled(
                    sample.span.extracting(Int(row) * width..<(Int(row) + 1) * width), by: 1, to: &target)
            }
            return sum.map { $0 / Float(own.count) }
        }
        values = Array(means.joined())
    }

    /// The nearest center of each row, ties to the lower.
    func nearest(_ vectors: [Float], rows: Int, pool: ComputePool) -> [UInt32] {
        let squares = (0..<count).map { center -> Float in
            let row = values.span.extracting(center * dimensions..<(center + 1) * dimensions)
            return dot(row, row) / 2
        }
        let blocks = (rows + Self.rowsPerBlock - 1) / Self.rowsPerBlock
        let found = pool.map(blocks) { block in
            nearest(
                vectors, block * Self.rowsPerBlock..<min((block + 1) * Self.rowsPerBlock, rows), squares)
        }
        return Array(found.joined())
    }

    private func nearest(_ vectors: [Float], _ rows: Range<Int>, _ squares: [Float]) -> [UInt32] {
        var best = [(center: UInt32, score: Float)](repeating: (0, -.infinity), count: rows.count)
        var scores = [Float](repeating: 0, count: rows.count * Self.centersPerTile)
        let given = vectors.span.extracting(rows.lowerBound * dimensions..<rows.upperBound * dimensions)
        for first in stride(from: 0, to: count, by: Self.centersPerTile) {
            let tile = first..<min(first + Self.centersPerTile, count)
            var target = scores.mutableSpan
            multiplyTransposed(
                given, values.span.extracting(tile.lowerBound * dimensions..<tile.upperBound * dimensions),
                into: &target, rows: rows.count, columns: tile.count, inner: dimensions)
            scores.withUnsafeBufferPointer { scores in
                squares.withUnsafeBufferPointer { squares in
                    for row in best.indices {
                        // SAFETY: a row of scores and the tile's squares have the tile's count.
                        let found = greatestDifference(
                            scores.baseAddress! + row * tile.count, squares.baseAddress! + first,
                            count: tile.count)
                        if found.value > best[row].score {
                            best[row] = (UInt32(first + found.index), found.value)
                        }
                    }
                }
            }
        }
        return best.map(\.center)
    }
}

/// Where a[i] - b[i] is greatest, the first of equals, and how great.
/// SAFETY: both have `count` entries, at least one.
private func greatestDifference(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
) -> (index: Int, value: Float) {
    let lanes = 16
    var best = SIMD16<Float>(repeating: -.infinity)
    var places = SIMD16<Int32>(repeating: 0)
    var current = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    let whole = count / lanes * lanes
    for start in stride(from: 0, to: whole, by: lanes) {
        let left = UnsafeRawPointer(a + start).loadUnaligned(as: SIMD16<Float>.self)
        let difference = left - UnsafeRawPointer(b + start).loadUnaligned(as: SIMD16<Float>.self)
        let isGreater = difference .> best
        best.replace(with: difference, where: isGreater)
        places.replace(with: current, where: isGreater)
        current &+= 16
    }
    var result = (index: 0, value: -Float.infinity)
    for lane in 0..<lanes where whole > 0 {
        let (value, index) = (best[lane], Int(places[lane]))
        if value > result.value || (value == result.value && index < result.index) {
            result = (index, value)
        }
    }
    for index in whole..<count where a[index] - b[index] > result.value {
        result = (index, a[index] - b[index])
    }
    return result
}
