// Operations entry by entry.

import Basics
import Linalg

private let blockRows = 2048

extension Tape {
    /// sum += the first rows of x, in place. What made `sum` must not read its result going backward.
    mutating func add(_ x: Value, to sum: Value) {
        let (from, to) = (node(x), node(sum))
        precondition(from.columns == to.columns && from.rows >= to.rows, "what is added has the sum's shape")
        record(.add(x, to: sum))
        // SAFETY: a block writes only its own entries.
        nonisolated(unsafe) let (source, target) = (from.value, to.value)
        forEachBlock(of: to.count, size: blockRows * 64, on: pool) { range in
            let (part, added) = (target + range.lowerBound, source + range.lowerBound)
            for index in 0..<range.count { part[index] += added[index] }
        }
    }

    /// The sum's gradient is still needed by what made it, so it is copied.
    mutating func addBackward(_ x: Value, to sum: Value) {
        let total = node(sum)
        guard let change = total.gradient else { return }
        let isWhole = node(x).rows == total.rows
        let target = isWhole ? gradientToWrite(x) : gradientToAdd(x).map { (gradient: $0, isFresh: false) }
        guard let target else { return }
        if target.isFresh {
            target.gradient.update(from: change, count: total.count)
        } else {
            for index in 0..<total.count { target.gradient[index] += change[index] }
        }
    }
}
