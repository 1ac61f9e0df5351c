// Dense layers. A layer over concatenated inputs is written as a sum of products, one for each part, so that
// nothing is ever concatenated and parts without gradient (features) cost no backward product.

import Basics
import Linalg

/// Rows of one product; a block of this many rows of 128 floats stays in the second-level cache.
private let blockRows = 1024

/// Weight gradients sum over rows in this many rows at a time, each into a copy of its own.
private let gradientRows = 4096

extension Tape {
    /// result[rows, n] = x[rows, k] · weights[k, n] + bias[1, n].
    mutating func linear(_ x: Value, _ weights: Value, bias: Value, rows: Int? = nil) -> Value {
        let rows = rows ?? node(x).rows
        let columns = node(weights).columns
        precondition(node(bias).count == columns, "a bias has one entry per column")
        let result = leaf(rows: rows, columns: columns, needsGradient: true)
        record(.bias(bias, result: result))
        record(.product(x, weights, result: result))
        runProduct(x, weights, bias: node(bias).value, result)
        return result
    }

    /// result += x[rows, k] · weights[k, n], in place.
    mutating func addProduct(_ x: Value, _ weights: Value, to result: Value) {
        record(.product(x, weights, result: result))
        runProduct(x, weights, bias: nil, result)
    }

    /// x · weights.
    mutating func product(_ x: Value, _ weights: Value) -> Value {
        let result = leaf(rows: node(x).rows, columns: node(weights).columns, needsGradient: true)
        node(result).value.update(repeating: 0, count: node(result).count)
        addProduct(x, weights, to: result)
        return result
    }

    private func runProduct(_ x: Value, _ weights: Value, bias: UnsafePointer<Number>?, _ result: Value) {
        let (x, w, y) = (node(x), node(weights), node(result))
        precondition(x.columns == w.rows && y.columns == w.columns && x.rows >= y.rows, "shapes of a product fit")
        // SAFETY: a block writes only its own rows of y; all else is read.
        nonisolated(unsafe) let (from, by, to, first) = (x.value, w.value, y.value, bias)
        let (inner, columns) = (x.columns, y.columns)
        forEachBlock(of: y.rows, size: blockRows, on: pool) { rows in
            let target = to + rows.lowerBound * columns
            if let first {
                for row in 0..<rows.count { (target + row * columns).update(from: first, count: columns) }
            }
            Number.product(
                ProductShape(rows: rows.count, columns: columns, inner: inner), alpha: 1,
                from + rows.lowerBound * inner, stride: inner, by, stride: columns, beta: 1, target,
                stride: columns)
        }
    }

    /// d bias = column sums of d result.
    mutating func biasBackward(_ bias: Value, _ result: Value) {
        let y = node(result)
        guard let gradient = y.gradient, let sum = gradientToAdd(bias) else { return }
        for row in 0..<y.rows {
            let source = gradient + row * y.columns
            for column in 0..<y.columns { sum[column] += source[column] }
        }
    }

    /// d x = d result · weightsᵀ and d weights = xᵀ · d result.
    mutating func productBackward(_ x: Value, _ weights: Value, _ result: Value) {
        guard let gradient = node(result).gradient else { return }
        inputBackward(x, node(weights), UnsafePointer(gradient), rows: node(result).rows)
        weightsBackward(node(x), weights, UnsafePointer(gradient), rows: node(result).rows)
    }

    private mutating func inputBackward(_ x: Value, _ w: Node, _ gradient: UnsafePointer<Number>, rows: Int) {
        let isWhole = node(x).rows == rows
        let target = isWhole ? gradientToWrite(x) : gradientToAdd(x).map { (gradient: $0, isFresh: false) }
        guard let target else { return }
        // SAFETY: a block writes only its own rows of the input's gradient.
        nonisolated(unsafe) let (from, by, to) = (gradient, w.value, target.gradient)
        let (inner, columns, keep): (Int, Int, Number) = (w.columns, w.rows, target.isFresh ? 0 : 1)
        forEachBlock(of: rows, size: blockRows, on: pool) { rows in
            Number.product(
                ProductShape(rows: rows.count, columns: columns, inner: inner, transposesRight: true), alpha: 1,
                from + rows.lowerBound * inner, stride: inner, by, stride: inner, beta: keep,
                to + rows.lowerBound * columns, stride: columns)
        }
    }

    private mutating func weightsBackward(_ x: Node, _ weights: Value, _ gradient: UnsafePointer<Number>, rows: Int) {
        guard let target = gradientToAdd(weights) else { return }
        let (inputs, outputs) = (x.columns, node(weights).columns)
        let pieces = (rows + gradientRows - 1) / gradientRows
        if pieces <= 1 {
            Self.addWeightsGradient(x.value, gradient, 0..<rows, inputs, outputs, keep: 1, target)
            return
        }
        let count = inputs * outputs
        // SAFETY: piece i writes only the i-th copy.
        nonisolated(unsafe) let (from, change, copies) = (x.value, gradient, scratch(pieces * count))
        forEachBlock(of: rows, size: gradientRows, on: pool) { rows in
            let copy = copies + rows.lowerBound / gradientRows * count
            Self.addWeightsGradient(from, change, rows, inputs, outputs, keep: 0, copy)
        }
        for piece in 0..<pieces {
            let copy = copies + piece * count
            for index in 0..<count { target[index] += copy[index] }
        }
    }

    /// target[inputs, outputs] = keep · target + x[rows]ᵀ · gradient[rows].
    private static func addWeightsGradient(
        _ x: UnsafePointer<Number>, _ gradient: UnsafePointer<Number>, _ rows: Range<Int>, _ inputs: Int,
        _ outputs: Int, keep: Number, _ target: UnsafeMutablePointer<Number>
    ) {
        Number.product(
            ProductShape(rows: inputs, columns: outputs, inner: rows.count, transposesLeft: true), alpha: 1,
            x + rows.lowerBound * inputs, stride: inputs, gradient + rows.lowerBound * outputs, stride: outputs,
            beta: keep, target, stride: outputs)
    }
}
