// Pairs of rows, as the heads judge them: entry by entry the product and the distance, a context beside them, and the
// inner product. All in one pass over rows that are read where they lie: a vertex that stands in many pairs is copied
// into none. What a head makes of each of the two alone is no business of pairs: that is computed once a vertex (see
// `LayerStart`).

import Basics
import Linalg

/// Columns that one piece of the way back takes. Rows repeat among pairs, so pairs cannot be shared out; columns can.
private let gradientColumns = 32

/// What comparing pairs leaves for its backward.
struct Comparison {
    let one: Value
    let other: Value
    /// Row of `one`, and of `other`, for each pair.
    let oneRows: UnsafePointer<UInt32>
    let otherRows: UnsafePointer<UInt32>
    /// [pairs, 2d + context]
    let inputs: Value
    /// [pairs, 1]
    let product: Value
}

extension Tape {
    /// For pair i of row a of `one` and row b of `other`, [rows, d] each: inputs[i] = [a ⊙ b, |a - b|, context i],
    /// product[i] = a · b. `context` is [pairs, width], copied. Where two entries are equal their distance has no
    /// gradient.
    mutating func compare(
        _ one: Value, _ other: Value, rows: (one: [UInt32], other: [UInt32]), context: [Float], width: Int
    ) -> (inputs: Value, product: Value) {
        let (left, right, count) = (node(one), node(other), rows.one.count)
        precondition(left.columns == right.columns && rows.other.count == count, "pairs are of rows of one width")
        precondition(rows.one.allSatisfy { Int($0) < left.rows }, "the first row of a pair exists")
        precondition(rows.other.allSatisfy { Int($0) < right.rows }, "the second row of a pair exists")
        precondition(context.count == count * width, "a context for each pair")
        let d = left.columns
        let comparison = Comparison(
            one: one, other: other, oneRows: keep(rows.one), otherRows: keep(rows.other),
            inputs: leaf(rows: count, columns: 2 * d + width, needsGradient: true),
            product: leaf(rows: count, columns: 1, needsGradient: true))
        record(.compare(comparison))
        // SAFETY: a block writes only its own pairs.
        nonisolated(unsafe) let (to, products) = (node(comparison.inputs).value, node(comparison.product).value)
        nonisolated(unsafe) let (from, by) = (left.value, right.value)
        nonisolated(unsafe) let (first, second) = (comparison.oneRows, comparison.otherRows)
        context.withUnsafeBufferPointer { context in
            nonisolated(unsafe) let context = context
            forEachBlock(of: count, size: 256, on: pool) { block in
                for pair in block {
                    let (a, b) = (from + Int(first[pair]) * d, by + Int(second[pair]) * d)
                    let target = to + pair * (2 * d + width)
                    for column in 0..<d { target[column] = a[column] * b[column] }
                    let distances = target + d
                    for column in 0..<d { distances[column] = abs(a[column] - b[column]) }
                    for column in 0..<width { target[2 * d + column] = Number(context[pair * width + column]) }
                    var sum: Number = 0
                    for column in 0..<d { sum = Number.relaxedAdd(sum, target[column]) }
                    products[pair] = sum
                }
            }
        }
        return (comparison.inputs, comparison.product)
    }

    /// With g of the products entry by entry, h of the distances and p of the inner product: d a += (g + p) · b + h ·
    /// sign(a - b), d b += (g + p) · a - h · sign(a - b).
    mutating func compareBackward(_ comparison: Comparison) {
        let (inputs, products) = (node(comparison.inputs), node(comparison.product))
        if inputs.gradient == nil, products.gradient == nil { return }
        // Either may be wanted alone.
        guard let change = gradientToAdd(comparison.inputs), let inner = gradientToAdd(comparison.product) else {
            preconditionFailure("results of an operation have gradients")
        }
        let targets = (gradientToAdd(comparison.one), gradientToAdd(comparison.other))
        // SAFETY: a piece writes only its own columns.
        nonisolated(unsafe) let (upstream, along, leftTarget, rightTarget) = (change, inner, targets.0, targets.1)
        nonisolated(unsafe) let (left, right) = (node(comparison.one).value, node(comparison.other).value)
        nonisolated(unsafe) let (first, second) = (comparison.oneRows, comparison.otherRows)
        let (d, width, pairs) = (node(comparison.one).columns, inputs.columns, inputs.rows)
        forEachBlock(of: d, size: gradientColumns, on: pool) { piece in
            let (start, count) = (piece.lowerBound, piece.count)
            for pair in 0..<pairs {
                let (at, to) = (Int(first[pair]) * d + start, Int(second[pair]) * d + start)
                let g = upstream + pair * width + start
                let (a, b) = (left + at, right + to)
                // One after the other: both may be rows of one matrix, or one row.
                if let leftTarget {
                    Self.pass(g, distance: g + d, along[pair], from: b, against: a, to: leftTarget + at, count)
                }
                if let rightTarget {
                    Self.pass(g, distance: g + d, along[pair], from: a, against: b, to: rightTarget + to, count)
                }
            }
        }
    }

    /// The gradient of b from that of the pair, where a stands against it.
    @inline(__always)
    private static func pass(
        _ g: UnsafePointer<Number>, distance h: UnsafePointer<Number>, _ along: Number, from a: UnsafePointer<Number>,
        against b: UnsafePointer<Number>, to target: UnsafeMutablePointer<Number>, _ count: Int
    ) {
        for column in 0..<count {
            let difference = b[column] - a[column]
            let signed = difference > 0 ? h[column] : difference < 0 ? -h[column] : 0
            target[column] += (g[column] + along) * a[column] + signed
        }
    }
}
