import Basics
import Testing

@testable import Influence

/// One graph of every kind of row, and the twin of each.
private func everyKind() throws -> [InfluenceGraph] {
    let base = try randomGraph(vertices: 90, edges: 700, seed: 3)
    func graph(_ chances: EdgeChances, _ model: CascadeModel = .independentCascade) throws -> InfluenceGraph {
        try InfluenceGraph(offsets: base.offsets, sources: base.sources, chances: chances, model: model)
    }
    var random = SeededRandom(seed: 5)
    let mixed = base.sources.map { _ in [0, 1, 0.01, 0.2, random.uniformFloat()][random.below(5)] }
    let rare = base.sources.map { _ in random.uniformFloat() * 0.2 }
    return [
        try graph(.weightedCascade(factor: 1)), try graph(.weightedCascade(factor: 1.4)),
        try graph(.weightedCascade(factor: 0.3)), try graph(.constant(0.05)), try graph(.constant(0.4)),
        try graph(.constant(1)), try graph(.constant(0)), try graph(.each(mixed)), try graph(.each(rare)),
        try graph(.weightedCascade(factor: 0.9), .linearThreshold),
        try graph(.each(rare.map { $0 / 5 }), .linearThreshold),
    ]
}

@Suite struct SamplingTests {
    private let pool = ComputePool(threads: 2)

    /// Expected reach of `seeds` by the share of sets they meet.
    private func estimate(_ sets: RRCollection, _ seeds: [UInt32]) -> Double {
        let met = (0..<sets.count).count { set in sets.members(of: set).contains { seeds.contains($0) } }
        return Double(met) / Double(sets.count) * Double(sets.vertices)
    }

    @Test func theSearchIsItsSlowTwinMemberByMember() throws {
        for graph in try everyKind() {
            let sampler = SetSampler(graph, threads: 1)
            let stream = SetStream(seed: 7, purpose: "twin", vertices: graph.count, roots: .uniform)
            var sets = SetPool()
            sampler.extend(&sets, to: 600, stream, on: nil)
            for set in 0..<600 { #expect(Array(sets.members(of: set)) == slowSet(graph, stream, set)) }
        }
    }

    @Test func reachingAGoalEndsTheSetAndNothingElse() throws {
        for graph in try everyKind() {
            let sampler = SetSampler(graph, threads: 2)
            let stream = SetStream(seed: 9, purpose: "goal", vertices: graph.count, roots: .uniform)
            let goals: [UInt32] = [3, 50]
            let whole = (0..<700).count { slowSet(graph, stream, $0).contains { goals.contains($0) } }
            #expect(sampler.countHits(goals, in: 0..<700, of: stream, on: pool).hits == whole)
            // The goals are people like others again.
            var sets = SetPool()
            sampler.extend(&sets, to: 256, stream, on: pool)
            for set in 0..<256 { #expect(Array(sets.members(of: set)) == slowSet(graph, stream, set)) }
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func sharesOfSetsAreTheExactReach(seed: UInt64) throws {
        let base = try randomGraph(vertices: 6, edges: 12, seed: seed)
        for chances in [base.chances, .weightedCascade(factor: 1), .weightedCascade(factor: 1.5), .constant(0.3)] {
            let graph = try InfluenceGraph(offsets: base.offsets, sources: base.sources, chances: chances)
            let sets = generateSets(graph, count: 60_000, seed: seed, pool: pool)
            for seeds in [[0], [3], [1, 4], [0, 2, 5]] as [[UInt32]] {
                // Three standard errors of a share of 60,000 sets, times six people: 0.037.
                #expect(abs(estimate(sets, seeds) - exactSpread(graph, seeds: seeds)) < 0.045)
            }
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func sharesUnderLinearThresholdAreTheExactReach(seed: UInt64) throws {
        let base = try randomGraph(vertices: 6, edges: 12, seed: seed)
        var random = SeededRandom(seed: seed)
        let weights = base.sources.map { _ in random.uniformFloat() / 5 }
        for chances in [.each(weights), .weightedCascade(factor: 1), .weightedCascade(factor: 0.6)] as [EdgeChances] {
            let graph = try InfluenceGraph(
                offsets: base.offsets, sources: base.sources, chances: chances, model: .linearThreshold)
            let sets = generateSets(graph, count: 60_000, seed: seed, pool: pool)
            let forward = ForwardCascade(graph)
            for seeds in [[0], [1, 4], [0, 2, 5]] as [[UInt32]] {
                let exact = exactThresholdSpread(graph, seeds: seeds)
                #expect(abs(estimate(sets, seeds) - exact) < 0.045)
                #expect(abs(forward.spread(of: seeds, runs: 40_000, seed: 2, pool: pool).mean - exact) < 0.04)
            }
        }
    }

    @Test(arguments: [Float(0.001), 0.03, 0.2, 0.6, 0.97, 0.9999, 1])
    func everyEdgeOfARowIsAliveWithItsChance(chance: Float) throws {
        // Forty edges alike, then one of another chance among them, which takes the other kind of row.
        for odd in [chance, chance / 2] {
            let edges = (1...40).map { TestEdge(from: UInt32($0), to: 0, probability: $0 == 40 ? odd : chance) }
            let unequal = try makeGraph(41, edges)
            let equal = try InfluenceGraph(
                offsets: unequal.offsets, sources: unequal.sources, chances: .constant(Double(chance)))
            for graph in odd == chance ? [unequal, equal] : [unequal] {
                let sets = generateSets(graph, count: 41 * 8000, roots: .inTurn, seed: 5, pool: pool)
                for friend in UInt32(1)...40 {
                    let expected = 8000 * Double(friend == 40 ? odd : chance)
                    let alive = Double(sets.sets(holding: friend).count - 8000)
                    // Four and a half standard errors; 440 comparisons.
                    let tolerance = 4.5 * (expected * (1 - Double(friend == 40 ? odd : chance))).squareRoot() + 1e-9
                    #expect(abs(alive - expected) <= tolerance)
                }
            }
        }
    }

    @Test func edgesOfARowAreIndependent() throws {
        let edges = (1...6).map { TestEdge(from: UInt32($0), to: 0, probability: 0.1 * Float($0)) }
        let sets = generateSets(try makeGraph(7, edges), count: 7 * 20_000, roots: .inTurn, seed: 1, pool: pool)
        for first in UInt32(1)...5 {
            for second in first + 1...6 {
                let both = Set(sets.sets(holding: first)).intersection(sets.sets(holding: second)).count
                let expected = 20_000 * 0.01 * Double(first * second)
                #expect(abs(Double(both) - expected) < 4.5 * expected.squareRoot())
            }
        }
    }

    @Test func rootsFollowTheirValues() throws {
        let graph = try makeGraph(4, [])
        let roots = RootRule.weighted(try RootTable(values: [0, 1, 2, 5]))
        let sets = generateSets(graph, count: 80_000, roots: roots, seed: 1, pool: pool)
        for (vertex, expected) in [0.0, 10_000, 20_000, 50_000].enumerated() {
            #expect(abs(Double(sets.sets(holding: UInt32(vertex)).count) - expected) < 500)
        }
        #expect(throws: InfluenceError.value(vertex: 1, value: -1)) { try RootTable(values: [0, -1]) }
        #expect(throws: InfluenceError.value(vertex: 0, value: 0)) { try RootTable(values: [0, 0]) }
        #expect(throws: InfluenceError.self) { try RootTable(values: [.nan]) }
    }

    @Test func certainAndImpossibleCoins() throws {
        let chain = [TestEdge(from: 0, to: 1, probability: 1), TestEdge(from: 1, to: 2, probability: 1)]
        let certain = try makeGraph(3, chain)
        let sets = generateSets(certain, count: 3, roots: .inTurn, seed: 1)
        #expect((0..<3).map { Array(sets.members(of: $0)) } == [[0], [1, 0], [2, 1, 0]])
        let impossible = try makeGraph(2, [TestEdge(from: 0, to: 1, probability: 0)])
        #expect(generateSets(impossible, count: 100, seed: 1).memberCount == 100)
    }

    @Test func ownAndRepeatedEdges() throws {
        let own = try makeGraph(
            2, [TestEdge(from: 0, to: 0, probability: 1), TestEdge(from: 1, to: 1, probability: 0.5)])
        #expect(generateSets(own, count: 100, seed: 1).memberCount == 100)
        let twice = (0..<2).map { _ in TestEdge(from: 0, to: 1, probability: 0.5) }
        let sets = generateSets(try makeGraph(2, twice), count: 40_000, roots: .inTurn, seed: 1)
        #expect(abs(Double(sets.memberCount) - 40_000 - 0.75 * 20_000) < 400)
    }

    @Test func theSameSetsForAnyNumberOfThreads() throws {
        let graph = try randomGraph(vertices: 80, edges: 400, seed: 9)
        let alone = generateSets(graph, count: 5000, seed: 3)
        for threads in [1, 2, 5] {
            #expect(generateSets(graph, count: 5000, seed: 3, pool: ComputePool(threads: threads)) == alone)
        }
        #expect(generateSets(graph, count: 5000, seed: 4, pool: pool) != alone)
    }

    @Test func growingGivesTheSameSetsAsDrawingAtOnce() throws {
        let graph = try randomGraph(vertices: 30, edges: 90, seed: 2)
        let sampler = SetSampler(graph, threads: 2)
        let stream = SetStream(seed: 8, purpose: "sets", vertices: 30, roots: .uniform)
        var grown = SetPool(), whole = SetPool()
        sampler.extend(&grown, to: 512, stream, on: nil)
        sampler.extend(&grown, to: 1300, stream, on: pool)
        sampler.extend(&whole, to: 1300, stream, on: nil)
        #expect(grown == whole && whole.count == 1300)
    }

    @Test(arguments: [1, 20, 16_384, 40_000])
    func theIndexIsTheSetsTurnedAround(vertices: Int) throws {
        let graph = try makeGraph(vertices, vertices > 1 ? [TestEdge(from: 0, to: 1, probability: 0.5)] : [])
        let sets = generateSets(graph, count: 3000, seed: 6, pool: pool)
        var holding = [[UInt32]](repeating: [], count: vertices)
        for set in 0..<3000 { for member in sets.members(of: set) { holding[Int(member)].append(UInt32(set)) } }
        for vertex in 0..<vertices { #expect(Array(sets.sets(holding: UInt32(vertex))) == holding[vertex]) }
        // Four bytes a member, a set and each of the 12 chunks; three a member on the way back and one behind the last.
        #expect(sets.bytes == 4 * (3012 + vertices + 1 + sets.memberCount) + 3 * sets.memberCount + 1)
    }

    @Test func brokenGraphsAreRefusedByName() {
        func build(
            _ offsets: [UInt32], _ sources: [UInt32], _ chances: EdgeChances,
            _ model: CascadeModel = .independentCascade
        ) -> InfluenceError? {
            do throws(InfluenceError) {
                _ = try InfluenceGraph(offsets: offsets, sources: sources, chances: chances, model: model)
                return nil
            } catch { return error }
        }
        #expect(build([], [], .each([])) == .offsets(vertex: 0))
        #expect(build([0, 2, 1, 2], [0, 1], .constant(0)) == .offsets(vertex: 1))
        #expect(build([0, 1], [0], .each([])) == .edgeCounts(offsets: 1, sources: 1, chances: 0))
        #expect(build([0, 2], [0], .constant(0)) == .edgeCounts(offsets: 2, sources: 1, chances: 1))
        #expect(build([0, 1], [1], .constant(0.5)) == .source(edge: 0, source: 1))
        #expect(build([0, 1], [0], .each([1.5])) == .probability(edge: 0, value: 1.5))
        #expect(build([0, 1], [0], .weightedCascade(factor: -1)) == .factor(-1))
        #expect(build([0, 2], [0, 0], .each([0.7, 0.7]), .linearThreshold) != nil)
        #expect(build([0, 2], [0, 0], .each([0.5, 0.5]), .linearThreshold) == nil)
        if case .probability = build([0, 1], [0], .each([.nan])) {} else { Issue.record("not a number was let in") }
        if case .probability = build([0, 1], [0], .constant(.nan)) {} else { Issue.record("not a number was let in") }
    }

    @Test(arguments: [1, 2])
    func setsOfSeveralPartsAndBlocksAreTurnedAround(threads: Int) throws {
        // 257 blocks of vertices, the last of them with few, and two parts of sets.
        let vertices = (1 << 20) + 5, count = 1_200_000
        var offsets: [UInt32] = [0], members: [UInt32] = []
        var held = [[UInt32]](repeating: [], count: vertices)
        var random = SeededRandom(seed: 5)
        for set in 0..<count {
            if set % 3 > 0 {
                let vertex = random.below(vertices)
                members.append(UInt32(vertex))
                held[vertex].append(UInt32(set))
            }
            offsets.append(UInt32(members.count))
        }
        let sets = SetPool(offsets: offsets, members: members)
        let turned = RRCollection(sets, vertices: vertices, pool: ComputePool(threads: threads))
        #expect((0..<UInt32(vertices)).allSatisfy { Array(turned.sets(holding: $0)) == held[Int($0)] })
    }

    @Test func moreSetsThanThreeBytesCanNumberAreTurnedAround() {
        let empty = SetChunk(offsets: [UInt32](repeating: 0, count: 257), members: [])
        var chunks = [SetChunk](repeating: empty, count: 1 << 16)
        chunks[7] = SetChunk(offsets: Array(0...256), members: [UInt32](repeating: 2, count: 256))
        chunks.append(SetChunk(offsets: [0, 2, 3], members: [4, 1, 4]))
        let turned = RRCollection(SetPool(chunks: chunks), vertices: 5), last = UInt32(1 << 24)
        #expect(Array(turned.sets(holding: 4)) == [last, last + 1] && Array(turned.sets(holding: 1)) == [last])
        #expect(Array(turned.sets(holding: 2)) == Array(7 * 256..<8 * 256) && turned.sets(holding: 0).isEmpty)
        #expect(turned.memberCount == 259)
    }
}
