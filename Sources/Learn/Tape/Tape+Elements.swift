// Operations entry by entry, and row by row on pairs of rows.

import Basics
import Linalg

private let blockRows = 2048

extension Tape {
    /// x = max(x, 0), in place. What made x must not read its result going backward.
    mutating func relu(_ x: Value) {
        let x = (value: x, node: node(x))
        record(.relu(x.value))
        // SAFETY: a block writes only its own entries.
        nonisolated(unsafe) let target = x.node.value
        forEachBlock(of: x.node.count, size: blockRows * 64, on: pool) { range in
            let part = target + range.lowerBound
            // Not a choice between two stores, which would keep the loop from becoming vector code.
            for index in 0..<range.count { part[index] = 0.5 * (part[index] + abs(part[index])) }
        }
    }

    /// The gradient passes where the result is positive.
    mutating func reluBackward(_ x: Value) {
        let y = node(x)
        guard let gradient = y.gradient else { return }
        // SAFETY: a block writes only its own entries.
        nonisolated(unsafe) let (values, target) = (y.value, gradient)
        forEachBlock(of: y.count, size: blockRows * 64, on: pool) { range in
            let (part, result) = (target + range.lowerBound, values + range.lowerBound)
            for index in 0..<range.count { part[index] = result[index] > 0 ? part[index] : 0 }
        }
    }

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

    /// a ⊙ b, entry by entry.
    mutating func multiply(_ a: Value, _ b: Value) -> Value {
        let (left, right, result) = pair(a, b)
        record(.multiply(a, b, result: result))
        let to = node(result).value
        for index in 0..<left.count { to[index] = left.value[index] * right.value[index] }
        return result
    }

    mutating func multiplyBackward(_ a: Value, _ b: Value, _ result: Value) {
        guard let change = node(result).gradient else { return }
        let (left, right) = (node(a), node(b))
        if let target = gradientToAdd(a) {
            for index in 0..<left.count { target[index] += change[index] * right.value[index] }
        }
        if let target = gradientToAdd(b) {
            for index in 0..<left.count { target[index] += change[index] * left.value[index] }
        }
    }

    /// |a - b|, entry by entry. Where they are equal the gradient is zero.
    mutating func distance(_ a: Value, _ b: Value) -> Value {
        let (left, right, result) = pair(a, b)
        record(.distance(a, b, result: result))
        let to = node(result).value
        for index in 0..<left.count { to[index] = abs(left.value[index] - right.value[index]) }
        return result
    }

    mutating func distanceBackward(_ a: Value, _ b: Value, _ result: Value) {
        guard let change = node(result).gradient else { return }
        let (left, right) = (node(a), node(b))
        if let target = gradientToAdd(a) {
            addSigned(change, left.value, right.value, to: target, count: left.count)
        }
        if let target = gradientToAdd(b) {
            addSigned(change, right.value, left.value, to: target, count: left.count)
        }
    }

    /// target += change · sign(a - b).
    private func addSigned(
        _ change: UnsafePointer<Number>, _ a: UnsafePointer<Number>, _ b: UnsafePointer<Number>,
        to target: UnsafeMutablePointer<Number>, count: Int
    ) {
        for index in 0..<count {
            let difference = a[index] - b[index]
            target[index] += difference > 0 ? change[index] : difference < 0 ? -change[index] : 0
        }
    }

    /// result[rows, 1] = the inner product of each row of a with the same row of b.
    mutating func rowDot(_ a: Value, _ b: Value) -> Value {
        let (left, right) = (node(a), node(b))
        precondition(left.rows == right.rows && left.columns == right.columns, "paired matrices have one shape")
        let result = leaf(rows: left.rows, columns: 1, needsGradient: true)
        record(.rowDot(a, b, result: result))
        let to = node(result).value
        for row in 0..<left.rows {
            let (first, second) = (left.value + row * left.columns, right.value + row * left.columns)
            var sum: Number = 0
            for column in 0..<left.columns { sum = Number.relaxedMultiplyAdd(first[column], second[column], sum) }
            to[row] = sum
        }
        return result
    }

    mutating func rowDotBackward(_ a: Value, _ b: Value, _ result: Value) {
        guard let change = node(result).gradient else { return }
        let (left, right) = (node(a), node(b))
        if let target = gradientToAdd(a) {
            addScaledRows(right, by: change, to: target)
        }
        if let target = gradientToAdd(b) {
            addScaledRows(left, by: change, to: target)
        }
    }

    /// Row by row: target += scale[row] · x.
    private func addScaledRows(_ x: Node, by scale: UnsafePointer<Number>, to target: UnsafeMutablePointer<Number>) {
        for row in 0..<x.rows {
            let (part, source, amount) = (target + row * x.columns, x.value + row * x.columns, scale[row])
            for column in 0..<x.columns { part[column] += amount * source[column] }
        }
    }

    private mutating func pair(_ a: Value, _ b: Value) -> (Node, Node, Value) {
        let (left, right) = (node(a), node(b))
        precondition(left.rows == right.rows && left.columns == right.columns, "paired matrices have one shape")
        return (left, right, leaf(rows: left.rows, columns: left.columns, needsGradient: true))
    }
}
