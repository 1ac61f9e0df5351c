// Who moves whom. An edge u -> v with chance p says: when u comes, v comes because of u with chance p, once,
// independently of everything else (independent cascade, Kempe, Kleinberg and Tardos 2003, section 2); under linear
// threshold, v comes when the weights of those who came pass a threshold of v's own, uniform in 0...1. Edges are
// stored at their target, because every question asked here is "who could have caused this person to come", never
// "whom could this person cause".

package import Graph

/// How people move each other.
package enum CascadeModel: Sendable {
    /// Each friend who comes tries once, independently.
    case independentCascade
    /// Friends' weights add up against a threshold; the weights of a row sum to at most 1.
    case linearThreshold
}

/// The chances (or weights) of the edges.
package enum EdgeChances: Sendable {
    /// `factor` / in-degree of the target, at most 1. With factor 1 everybody is brought by one other on average,
    /// however many there are (weighted cascade, Kempe et al. 2003, section 5).
    case weightedCascade(factor: Double)
    /// The same for every edge, in 0...1.
    case constant(Double)
    /// One per edge, in the order of the sources, each in 0...1.
    case each([Float])

    /// Chance of one edge whose target has `degree` in-edges.
    @inline(__always)
    package func chance(edge: Int, degree: Int) -> Double {
        switch self {
        case .weightedCascade(let factor): min(factor / Double(degree), 1)
        case .constant(let chance): chance
        case .each(let chances): Double(chances[edge])
        }
    }
}

/// What a graph is given as.
struct GraphParts {
    let offsets: [UInt32]
    let sources: [UInt32]
    let chances: EdgeChances
    let model: CascadeModel
}

/// Directed influence edges in CSR over their targets, checked once so that sampling need not check again.
package struct InfluenceGraph: Sendable {
    /// In-edges of vertex v are offsets[v]..<offsets[v + 1]; starts at 0, never falls, count + 1 entries.
    package let offsets: [UInt32]
    /// Per edge: the vertex that influences. A vertex may repeat in a row, its chances are independent; one's own edge
    /// changes nothing.
    package let sources: [UInt32]
    package let chances: EdgeChances
    package let model: CascadeModel
    /// How each vertex's edges are drawn.
    let coins: CoinTable

    /// Number of vertices.
    package var count: Int { offsets.count - 1 }

    /// Checks shapes and ranges and prepares the rows. O(vertices + edges).
    /// Errors: `InfluenceError` naming the first row or edge that breaks a rule.
    package init(
        offsets: [UInt32], sources: [UInt32], chances: EdgeChances, model: CascadeModel = .independentCascade
    ) throws(InfluenceError) {
        let parts = GraphParts(offsets: offsets, sources: sources, chances: chances, model: model)
        try parts.check()
        self.offsets = offsets
        self.sources = sources
        self.chances = chances
        self.model = model
        coins = CoinTable(parts)
    }

    /// Weighted cascade on a city's friendships. Vertices are the city's local persons, residents and halo.
    package static func weightedCascade(
        of graph: CityGraph, model: CascadeModel = .independentCascade
    ) -> InfluenceGraph {
        do {
            return try InfluenceGraph(
                offsets: graph.socialOffsets, sources: graph.socialNeighbors, chances: .weightedCascade(factor: 1),
                model: model)
        } catch {
            preconditionFailure("a city graph breaks its own invariant: \(error)")
        }
    }

    /// Chance of one of `vertex`'s in-edges.
    @inline(__always)
    package func chance(of edge: Int, into vertex: Int) -> Double {
        chances.chance(edge: edge, degree: Int(offsets[vertex + 1] - offsets[vertex]))
    }
}

/// Chances as weights of a linear threshold: a row that sums to more than 1 is scaled down to 1. O(edges).
package func thresholdWeights(_ chances: [Float], offsets: [UInt32]) -> [Float] {
    var weights = chances
    for vertex in 0..<offsets.count - 1 {
        let row = Int(offsets[vertex])..<Int(offsets[vertex + 1])
        var sum = 0.0
        for edge in row { sum += Double(weights[edge]) }
        if sum > 1 { for edge in row { weights[edge] = Float(Double(weights[edge]) / sum) } }
    }
    return weights
}

extension GraphParts {
    func check() throws(InfluenceError) {
        guard let end = offsets.last, offsets[0] == 0 else { throw .offsets(vertex: 0) }
        guard Int(end) == sources.count else {
            throw .edgeCounts(offsets: Int(end), sources: sources.count, chances: sources.count)
        }
        if case .each(let chances) = chances, chances.count != sources.count {
            throw .edgeCounts(offsets: Int(end), sources: sources.count, chances: chances.count)
        }
        let count = offsets.count - 1
        for vertex in 0..<count where offsets[vertex] > offsets[vertex + 1] { throw .offsets(vertex: vertex) }
        var greatest: UInt32 = 0
        for source in sources { greatest = max(greatest, source) }
        if Int(greatest) >= count, let edge = sources.firstIndex(where: { Int($0) >= count }) {
            throw .source(edge: edge, source: sources[edge])
        }
        switch chances {
        case .weightedCascade(let factor):
            guard factor >= 0, factor < .infinity else { throw .factor(factor) }
        case .constant(let chance):
            guard chance >= 0, chance <= 1 else { throw .probability(edge: 0, value: Float(chance)) }
        case .each(let chances):
            for edge in chances.indices where !(chances[edge] >= 0 && chances[edge] <= 1) {
                throw .probability(edge: edge, value: chances[edge])
            }
        }
        if model == .linearThreshold { try checkSums() }
    }

    /// Under linear threshold the weights of a row sum to at most 1, a last bit of rounding per edge aside.
    private func checkSums() throws(InfluenceError) {
        for vertex in 0..<offsets.count - 1 {
            let range = Int(offsets[vertex])..<Int(offsets[vertex + 1])
            var sum = 0.0
            for edge in range { sum += chances.chance(edge: edge, degree: range.count) }
            guard sum <= 1 + 1e-7 * Double(range.count + 1) else { throw .thresholdSum(vertex: vertex, sum: sum) }
        }
    }
}
