// Softmax over items by cosine (Wu et al., "On the effectiveness of sampled softmax loss for item recommendation",
// TOIS 2024): for a user with items I and temperature t the loss is the mean over I of log(sum over candidates c of
// e^(cos(u, c) / t)) - cos(u, i) / t. Where BPR learns one difference at a time, a step here moves a user against
// thousands of items at once and costs three matrix products, which is what this machine does best. Cosines are
// bounded, so the largest exponent is known beforehand and no pass looks for it.
//
// The users of a step meet the candidates in blocks of a size that stays in the caches: exponentials are computed
// once, kept, and used for both gradients. Sums over blocks are in their order, whatever the number of threads.

import Basics
import Glibc
import Linalg

/// One step's users, each with all their items, against a set of candidates.
final class SoftmaxObjective {
    private let temperature: Float
    /// A user's part of the loss grows with their number of items to this power: 0 weighs users, 1 interactions.
    private let exponent: Float
    private let d: Int
    /// Unit rows of the active vertices, the gradients of those, and their lengths.
    private let units: VertexTable<Float>
    private let slopes: VertexTable<Float>
    private var lengths: [Float]
    /// Exponentials of one block of users against all candidates, tile after tile.
    private let powers: VertexTable<Float>
    private let partial: VertexTable<Float>
    private var tileSums: [Float]

    private static let usersPerBlock = 128
    private static let candidatesPerTile = 1024

    /// Room for `rows` active rows, the first `candidates` of which are candidates.
    init(rows: Int, candidates: Int, dimensions: Int, temperature: Float, exponent: Float) {
        (self.temperature, self.exponent, d) = (temperature, exponent, dimensions)
        units = VertexTable(rows: rows, columns: d)
        slopes = VertexTable(rows: rows, columns: d)
        lengths = [Float](repeating: 0, count: rows)
        let tiles = (candidates + Self.candidatesPerTile - 1) / Self.candidatesPerTile
        powers = VertexTable(rows: Self.usersPerBlock, columns: tiles * Self.candidatesPerTile)
        partial = VertexTable(rows: tiles * Self.usersPerBlock, columns: d)
        tileSums = [Float](repeating: 0, count: tiles * Self.usersPerBlock)
    }

    /// The mean loss of the users in slots `users`, whose items are in slots `items[offsets[i]..<offsets[i + 1]]`, at
    /// least one each, against the candidates in slots 0..<candidates. `gradient` becomes the gradient of all `rows`
    /// results.
    func loss(
        _ results: VertexTable<Float>, rows: Int, users: [Int], items: [Int], offsets: [Int], candidates: Int,
        into gradient: VertexTable<Float>, _ pool: ComputePool
    ) -> Double {
        normalize(results, rows, pool)
        slopes.base.update(repeating: 0, count: rows * d)
        let weights = (0..<users.count).map { Self.power(Float(offsets[$0 + 1] - offsets[$0]), exponent) }
        let total = weights.reduce(0, +)
        var loss = 0.0
        for start in stride(from: 0, to: users.count, by: Self.usersPerBlock) {
            let block = start..<min(start + Self.usersPerBlock, users.count)
            let rows = UserBlock(
                slots: Array(users[block]), weights: weights[block].map { $0 / (total * temperature) })
            let sums = self.block(rows, candidates, pool)
            for (row, index) in block.enumerated() {
                let own = Array(items[offsets[index]..<offsets[index + 1]])
                let mean = wanted(rows.slots[row], own, rows.weights[row])
                let normalizer = log(Double(sums[row])) + Double(1 / temperature)
                loss += Double(weights[index] / total) * (normalizer - Double(mean / temperature))
            }
        }
        denormalize(into: gradient, rows, pool)
        return loss
    }

    private struct UserBlock {
        var slots: [Int]
        /// Of each user's part in the gradient of cosines.
        var weights: [Float]
    }

    /// Adds the candidates' part to the slopes, and answers the sum of exponentials of each user.
    private func block(_ block: UserBlock, _ candidates: Int, _ pool: ComputePool) -> [Float] {
        let (d, count, tile) = (d, block.slots.count, Self.candidatesPerTile)
        let tiles = (candidates + tile - 1) / tile
        var rows = [Float](repeating: 0, count: count * d)
        for (row, slot) in block.slots.enumerated() {
            for column in 0..<d { rows[row * d + column] = units[slot][column] }
        }
        let (units, slopes, powers, partial, scale) = (units, slopes, powers, partial, 1 / temperature)
        var sums = [Float](repeating: 0, count: count)
        tileSums.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: a tile writes only its own sums.
            nonisolated(unsafe) let tileSums = buffer
            let left = rows
            pool.forEach(tiles) { number in
                let first = number * tile
                let width = min(tile, candidates - first)
                var part = MutableSpan(_unsafeStart: powers.base + count * first, count: count * width)
                multiplyTransposed(
                    left.span, Span(_unsafeStart: UnsafePointer(units[first]), count: width * d), into: &part,
                    rows: count, columns: width, inner: d)
                for row in 0..<count {
                    var entries = part._mutatingExtracting(row * width..<(row + 1) * width)
                    tileSums[number * count + row] = exponentiate(&entries, scale: scale, shift: scale)
                }
            }
            for number in 0..<tiles { for row in 0..<count { sums[row] += tileSums[number * count + row] } }
        }
        let factors = (0..<count).map { block.weights[$0] / sums[$0] }
        for row in 0..<count { for column in 0..<d { rows[row * d + column] *= factors[row] } }
        let scaled = rows
        pool.forEach(tiles) { number in
            let first = number * tile
            let width = min(tile, candidates - first)
            let part = powers.base + count * first
            scaled.withUnsafeBufferPointer { users in
                guard let users = users.baseAddress else { return }
                // SAFETY: a tile writes only its own candidates' slopes and its own partial sums.
                Float.product(
                    ProductShape(rows: width, columns: d, inner: count, transposesLeft: true), alpha: 1, part,
                    stride: width, users, stride: d, beta: 1, slopes[first], stride: d)
                Float.product(
                    ProductShape(rows: count, columns: d, inner: width), alpha: 1, part, stride: width, units[first],
                    stride: d, beta: 0, partial[number * count], stride: d)
            }
        }
        for number in 0..<tiles {
            for row in 0..<count {
                Float.add(partial[number * count + row], scale: factors[row], to: slopes[block.slots[row]], columns: d)
            }
        }
        return sums
    }

    /// Adds a user's own items to the slopes; answers their mean cosine.
    private func wanted(_ user: Int, _ items: [Int], _ weight: Float) -> Float {
        let part = -weight / Float(items.count)
        var mean = [Float](repeating: 0, count: d)
        mean.withUnsafeMutableBufferPointer { mean in
            guard let mean = mean.baseAddress else { return }
            for item in items {
                Float.add(units[item], scale: 1 / Float(items.count), to: mean, columns: d)
                Float.add(units[user], scale: part, to: slopes[item], columns: d)
            }
        }
        Float.add(mean, scale: -weight, to: slopes[user], columns: d)
        return dot(mean.span, Span(_unsafeStart: UnsafePointer(units[user]), count: d))
    }

    private func normalize(_ results: VertexTable<Float>, _ rows: Int, _ pool: ComputePool) {
        let (units, d) = (units, d)
        lengths.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: a row's length is written by the one piece that holds it.
            nonisolated(unsafe) let lengths = buffer
            pool.forEachPiece(of: rows) { piece in
                for row in piece {
                    let span = Span(_unsafeStart: UnsafePointer(results[row]), count: d)
                    let length = max(dot(span, span).squareRoot(), 1e-6)
                    lengths[row] = length
                    for column in 0..<d { units[row][column] = results[row][column] / length }
                }
            }
        }
    }

    /// From the gradient of unit rows to that of the rows: what points along the row goes, the rest shrinks.
    private func denormalize(into gradient: VertexTable<Float>, _ rows: Int, _ pool: ComputePool) {
        let (units, slopes, lengths, d) = (units, slopes, lengths, d)
        pool.forEachPiece(of: rows) { piece in
            for row in piece {
                let (unit, slope, target) = (units[row], slopes[row], gradient[row])
                let along = dot(
                    Span(_unsafeStart: UnsafePointer(unit), count: d),
                    Span(_unsafeStart: UnsafePointer(slope), count: d))
                for column in 0..<d { target[column] = (slope[column] - along * unit[column]) / lengths[row] }
            }
        }
    }

    private static func power(_ base: Float, _ exponent: Float) -> Float {
        exponent == 0 ? 1 : exponent == 1 ? base : Float.exponential(exponent * log(base))
    }
}
