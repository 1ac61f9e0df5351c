// From logits to chances that mean what they say. Platt scaling (Platt, 1999): chance = logistic(slope · logit +
// offset), fitted on groups the scorer was not trained on, by Newton's method on the two numbers. Slope alone is
// temperature scaling (Guo et al., "On calibration of modern neural networks", ICML 2017).

import Linalg

/// How logits become chances.
package struct Calibration: Equatable, Sendable {
    package var slope: Double
    package var offset: Double

    package static let identity = Calibration(slope: 1, offset: 0)

    package init(slope: Double, offset: Double) {
        self.slope = slope
        self.offset = offset
    }

    /// The most likely slope and offset, with a pull towards 1 and 0 as strong as one observation each, so that few or
    /// one-sided answers give finite numbers. Labels are 0 or 1. O(rounds · count).
    package init(fitting logits: [Float], labels: [Int8]) {
        precondition(logits.count == labels.count, "one label per logit")
        var (slope, offset) = (1.0, 0.0)
        for _ in 0..<Self.rounds {
            var (g0, g1) = (offset, slope - 1)
            var (h00, h01, h11) = (1.0, 0.0, 1.0)
            for (logit, label) in zip(logits, labels) {
                let x = Double(logit)
                let chance = logistic(slope * x + offset)
                let (miss, weight) = (chance - Double(label), chance * (1 - chance))
                g0 += miss
                g1 += miss * x
                h00 += weight
                h01 += weight * x
                h11 += weight * x * x
            }
            let determinant = h00 * h11 - h01 * h01
            let (d0, d1) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)
            // A step is held short: far from the optimum the parabola is a poor likeness.
            let shorten = min(1, 2 / max(abs(d0), abs(d1), 1e-12))
            offset -= shorten * d0
            slope -= shorten * d1
            if abs(d0) + abs(d1) < 1e-10 { break }
        }
        self.slope = slope
        self.offset = offset
    }

    private static let rounds = 60

    /// The chance of a logit, 0...1.
    package func chance(_ logit: Float) -> Double { logistic(slope * Double(logit) + offset) }
}

/// 1 / (1 + e^-x).
package func logistic(_ x: Double) -> Double { 1 / (1 + Double.exponential(-x)) }

/// How often what was said to happen with some chance happened.
package struct Reliability: Equatable, Sendable {
    /// What is known of the chances that fell into one bin.
    package struct Bin: Equatable, Sendable {
        package var count = 0
        /// Mean of the predicted chances.
        package var predicted = 0.0
        /// Share that happened.
        package var observed = 0.0

        package init(count: Int = 0, predicted: Double = 0, observed: Double = 0) {
            self.count = count
            self.predicted = predicted
            self.observed = observed
        }
    }

    /// Equally wide bins of 0...1.
    package let bins: [Bin]
    /// Expected calibration error (Naeini et al., AAAI 2015): the mean over all of |observed - predicted| of their bin.
    package let expectedError: Double

    package init(chances: [Double], labels: [Int8], bins count: Int = 15) {
        precondition(chances.count == labels.count && count > 0, "one label per chance, and bins")
        var bins = [Bin](repeating: Bin(), count: count)
        for (chance, label) in zip(chances, labels) {
            let bin = min(max(Int(chance * Double(count)), 0), count - 1)
            bins[bin].count += 1
            bins[bin].predicted += chance
            bins[bin].observed += Double(label)
        }
        for bin in bins.indices where bins[bin].count > 0 {
            bins[bin].predicted /= Double(bins[bin].count)
            bins[bin].observed /= Double(bins[bin].count)
        }
        self.init(bins: bins)
    }

    /// Takes over bins from elsewhere.
    package init(bins: [Bin]) {
        self.bins = bins
        let count = bins.reduce(0) { $0 + $1.count }
        let error = bins.reduce(0.0) { $0 + Double($1.count) * abs($1.observed - $1.predicted) }
        expectedError = count == 0 ? 0 : error / Double(count)
    }
}
