// Exponentials of whole rows. A call to the C library for each entry would cost more than the matrix product that
// made it; a polynomial without branches becomes vector code.

import CRelaxed

/// Replaces each entry x by e^(scale · x - shift) and answers their sum. Exponents below -80 count as -80, above 80
/// as 80. Relative error of an entry below 1e-5, below 1e-6 near 0; the sum is relaxed. About half a nanosecond an
/// entry.
package func exponentiate(_ entries: inout MutableSpan<Float>, scale: Float, shift: Float) -> Float {
    entries.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return 0 }
        var sum: Float = 0
        for index in 0..<buffer.count {
            let value = exponential(relaxed_multiply_add(base[index], scale, -shift))
            base[index] = value
            sum = relaxed_add(sum, value)
        }
        return sum
    }
}

/// 2^n · 2^f, where n is the nearest whole number to x · log2(e) and 2^f, |f| <= 1/2, its Taylor series to degree 6.
@inline(__always)
private func exponential(_ x: Float) -> Float {
    let bounded = max(-80, min(80, x))
    let power = bounded * 1.442_695_04
    // Adding 1.5 · 2^23 rounds to a whole number, which then stands in the lowest bits.
    let shifted = power + 12_582_912
    let fraction = power - (shifted - 12_582_912)
    var series: Float = 1.540_353_04e-4
    series = relaxed_multiply_add(series, fraction, 1.333_355_82e-3)
    series = relaxed_multiply_add(series, fraction, 9.618_129_11e-3)
    series = relaxed_multiply_add(series, fraction, 5.550_410_87e-2)
    series = relaxed_multiply_add(series, fraction, 2.402_265_07e-1)
    series = relaxed_multiply_add(series, fraction, 6.931_471_82e-1)
    series = relaxed_multiply_add(series, fraction, 1)
    return Float(bitPattern: series.bitPattern &+ shifted.bitPattern << 23)
}

/// Replaces each entry by its hyperbolic tangent. Relative error below 2e-6.
package func takeHyperbolicTangents(_ entries: inout MutableSpan<Float>) {
    entries.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for index in 0..<buffer.count {
            let x = base[index]
            let far = 1 - 2 / (exponential(2 * x) + 1)
            // Near zero the difference above loses its digits and the series has all of them.
            let square = x * x
            let near = x * (1 + square * (-0.333_333_333 + square * (0.133_333_333 - square * 0.053_968_254)))
            base[index] = square < 0.04 ? near : far
        }
    }
}
