import Basics
import Nearest
import World

extension SimilaritySearch {
    /// Exact search by matrix products.
    static let products = SimilaritySearch { vectors, dimensions, count, pool in
        let found = ExactIndex(vectors: vectors, dimensions: dimensions).search(
            queries: vectors.span, count: count, excluding: { [UInt32($0)] }, pool: pool)
        return found.map { neighbors in neighbors.map(\.row) }
    }
}
