// Weighted sums of rows that lie anywhere in a table, and their way back: what message passing consists of. In one
// pass back each row of the table is read once for both gradients, that of the source and that of the weight.

import CRelaxed

/// Rows that messages carry, as Float or in half the bytes.
package protocol MessageNumber: StoredNumber {
    /// sum[c] = Σ weights[i] · table[rows[i], c] over `count` rows; relaxed.
    /// SAFETY: `rows` has `count + rowsAhead` entries, all rows of the table; `sum` has `columns` entries.
    static func weighRows(
        _ table: UnsafePointer<Self>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, into sum: UnsafeMutablePointer<Float>)

    /// sum[c] += Σ weights[i] · table[rows[i], c], and products[i] = Σ table[rows[i], c] · x[c]; relaxed.
    /// SAFETY: as above; `x` and `sum` have `columns` entries, `products` has `count`.
    static func returnRows(
        _ table: UnsafePointer<Self>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, _ x: UnsafePointer<Float>, addingTo sum: UnsafeMutablePointer<Float>,
        products: UnsafeMutablePointer<Float>)
}

extension Float: MessageNumber {
    package static func weighRows(
        _ table: UnsafePointer<Float>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, into sum: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if hasWideVectors, columns == 64 || columns == 128 || columns == 256 {
            return weigh_rows_float_avx512(table, Int32(columns), rows, weights, count, sum)
        }
        #endif
        weighRowsPlainly(table, columns: columns, rows, weights, count: count, into: sum)
    }

    package static func returnRows(
        _ table: UnsafePointer<Float>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, _ x: UnsafePointer<Float>, addingTo sum: UnsafeMutablePointer<Float>,
        products: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if hasWideVectors, columns == 64 || columns == 128 {
            return return_rows_float_avx512(table, Int32(columns), rows, weights, count, x, sum, products)
        }
        #endif
        returnRowsPlainly(table, columns: columns, rows, weights, count: count, x, addingTo: sum, products: products)
    }
}

extension HalfPair: MessageNumber {
    package static func weighRows(
        _ table: UnsafePointer<HalfPair>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, into sum: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if hasWideVectors, columns == 64 || columns == 128 {
            // SAFETY: a HalfPair is a UInt32 and nothing else.
            let words = UnsafeRawPointer(table).assumingMemoryBound(to: UInt32.self)
            return weigh_rows_half_avx512(words, Int32(columns), rows, weights, count, sum)
        }
        #endif
        weighRowsPlainly(table, columns: columns, rows, weights, count: count, into: sum)
    }

    package static func returnRows(
        _ table: UnsafePointer<HalfPair>, columns: Int, _ rows: UnsafePointer<UInt32>,
        _ weights: UnsafePointer<Float>, count: Int, _ x: UnsafePointer<Float>,
        addingTo sum: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>
    ) {
        #if arch(x86_64)
        if hasWideVectors, columns == 64 || columns == 128 {
            // SAFETY: a HalfPair is a UInt32 and nothing else.
            let words = UnsafeRawPointer(table).assumingMemoryBound(to: UInt32.self)
            return return_rows_half_avx512(words, Int32(columns), rows, weights, count, x, sum, products)
        }
        #endif
        returnRowsPlainly(table, columns: columns, rows, weights, count: count, x, addingTo: sum, products: products)
    }
}

/// table[rows[i] · stride + c] += weights[i] · x[c] for `columns` columns c: the way back of a weighted sum of rows.
/// SAFETY: `x` has `columns` entries, `rows` and `weights` have `count`, and the rows they name are the caller's.
package func spreadRow(
    _ x: UnsafePointer<Float>, columns: Int, to table: UnsafeMutablePointer<Float>, stride: Int,
    _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>, count: Int
) {
    #if arch(x86_64)
    if hasWideVectors, columns == 64 {
        return spread_row_avx512(x, table, stride, rows, weights, count)
    }
    #endif
    spreadRowPlainly(x, columns: columns, to: table, stride: stride, rows, weights, count: count)
}

/// The twin for any machine and width.
func spreadRowPlainly(
    _ x: UnsafePointer<Float>, columns: Int, to table: UnsafeMutablePointer<Float>, stride: Int,
    _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>, count: Int
) {
    for index in 0..<count {
        let (target, weight) = (table + Int(rows[index]) * stride, weights[index])
        for column in 0..<columns { target[column] += weight * x[column] }
    }
}

extension StoredNumber {
    /// The twin for any machine and width.
    static func weighRowsPlainly(
        _ table: UnsafePointer<Self>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, into sum: UnsafeMutablePointer<Float>
    ) {
        let stride = elements(columns: columns)
        sum.update(repeating: 0, count: columns)
        for index in 0..<count {
            add(table + Int(rows[index]) * stride, scale: weights[index], to: sum, columns: columns)
        }
    }

    /// The twin for any machine and width.
    static func returnRowsPlainly(
        _ table: UnsafePointer<Self>, columns: Int, _ rows: UnsafePointer<UInt32>, _ weights: UnsafePointer<Float>,
        count: Int, _ x: UnsafePointer<Float>, addingTo sum: UnsafeMutablePointer<Float>,
        products: UnsafeMutablePointer<Float>
    ) {
        let stride = elements(columns: columns)
        for index in 0..<count {
            let row = table + Int(rows[index]) * stride
            add(row, scale: weights[index], to: sum, columns: columns)
            products[index] = product(row, x, columns: columns)
        }
    }
}
