import Basics

@testable import Influence

/// An edge of a small test graph.
struct TestEdge {
    let from: UInt32
    let to: UInt32
    let probability: Float
}

/// A graph from a list of edges; within a row in the order given.
func makeGraph(
    _ count: Int, _ edges: [TestEdge], model: CascadeModel = .independentCascade
) throws -> InfluenceGraph {
    var offsets: [UInt32] = [0]
    var sources: [UInt32] = []
    var chances: [Float] = []
    for vertex in 0..<count {
        for edge in edges where edge.to == UInt32(vertex) {
            sources.append(edge.from)
            chances.append(edge.probability)
        }
        offsets.append(UInt32(sources.count))
    }
    return try InfluenceGraph(offsets: offsets, sources: sources, chances: .each(chances), model: model)
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
    precondition(edges <= 16 && graph.count <= 60 && graph.model == .independentCascade)
    var target: [Int] = []
    for vertex in 0..<graph.count {
        for _ in graph.offsets[vertex]..<graph.offsets[vertex + 1] { target.append(vertex) }
    }
    var expected = 0.0
    for outcome in 0..<(1 << edges) {
        var chance = 1.0
        for edge in 0..<edges {
            let probability = graph.chance(of: edge, into: target[edge])
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

/// Expected number reached under linear threshold: every way in which each vertex has one live in-edge or none.
func exactThresholdSpread(_ graph: InfluenceGraph, seeds: [UInt32]) -> Double {
    precondition(graph.model == .linearThreshold && graph.count <= 60)
    var choices = [Int?](repeating: nil, count: graph.count)
    func expected(from vertex: Int, _ chance: Double) -> Double {
        if chance == 0 { return 0 }
        if vertex == graph.count {
            var reached = seeds.reduce(0) { $0 | 1 << Int($1) }
            for _ in 0..<graph.count {
                for (target, edge) in choices.enumerated() {
                    if let edge, reached >> Int(graph.sources[edge]) & 1 == 1 { reached |= 1 << target }
                }
            }
            return chance * Double(reached.nonzeroBitCount)
        }
        var sum = 0.0, left = 1.0
        for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
            let weight = graph.chance(of: edge, into: vertex)
            choices[vertex] = edge
            sum += expected(from: vertex + 1, chance * weight)
            left -= weight
        }
        choices[vertex] = nil
        return sum + expected(from: vertex + 1, chance * max(left, 0))
    }
    return expected(from: 0, 1)
}

/// The twin of the search: set `set` of a stream, one vertex after the other, by the definition of the coins. It ends
/// at a goal and does not enter walls.
func slowSet(
    _ graph: InfluenceGraph, _ stream: SetStream, _ set: Int, goals: [UInt32] = [], walls: Set<UInt32> = []
) -> [UInt32] {
    let key = stream.key(of: set)
    var queue = [stream.root(of: set, key: key)]
    var members: [UInt32] = []
    var next = 0
    while next < queue.count {
        let vertex = queue[next]
        next += 1
        if members.contains(vertex) || walls.contains(vertex) { continue }
        members.append(vertex)
        if goals.contains(vertex) { break }
        queue += liveSources(graph, key: key, vertex: vertex)
    }
    return members
}

/// Whom a vertex's live in-edges come from, in the order in which they ring.
private func liveSources(_ graph: InfluenceGraph, key: UInt64, vertex: UInt32) -> [UInt32] {
    let row = graph.coins.rows[Int(vertex)], tail = graph.coins.tails[Int(row.coin)]
    let coins = SetStream.coins(key: key, vertex: vertex)
    let isEqual = graph.coins.slots.isEmpty
    func source(_ random: UInt64) -> UInt32 {
        let (place, rest) = random.multipliedFullWidth(by: UInt64(row.degree))
        if isEqual { return graph.sources[Int(row.edges) + Int(((random >> 32) * UInt64(row.degree)) >> 32)] }
        let slot = graph.coins.slots[Int(row.edges) + Int(place)]
        return rest >> 40 < slot.keep ? slot.source : slot.other
    }
    func rings(_ random: UInt64) -> Int { (0..<20).count { random >> 33 >= tail.thresholds[$0] } }
    var random = SeededRandom(seed: coins)
    switch tail.kind {
    case .goal: return []
    case .single:
        return (Int(row.edges)..<Int(row.edges + row.degree)).compactMap { edge in
            let chance = isEqual ? tail.chance : graph.coins.slots[edge].keep
            let draw: UInt64 = random.next() >> 33
            return draw < UInt64(chance) ? (isEqual ? graph.sources[edge] : graph.coins.slots[edge].source) : nil
        }
    case .repeated:
        return (0..<tail.repeats).flatMap { _ in (0..<rings(random.next())).map { _ in source(random.next()) } }
    case .counted:
        let first = [
            isEqual ? coins << 32 : SetStream.choice(coins), SetStream.secondChoice(coins),
            SetStream.thirdChoice(coins),
        ]
        return (0..<rings(coins)).map { $0 < 3 ? source(first[$0]) : source(random.next()) }
    }
}
