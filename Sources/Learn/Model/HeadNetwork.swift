// A head as it is served: one vertex against some hundred others. Training multiplies four inputs of every pair; here
// much of that is the same for all pairs of one vertex and is done once. With u fixed,
//
//   (u ⊙ p) · A = p · (diag(u) · A),   so   [u, p, u ⊙ p, |u - p|, c] · W
//   = u · W_u + p · (W_p + diag(u) · W_⊙) + |u - p| · W_| | + c · W_c
//
// which is half of the products. Sums have another order than on the tape, so scores agree to rounding.

import Basics
import Linalg

/// [z_u, z_p, z_u ⊙ z_p, |z_u - z_p|, context] -> hidden layers -> one number, for one u and many p.
struct HeadNetwork: Sendable {
    private struct Layer {
        let weights: [Float]
        let bias: [Float]
        let inputs: Int
    }

    private let dimensions: Int
    private let contextDimensions: Int
    private let hidden: Int
    private let person: [Float]
    private let place: [Float]
    private let product: [Float]
    private let distance: [Float]
    private let context: [Float]
    private let firstBias: [Float]
    private let layers: [Layer]

    /// Copies the head's part out of `weights`, in which the blocks lie. Rows will come multiplied by `rowScale`.
    init(_ blocks: HeadBlocks, _ weights: [Float], rowScale: Float) {
        func matrix(_ block: ParameterBlock, by scale: Float = 1) -> [Float] { weights[block.range].map { $0 * scale } }
        (dimensions, hidden) = (blocks.person.rows, blocks.person.columns)
        contextDimensions = blocks.context.rows
        person = matrix(blocks.person, by: 1 / rowScale)
        place = matrix(blocks.place, by: 1 / rowScale)
        product = matrix(blocks.product, by: 1 / (rowScale * rowScale))
        distance = matrix(blocks.distance, by: 1 / rowScale)
        context = matrix(blocks.context)
        firstBias = matrix(blocks.firstBias)
        layers = blocks.layers.map { layer in
            Layer(weights: matrix(layer.weights), bias: matrix(layer.bias), inputs: layer.weights.rows)
        }
    }

    /// One number for each of the `rows` of [others, stride], of which the first entries are meant.
    /// `contexts` is [rows, context dimensions], or empty where all are zero.
    func judge(one: Span<Float>, others: Span<Float>, stride: Int, rows chosen: [Int], contexts: [Float]) -> [Float] {
        let (d, count) = (dimensions, chosen.count)
        precondition(one.count >= d && stride >= d, "rows have the model's width")
        precondition(contexts.isEmpty || contexts.count == count * contextDimensions, "a context for each pair")
        var rows = [Float](repeating: 0, count: 2 * count * d)
        for (index, row) in chosen.enumerated() {
            let other = others.extracting(row * stride..<row * stride + d)
            Self.copyAndDistance(one, other, to: &rows, at: index * d, and: (count + index) * d)
        }
        var sums = start(one, count: count)
        var target = sums.mutableSpan
        let (plain, distances) = (rows.span.extracting(0..<count * d), rows.span.extracting(count * d..<2 * count * d))
        multiply(plain, folded(one).span, into: &target, rows: count, columns: hidden, inner: d, keep: 1)
        multiply(distances, distance.span, into: &target, rows: count, columns: hidden, inner: d, keep: 1)
        if !contexts.isEmpty {
            multiply(
                contexts.span, context.span, into: &target, rows: count, columns: hidden, inner: contextDimensions,
                keep: 1)
        }
        return finish(sums, count: count)
    }

    private static func copyAndDistance(
        _ one: Span<Float>, _ other: Span<Float>, to rows: inout [Float], at first: Int, and second: Int
    ) {
        var target = rows.mutableSpan
        for column in other.indices {
            let entry = other[column]
            target[first + column] = entry
            target[second + column] = abs(one[column] - entry)
        }
    }

    /// W_p + diag(u) · W_⊙
    private func folded(_ one: Span<Float>) -> [Float] {
        var matrix = place
        var target = matrix.mutableSpan
        let factors = product.span
        for row in 0..<dimensions {
            let scale = one[row]
            for entry in row * hidden..<(row + 1) * hidden { target[entry] += scale * factors[entry] }
        }
        return matrix
    }

    /// What all rows start from: bias and u · W_u.
    private func start(_ one: Span<Float>, count: Int) -> [Float] {
        var row = firstBias
        var target = row.mutableSpan
        multiply(one, person.span, into: &target, rows: 1, columns: hidden, inner: dimensions, keep: 1)
        return Self.repeated(row, count)
    }

    private func finish(_ first: [Float], count: Int) -> [Float] {
        var values = first
        for layer in layers {
            Self.rectify(&values)
            var next = Self.repeated(layer.bias, count)
            var target = next.mutableSpan
            multiply(
                values.span, layer.weights.span, into: &target, rows: count, columns: layer.bias.count,
                inner: layer.inputs, keep: 1)
            values = next
        }
        return values
    }

    private static func rectify(_ values: inout [Float]) {
        var target = values.mutableSpan
        for index in target.indices { target[index] = 0.5 * (target[index] + abs(target[index])) }
    }

    private static func repeated(_ row: [Float], _ count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: row.count * count) { buffer, initialized in
            row.withUnsafeBufferPointer { source in
                for index in 0..<count {
                    (buffer.baseAddress! + index * row.count).initialize(
                        from: source.baseAddress!, count: row.count)
                }
            }
            initialized = count > 0 ? row.count * count : 0
        }
    }
}
