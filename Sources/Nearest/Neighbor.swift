/// A row of an index and how well it scored.
package struct Neighbor: Equatable, Sendable {
    package var row: UInt32
    /// The inner product with the query.
    package var score: Float

    package init(row: UInt32, score: Float) {
        self.row = row
        self.score = score
    }
}

extension Neighbor {
    /// A number that is larger for a better neighbor, better being a higher score or, in a tie, a lower row: the
    /// score's bits, turned so that they order like the score, above the row's complement. The score is not NaN.
    var key: UInt64 {
        // Adding zero makes one zero of the two.
        let bits = (score + 0).bitPattern
        let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return UInt64(ordered) << 32 | UInt64(~row)
    }

    init(key: UInt64) {
        let ordered = UInt32(truncatingIfNeeded: key >> 32)
        let bits = ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered
        self.init(row: ~UInt32(truncatingIfNeeded: key), score: Float(bitPattern: bits))
    }
}
