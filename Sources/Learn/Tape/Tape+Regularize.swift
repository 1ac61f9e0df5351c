// Dropout, and the exponential that turns any number into a weight.

import Basics
import Linalg

private let blockEntries = 1 << 16

/// Which entries are dropped: a hash of the key and the entry's number says it, so that no mask is stored.
struct Dropout {
    let key: UInt32
    let rate: Float

    /// For another value of the same step.
    var next: Dropout { Dropout(key: key &* 0x9E37_79B1 &+ 1, rate: rate) }

    /// Entries with a hash below are dropped.
    fileprivate var bound: UInt32 { UInt32(rate * 0x1p32) }

    /// Two rounds of multiply and shift (Wellons, "Prospecting for hash functions", 2018).
    @inline(__always)
    fileprivate func hash(_ entry: Int) -> UInt32 {
        // Spread first: keys are small, and of two steps one mask must not be the other with neighbors swapped.
        var x = UInt32(truncatingIfNeeded: entry) &* 0x9E37_79B1 ^ key
        x = (x ^ x >> 16) &* 0x7FEB_352D
        x = (x ^ x >> 15) &* 0x846C_A68B
        return x ^ x >> 16
    }
}

extension Tape {
    /// x = x / (1 - rate), or 0 for a share `rate` of the entries, in place (Srivastava et al., 2014). What made x must
    /// not read its result going backward.
    mutating func dropout(_ x: Value, _ dropout: Dropout) {
        precondition(dropout.rate >= 0 && dropout.rate < 1, "a share of entries is dropped, never all")
        if dropout.rate == 0 { return }
        record(.dropout(dropout, x))
        drop(node(x).value, count: node(x).count, dropout)
    }

    mutating func dropoutBackward(_ dropout: Dropout, _ x: Value) {
        guard let gradient = node(x).gradient else { return }
        drop(gradient, count: node(x).count, dropout)
    }

    private func drop(_ entries: UnsafeMutablePointer<Number>, count: Int, _ dropout: Dropout) {
        // SAFETY: a block writes only its own entries.
        nonisolated(unsafe) let target = entries
        let (bound, scale) = (dropout.bound, 1 / (1 - Number(dropout.rate)))
        forEachBlock(of: count, size: blockEntries, on: pool) { range in
            for index in range { target[index] = dropout.hash(index) < bound ? 0 : target[index] * scale }
        }
    }

    /// x = e^x, in place.
    mutating func exponential(_ x: Value) {
        record(.exponential(x))
        let y = node(x)
        for index in 0..<y.count { y.value[index] = Number.exponential(y.value[index]) }
    }

    mutating func exponentialBackward(_ x: Value) {
        let y = node(x)
        guard let gradient = y.gradient else { return }
        for index in 0..<y.count { gradient[index] *= y.value[index] }
    }
}
