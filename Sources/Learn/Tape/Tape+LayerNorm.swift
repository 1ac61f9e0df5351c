// Layer normalization (Ba, Kiros and Hinton, 2016): each row to mean zero and variance one, then a learned gain
// and shift per column.

import Basics
import Linalg

private let blockRows = 512

/// What a layer normalization leaves for its backward.
struct LayerNorm<Number: Scalar> {
    let x: Value
    let gain: Value
    let shift: Value
    /// Mean and 1 / deviation per row.
    let statistics: UnsafeMutablePointer<Number>
    let result: Value
}

extension Tape {
    private static var floor: Number { 1e-5 }

    /// result = (x - mean) / sqrt(variance + 1e-5) · gain + shift, row by row. `gain` and `shift` are [1, columns].
    mutating func layerNorm(_ x: Value, gain: Value, shift: Value) -> Value {
        let from = node(x)
        precondition(node(gain).count == from.columns && node(shift).count == from.columns, "one gain per column")
        let result = leaf(rows: from.rows, columns: from.columns, needsGradient: true)
        let norm = LayerNorm<Number>(x: x, gain: gain, shift: shift, statistics: scratch(2 * from.rows), result: result)
        record(.layerNorm(norm))
        // SAFETY: a block writes only its own rows and statistics.
        nonisolated(unsafe) let (source, to, statistics) = (from.value, node(result).value, norm.statistics)
        nonisolated(unsafe) let (gains, shifts) = (node(gain).value, node(shift).value)
        let columns = from.columns
        forEachBlock(of: from.rows, size: blockRows, on: pool) { rows in
            for row in rows {
                let (input, output) = (source + row * columns, to + row * columns)
                let (mean, scale) = Self.statistics(input, columns)
                statistics[2 * row] = mean
                statistics[2 * row + 1] = scale
                for column in 0..<columns {
                    output[column] = (input[column] - mean) * scale * gains[column] + shifts[column]
                }
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
        let gains = node(norm.gain).value
        let target = gradientToAdd(norm.x)
        let gainTarget = gradientToAdd(norm.gain)
        let shiftTarget = gradientToAdd(norm.shift)
        let (normal, g) = (scratch(columns), scratch(columns))
        for row in 0..<y.rows {
            let (input, upstream) = (from.value + row * columns, change + row * columns)
            let (mean, scale) = (norm.statistics[2 * row], norm.statistics[2 * row + 1])
            var (sum, sumWithNormal): (Number, Number) = (0, 0)
            for column in 0..<columns {
                normal[column] = (input[column] - mean) * scale
                g[column] = upstream[column] * gains[column]
            }
            for column in 0..<columns {
                sum = Number.relaxedAdd(sum, g[column])
                sumWithNormal = Number.relaxedMultiplyAdd(g[column], normal[column], sumWithNormal)
            }
            if let gainTarget, let shiftTarget {
                for column in 0..<columns {
                    gainTarget[column] += upstream[column] * normal[column]
                    shiftTarget[column] += upstream[column]
                }
            }
            guard let target else { continue }
            let part = target + row * columns
            let (meanG, meanGN) = (sum / Number(columns), sumWithNormal / Number(columns))
            for column in 0..<columns {
                part[column] += scale * (g[column] - meanG - normal[column] * meanGN)
            }
        }
    }
}
