// Edges as a model tells them apart. The weight of a message is a small network of its edge's features; a city has
// millions of edges, each with numbers of its own, and a step would spend most of its time weighing them. So a model
// sees quantities in 32 steps (the time spent in steps of its logarithm, a fifth apart) and counts exactly. Then there
// are at most 36,864 kinds of visits and 11,264 of friendships, in a city some thousands, each weighed once a step and
// looked up a million times.

import Glibc

/// Steps between the least and the most of a quantity.
private let levels: Float = 31

private func level(_ share: Float) -> UInt16 { UInt16((min(max(share, 0), 1) * levels).rounded()) }

extension VisitSignals {
    /// What a model sees, in 16 bits: bits 0-10 as packed in a `VisitSignalColumn`, bits 11-15 the time spent, the
    /// whole number nearest to 31/6 · log(1 + seconds), at most 31.
    package var kind: UInt16 { Self.kind(packed: packed, seconds: dwellSeconds) }

    static func kind(packed: UInt16, seconds: Float) -> UInt16 {
        packed | (seconds > 0 ? level(log1pf(seconds) / 6) : 0) << 11
    }

    /// The visit that stands for all of a kind.
    package init(kind: UInt16) { self.init(packed: kind & 0x7FF, seconds: expm1f(Float(kind >> 11) * 6 / levels)) }
}

extension VisitSignalColumn {
    /// The kind of every visit. O(visits), some nanoseconds each.
    package var kinds: [UInt16] {
        zip(packedParts, seconds).map { VisitSignals.kind(packed: $0, seconds: $1) }
    }
}

/// The 3 features of a friendship, see `FriendshipColumns`, in 14 bits: 0-4 shared interests, 5-8 meetings (0 to 10, as
/// many as change the feature), 9-13 shared neighborhoods.
package enum FriendshipKind {
    private static let meetings: Float = 10

    /// The kind of row `edge` of `features`, [edges, 3].
    package static func kind(of edge: Int, in features: Span<Float>) -> UInt16 {
        let start = edge * FriendshipColumns.count
        let met = UInt16((min(max(features[start + 1], 0), 1) * meetings).rounded())
        return level(features[start]) | met << 5 | level(features[start + 2]) << 9
    }

    /// Writes the features that stand for all friendships of a kind to 3 entries from `start` on.
    package static func features(of kind: UInt16, into features: inout MutableSpan<Float>, at start: Int) {
        features[start] = Float(kind & 31) / levels
        features[start + 1] = Float(kind >> 5 & 15) / meetings
        features[start + 2] = Float(kind >> 9 & 31) / levels
    }
}
