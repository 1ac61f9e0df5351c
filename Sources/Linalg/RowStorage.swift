// Tables of rows whose sums are gathered, as Float or in half the bytes. A gather is bound by the bytes it moves, so
// bfloat16 (the upper half of a Float: 8 bits of precision, no scaling needed) nearly doubles its speed; sums are
// always taken in Float. Halves are stored in pairs that one shift and one mask take apart again: 32 columns lie in 16
// words, column k in the low half of word k and column k + 16 in the high half.

import CRelaxed

/// Row numbers handed to a gather must be followed by so many readable ones, any that exist.
package let rowsAhead = Int(ROWS_AHEAD)

/// Whether rows of 64 numbers are summed in 512-bit registers.
let hasWideVectors = machine_has_avx512() != 0

/// How the numbers of a table are stored.
package protocol StoredNumber: BitwiseCopyable, Sendable {
    /// Stored elements of a row of `columns` numbers.
    static func elements(columns: Int) -> Int

    /// sum[c] = Σ table[rows[i], c] over `count` rows, in their order. The same on every machine.
    /// SAFETY: `rows` has `count + rowsAhead` entries, all rows of the table; `sum` has `columns` entries.
    static func sumRows(
        _ table: UnsafePointer<Self>, columns: Int, _ rows: UnsafePointer<UInt32>, count: Int,
        into sum: UnsafeMutablePointer<Float>)

    /// target[v] = scales[v] · (sum of v's list) + v's addend, for each v of `range`. The same on every machine.
    /// SAFETY: lists name rows of the table; scales, addends and target have every v; `target` is not the table.
    static func multiplyRows(
        _ table: UnsafePointer<Self>, columns: Int, _ lists: RowLists, _ range: Range<Int>,
        scales: UnsafePointer<Float>, adding addends: RowAddends?, into target: UnsafeMutablePointer<Self>)

    /// Stores scale · values as one row, rounded to nearest. SAFETY: both hold `columns` numbers.
    static func store(
        _ values: UnsafePointer<Float>, scale: Float, to row: UnsafeMutablePointer<Self>, columns: Int)

    /// target += scale · row. SAFETY: both hold `columns` numbers.
    static func add(
        _ row: UnsafePointer<Self>, scale: Float, to target: UnsafeMutablePointer<Float>, columns: Int)

    /// Σ row[c] · x[c]; relaxed. SAFETY: both hold `columns` numbers.
    static func product(_ row: UnsafePointer<Self>, _ x: UnsafePointer<Float>, columns: Int) -> Float
}

extension Float: StoredNumber {
    package static func elements(columns: Int) -> Int { columns }

    package static func sumRows(
        _ table: UnsafePointer<Float>, columns: Int, _ rows: UnsafePointer<UInt32>, count: Int,
        into sum: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if columns == 64, hasWideVectors {
            sum_rows_float_avx512(table, rows, count, sum)
            return
        }
        #endif
        sumRowsPlainly(table, columns: columns, rows, count: count, into: sum)
    }

    package static func multiplyRows(
        _ table: UnsafePointer<Float>, columns: Int, _ lists: RowLists, _ range: Range<Int>,
        scales: UnsafePointer<Float>, adding addends: RowAddends?, into target: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if columns == 64, hasWideVectors {
            let more = addends?.parts ?? muster_row_addends()
            multiply_rows_float_avx512(table, lists.parts, range.lowerBound, range.upperBound, scales, more, target)
            return
        }
        #endif
        multiplyRowsPlainly(table, columns: columns, lists, range, scales: scales, adding: addends, into: target)
    }

    package static func store(
        _ values: UnsafePointer<Float>, scale: Float, to row: UnsafeMutablePointer<Float>, columns: Int
    ) {
        for column in 0..<columns { row[column] = scale * values[column] }
    }

    package static func add(
        _ row: UnsafePointer<Float>, scale: Float, to target: UnsafeMutablePointer<Float>, columns: Int
    ) {
        for column in 0..<columns { target[column] += scale * row[column] }
    }

    package static func product(_ row: UnsafePointer<Float>, _ x: UnsafePointer<Float>, columns: Int) -> Float {
        var sum: Float = 0
        for column in 0..<columns { sum = relaxed_multiply_add(row[column], x[column], sum) }
        return sum
    }
}

/// Two bfloat16 of one row, 16 columns apart. Rows have a multiple of 32 columns.
package struct HalfPair: StoredNumber {
    var bits: UInt32

    private static let high: UInt32 = 0xFFFF_0000

    package static func elements(columns: Int) -> Int {
        precondition(columns % 32 == 0, "rows of halves have a multiple of 32 columns")
        return columns / 2
    }

    package static func sumRows(
        _ table: UnsafePointer<HalfPair>, columns: Int, _ rows: UnsafePointer<UInt32>, count: Int,
        into sum: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if columns == 64, hasWideVectors {
            sum_rows_half_avx512(words(table), rows, count, sum)
            return
        }
        #endif
        sumRowsPlainly(table, columns: columns, rows, count: count, into: sum)
    }

    package static func multiplyRows(
        _ table: UnsafePointer<HalfPair>, columns: Int, _ lists: RowLists, _ range: Range<Int>,
        scales: UnsafePointer<Float>, adding addends: RowAddends?, into target: UnsafeMutablePointer<HalfPair>
    ) {
        #if arch(x86_64)
        if columns == 64, hasWideVectors {
            let more = addends?.parts ?? muster_row_addends()
            multiply_rows_half_avx512(
                words(table), lists.parts, range.lowerBound, range.upperBound, scales, more, words(target))
            return
        }
        #endif
        multiplyRowsPlainly(table, columns: columns, lists, range, scales: scales, adding: addends, into: target)
    }

    /// SAFETY: a HalfPair is a UInt32 and nothing else.
    @inline(__always)
    private static func words(_ table: UnsafePointer<HalfPair>) -> UnsafePointer<UInt32> {
        UnsafeRawPointer(table).assumingMemoryBound(to: UInt32.self)
    }

    @inline(__always)
    private static func words(_ table: UnsafeMutablePointer<HalfPair>) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(table).assumingMemoryBound(to: UInt32.self)
    }

    /// The 16 upper bits of the nearest number that has no others, ties to even. Not for NaN.
    @inline(__always)
    private static func rounded(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & high
    }

    package static func store(
        _ values: UnsafePointer<Float>, scale: Float, to row: UnsafeMutablePointer<HalfPair>, columns: Int
    ) {
        #if arch(x86_64)
        if columns % 64 == 0, hasWideVectors {
            for start in stride(from: 0, to: columns, by: 64) {
                store_halves_avx512(values + start, scale, words(row + start / 2))
            }
            return
        }
        #endif
        storePlainly(values, scale: scale, to: row, columns: columns)
    }

    /// The twin for any machine and width.
    static func storePlainly(
        _ values: UnsafePointer<Float>, scale: Float, to row: UnsafeMutablePointer<HalfPair>, columns: Int
    ) {
        for start in stride(from: 0, to: columns, by: 32) {
            let (from, to) = (values + start, row + start / 2)
            for word in 0..<16 {
                to[word].bits = rounded(scale * from[word]) >> 16 | rounded(scale * from[word + 16])
            }
        }
    }

    package static func add(
        _ row: UnsafePointer<HalfPair>, scale: Float, to target: UnsafeMutablePointer<Float>, columns: Int
    ) {
        for start in stride(from: 0, to: columns, by: 32) {
            let (from, to) = (row + start / 2, target + start)
            for word in 0..<16 {
                to[word] += scale * Float(bitPattern: from[word].bits << 16)
                to[word + 16] += scale * Float(bitPattern: from[word].bits & high)
            }
        }
    }

    package static func product(_ row: UnsafePointer<HalfPair>, _ x: UnsafePointer<Float>, columns: Int) -> Float {
        var sum: Float = 0
        for start in stride(from: 0, to: columns, by: 32) {
            let (from, by) = (row + start / 2, x + start)
            for word in 0..<16 {
                sum = relaxed_multiply_add(Float(bitPattern: from[word].bits << 16), by[word], sum)
                sum = relaxed_multiply_add(Float(bitPattern: from[word].bits & high), by[word + 16], sum)
            }
        }
        return sum
    }
}

/// Asks for a row of floats that will be read soon. SAFETY: `row` has `columns` entries.
package func prefetchRow(_ row: UnsafePointer<Float>, columns: Int) {
    for start in stride(from: 0, to: columns, by: 16) { prefetch_line(row + start) }
}
