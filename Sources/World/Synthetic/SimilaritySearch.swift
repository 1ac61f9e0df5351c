package import Basics

/// Finds, for people by their taste, who is most like them. The world only proposes by it: whoever is found
/// is weighed again in its own arithmetic, so that two searches that find the same people make the same world.
package struct SimilaritySearch: Sendable {
    /// For each row of `vectors`, [rows, dimensions] and of Euclidean length one, up to `count` other rows with the
    /// greatest inner products, best first, ties by lower row.
    package let nearest:
        @Sendable (_ vectors: [Float], _ dimensions: Int, _ count: Int, _ pool: ComputePool) -> [[UInt32]]

    package init(
        nearest:
            @escaping @Sendable (_ vectors: [Float], _ dimensions: Int, _ count: Int, _ pool: ComputePool) ->
            [[UInt32]]
    ) {
        self.nearest = nearest
    }

    /// Compares all with all, one product after the other: O(rows² · dimensions). Enough for small worlds, and the
    /// twin of the fast ones.
    package static let plain = SimilaritySearch { vectors, dimensions, count, pool in
        let rows = vectors.count / dimensions
        return pool.map(rows) { row in
            var found: [(row: UInt32, score: Float)] = []
            for other in 0..<rows where other != row {
                var score: Float = 0
                for column in 0..<dimensions {
                    score += vectors[row * dimensions + column] * vectors[other * dimensions + column]
                }
                found.append((UInt32(other), score))
            }
            found.sort { ($1.score, $0.row) < ($0.score, $1.row) }
            return found.prefix(count).map(\.row)
        }
    }
}
