// Which rows of an index a search may answer with: one bit a row, so that a filter over a whole city is a few hundred
// bytes and 64 rows are passed over by one comparison.

/// A set of rows of one index.
package struct RowMask: Sendable, Equatable {
    /// How many rows the index has.
    package private(set) var rows: Int
    /// Bit r % 64 of word r / 64 is row r.
    private(set) var words: [UInt64]

    /// The rows for which `isKept` holds.
    package init(rows: Int, keeping isKept: (Int) -> Bool) {
        self.rows = rows
        words = [UInt64](repeating: 0, count: (rows + 63) / 64)
        for row in 0..<rows where isKept(row) { words[row / 64] |= 1 << UInt64(row % 64) }
    }

    /// One more row, for an index that has grown.
    package mutating func append(_ isKept: Bool) {
        if rows % 64 == 0 { words.append(0) }
        if isKept { words[rows / 64] |= 1 << UInt64(rows % 64) }
        rows += 1
    }

    /// How many rows are kept.
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package func contains(_ row: Int) -> Bool { words[row / 64] >> UInt64(row % 64) & 1 == 1 }

    /// The rows that both keep.
    package func intersection(_ other: RowMask) -> RowMask {
        precondition(rows == other.rows, "masks of one index have one length")
        var both = self
        for word in words.indices { both.words[word] &= other.words[word] }
        return both
    }

    /// The rows that either keeps.
    package func union(_ other: RowMask) -> RowMask {
        precondition(rows == other.rows, "masks of one index have one length")
        var either = self
        for word in words.indices { either.words[word] |= other.words[word] }
        return either
    }

    /// Kept rows, ascending.
    func forEach(_ body: (UInt32) -> Void) {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(UInt32(index * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
    }
}
