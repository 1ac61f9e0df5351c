// Operations that follow indices: picking rows.

import Basics
import Linalg

extension Tape {
    /// result[i] = x[rows[i]]. Rows may repeat; each is below x's row count.
    mutating func gather(_ x: Value, rows: [UInt32]) -> Value {
        let from = node(x)
        precondition(rows.allSatisfy { Int($0) < from.rows }, "a gathered row exists")
        let result = leaf(rows: rows.count, columns: from.columns, needsGradient: from.needsGradient)
        let kept = keep(rows)
        record(.gather(x, rows: kept, result: result))
        let to = node(result).value
        for row in 0..<rows.count {
            (to + row * from.columns).update(from: from.value + Int(kept[row]) * from.columns, count: from.columns)
        }
        return result
    }

    /// d x[rows[i]] += d result[i].
    mutating func gatherBackward(_ x: Value, _ rows: UnsafePointer<UInt32>, _ result: Value) {
        let y = node(result)
        guard let change = y.gradient, let target = gradientToAdd(x) else { return }
        for row in 0..<y.rows {
            let (part, source) = (target + Int(rows[row]) * y.columns, change + row * y.columns)
            for column in 0..<y.columns { part[column] += source[column] }
        }
    }
}
