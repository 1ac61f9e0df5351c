// Friendships become edges: each stands in the row of both friends, with the same three features.

import Basics

/// The social relation of a city, both directions.
struct SocialEdges {
    var offsets: [UInt32] = [0]
    var neighbors: [UInt32] = []
    /// [edges, 3]
    var features: [Float] = []
    /// Friendships with a missing end, or of a person with itself.
    var skipped = 0
}
