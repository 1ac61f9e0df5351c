// Adam (Kingma and Ba, 2015, algorithm 1) with bias correction, and weight decay apart from the gradient
// (Loshchilov and Hutter, 2019).

import Basics
import Glibc
import Linalg

/// One step's numbers, the same for every entry it moves.
struct AdamStep {
    static let firstDecay: Float = 0.9
    static let secondDecay: Float = 0.999
    static let floor: Float = 1e-8

    /// rate / (1 - 0.9^t)
    let rate: Float
    /// 1 / sqrt(1 - 0.999^t)
    let secondScale: Float
    /// 1 - rate · decay
    let keep: Float
    /// What gradients are multiplied with, to keep them short.
    let gradientScale: Float

    /// Step `number` counts from 1.
    init(number: Int, rate: Float, decay: Float, gradientScale: Float) {
        precondition(number > 0, "Adam counts its steps from 1")
        self.rate = rate / Float(1 - pow(Double(Self.firstDecay), Double(number)))
        secondScale = Float(1 / (1 - pow(Double(Self.secondDecay), Double(number))).squareRoot())
        keep = 1 - rate * decay
        self.gradientScale = gradientScale
    }

    /// Moves `count` entries. SAFETY: each pointer has `count` entries, none overlapping another's.
    @inline(__always)
    func move(
        _ values: UnsafeMutablePointer<Float>, _ first: UnsafeMutablePointer<Float>,
        _ second: UnsafeMutablePointer<Float>, by gradient: UnsafePointer<Float>, count: Int
    ) {
        let (b1, b2) = (Self.firstDecay, Self.secondDecay)
        for index in 0..<count {
            let g = gradient[index] * gradientScale
            let m = b1 * first[index] + (1 - b1) * g
            let v = b2 * second[index] + (1 - b2) * g * g
            first[index] = m
            second[index] = v
            values[index] = keep * values[index] - rate * m / (v.root * secondScale + Self.floor)
        }
    }
}

/// The running moments of a vector that moves as a whole.
struct Moments: Equatable {
    var first: [Float]
    var second: [Float]

    init(count: Int) {
        first = [Float](repeating: 0, count: count)
        second = first
    }

    /// Moves the entries of `part`; values and gradients are whole vectors. Without a pool, on the caller's thread.
    mutating func move(
        _ values: UnsafeMutableBufferPointer<Float>, by gradient: UnsafeMutableBufferPointer<Float>,
        part: Range<Int>, _ step: AdamStep, pool: ComputePool? = nil
    ) {
        precondition(values.count == first.count && gradient.count == first.count, "moments belong to their values")
        precondition(part.lowerBound >= 0 && part.upperBound <= values.count, "a part lies inside the vector")
        first.withUnsafeMutableBufferPointer { first in
            second.withUnsafeMutableBufferPointer { second in
                guard let values = values.baseAddress, let gradient = gradient.baseAddress else { return }
                // SAFETY: all four hold `part`, the moments are as long as the values, so not empty here, and a block
                // moves only its own entries.
                nonisolated(unsafe) let (v, g) = (values + part.lowerBound, gradient + part.lowerBound)
                nonisolated(unsafe) let (m, s) = (
                    first.baseAddress! + part.lowerBound, second.baseAddress! + part.lowerBound
                )
                guard let pool else { return step.move(v, m, s, by: g, count: part.count) }
                forEachBlock(of: part.count, size: 1 << 15, on: pool) { block in
                    let start = block.lowerBound
                    step.move(v + start, m + start, s + start, by: g + start, count: block.count)
                }
            }
        }
    }
}
