// Layer normalization (Ba, Kiros and Hinton, 2016): each row to mean zero and variance one, then a learned gain
// and shift per column. What a layer does around it, rectifying before and adding its input after, is done in the same
// pass over memory.

import Basics
import Linalg

private let blockRows = 512

/// The gradients of gain and shift are summed in so many pieces, each into a copy of its own.
private let pieces = 8

/// What a layer normalization leaves for its backward.
struct LayerNorm<Number: Scalar> {
    let x: Value
    let gain: Value
    let shift: Value
    let isRectified: Bool
    /// What was added to the result.
    let residual: Value?
    /// Mean and 1 / deviation per row.
    let statistics: UnsafeMutablePointer<Number>
    let result: Value
}

extension Tape {
    private static var floor: Number { 1e-5 }

    /// result = (x - mean) / sqrt(variance + 1e-5) · gain + shift, row by row; of max(x, 0) when rectified; plus the
    /// first rows of `residual`. `gain` and `shift` are [1, columns].
    mutating func layerNorm(
        _ x: Value, gain: Value, shift: Value, isRectified: Bool = false, adding residual: Value? = nil
    ) -> Value {
        let from = node(x)
        precondition(node(gain).count == from.columns && node(shift).count == from.columns, "one gain per column")
        if let residual {
            precondition(
                node(residual).columns == from.columns && node(residual).rows >= from.rows, "a residual has x's shape")
        }
        let result = leaf(rows: from.rows, columns: from.columns, needsGradient: true)
        let norm = LayerNorm<Number>(
            x: x, gain: gain, shift: shift, isRectified: isRectified, residual: residual,
            statistics: scratch(2 * from.rows), result: result)
        record(.layerNorm(norm))
        // SAFETY: a block writes only its own rows and statistics.
        nonisolated(unsafe) let (source, to, statistics) = (from.value, node(result).value, norm.statistics)
        nonisolated(unsafe) let (gains, shifts) = (node(gain).value, node(shift).value)
        nonisolated(unsafe) let added = residual.map { node($0).value }
        let columns = from.columns
        forEachBlock(of: from.rows, size: blockRows, on: pool) { rows in
            for row in rows {
                let (input, output) = (source + row * columns, to + row * columns)
                if isRectified {
                    for column in 0..<columns { output[column] = 0.5 * (input[column] + abs(input[column])) }
                } else {
                    output.update(from: input, count: columns)
                }
                let (mean, scale) = Self.statistics(output, columns)
                statistics[2 * row] = mean
                statistics[2 * row + 1] = scale
                for column in 0..<columns {
                    output[column] = (output[column] - mean) * scale * gains[column] + shifts[column]
                }
                guard let added else { continue }
                let more = added + row * columns
                for column in 0..<columns { output[column] += more[column] }
            }
        }
        return result
    }

    private static func statistics(_ row: UnsafePointer<Number>, _ columns: Int) -> (mean: Number, scale: Number) {
        var sum: Number = 0
        for column in 0..<columns { sum = Number.relaxedAdd(sum, row[column]) }
        let mean = sum / Number(columns)
        var squares: Number = 0
        for column in 0..<columns {
            let distance = row[column] - mean
            squares = Number.relaxedMultiplyAdd(distance, distance, squares)
        }
        return (mean, 1 / (squares / Number(columns) + floor).squareRoot())
    }

    /// With n = (x - mean) · scale and g = d result · gain: d x = scale · (g - mean(g) - n · mean(g · n)),
    /// d gain = Σ d result · n, d shift = Σ d result.
    mutating func layerNormBackward(_ norm: LayerNorm<Number>) {
        let (from, y) = (node(norm.x), node(norm.result))
        guard let change = y.gradient else { return }
        let columns = y.columns
        guard let gainTarget = gradientToAdd(norm.gain), let shiftTarget = gradientToAdd(norm.shift) else {
            preconditionFailure("gain and shift are parameters")
        }
        let target = gradientToWrite(norm.x)
        // Gain and shift, then the rows at hand of n and g, for each piece.
        let room = 4 * columns
        // SAFETY: a piece writes only its own rows and its own part of the sums.
        nonisolated(unsafe) let (sums, kept, source) = (scratch(pieces * room), norm, from.value)
        nonisolated(unsafe) let (upstream, downstream, gains) = (change, target, node(norm.gain).value)
        let size = (y.rows + pieces - 1) / pieces
        sums.update(repeating: 0, count: pieces * room)
        forEachBlock(of: y.rows, size: max(size, 1), on: pool) { rows in
            let part = sums + rows.lowerBound / size * room
            for row in rows {
                let at = row * columns
                Self.backward(
                    kept, row, source + at, upstream + at, gains, part, columns, to: downstream?.gradient, at,
                    isFresh: downstream?.isFresh ?? false)
            }
        }
        for piece in 0..<pieces {
            let part = sums + piece * room
            for column in 0..<columns {
                gainTarget[column] += part[column]
                shiftTarget[column] += part[columns + column]
            }
        }
        if let residual = norm.residual { passOn(change, rows: y.rows, to: residual) }
    }

    private static func backward(
        _ norm: LayerNorm<Number>, _ row: Int, _ input: UnsafePointer<Number>, _ upstream: UnsafePointer<Number>,
        _ gains: UnsafePointer<Number>, _ part: UnsafeMutablePointer<Number>, _ columns: Int,
        to target: UnsafeMutablePointer<Number>?, _ start: Int, isFresh: Bool
    ) {
        let (normal, g) = (part + 2 * columns, part + 3 * columns)
        let (mean, scale) = (norm.statistics[2 * row], norm.statistics[2 * row + 1])
        if norm.isRectified {
            for column in 0..<columns {
                normal[column] = (0.5 * (input[column] + abs(input[column])) - mean) * scale
            }
        } else {
            for column in 0..<columns { normal[column] = (input[column] - mean) * scale }
        }
        var (sum, sumWithNormal): (Number, Number) = (0, 0)
        // One loop for each sum: the fewer pointers, the surer it becomes vector code.
        let shifts = part + columns
        for column in 0..<columns { part[column] += upstream[column] * normal[column] }
        for column in 0..<columns { shifts[column] += upstream[column] }
        guard let target else { return }
        for column in 0..<columns { g[column] = upstream[column] * gains[column] }
        for column in 0..<columns {
            sum = Number.relaxedAdd(sum, g[column])
            sumWithNormal = Number.relaxedMultiplyAdd(g[column], normal[column], sumWithNormal)
        }
        let (meanG, meanGN) = (sum / Number(columns), sumWithNormal / Number(columns))
        let result = target + start
        for column in 0..<columns { g[column] = scale * (g[column] - meanG - normal[column] * meanGN) }
        if norm.isRectified {
            for column in 0..<columns { g[column] = input[column] > 0 ? g[column] : 0 }
        }
        if isFresh {
            result.update(from: g, count: columns)
        } else {
            for column in 0..<columns { result[column] += g[column] }
        }
    }
}
