// Dense layers. A layer over concatenated inputs is written as a sum of products, one for each part, so that nothing is
// ever concatenated. A part that many rows share, as an embedding that is looked up or a vertex that stands in many
// pairs, is multiplied once for each of its rows and added to the rows that look it up (see `LayerStart`).

import Basics
import Linalg

/// Rows of one product; a block of this many rows of 128 floats stays in the second-level cache.
private let blockRows = 1024

/// Weight gradients sum over rows in this many rows at a time, each into a copy of its own.
private let gradientRows = 4096

extension Tape {
    /// result[rows, n] = x[rows, k] · weights[k, n] + bias[1, n] + looked-up rows, and max(result, 0) when rectified.
    mutating func linear(
        _ x: Value, _ weights: Value, bias: Value, lookups: Lookups = Lookups(), rows: Int? = nil,
        isRectified: Bool = false
    ) -> Value {
        let rows = rows ?? node(x).rows
        let columns = node(weights).columns
        precondition(node(bias).count == columns, "a bias has one entry per column")
        let result = leaf(rows: rows, columns: columns, needsGradient: true)
        let start = LayerStart(
            bias: bias, lookups: lookups, features: nil, isRectified: isRectified, result: result)
        record(.product(x, weights, result: result, start: start))
        runProduct(x, weights, start: start, result)
        return result
    }

    /// result += x[rows, k] · weights[k, n], in place.
    mutating func addProduct(_ x: Value, _ weights: Value, to result: Value) {
        record(.product(x, weights, result: result, start: nil))
        runProduct(x, weights, start: nil, result)
    }

    /// x · weights.
    mutating func product(_ x: Value, _ weights: Value) -> Value {
        let result = leaf(rows: node(x).rows, columns: node(weights).columns, needsGradient: true)
        node(result).value.update(repeating: 0, count: node(result).count)
        addProduct(x, weights, to: result)
        return result
    }

    private func runProduct(_ x: Value, _ weights: Value, start: LayerStart?, _ result: Value) {
        let y = node(result)
        guard let start else { return runProduct(x, weights, starts: nil, isRectified: false, y) }
        runStart(start) { starts in
            runProduct(x, weights, starts: starts, isRectified: start.isRectified, y)
        }
    }

    private func runProduct(
        _ x: Value, _ weights: Value, starts: StartTables<Number>?, isRectified: Bool, _ y: Node
    ) {
        let (x, w) = (node(x), node(weights))
        precondition(x.columns == w.rows && y.columns == w.columns && x.rows >= y.rows, "shapes of a product fit")
        // SAFETY: a block writes only its own rows of y; all else is read.
        nonisolated(unsafe) let (from, by, to) = (x.value, w.value, y.value)
        let (inner, columns) = (x.columns, y.columns)
        forEachBlock(of: y.rows, size: blockRows, on: pool) { rows in
            let target = to + rows.lowerBound * columns
            if let starts {
                for row in rows { starts.write(row, to: to + row * columns, columns) }
            }
            Number.product(
                ProductShape(rows: rows.count, columns: columns, inner: inner), alpha: 1,
                from + rows.lowerBound * inner, stride: inner, by, stride: columns, beta: 1, target,
                stride: columns)
            if isRectified {
                // Not a choice between two stores, which would keep the loop from becoming vector code.
                for index in 0..<rows.count * columns { target[index] = 0.5 * (target[index] + abs(target[index])) }
            }
        }
    }

    /// d x = d result · weightsᵀ and d weights = xᵀ · d result; before that, what the layer started from.
    mutating func productBackward(_ x: Value, _ weights: Value, _ result: Value, start: LayerStart?) {
        guard let gradient = node(result).gradient else { return }
        if let start { startBackward(start) }
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

extension Tape {
    /// The products of all layers recorded, in the pieces they are computed in, forward and backward.
    func productShapes() -> [ProductShape] {
        var shapes: [ProductShape] = []
        forEachProduct { x, weights, rows in
            let (inputs, outputs) = (node(weights).rows, node(weights).columns)
            for start in stride(from: 0, to: rows, by: blockRows) {
                let count = min(blockRows, rows - start)
                shapes.append(ProductShape(rows: count, columns: outputs, inner: inputs))
                if node(x).needsGradient {
                    shapes.append(ProductShape(rows: count, columns: inputs, inner: outputs, transposesRight: true))
                }
            }
            for start in stride(from: 0, to: rows, by: gradientRows) {
                let count = min(gradientRows, rows - start)
                shapes.append(ProductShape(rows: inputs, columns: outputs, inner: count, transposesLeft: true))
            }
        }
        return shapes
    }
}
