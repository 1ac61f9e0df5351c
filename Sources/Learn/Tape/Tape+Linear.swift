// Dense layers. A layer over concatenated inputs is written as a sum of products, one for each part, so that nothing is
// ever concatenated. A part that many rows share, as an embedding that is looked up or a vertex that stands in many
// pairs, is multiplied once for each of its rows and added to the rows that look it up (see `LayerStart`).

import Basics
import Linalg

/// Rows of one product; a block of this many rows of 128 floats stays in the second-level cache.
private let blockRows = 1024

/// Weight gradients sum over rows in this many rows at a time, each into a copy of its own.
private let gradientRows = 2048

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
        runProduct(x, weights, starts: tables(of: start), isRectified: isRectified, node(result), keep: 1)
        return result
    }

    /// result += x[rows, k] · weights[k, n], in place.
    mutating func addProduct(_ x: Value, _ weights: Value, to result: Value) {
        record(.product(x, weights, result: result, start: nil))
        runProduct(x, weights, starts: nil, isRectified: false, node(result), keep: 1)
    }

    /// x · weights.
    mutating func product(_ x: Value, _ weights: Value) -> Value {
        let result = leaf(rows: node(x).rows, columns: node(weights).columns, needsGradient: true)
        record(.product(x, weights, result: result, start: nil))
        runProduct(x, weights, starts: nil, isRectified: false, node(result), keep: 0)
        return result
    }

    /// y = keep · y + x · weights, from what the rows start from, if anything.
    private func runProduct(
        _ x: Value, _ weights: Value, starts: StartTables<Number>?, isRectified: Bool, _ y: Node, keep: Number
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
                from + rows.lowerBound * inner, stride: inner, by, stride: columns, beta: keep, target,
                stride: columns)
            if isRectified {
                // Not a choice between two stores, which would keep the loop from becoming vector code.
                for index in 0..<rows.count * columns { target[index] = 0.5 * (target[index] + abs(target[index])) }
            }
        }
    }

    /// d x = d result · weightsᵀ and d weights = xᵀ · d result; before that, what the layer started from. All three of
    /// one block of rows after the other, while it is in the second-level cache.
    mutating func productBackward(_ x: Value, _ weights: Value, _ result: Value, start: LayerStart?) {
        guard let gradient = node(result).gradient else { return }
        var bias: UnsafeMutablePointer<Number>?
        var isRectified = false
        if let start {
            if start.lookups.count > 0 {
                startBackward(start)
            } else {
                (bias, isRectified) = (gradientToAdd(start.bias), start.isRectified)
            }
        }
        let (rows, w) = (node(result).rows, node(weights))
        let isWhole = node(x).rows == rows
        let input = isWhole ? gradientToWrite(x) : gradientToAdd(x).map { (gradient: $0, isFresh: false) }
        let (inputs, outputs) = (w.rows, w.columns)
        let pieces = (rows + gradientRows - 1) / gradientRows
        // One copy of the weights' gradient and the bias' for each piece: pieces never add to one sum.
        let count = (inputs + 1) * outputs
        let copies = scratch(pieces * count)
        let pass = ProductBackward<Number>(
            x: node(x).value, weights: w.value, result: isRectified ? node(result).value : nil, change: gradient,
            input: input?.gradient, keepsInput: input.map { !$0.isFresh } ?? false, inputs: inputs, outputs: outputs,
            hasBias: bias != nil)
        // SAFETY: a piece writes its own rows and the copy of its number.
        nonisolated(unsafe) let own = copies
        forEachBlock(of: rows, size: gradientRows, on: pool) { piece in
            pass.run(piece, to: own + piece.lowerBound / gradientRows * count)
        }
        guard let target = gradientToAdd(weights) else { return }
        for piece in 0..<pieces {
            let copy = copies + piece * count
            for index in 0..<inputs * outputs { target[index] += copy[index] }
            guard let bias else { continue }
            let sums = copy + inputs * outputs
            for column in 0..<outputs { bias[column] += sums[column] }
        }
    }
}

/// The way back of one product.
///
/// SAFETY (@unchecked Sendable): pieces write rows that are theirs alone.
private struct ProductBackward<Number: Scalar>: @unchecked Sendable {
    let x: UnsafeMutablePointer<Number>
    let weights: UnsafeMutablePointer<Number>
    /// Where the gradient passes only if it is positive.
    let result: UnsafeMutablePointer<Number>?
    let change: UnsafeMutablePointer<Number>
    let input: UnsafeMutablePointer<Number>?
    let keepsInput: Bool
    let inputs: Int
    let outputs: Int
    let hasBias: Bool

    /// `sums` becomes this piece's part of the weights' gradient, and behind it the bias'.
    func run(_ piece: Range<Int>, to sums: UnsafeMutablePointer<Number>) {
        let biasSums = sums + inputs * outputs
        biasSums.update(repeating: 0, count: outputs)
        for start in stride(from: piece.lowerBound, to: piece.upperBound, by: blockRows) {
            let rows = start..<min(start + blockRows, piece.upperBound)
            if let result { Self.rectify(change + start * outputs, result + start * outputs, rows.count * outputs) }
            if hasBias {
                for row in rows { Self.add(change + row * outputs, to: biasSums, outputs) }
            }
            if let input {
                Number.product(
                    ProductShape(rows: rows.count, columns: inputs, inner: outputs, transposesRight: true), alpha: 1,
                    change + start * outputs, stride: outputs, weights, stride: outputs, beta: keepsInput ? 1 : 0,
                    input + start * inputs, stride: inputs)
            }
            Number.product(
                ProductShape(rows: inputs, columns: outputs, inner: rows.count, transposesLeft: true), alpha: 1,
                x + start * inputs, stride: inputs, change + start * outputs, stride: outputs,
                beta: start == piece.lowerBound ? 0 : 1, sums, stride: outputs)
        }
    }

    private static func rectify(
        _ change: UnsafeMutablePointer<Number>, _ result: UnsafePointer<Number>, _ count: Int
    ) {
        for index in 0..<count { change[index] = result[index] > 0 ? change[index] : 0 }
    }

    private static func add(_ row: UnsafePointer<Number>, to sums: UnsafeMutablePointer<Number>, _ count: Int) {
        for column in 0..<count { sums[column] += row[column] }
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
                shapes.append(ProductShape(rows: inputs, columns: outputs, inner: count, transposesLeft: true))
            }
        }
        return shapes
    }
}
