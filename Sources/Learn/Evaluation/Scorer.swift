// What can be ranked: anything that scores many users against a range of items at once. Never one user at a time,
// so that a model made of inner products is one matrix product a block.

import Linalg

/// Scores of items for users; higher is better.
package protocol Scorer: Sendable {
    /// What scores a block of users, all their items, tile after tile.
    associatedtype Prepared: Scorer = Self

    /// Does for a block of users what is not done tile by tile. What comes of it is asked about exactly these.
    func prepared(for users: [UInt32]) -> Prepared

    /// Writes [users, items] row by row into `scores`, which has exactly that many entries: the score of
    /// `items.lowerBound + j` for `users[i]` at `i · items.count + j`. Must not depend on how calls cut the matrix.
    func score(_ users: Span<UInt32>, _ items: Range<Int>, into scores: inout MutableSpan<Float>)
}

extension Scorer where Prepared == Self {
    package func prepared(for users: [UInt32]) -> Self { self }
}

/// Inner products of embeddings, row-major: users [n, dimensions] and items [m, dimensions].
package struct EmbeddingScorer: Scorer {
    package let users: [Float]
    package let items: [Float]
    package let dimensions: Int

    package init(users: [Float], items: [Float], dimensions: Int) {
        precondition(dimensions > 0, "an embedding has a dimension")
        precondition(users.count % dimensions == 0 && items.count % dimensions == 0, "embeddings are whole rows")
        (self.users, self.items, self.dimensions) = (users, items, dimensions)
    }

    package func score(_ numbers: Span<UInt32>, _ range: Range<Int>, into scores: inout MutableSpan<Float>) {
        let d = dimensions
        let rows = [Float](unsafeUninitializedCapacity: numbers.count * d) { buffer, count in
            for index in 0..<numbers.count {
                let start = Int(numbers[index]) * d
                for column in 0..<d { buffer.initializeElement(at: index * d + column, to: users[start + column]) }
            }
            count = numbers.count * d
        }
        multiplyTransposed(
            rows.span, items.span.extracting(range.lowerBound * d..<range.upperBound * d), into: &scores,
            rows: numbers.count, columns: range.count, inner: d)
    }
}

/// One score per item, the same for everybody: how many users have it.
package struct PopularityScorer: Scorer {
    private let counts: [Float]

    package init(_ known: ItemLists) { counts = known.usersPerItem.map { Float($0) } }

    package func score(_ users: Span<UInt32>, _ items: Range<Int>, into scores: inout MutableSpan<Float>) {
        for row in 0..<users.count {
            for (column, item) in items.enumerated() { scores[row * items.count + column] = counts[item] }
        }
    }
}

extension EmbeddingScorer {
    /// The cosine between an item's features and the mean of the features of what a user has: a baseline that knows
    /// no other user. `features` is [items, width]; an item or a user without features scores 0.
    package static func content(_ known: ItemLists, features: [Float], width: Int) -> EmbeddingScorer {
        precondition(features.count == known.itemCount * width, "one row of features per item")
        var users = [Float](repeating: 0, count: known.userCount * width)
        for user in 0..<known.userCount {
            for item in known[user] {
                for column in 0..<width { users[user * width + column] += features[Int(item) * width + column] }
            }
        }
        var items = features
        normalizeRows(&users, width: width)
        normalizeRows(&items, width: width)
        return EmbeddingScorer(users: users, items: items, dimensions: width)
    }
}

/// Gives every row of a [rows, width] matrix length 1; rows of zeros stay zeros.
package func normalizeRows(_ matrix: inout [Float], width: Int) {
    for start in stride(from: 0, to: matrix.count, by: width) {
        let row = Array(matrix[start..<start + width])
        let length = dot(row.span, row.span).squareRoot()
        if length == 0 { continue }
        for index in start..<start + width { matrix[index] /= length }
    }
}
