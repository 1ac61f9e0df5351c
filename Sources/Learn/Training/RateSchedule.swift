// How fast a model learns when: rates rise over the first steps, in which Adam's second moments say little yet, and
// fall later, since what is nearly right wants small steps.

package import Basics
import Glibc

/// What all learning rates are multiplied with, step by step.
package struct RateSchedule: Equatable, Sendable {
    /// How rates fall.
    package enum Fall: String, CaseIterable, Sendable {
        /// Not at all.
        case constant
        /// After `steadySteps` with the root of the steps taken: needs no end to be known.
        case root
        /// In a straight line to `share` at step `fallSteps`.
        case line
        /// Along half a cosine to `share` at step `fallSteps` (Loshchilov and Hutter, SGDR, 2017, equation 5).
        case cosine
        /// To `share` of what they were, each `fallSteps` steps.
        case step
    }

    /// Steps in which rates rise from near zero.
    package var warmUpSteps = 10
    package var fall = Fall.root
    package var steadySteps = 10
    package var fallSteps = 1000
    package var share: Float = 0.01

    package init() {}

    /// For step `number`, counted from 1.
    package func pace(step number: Int) -> Float {
        let rise = min(Float(number) / Float(max(warmUpSteps, 1)), 1)
        // How far the fall is, 0...1; it begins when the rise ends.
        let length = max(fallSteps - warmUpSteps, 1)
        let progress = Float(min(max(number - warmUpSteps, 0), length)) / Float(length)
        switch fall {
        case .constant: return rise
        case .root: return rise * (Float(steadySteps) / Float(max(number, steadySteps))).squareRoot()
        case .line: return rise * (1 - (1 - share) * progress)
        case .cosine: return rise * (share + (1 - share) * 0.5 * (1 + cosf(.pi * progress)))
        case .step: return rise * powf(share, Float((number - 1) / max(fallSteps, 1)))
        }
    }

    /// | bytes | field |
    /// | --- | --- |
    /// | 4 each | warmUpSteps, number of the fall among its cases, steadySteps, fallSteps |
    /// | 4 | share |
    package func encode(into writer: inout ByteWriter) {
        let number = Fall.allCases.firstIndex(of: fall) ?? 0
        for count in [warmUpSteps, number, steadySteps, fallSteps] { writer.put(UInt32(count)) }
        writer.put(share)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        var counts: [Int] = []
        for _ in 0..<4 { counts.append(Int(try reader.get(UInt32.self))) }
        share = try reader.getFloat()
        let steps = [counts[0], counts[2], counts[3]]
        guard steps.allSatisfy({ (1...1 << 24).contains($0) }), Fall.allCases.indices.contains(counts[1]), share >= 0,
            share <= 1
        else { throw .invalid("schedule \(counts) to \(share)") }
        (warmUpSteps, steadySteps, fallSteps) = (counts[0], counts[2], counts[3])
        fall = Fall.allCases[counts[1]]
    }
}
