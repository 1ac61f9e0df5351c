// What one visit edge tells a model. The 12 features of an edge are computed from it when a batch needs them: stored
// as floats they would take 48 bytes an edge and say no more. In a graph it is packed further, see
// `VisitSignalColumn`.

import Glibc
import World

/// The signals of one visit, from which its edge features and its rating are computed.
///
/// | bytes | field |
/// | --- | --- |
/// | 0-3 | seconds spent, not negative |
/// | 4, 5, 6 | likes, saves, shares, each at most 255 |
/// | 7 | bit 0 attended, bits 1-2 time of day (morning, afternoon, evening, night), bit 3 weekend |
@frozen package struct VisitSignals: Sendable, Equatable, BitwiseCopyable {
    /// Seconds spent looking at the place.
    package var dwellSeconds: Float
    package var likes: UInt8
    package var saves: UInt8
    package var shares: UInt8
    /// Bit 0 attended, bits 1-2 time of day, bit 3 weekend.
    package var flags: UInt8

    /// How many features an edge has.
    package static let featureCount = 12

    /// Signals from their parts. `timeOfDay` is in 0..<4; larger counts than 255 are kept as 255.
    package init(
        dwellSeconds: Float, likes: Int, saves: Int, shares: Int, attended: Bool, timeOfDay: Int, isWeekend: Bool
    ) {
        precondition((0..<4).contains(timeOfDay), "a day has 4 parts, there is no part \(timeOfDay)")
        self.dwellSeconds = dwellSeconds
        self.likes = UInt8(clamping: likes)
        self.saves = UInt8(clamping: saves)
        self.shares = UInt8(clamping: shares)
        flags = (attended ? 1 : 0) | UInt8(timeOfDay) << 1 | (isWeekend ? 8 : 0)
    }

    /// Whether the person really went there.
    package var attended: Bool { flags & 1 != 0 }

    /// 0 morning, 1 afternoon, 2 evening, 3 night.
    package var timeOfDay: Int { Int(flags >> 1 & 3) }

    package var isWeekend: Bool { flags & 8 != 0 }

    /// How much the person liked it, in 1...5: see `Visit`.
    package var implicitRating: Float {
        Visit.implicitRating(
            dwellSeconds: dwellSeconds, likes: Int(likes), saves: Int(saves), shares: Int(shares), attended: attended)
    }

    /// Writes the 12 edge features, each in 0...1, to the 12 entries of `features` from `start` on: rating / 5,
    /// log(1 + seconds) / 6, likes / 5, saves / 3, shares / 2, attended, time of day (4 columns, one is 1),
    /// weekday and weekend (one is 1).
    package func features(into features: inout MutableSpan<Float>, at start: Int = 0) {
        features[start] = implicitRating / 5
        features[start + 1] = min(log1pf(dwellSeconds) / 6, 1)
        features[start + 2] = min(Float(likes) / 5, 1)
        features[start + 3] = min(Float(saves) / 3, 1)
        features[start + 4] = min(Float(shares) / 2, 1)
        features[start + 5] = attended ? 1 : 0
        for part in 0..<4 { features[start + 6 + part] = part == timeOfDay ? 1 : 0 }
        features[start + 10] = isWeekend ? 0 : 1
        features[start + 11] = isWeekend ? 1 : 0
    }

    /// The features of many edges at once: row i of `features` ([edges.count, 12], row-major) describes
    /// `signals[edges[i]]`.
    package static func features(
        of edges: Span<UInt32>, in signals: VisitSignalColumn, into features: inout MutableSpan<Float>
    ) {
        precondition(features.count >= edges.count * featureCount, "the features of the edges need more room")
        for index in edges.indices { signals[Int(edges[index])].features(into: &features, at: index * featureCount) }
    }
}
