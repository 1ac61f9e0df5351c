import Basics
import Testing

@testable import Linalg

@Suite struct ByteRowTests {
    private struct Matrix {
        let layout: ByteLayout
        var rows: [UInt8]
        var queries: [Int8]

        init(rows count: Int, columns: Int, seed: UInt64) {
            var random = SeededRandom(seed: seed)
            layout = ByteLayout(rows: count, columns: columns)
            rows = (0..<layout.tiles * layout.bytesOfTile).map { _ in UInt8(random.below(256)) }
            queries = (0..<ByteLayout.queriesAtOnce * layout.bytesOfQuery).map { _ in Int8(random.below(255) - 127) }
        }
    }

    private typealias Product = (
        ByteLayout, UnsafePointer<UInt8>, Int, UnsafePointer<Int8>, Int, UnsafeMutablePointer<Int32>, Int
    ) -> Void

    private func sums(_ matrix: Matrix, queries: Int, _ product: Product) -> [Int32] {
        let stride = matrix.layout.tiles * ByteLayout.rowsOfTile
        var sums = [Int32](repeating: -1, count: queries * stride)
        sums.withUnsafeMutableBufferPointer {
            product(
                matrix.layout, matrix.rows, matrix.layout.tiles, matrix.queries, queries, $0.baseAddress!, stride)
        }
        return sums
    }

    @Test(arguments: [1, 63, 64, 65, 200], [1, 3, 4, 5, 64, 65, 128])
    func productsAreThoseOfTheSlowTwin(rows: Int, columns: Int) {
        let matrix = Matrix(rows: rows, columns: columns, seed: UInt64(1000 * rows + columns))
        for queries in 1...ByteLayout.queriesAtOnce {
            let expected = sums(matrix, queries: queries) {
                multiplyByteRowsPlainly($0, $1, tiles: $2, $3, queries: $4, into: $5, stride: $6)
            }
            let found = sums(matrix, queries: queries) {
                multiplyByteRows($0, $1, tiles: $2, $3, queries: $4, into: $5, stride: $6)
            }
            #expect(found == expected)
            let without = sums(matrix, queries: queries) {
                multiplyByteRowsWithoutThem($0, $1, tiles: $2, $3, queries: $4, into: $5, stride: $6)
            }
            #expect(without == expected)
        }
    }

    @Test func aTwinsSumIsThatOfTheRowsAndColumnsOfTheLayout() {
        let matrix = Matrix(rows: 70, columns: 6, seed: 4)
        let found = sums(matrix, queries: 2) {
            multiplyByteRowsPlainly($0, $1, tiles: $2, $3, queries: $4, into: $5, stride: $6)
        }
        // Row 69, second query, by hand: block 4, row 5 of it; columns 0-3 and 4-7 lie 64 bytes apart.
        let start = 4 * (2 * 64) + 5 * 4
        var sum: Int32 = 0
        for column in 0..<8 {
            let byte = matrix.rows[start + (column < 4 ? column : 64 + column - 4)]
            sum += Int32(byte) * Int32(matrix.queries[8 + column])
        }
        #expect(found[128 + 69] == sum)
    }

    @Test func passingRowsAreThoseOfTheSlowTwin() {
        var random = SeededRandom(seed: 8)
        let tiles = 5
        let sums = (0..<64 * tiles).map { _ in Int32(random.below(20_001) - 10_000) }
        let scales = (0..<64 * tiles).map { _ in random.below(9) == 0 ? .nan : Float(random.uniform()) }
        let bounds = (0..<8 * tiles).map { _ in Float(random.uniform()) }
        for threshold in [-Float.infinity, -500, 0, 500, 4000, .infinity] {
            var limit = ScoreLimit(offset: 77, scale: 0.5, errorShare: 3, lengthShare: 2)
            limit.threshold = threshold
            var (found, expected) = ([UInt64](repeating: 1, count: tiles), [UInt64](repeating: 2, count: tiles))
            found.withUnsafeMutableBufferPointer {
                findPassingRows(
                    limit, sums, scales: scales, bounds: bounds, tiles: tiles, into: $0.baseAddress!)
            }
            expected.withUnsafeMutableBufferPointer {
                findPassingRowsPlainly(
                    limit, sums, scales: scales, bounds: bounds, tiles: tiles, into: $0.baseAddress!)
            }
            #expect(found == expected)
            if threshold == 0 { #expect(expected.contains { $0 != 0 && $0 != .max }) }
        }
    }

    @Test(arguments: [64, 128, 256, 1024])
    func greatestLeastsAreThoseOfTheSlowTwin(lanes: Int) {
        var random = SeededRandom(seed: 9)
        let tiles = 5
        let sums = (0..<64 * tiles).map { _ in Int32(random.below(20_001) - 10_000) }
        let scales = (0..<64 * tiles).map { _ in random.below(9) == 0 ? .nan : Float(random.uniform()) }
        let bounds = (0..<8 * tiles).map { _ in Float(random.uniform()) }
        let limit = ScoreLimit(offset: 77, scale: 0.5, errorShare: 3, lengthShare: 2)
        var (found, expected) = ([Float](repeating: 1, count: lanes), [Float](repeating: 2, count: lanes))
        found.withUnsafeMutableBufferPointer {
            findGreatestLeasts(limit, sums, scales: scales, bounds: bounds, tiles: tiles, into: $0)
        }
        expected.withUnsafeMutableBufferPointer {
            findGreatestLeastsPlainly(limit, sums, scales: scales, bounds: bounds, tiles: tiles, into: $0)
        }
        #expect(found == expected)
        #expect(found.contains(-.infinity) == (lanes > 64))
    }
}
