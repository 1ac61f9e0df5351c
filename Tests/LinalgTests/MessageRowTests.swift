import Basics
import Testing

@testable import Linalg

@Suite struct MessageRowTests {
    private let rows: [UInt32]
    private let table: [Float]
    private let weights: [Float]
    private let x: [Float]

    init() {
        var random = SeededRandom(seed: 17)
        rows = (0..<300 + rowsAhead).map { _ in UInt32(random.below(50)) }
        table = (0..<50 * 256).map { _ in Float(random.normal()) }
        weights = (0..<300).map { _ in random.uniformFloat() }
        x = (0..<256).map { _ in Float(random.normal()) }
    }

    private func expectNear(_ a: [Float], _ b: [Float]) {
        let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
        #expect(a.count == b.count && worst <= 1e-3)
    }

    private func check<Number: MessageNumber>(_ table: [Number], columns: Int, count: Int) {
        var (wide, plain) = ([Float](repeating: 9, count: columns), [Float](repeating: 8, count: columns))
        Number.weighRows(table, columns: columns, rows, weights, count: count, into: &wide)
        Number.weighRowsPlainly(table, columns: columns, rows, weights, count: count, into: &plain)
        expectNear(wide, plain)
        var products = [[Float]](repeating: [Float](repeating: 0, count: count), count: 2)
        // Sums go on from what was there.
        Number.returnRows(
            table, columns: columns, rows, weights, count: count, x, addingTo: &wide, products: &products[0])
        Number.returnRowsPlainly(
            table, columns: columns, rows, weights, count: count, x, addingTo: &plain, products: &products[1])
        expectNear(wide, plain)
        expectNear(products[0], products[1])
    }

    @Test(arguments: [64, 128, 256, 96], [0, 1, 2, 15, 16, 17, 300])
    func wideSumsAreThePlainOnes(columns: Int, count: Int) {
        check(Array(table[..<(50 * columns)]), columns: columns, count: count)
        var halves = [HalfPair](repeating: HalfPair(bits: 0), count: 25 * columns)
        halves.withUnsafeMutableBufferPointer { halves in
            table.withUnsafeBufferPointer { table in
                guard let to = halves.baseAddress, let from = table.baseAddress else { return }
                for row in 0..<50 {
                    HalfPair.store(from + row * columns, scale: 1, to: to + row * columns / 2, columns: columns)
                }
            }
        }
        check(halves, columns: columns, count: count)
    }

    @Test(arguments: [64, 96], [0, 1, 300])
    func aRowIsSpreadAsPlainly(columns: Int, count: Int) {
        var (wide, plain) = (table, table)
        spreadRow(x, columns: columns, to: &wide, stride: 128, rows, weights, count: count)
        spreadRowPlainly(x, columns: columns, to: &plain, stride: 128, rows, weights, count: count)
        expectNear(wide, plain)
        var expected = table
        for index in 0..<count {
            for column in 0..<columns { expected[Int(rows[index]) * 128 + column] += weights[index] * x[column] }
        }
        expectNear(plain, expected)
    }

    @Test func plainSumsAreWhatTheySay() {
        var (sum, products) = ([Float](repeating: 1, count: 128), [Float](repeating: 0, count: 7))
        Float.returnRowsPlainly(
            table, columns: 128, rows, weights, count: 7, x, addingTo: &sum, products: &products)
        for column in 0..<128 {
            let expected = (0..<7).reduce(Float(1)) { $0 + weights[$1] * table[Int(rows[$1]) * 128 + column] }
            #expect(abs(sum[column] - expected) < 1e-4)
        }
        let expected = (0..<128).reduce(Float(0)) { $0 + table[Int(rows[6]) * 128 + $1] * x[$1] }
        #expect(abs(products[6] - expected) < 1e-3)
    }
}
