// A sparse product as the rows of a table that each row of the result sums. Weights that depend on one end of a link
// only are left to whoever stores rows; so the lists are numbers alone, half of what a weighted matrix reads.

import CRelaxed

/// Row v of a product sums the table's rows `rows[starts[v]..<ends[v]]`.
///
/// SAFETY: pointers live as long as the arrays behind them are lent. Behind each list lie `rowsAhead` readable numbers
/// of rows that exist.
package struct RowLists: @unchecked Sendable {
    let parts: muster_row_lists

    package init(starts: UnsafePointer<UInt32>, ends: UnsafePointer<UInt32>, rows: UnsafePointer<UInt32>) {
        parts = muster_row_lists(starts: starts, ends: ends, rows: rows)
    }

    /// The list of one row.
    package func list(_ row: Int) -> (first: UnsafePointer<UInt32>, count: Int) {
        (parts.rows + Int(parts.starts[row]), Int(parts.ends[row] - parts.starts[row]))
    }
}

/// Row v of a product gets `scales[v]` times row `slots[v]` of `values` in addition, where that slot is not negative.
///
/// SAFETY: pointers live as long as the arrays behind them are lent.
package struct RowAddends: @unchecked Sendable {
    let parts: muster_row_addends

    package init(slots: UnsafePointer<Int32>, values: UnsafePointer<Float>, scales: UnsafePointer<Float>) {
        parts = muster_row_addends(slots: slots, values: values, scales: scales)
    }

    /// Adds what row `row` gets to it.
    func add(to row: UnsafeMutablePointer<Float>, number: Int, columns: Int) {
        guard let slots = parts.slots, let values = parts.values, let scales = parts.scales, slots[number] >= 0 else {
            return
        }
        Float.add(values + Int(slots[number]) * columns, scale: scales[number], to: row, columns: columns)
    }
}

extension StoredNumber {
    /// The twin of `sumRows` for any machine and width.
    static func sumRowsPlainly(
        _ table: UnsafePointer<Self>, columns: Int, _ rows: UnsafePointer<UInt32>, count: Int,
        into sum: UnsafeMutablePointer<Float>
    ) {
        let stride = elements(columns: columns)
        sum.update(repeating: 0, count: columns)
        for index in 0..<count { add(table + Int(rows[index]) * stride, scale: 1, to: sum, columns: columns) }
    }

    /// The twin of `multiplyRows` for any machine and width.
    static func multiplyRowsPlainly(
        _ table: UnsafePointer<Self>, columns: Int, _ lists: RowLists, _ range: Range<Int>,
        scales: UnsafePointer<Float>, adding addends: RowAddends?, into target: UnsafeMutablePointer<Self>
    ) {
        let stride = elements(columns: columns)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(columns, 1)) { buffer in
            guard let sum = buffer.baseAddress else { return }
            for row in range {
                let (first, count) = lists.list(row)
                sumRowsPlainly(table, columns: columns, first, count: count, into: sum)
                let scale = scales[row]
                for column in 0..<columns { sum[column] *= scale }
                addends?.add(to: sum, number: row, columns: columns)
                store(sum, scale: 1, to: target + row * stride, columns: columns)
            }
        }
    }
}

/// Writes `slots[rows[i]]` one after the other wherever it is not negative, and answers how many.
/// SAFETY: `rows` has `count` entries, `slots` one for each of them, and `kept` room for `count`.
package func keepSlots(
    _ rows: UnsafePointer<UInt32>, count: Int, _ slots: UnsafePointer<Int32>, into kept: UnsafeMutablePointer<UInt32>
) -> Int {
    #if arch(x86_64)
    if hasWideVectors { return keep_slots_avx512(rows, count, slots, kept) }
    #endif
    return keepSlotsPlainly(rows, count: count, slots, into: kept)
}

/// The twin for any machine. Writes nothing behind what is kept: that may be another thread's.
func keepSlotsPlainly(
    _ rows: UnsafePointer<UInt32>, count: Int, _ slots: UnsafePointer<Int32>, into kept: UnsafeMutablePointer<UInt32>
) -> Int {
    var total = 0
    for index in 0..<count {
        let slot = slots[Int(rows[index])]
        if slot < 0 { continue }
        kept[total] = UInt32(slot)
        total += 1
    }
    return total
}
