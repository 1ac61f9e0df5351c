// Who moves whom. An edge u -> v with probability p says: when u comes, v comes because of u with
// probability p, once, independently of everything else (independent cascade, Kempe, Kleinberg and
// Tardos 2003). Edges are stored at their target, because every question asked here is "who could have
// caused this person to come", never "whom could this person cause".
//
// Two ways to flip a row of coins. One draw per in-edge costs in proportion to the in-degree. Where all
// coins of a row are equal, the distance to the next success is geometric, and one logarithm jumps over
// all failures before it (SUBSIM, Guo et al. 2020). A logarithm costs some draws, so a row of few coins or
// of likely ones is flipped plainly even when its probabilities are equal; the choice is made once, here.

package import Graph

/// Directed influence edges in CSR over their targets, checked once so that sampling need not check again.
package struct InfluenceGraph: Sendable {
    /// In-edges of vertex v are offsets[v]..<offsets[v + 1]; starts at 0, never falls, count + 1 entries.
    package let offsets: [UInt32]
    /// Per edge: the vertex that influences. A vertex may repeat in a row; its chances are independent.
    package let sources: [UInt32]
    /// Per edge: chance in 0...1 that the source's coming brings the target.
    package let probabilities: [Float]
    /// Per vertex: where its coins lie and how they are flipped.
    let rows: [CoinRow]

    /// Number of vertices.
    package var count: Int { rows.count }

    /// Checks shapes and ranges and prepares the rows. O(vertices + edges).
    /// Errors: `InfluenceError` naming the first row or edge that breaks a rule.
    package init(
        offsets: [UInt32], sources: [UInt32], probabilities: [Float]
    ) throws(InfluenceError) {
        guard let end = offsets.last, offsets[0] == 0 else { throw .offsets(vertex: 0) }
        guard Int(end) == sources.count, sources.count == probabilities.count else {
            throw .edgeCounts(offsets: Int(end), sources: sources.count, probabilities: probabilities.count)
        }
        let count = offsets.count - 1
        for vertex in 0..<count where offsets[vertex] > offsets[vertex + 1] { throw .offsets(vertex: vertex) }
        for edge in sources.indices {
            guard Int(sources[edge]) < count else { throw .source(edge: edge, source: sources[edge]) }
            guard probabilities[edge] >= 0, probabilities[edge] <= 1 else {
                throw .probability(edge: edge, value: probabilities[edge])
            }
        }
        self.offsets = offsets
        self.sources = sources
        self.probabilities = probabilities
        rows = (0..<count).map { vertex in
            let range = Int(offsets[vertex])..<Int(offsets[vertex + 1])
            return CoinRow(start: range.lowerBound, coins: probabilities[range])
        }
    }

    /// Weighted cascade (Kempe et al. 2003): each in-edge of v has probability 1 / (v's in-edges), so that everybody
    /// is brought by one other on average, however many there are. Errors: as `init`. O(vertices + edges).
    package static func weightedCascade(
        offsets: [UInt32], sources: [UInt32]
    ) throws(InfluenceError) -> InfluenceGraph {
        var probabilities = [Float](repeating: 0, count: sources.count)
        for vertex in 0..<max(offsets.count - 1, 0) {
            // Rows that are none are left to `init`, which says so.
            let (start, end) = (Int(offsets[vertex]), Int(offsets[vertex + 1]))
            guard start < end, end <= sources.count else { continue }
            for edge in start..<end { probabilities[edge] = 1 / Float(end - start) }
        }
        return try InfluenceGraph(offsets: offsets, sources: sources, probabilities: probabilities)
    }

    /// Weighted cascade on a city's friendships. Vertices are the city's local persons, residents and halo.
    package static func weightedCascade(of graph: CityGraph) -> InfluenceGraph {
        do {
            return try weightedCascade(offsets: graph.socialOffsets, sources: graph.socialNeighbors)
        } catch {
            preconditionFailure("a city graph breaks its own invariant: \(error)")
        }
    }
}

/// One vertex's coins: 16 bytes, so that a landing of the search costs one cache line before its edges.
struct CoinRow: Sendable, BitwiseCopyable {
    let start: UInt32
    /// Zero also where every coin is impossible.
    let degree: UInt32
    /// 1 / ln(1 - p) where geometric jumps pay, else 0: flip each coin.
    let jump: Double

    /// Draws that cost as much as one logarithm with its draw (measured: about 1 and 6 nanoseconds).
    private static let drawsPerJump = 6.0

    init(start: Int, coins: ArraySlice<Float>) {
        self.start = UInt32(start)
        let first = coins.first ?? 0
        let areEqual = coins.allSatisfy { $0 == first }
        degree = areEqual && first == 0 ? 0 : UInt32(coins.count)
        let jumps = 1 + Double(first) * Double(coins.count)
        let pays = areEqual && first > 0 && jumps * Self.drawsPerJump < Double(coins.count)
        jump = pays ? 1 / naturalLogarithm(1 - Double(first)) : 0
    }
}
