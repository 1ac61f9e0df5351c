import Basics
import Glibc
import Testing

@testable import Linalg

@Suite struct RowTests {
    private static func rows(_ count: Int, below bound: Int, _ seed: UInt64) -> [UInt32] {
        var random = SeededRandom(seed: seed)
        return (0..<count + rowsAhead).map { _ in UInt32(random.below(bound)) }
    }

    private static func table(_ count: Int) -> [Float] {
        var random = SeededRandom(seed: 3)
        return (0..<count).map { _ in Float(random.normal()) }
    }

    @Test(arguments: [0, 1, 2, 15, 16, 17, 300])
    func theWideSumIsThePlainSumBitForBit(count: Int) {
        let (table, rows) = (Self.table(50 * 64), Self.rows(count, below: 50, UInt64(count)))
        var (wide, plain) = ([Float](repeating: 9, count: 64), [Float](repeating: 8, count: 64))
        Float.sumRows(table, columns: 64, rows, count: count, into: &wide)
        Float.sumRowsPlainly(table, columns: 64, rows, count: count, into: &plain)
        #expect(wide == plain)
        let expected = (0..<64).map { column in
            rows.prefix(count).reduce(Float(0)) { $0 + table[Int($1) * 64 + column] }
        }
        #expect(plain == expected)
    }

    @Test(arguments: [0, 1, 2, 15, 16, 17, 300])
    func theWideSumOfHalvesIsThePlainSumBitForBit(count: Int) {
        let (table, rows) = (Self.table(50 * 64), Self.rows(count, below: 50, UInt64(count)))
        var halves = [HalfPair](repeating: HalfPair(bits: 0), count: 50 * 32)
        halves.withUnsafeMutableBufferPointer { halves in
            table.withUnsafeBufferPointer { table in
                guard let to = halves.baseAddress, let from = table.baseAddress else { return }
                for row in 0..<50 { HalfPair.store(from + row * 64, scale: 1, to: to + row * 32, columns: 64) }
            }
        }
        var (wide, plain) = ([Float](repeating: 9, count: 64), [Float](repeating: 8, count: 64))
        HalfPair.sumRows(halves, columns: 64, rows, count: count, into: &wide)
        HalfPair.sumRowsPlainly(halves, columns: 64, rows, count: count, into: &plain)
        #expect(wide == plain)
        for column in 0..<64 {
            let exact = rows.prefix(count).reduce(Float(0)) { $0 + table[Int($1) * 64 + column] }
            #expect(abs(wide[column] - exact) <= 0.02 * Float(count + 1))
        }
    }

    /// 40 lists of 0 to 39 rows, every third with an addend.
    private func productIsItsPlainTwin<Storage: StoredNumber>(_ table: [Storage], bits: (Storage) -> UInt32) {
        let count = 40
        let starts = (0...count).map { UInt32($0 * ($0 - 1) / 2) }
        let rows = Self.rows(Int(starts[count]), below: 50, 8)
        let (scales, values) = (Self.table(count), Self.table(14 * 64))
        let slots = (0..<count).map { Int32($0 % 3 == 0 ? $0 / 3 : -1) }
        for hasAddends in [false, true] {
            let blank = [Storage](repeating: table[0], count: count * Storage.elements(columns: 64))
            var (wide, plain) = (blank, blank)
            starts.withUnsafeBufferPointer { starts in
                guard let first = starts.baseAddress else { return }
                let lists = RowLists(starts: first, ends: first + 1, rows: rows)
                let addends = hasAddends ? RowAddends(slots: slots, values: values, scales: scales) : nil
                for range in [0..<7, 7..<7, 7..<count] {
                    Storage.multiplyRows(
                        table, columns: 64, lists, range, scales: scales, adding: addends, into: &wide)
                }
                Storage.multiplyRowsPlainly(
                    table, columns: 64, lists, 0..<count, scales: scales, adding: addends, into: &plain)
            }
            #expect(wide.map(bits) == plain.map(bits))
            #expect(wide.map(bits) != blank.map(bits))
        }
    }

    @Test func aWideProductOfRowsIsThePlainOneBitForBit() {
        productIsItsPlainTwin(Self.table(50 * 64), bits: \.bitPattern)
        var halves = [HalfPair](repeating: HalfPair(bits: 0), count: 50 * 32)
        HalfPair.store(Self.table(50 * 64), scale: 1, to: &halves, columns: 50 * 64)
        productIsItsPlainTwin(halves, bits: \.bits)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 300])
    func keptSlotsAreThePlainOnesAndNothingBehindIsWritten(count: Int) {
        let rows = Self.rows(count, below: 70, 5)
        let slots = (0..<70).map { Int32($0 % 3 == 0 ? $0 : -1) }
        var (wide, plain) = ([UInt32](repeating: 99, count: count + 16), [UInt32](repeating: 99, count: count + 16))
        let kept = keepSlots(rows, count: count, slots, into: &wide)
        #expect(kept == keepSlotsPlainly(rows, count: count, slots, into: &plain))
        #expect(wide == plain)
        #expect(Array(wide.prefix(kept)) == rows.prefix(count).filter { $0 % 3 == 0 })
        #expect(wide.dropFirst(kept).allSatisfy { $0 == 99 })
    }

    @Test func aWideStoreOfHalvesIsThePlainOne() {
        let values = Self.table(64)
        var wide = [HalfPair](repeating: HalfPair(bits: 0), count: 32)
        var plain = wide
        HalfPair.store(values, scale: 0.3, to: &wide, columns: 64)
        HalfPair.storePlainly(values, scale: 0.3, to: &plain, columns: 64)
        #expect(wide.map(\.bits) == plain.map(\.bits))
    }

    @Test func aRootIsTheLibrarys() {
        for value in Self.table(100).map(abs) + [0, 1e-30, .greatestFiniteMagnitude] {
            #expect(value.root == value.squareRoot())
        }
    }

    @Test func aHalfIsTheNearestNumberOfEightBits() {
        var values = Self.table(64)
        values[0] = 1 + 0x1p-8  // halfway: to even
        values[1] = 1 + 3 * 0x1p-8
        values[2] = 0
        values[3] = -Float.greatestFiniteMagnitude / 4
        var (stored, back) = ([HalfPair](repeating: HalfPair(bits: 0), count: 32), [Float](repeating: 0, count: 64))
        HalfPair.store(values, scale: 1, to: &stored, columns: 64)
        HalfPair.add(stored, scale: 1, to: &back, columns: 64)
        #expect(back[0] == 1 && back[1] == 1 + 0x1p-6 && back[2] == 0)
        for index in 2..<64 { #expect(abs(back[index] - values[index]) <= abs(values[index]) * 0x1p-8) }
        HalfPair.add(stored, scale: -0.5, to: &back, columns: 64)
        #expect(back[9] > values[9] / 2 - 0.02 && back[9] < values[9] / 2 + 0.02)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 1000])
    func exponentialsAndTangentsAreTheCLibrarys(count: Int) {
        var random = SeededRandom(seed: 1)
        let arguments = (0..<count).map { _ in Float(random.normal() * 6) }
        var (powers, tangents) = (arguments, arguments.map { $0 / 9 })
        var span = powers.mutableSpan
        let sum = exponentiate(&span, scale: 2, shift: 1)
        var other = tangents.mutableSpan
        takeHyperbolicTangents(&other)
        var exactSum = 0.0
        for index in 0..<count {
            let exact = exp(2 * Double(arguments[index]) - 1)
            exactSum += exact
            #expect(abs(Double(powers[index]) - exact) <= 1e-5 * exact)
            let tangent = tanh(Double(arguments[index] / 9))
            #expect(abs(Double(tangents[index]) - tangent) <= 2e-6 * abs(tangent))
        }
        #expect(abs(Double(sum) - exactSum) <= 1e-4 * exactSum)
    }

    @Test func exponentsOutOfRangeAreHeldInIt() {
        var values: [Float] = [-1000, 1000, -80, 80, 0]
        var span = values.mutableSpan
        _ = exponentiate(&span, scale: 1, shift: 0)
        #expect(values[0] == values[2] && values[1] == values[3] && values[4] == 1)
        #expect(values[0] > 0 && values[1].isFinite)
    }
}
