// Operations that follow indices: picking rows, and averaging the rows that send messages to each target.

import Basics
import Linalg

private let blockRows = 512

/// What a weighted mean over segments leaves for its backward.
struct SegmentMean<Number: Scalar> {
    let x: Value
    let weights: Value
    let offsets: UnsafePointer<UInt32>
    let sources: UnsafePointer<UInt32>
    /// 1 / (sum of weights + floor) per target.
    let scales: UnsafeMutablePointer<Number>
    let result: Value
}

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

    /// sum[i] += x[rows[i]], in place. What made `sum` must not read its result going backward.
    mutating func addRows(_ x: Value, rows: [UInt32], to sum: Value) {
        let (from, to) = (node(x), node(sum))
        precondition(from.columns == to.columns && rows.count == to.rows, "one row is added to each")
        precondition(rows.allSatisfy { Int($0) < from.rows }, "an added row exists")
        let kept = keep(rows)
        record(.gather(x, rows: kept, result: sum))
        // SAFETY: a block writes only its own rows of the sum.
        nonisolated(unsafe) let (source, target, numbers) = (from.value, to.value, kept)
        let columns = from.columns
        forEachBlock(of: to.rows, size: blockRows, on: pool) { block in
            for row in block {
                let (part, added) = (target + row * columns, source + Int(numbers[row]) * columns)
                for column in 0..<columns { part[column] += added[column] }
            }
        }
    }

    /// Keeps a target whose weights vanish from dividing by zero.
    private static var floor: Number { 0.001 }

    /// result[t] = Σ weights[e] · x[sources[e]] / (Σ weights[e] + 0.001) over e in offsets[t]..<offsets[t + 1].
    /// A target without messages gets zeros. `weights` is [edges, 1], not negative.
    mutating func segmentMean(_ x: Value, weights: Value, offsets: [UInt32], sources: [UInt32]) -> Value {
        let (from, weight, targets) = (node(x), node(weights), offsets.count - 1)
        precondition(targets >= 0 && Int(offsets[targets]) == sources.count, "offsets end where the messages end")
        precondition(weight.count >= sources.count, "every message has a weight")
        precondition(sources.allSatisfy { Int($0) < from.rows }, "a message comes from a row that exists")
        let result = leaf(rows: targets, columns: from.columns, needsGradient: true)
        let mean = SegmentMean<Number>(
            x: x, weights: weights, offsets: keep(offsets), sources: keep(sources), scales: scratch(targets),
            result: result)
        record(.segmentMean(mean))
        // SAFETY: a block writes only its own targets' rows and scales.
        nonisolated(unsafe) let (values, edge, to) = (from.value, weight.value, node(result).value)
        nonisolated(unsafe) let kept = mean
        let columns = from.columns
        forEachBlock(of: targets, size: blockRows, on: pool) { block in
            for target in block {
                Self.mean(kept, target, values, edge, to + target * columns, columns)
            }
        }
        return result
    }

    private static func mean(
        _ mean: SegmentMean<Number>, _ target: Int, _ x: UnsafePointer<Number>, _ weights: UnsafePointer<Number>,
        _ row: UnsafeMutablePointer<Number>, _ columns: Int
    ) {
        row.update(repeating: 0, count: columns)
        var total = floor
        for edge in Int(mean.offsets[target])..<Int(mean.offsets[target + 1]) {
            let (source, weight) = (x + Int(mean.sources[edge]) * columns, weights[edge])
            total += weight
            for column in 0..<columns { row[column] += weight * source[column] }
        }
        let scale = 1 / total
        mean.scales[target] = scale
        for column in 0..<columns { row[column] *= scale }
    }

    /// With g = d result[t] · scale: d x[source] += weight · g and d weight = g · (x[source] - result[t]).
    /// Serial over edges, since sources repeat; the order of its sums is the order of the edges.
    mutating func segmentMeanBackward(_ mean: SegmentMean<Number>) {
        let y = node(mean.result)
        guard let change = y.gradient else { return }
        let (from, weights) = (node(mean.x), node(mean.weights))
        let columns = y.columns
        let target = gradientToAdd(mean.x)
        let weightTarget = gradientToAdd(mean.weights)
        let g = scratch(columns)
        for row in 0..<y.rows {
            let (scale, result) = (mean.scales[row], y.value + row * columns)
            for column in 0..<columns { g[column] = change[row * columns + column] * scale }
            var onResult: Number = 0
            for column in 0..<columns { onResult = Number.relaxedMultiplyAdd(g[column], result[column], onResult) }
            for edge in Int(mean.offsets[row])..<Int(mean.offsets[row + 1]) {
                let (start, weight) = (Int(mean.sources[edge]) * columns, weights.value[edge])
                if let target {
                    let part = target + start
                    for column in 0..<columns { part[column] += weight * g[column] }
                }
                if let weightTarget {
                    let source = from.value + start
                    var sum: Number = 0
                    for column in 0..<columns { sum = Number.relaxedMultiplyAdd(g[column], source[column], sum) }
                    weightTarget[edge] += sum - onResult
                }
            }
        }
    }
}
