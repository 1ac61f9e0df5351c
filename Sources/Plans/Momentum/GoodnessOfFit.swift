// Whether a process tells the truth about a cascade. Under the true process the integrals of the intensity between
// events are independent exponentials (the time rescaling theorem; Brown et al., Neural Computation 2002), which the
// test of Kolmogorov and Smirnov can doubt.

/// The test of Kolmogorov and Smirnov.
package struct KolmogorovSmirnov: Equatable, Sendable {
    /// The greatest distance between the observed and the uniform distribution.
    package let distance: Double
    /// How probable a distance at least so great is for uniform values.
    package let probability: Double

    /// Of values in 0...1 that should be uniform. The probability is the asymptotic one with the correction for small
    /// samples of Stephens (1970). O(count log count).
    package init(uniform values: [Double]) {
        let sorted = values.sorted()
        var distance = 0.0
        let count = Double(sorted.count)
        for (index, value) in sorted.enumerated() {
            distance = max(distance, value - Double(index) / count, Double(index + 1) / count - value)
        }
        self.distance = distance
        let root = count.squareRoot()
        let scaled = distance * (root + 0.12 + 0.11 / max(root, 1))
        // Σ is alternating and soon ends, but near zero it does not: there the answer is 1.
        if sorted.isEmpty || scaled < 0.2 {
            probability = 1
            return
        }
        var (sum, sign) = (0.0, 2.0)
        for term in 1...100 {
            let part = exponential(-2 * Double(term * term) * scaled * scaled)
            sum += sign * part
            sign = -sign
            if part < 1e-12 { break }
        }
        probability = min(max(sum, 0), 1)
    }

    /// Whether the process could have made the cascade.
    package init(_ process: Hawkes, _ cascade: Cascade) {
        self.init(uniform: process.compensators(cascade).map { 1 - exponential(-$0) })
    }
}
