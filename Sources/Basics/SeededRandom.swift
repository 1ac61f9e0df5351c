// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014):
// one addition and three multiply-shift rounds a draw, and independent children by purpose.
// Whoever needs randomness is given a generator; nothing in Muster asks the system for any.

/// A seeded stream of random numbers, the same on every machine and for every thread count.
@frozen package struct SeededRandom: RandomNumberGenerator, Sendable {
    @usableFromInline package var state: UInt64

    @inlinable
    package init(seed: UInt64) { state = seed }

    /// An independent generator for one purpose: `seed.child("negatives", round)`.
    /// Children of different purposes or numbers do not overlap in practice; the parent does not move.
    package func child(_ purpose: String, _ numbers: UInt64...) -> SeededRandom {
        var mixed = Self.mix(state ^ 0x6A09_E667_F3BC_C909)
        for byte in purpose.utf8 { mixed = Self.mix(mixed ^ UInt64(byte)) }
        for number in numbers { mixed = Self.mix(mixed &+ Self.mix(number &+ 0x9E37_79B9_7F4A_7C15)) }
        return SeededRandom(seed: mixed)
    }

    @inlinable
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// The finalizer alone: a good 64-bit hash of a number.
    @inlinable
    package static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1), 53 random bits.
    @inlinable
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in [0, 1), 24 random bits.
    @inlinable
    package mutating func uniformFloat() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// Uniform in 0..<bound, by Lemire's multiplication without rejection: the bias is below bound / 2^64.
    @inlinable
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "below(_:) needs a positive bound")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }
}
