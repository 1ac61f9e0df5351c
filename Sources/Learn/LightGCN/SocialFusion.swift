// The graph fusion of SocialLGN (Liao et al., Information Sciences 589, 2022, section 4.2): what a user's friends
// say, s, and what their items say, a, become next = o / |o| with o = C · [tanh(S · s), tanh(A · a)] + c. As the
// authors' code has it, |o| is the length of the whole users-times-dimensions matrix, not of one row, and the three
// maps are the same on every layer. `length` multiplies the result: 1 is the authors'.

import Basics
import Linalg

/// The numbers of a fusion, one after the other: S [d, d], A [d, d], C [d, 2d], c [d].
struct FusionWeights: Sendable {
    let d: Int
    var values: [Float]

    static func count(dimensions d: Int) -> Int { 4 * d * d + d }

    var friends: Range<Int> { 0..<d * d }
    var items: Range<Int> { d * d..<2 * d * d }
    var joint: Range<Int> { 2 * d * d..<4 * d * d }
    var bias: Range<Int> { 4 * d * d..<4 * d * d + d }

    /// Uniform within 1 / sqrt(inputs), as PyTorch starts its linear maps.
    init(dimensions d: Int, _ random: SeededRandom) {
        var random = random
        self.d = d
        let (single, double) = (1 / Float(d).squareRoot(), 1 / Float(2 * d).squareRoot())
        values = (0..<Self.count(dimensions: d)).map { index in
            (index < 2 * d * d ? single : double) * (2 * random.uniformFloat() - 1)
        }
    }
}

/// One layer's fusion: what it was given and what it keeps for its way back. Tables are [users, columns].
final class SocialFusion {
    let friends: VertexTable<Float>
    let items: VertexTable<Float>
    let next: VertexTable<Float>
    /// Both tangents side by side, [users, 2d].
    private let tangents: VertexTable<Float>
    /// Gradients of o and of the tangents' arguments.
    private let outer: VertexTable<Float>
    private let inner: VertexTable<Float>
    private let users: Int
    private let d: Int
    private let length: Float
    /// length / |o|.
    private var scale: Float = 0

    init(users: Int, dimensions d: Int, length: Float) {
        (self.users, self.d, self.length) = (users, d, length)
        (friends, items) = (VertexTable(rows: users, columns: d), VertexTable(rows: users, columns: d))
        (next, outer) = (VertexTable(rows: users, columns: d), VertexTable(rows: users, columns: d))
        (tangents, inner) = (VertexTable(rows: users, columns: 2 * d), VertexTable(rows: users, columns: 2 * d))
    }

    /// Fills `next` from `friends` and `items`.
    func forward(_ weights: FusionWeights) {
        weights.values.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, users > 0 else { return }
            // SAFETY: sizes are those of the tables and the weights.
            let side = ProductShape(rows: users, columns: d, inner: d, transposesRight: true)
            Float.product(
                side, alpha: 1, friends.base, stride: d, base + weights.friends.lowerBound, stride: d, beta: 0,
                tangents.base, stride: 2 * d)
            Float.product(
                side, alpha: 1, items.base, stride: d, base + weights.items.lowerBound, stride: d, beta: 0,
                tangents.base + d, stride: 2 * d)
            let arguments = tangents.base
            var entries = MutableSpan(_unsafeStart: arguments, count: users * 2 * d)
            takeHyperbolicTangents(&entries)
            let bias = base + weights.bias.lowerBound
            for user in 0..<users { next[user].update(from: bias, count: d) }
            Float.product(
                ProductShape(rows: users, columns: d, inner: 2 * d, transposesRight: true), alpha: 1, tangents.base,
                stride: 2 * d, base + weights.joint.lowerBound, stride: 2 * d, beta: 1, next.base, stride: d)
            let all = Span(_unsafeStart: UnsafePointer(next.base), count: users * d)
            scale = length / max(dot(all, all).squareRoot(), 1e-12)
            for index in 0..<users * d { next.base[index] *= scale }
        }
    }

    /// From the gradient of `next` in the first rows of `change`: adds to that of the weights, and replaces `friends`
    /// and `items` by the gradients of what they held.
    func back(_ change: VertexTable<Float>, _ weights: FusionWeights, _ slopes: inout [Float]) {
        let (users, d) = (users, d)
        let along = dot(
            Span(_unsafeStart: UnsafePointer(change.base), count: users * d),
            Span(_unsafeStart: UnsafePointer(next.base), count: users * d))
        let share = along / (length * length)
        for index in 0..<users * d { outer.base[index] = scale * (change.base[index] - share * next.base[index]) }
        slopes.withUnsafeMutableBufferPointer { slopes in
            weights.values.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress, let slope = slopes.baseAddress, users > 0 else { return }
                // SAFETY: sizes are those of the tables and the weights; no product's result is one of its factors.
                Float.product(
                    ProductShape(rows: d, columns: 2 * d, inner: users, transposesLeft: true), alpha: 1, outer.base,
                    stride: d, tangents.base, stride: 2 * d, beta: 1, slope + weights.joint.lowerBound, stride: 2 * d)
                let bias = slope + weights.bias.lowerBound
                for user in 0..<users { Float.add(outer[user], scale: 1, to: bias, columns: d) }
                Float.product(
                    ProductShape(rows: users, columns: 2 * d, inner: d), alpha: 1, outer.base, stride: d,
                    base + weights.joint.lowerBound, stride: 2 * d, beta: 0, inner.base, stride: 2 * d)
                for index in 0..<users * 2 * d {
                    let tangent = tangents.base[index]
                    inner.base[index] *= 1 - tangent * tangent
                }
                for (part, table) in [(weights.friends, friends), (weights.items, items)] {
                    let column = part.lowerBound == 0 ? 0 : d
                    Float.product(
                        ProductShape(rows: d, columns: d, inner: users, transposesLeft: true), alpha: 1,
                        inner.base + column, stride: 2 * d, table.base, stride: d, beta: 1, slope + part.lowerBound,
                        stride: d)
                    Float.product(
                        ProductShape(rows: users, columns: d, inner: d), alpha: 1, inner.base + column, stride: 2 * d,
                        base + part.lowerBound, stride: d, beta: 0, table.base, stride: d)
                }
            }
        }
    }
}
