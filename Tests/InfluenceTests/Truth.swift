import Basics

@testable import Influence

/// An edge of a small test graph.
struct TestEdge {
    let from: UInt32
    let to: UInt32
    let probability: Float
}

/// A graph from a list of edges; within a row in the order given.
func makeGraph(_ count: Int, _ edges: [TestEdge]) throws -> InfluenceGraph {
    var offsets: [UInt32] = [0]
    var sources: [UInt32] = []
    var probabilities: [Float] = []
    for vertex in 0..<count {
        for edge in edges where edge.to == UInt32(vertex) {
            sources.append(edge.from)
            probabilities.append(edge.probability)
        }
        offsets.append(UInt32(sources.count))
    }
    return try InfluenceGraph(offsets: offsets, sources: sources, probabilities: probabilities)
}

/// A random directed graph without loops; equal probabilities within a row when `weightedCascade`.
func randomGraph(vertices: Int, edges: Int, weightedCascade: Bool = false, seed: UInt64) throws -> InfluenceGraph {
    var random = SeededRandom(seed: seed)
    var list: [TestEdge] = []
    while list.count < edges {
        let from = UInt32(random.below(vertices)), to = UInt32(random.below(vertices))
        if from == to || list.contains(where: { $0.from == from && $0.to == to }) { continue }
        list.append(TestEdge(from: from, to: to, probability: random.uniformFloat() * 0.6))
    }
    if weightedCascade {
        list = list.map { edge in
            let degree = list.count { $0.to == edge.to }
            return TestEdge(from: edge.from, to: edge.to, probability: 1 / Float(degree))
        }
    }
    return try makeGraph(vertices, list)
}

/// Expected number reached, by going through every outcome of every coin. At most 16 edges and 60 vertices.
func exactSpread(_ graph: InfluenceGraph, seeds: [UInt32]) -> Double {
    let edges = graph.sources.count
    precondition(edges <= 16 && graph.count <= 60)
    var target: [Int] = []
    for vertex in 0..<graph.count {
        for _ in graph.offsets[vertex]..<graph.offsets[vertex + 1] { target.append(vertex) }
    }
    var expected = 0.0
    for outcome in 0..<(1 << edges) {
        var chance = 1.0
        for edge in 0..<edges {
            let probability = Double(graph.probabilities[edge])
            chance *= outcome >> edge & 1 == 1 ? probability : 1 - probability
        }
        var reached = seeds.reduce(0) { $0 | 1 << Int($1) }
        var before = 0
        while reached != before {
            before = reached
            for edge in 0..<edges where outcome >> edge & reached >> Int(graph.sources[edge]) & 1 == 1 {
                reached |= 1 << target[edge]
            }
        }
        expected += chance * Double(reached.nonzeroBitCount)
    }
    return expected
}

/// The best reach of any `budget` vertices, by trying all.
func exactOptimum(_ graph: InfluenceGraph, budget: Int) -> Double {
    var best = 0.0
    for mask in 0..<(1 << graph.count) where mask.nonzeroBitCount == budget {
        let seeds = (0..<graph.count).filter { mask >> $0 & 1 == 1 }.map { UInt32($0) }
        best = max(best, exactSpread(graph, seeds: seeds))
    }
    return best
}
