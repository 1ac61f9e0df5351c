import Basics
import Testing

@testable import Influence

@Suite struct SamplingTests {
    private let pool = ComputePool(threads: 2)

    /// Expected reach of `seeds` by the share of sets they meet.
    private func estimate(_ sets: RRCollection, _ seeds: [UInt32]) -> Double {
        let met = (0..<sets.count).count { set in sets.members(of: set).contains { seeds.contains($0) } }
        return Double(met) / Double(sets.count) * Double(sets.vertices)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func sharesOfSetsAreTheExactReach(seed: UInt64) throws {
        let graph = try randomGraph(vertices: 6, edges: 12, seed: seed)
        let sets = generateSets(graph, count: 60_000, seed: seed, pool: pool)
        for seeds in [[0], [3], [1, 4], [0, 2, 5]] as [[UInt32]] {
            // Three standard errors of a share of 60,000 sets, times six people: 0.037.
            #expect(abs(estimate(sets, seeds) - exactSpread(graph, seeds: seeds)) < 0.04)
        }
    }

    @Test func jumpsAndPlainFlipsAgreeWithTheProbability() throws {
        // 40 equal unlikely coins are jumped over, one different coin makes the row plain.
        for last in [Float(0.03), 0.0300001] {
            let edges = (1...40).map { TestEdge(from: UInt32($0), to: 0, probability: $0 == 40 ? last : 0.03) }
            let graph = try makeGraph(41, edges)
            #expect((graph.rows[0].jump != 0) == (last == 0.03))
            let sets = generateSets(graph, count: 41 * 5000, roots: .inTurn, seed: 5, pool: pool)
            let heads = (1...40).map { sets.sets(holding: UInt32($0)).count - 5000 }
            let mean = Double(heads.reduce(0, +)) / 40
            #expect(abs(mean - 150) < 6)
            // Every coin of the row has the same chance, the first and the last ones too.
            #expect(heads.allSatisfy { abs(Double($0) - 150) < 62 })
        }
    }

    @Test func certainAndImpossibleCoins() throws {
        let chain = [TestEdge(from: 0, to: 1, probability: 1), TestEdge(from: 1, to: 2, probability: 1)]
        let certain = try makeGraph(3, chain)
        let sets = generateSets(certain, count: 3, roots: .inTurn, seed: 1)
        #expect((0..<3).map { Array(sets.members(of: $0)) } == [[0], [1, 0], [2, 1, 0]])
        let impossible = try makeGraph(2, [TestEdge(from: 0, to: 1, probability: 0)])
        #expect(generateSets(impossible, count: 100, seed: 1).memberCount == 100)
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
        var grown = FlatSets(), whole = FlatSets()
        extend(&grown, to: 512, of: graph, seed: 8, purpose: "sets", pool: nil)
        extend(&grown, to: 1300, of: graph, seed: 8, purpose: "sets", pool: pool)
        extend(&whole, to: 1300, of: graph, seed: 8, purpose: "sets", pool: nil)
        #expect(grown == whole && whole.count == 1300)
    }

    @Test func theIndexIsTheSetsTurnedAround() throws {
        let graph = try randomGraph(vertices: 20, edges: 100, seed: 6)
        let sets = generateSets(graph, count: 300, seed: 6)
        for vertex in 0..<UInt32(20) {
            let holding = (0..<UInt32(300)).filter { sets.members(of: Int($0)).contains(vertex) }
            #expect(Array(sets.sets(holding: vertex)) == holding)
        }
    }

    @Test func brokenGraphsAreRefusedByName() {
        func build(_ offsets: [UInt32], _ sources: [UInt32], _ probabilities: [Float]) -> InfluenceError? {
            do throws(InfluenceError) {
                _ = try InfluenceGraph(offsets: offsets, sources: sources, probabilities: probabilities)
                return nil
            } catch { return error }
        }
        #expect(build([], [], []) == .offsets(vertex: 0))
        #expect(build([0, 2, 1, 2], [0, 1], [0, 0]) == .offsets(vertex: 1))
        #expect(build([0, 1], [0], []) == .edgeCounts(offsets: 1, sources: 1, probabilities: 0))
        #expect(build([0, 1], [1], [0.5]) == .source(edge: 0, source: 1))
        #expect(build([0, 1], [0], [1.5]) == .probability(edge: 0, value: 1.5))
        if case .probability = build([0, 1], [0], [.nan]) {} else { Issue.record("not a number was let in") }
    }
}
