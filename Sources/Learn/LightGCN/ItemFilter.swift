// Which items go together, told without any training: with N = D_u^-1/2 R D_i^-1/2 the normalized interactions, P = NᵀN
// is the linear filter of the item graph, and a user's items summed over it rank what else the user's like-minded have
// (Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021, section 4: the other half of their
// ranking, beside the ideal low-pass filter of `SpectralFilter`). It sees single co-occurrences that no row of 64
// numbers can hold, so it adds to what a light model learned.
//
// What everybody has blurs such a ranking. Sharpening takes out what one more pass of the filter would make of it, as
// in Choi et al., "Blurring-sharpening process models for collaborative filtering" (SIGIR 2023), who solve a
// differential equation; its first step is enough here:
//
//   r/√n · (P - sharpness · P²) · D_i^popularity
//
// Nothing of P is stored: users in blocks of 64 are 64 columns of a table that light convolution's kernel multiplies.
// A pass over P costs two products of the interactions.

import Basics
import Linalg

/// The linear filter of who has what, or its sharpened form.
package struct ItemFilter: Scorer {
    private let graph: InteractionGraph
    private let sharpness: Float
    /// What each item's scores are multiplied with.
    private let itemScales: [Float]

    /// `popularity` is the power of an item's number of users that its scores are multiplied with.
    package init(_ graph: InteractionGraph, sharpness: Float, popularity: Float) {
        (self.graph, self.sharpness) = (graph, sharpness)
        itemScales = graph.interactions.usersPerItem.map { users in
            users == 0 ? 0 : Float.exponential(popularity * Float.logOnePlus(Float(users) - 1))
        }
    }

    package func prepared(for users: [UInt32]) -> ItemFilterScores {
        let count = graph.itemCount
        var scores = [Float](repeating: 0, count: users.count * count)
        let (table, once) = (
            VertexTable<Float>(rows: graph.vertexCount, columns: Self.usersAtOnce),
            VertexTable<Float>(rows: graph.vertexCount, columns: Self.usersAtOnce)
        )
        for start in stride(from: 0, to: users.count, by: Self.usersAtOnce) {
            let block = users[start..<min(start + Self.usersAtOnce, users.count)]
            filter(Array(block), table, once)
            for item in 0..<count {
                let vertex = Int(graph.vertexOfItem[item])
                for row in 0..<block.count {
                    let sharp = once[vertex][row] - sharpness * table[vertex][row]
                    scores[(start + row) * count + item] = itemScales[item] * sharp
                }
            }
        }
        return ItemFilterScores(users: users, itemCount: count, scores: scores)
    }

    package func score(_ users: Span<UInt32>, _ items: Range<Int>, into scores: inout MutableSpan<Float>) {
        prepared(for: users.indices.map { users[$0] }).score(users, items, into: &scores)
    }

    private static let usersAtOnce = 64

    /// `once` becomes the filter of the users' items, `table` the filter of that; items' rows, a column for each user.
    private func filter(_ users: [UInt32], _ table: VertexTable<Float>, _ once: VertexTable<Float>) {
        let links = graph.bipartite
        table.clear()
        for (column, user) in users.enumerated() {
            let list = graph.interactions[Int(user)]
            for item in list {
                let vertex = Int(graph.vertexOfItem[Int(item)])
                table[vertex][column] = links.inverseRoots[vertex] / Float(list.count).squareRoot()
            }
        }
        pass(table, into: once)
        if sharpness == 0 { return table.clear() }
        for vertex in graph.userCount..<graph.vertexCount {
            for column in 0..<Self.usersAtOnce {
                table[vertex][column] = links.inverseRoots[vertex] * once[vertex][column]
            }
        }
        pass(table, into: table)
    }

    /// From items to users and back, on this thread.
    private func pass(_ table: VertexTable<Float>, into result: VertexTable<Float>) {
        let (links, users, columns) = (graph.bipartite, graph.userCount, Self.usersAtOnce)
        let alone = ComputePool(threads: 1)
        links.multiply(table, columns: columns, 0..<users, scales: links.inverseDegrees, into: table, alone)
        links.multiply(
            table, columns: columns, users..<graph.vertexCount, scales: links.inverseRoots, into: result, alone)
    }
}

/// What a filter says of some users.
package struct ItemFilterScores: Scorer {
    fileprivate let users: [UInt32]
    fileprivate let itemCount: Int
    /// [users, items]
    fileprivate let scores: [Float]

    /// Of the users that were prepared, in their order.
    package func score(_ users: Span<UInt32>, _ items: Range<Int>, into target: inout MutableSpan<Float>) {
        precondition(users.count == self.users.count, "the users that were prepared for")
        for row in 0..<users.count {
            precondition(users[row] == self.users[row], "the users that were prepared for, in their order")
            for (column, item) in items.enumerated() {
                target[row * items.count + column] = scores[row * itemCount + item]
            }
        }
    }
}

/// One ranking and so much of another.
package struct SumScorer<First: Scorer, Second: Scorer>: Scorer {
    private let first: First
    private let second: Second
    private let weight: Float

    package init(_ first: First, _ second: Second, weight: Float) {
        (self.first, self.second, self.weight) = (first, second, weight)
    }

    package func prepared(for users: [UInt32]) -> SumScorer<First.Prepared, Second.Prepared> {
        SumScorer<First.Prepared, Second.Prepared>(
            first.prepared(for: users), second.prepared(for: users), weight: weight)
    }

    package func score(_ users: Span<UInt32>, _ items: Range<Int>, into scores: inout MutableSpan<Float>) {
        first.score(users, items, into: &scores)
        let more = [Float](unsafeUninitializedCapacity: scores.count) { buffer, count in
            buffer.initialize(repeating: 0)
            var span = buffer.mutableSpan
            second.score(users, items, into: &span)
            count = buffer.count
        }
        for index in 0..<scores.count { scores[index] += weight * more[index] }
    }
}
