import Basics
import Testing

@testable import Influence

@Suite struct MaximizationTests {
    private let pool = ComputePool(threads: 2)

    @Test(arguments: 1...6 as ClosedRange<UInt64>, [1, 2, 3])
    func theCertificateIsNeverAboveTheTruth(seed: UInt64, budget: Int) throws {
        let graph = try randomGraph(vertices: 7, edges: 13, seed: seed)
        let options = try InfluenceOptions(budget: budget, failure: 1e-6, seed: seed)
        let result = maximizeInfluence(graph, options: options, pool: pool)
        let reached = exactSpread(graph, seeds: result.seeds)
        let truth = reached / exactOptimum(graph, budget: budget)
        #expect(result.certifiedRatio <= truth + 1e-12)
        #expect(result.certifiedRatio >= 0.632 - 0.1)
        #expect(result.seeds.count == budget && Set(result.seeds).count == budget)
        #expect(result.marginal.allSatisfy { $0 >= 0 })
        #expect(abs(result.marginal.reduce(0, +) - result.spread) < 1e-9)
        #expect(abs(result.spread - reached) < 0.6)
    }

    @Test func aTightEpsilonFindsTheBestStart() throws {
        for seed in UInt64(20)..<24 {
            let graph = try randomGraph(vertices: 7, edges: 12, seed: seed)
            let options = try InfluenceOptions(budget: 1, epsilon: 0.02, seed: seed, maximumSets: 1 << 18)
            let result = maximizeInfluence(graph, options: options, pool: pool)
            #expect(exactSpread(graph, seeds: result.seeds) > 0.98 * exactOptimum(graph, budget: 1))
        }
    }

    @Test(arguments: [false, true])
    func theSpreadIsThatOfCascadesPlayedForwards(weightedCascade: Bool) throws {
        let graph = try randomGraph(vertices: 60, edges: 200, weightedCascade: weightedCascade, seed: 11)
        let options = try InfluenceOptions(budget: 4, epsilon: 0.05, seed: 1)
        let result = maximizeInfluence(graph, options: options, pool: pool)
        let played = simulateSpread(graph, seeds: result.seeds, runs: 40_000, seed: 2)
        #expect(abs(result.spread / played - 1) < 0.06)
        let other = simulateSpread(graph, seeds: [0, 1, 2, 3], runs: 40_000, seed: 2)
        #expect(played > other)
    }

    @Test func oneAndTwoThreadsGiveOneAnswer() throws {
        let graph = try randomGraph(vertices: 100, edges: 600, weightedCascade: true, seed: 4)
        let options = try InfluenceOptions(budget: 10, seed: 5)
        let alone = maximizeInfluence(graph, options: options, pool: ComputePool(threads: 1))
        #expect(maximizeInfluence(graph, options: options, pool: pool) == alone)
        #expect(alone.certifiedRatio >= greedyRatio - 0.1)
    }

    @Test func aLimitOnSetsEndsTheSearchWithAnHonestCertificate() throws {
        let graph = try randomGraph(vertices: 100, edges: 150, seed: 4)
        let options = try InfluenceOptions(budget: 3, epsilon: 0.0001, seed: 5, maximumSets: 1024)
        let result = maximizeInfluence(graph, options: options, pool: pool)
        #expect(result.sets <= 1024)
        #expect(result.certifiedRatio < greedyRatio - 0.0001 && result.certifiedRatio > 0)
    }

    @Test func theJudgesTookNoPartInTheChoice() throws {
        // Nobody influences anybody: twenty people reach twenty. The sets that chose them were chosen for being
        // met, and would say several times as many.
        let options = try InfluenceOptions(budget: 20, seed: 1, maximumSets: 2048)
        let result = maximizeInfluence(try makeGraph(3000, []), options: options, pool: pool)
        #expect(result.sets == 2048)
        #expect(result.spread > 2 && result.spread < 60)
    }

    @Test func askingForMoreThanThereAreGivesEverybody() throws {
        let graph = try randomGraph(vertices: 9, edges: 14, seed: 1)
        let result = maximizeInfluence(graph, options: try InfluenceOptions(budget: 50, seed: 1), pool: pool)
        #expect(Set(result.seeds) == Set(0..<9))
        #expect(result.certifiedRatio == 1 && abs(result.spread - 9) < 1e-9)
    }

    @Test func nobodyToAskAndNobodyToChoose() throws {
        let empty = try InfluenceGraph(offsets: [0], sources: [], probabilities: [])
        let nobody = maximizeInfluence(empty, options: try InfluenceOptions(budget: 3, seed: 1), pool: pool)
        #expect(nobody.seeds.isEmpty && nobody.spread == 0 && nobody.sets == 0)
        let graph = try randomGraph(vertices: 9, edges: 14, seed: 1)
        let none = maximizeInfluence(graph, options: try InfluenceOptions(budget: 0, seed: 1), pool: pool)
        #expect(none.seeds.isEmpty && none.certifiedRatio == 1)
        #expect(generateSets(empty, count: 10, seed: 1).count == 0)
    }

    @Test func peopleWithoutEdgesAreChosenInOrder() throws {
        let graph = try makeGraph(5, [])
        let cover = greedyCover(generateSets(graph, count: 5000, roots: .inTurn, seed: 1), budget: 3)
        #expect(cover.seeds == [0, 1, 2])
        #expect(cover.gains == [1000, 1000, 1000] && cover.upperBound == 3000)
    }

    @Test func greedyIsTheTwinThatRecountsEverything() throws {
        for seed in UInt64(0)..<5 {
            let graph = try randomGraph(vertices: 40, edges: 120, seed: seed)
            let sets = generateSets(graph, count: 700, seed: seed)
            var open = Set(0..<sets.count)
            var chosen: [UInt32] = [], gains: [Int] = []
            for _ in 0..<8 {
                let counts = (0..<UInt32(40)).map { vertex in
                    chosen.contains(vertex) ? -1 : sets.sets(holding: vertex).count { open.contains(Int($0)) }
                }
                let best = counts.max()!
                let vertex = UInt32(counts.firstIndex(of: best)!)
                chosen.append(vertex)
                gains.append(best)
                open.subtract(sets.sets(holding: vertex).map { Int($0) })
            }
            let cover = greedyCover(sets, budget: 8)
            #expect(cover.seeds == chosen && cover.gains == gains)
            #expect(cover.upperBound >= cover.covered)
            #expect(validate(chosen, on: sets.sets, vertices: 40) == gains)
        }
    }

    @Test func theUpperBoundIsAboveTheBestCover() throws {
        for seed in UInt64(0)..<6 {
            let graph = try randomGraph(vertices: 8, edges: 16, seed: seed)
            let sets = generateSets(graph, count: 300, seed: seed)
            var best = 0
            for mask in 0..<256 where mask.nonzeroBitCount == 3 {
                best = max(best, (0..<300).count { sets.members(of: $0).contains { mask >> Int($0) & 1 == 1 } })
            }
            let cover = greedyCover(sets, budget: 3)
            #expect(cover.upperBound >= best && best >= cover.covered)
        }
    }

    @Test func optionsOutOfRangeAreRefusedByName() {
        #expect(throws: InfluenceError.budget(-1)) { try InfluenceOptions(budget: -1, seed: 0) }
        #expect(throws: InfluenceError.epsilon(0.7)) { try InfluenceOptions(budget: 1, epsilon: 0.7, seed: 0) }
        #expect(throws: InfluenceError.failure(0)) { try InfluenceOptions(budget: 1, failure: 0, seed: 0) }
        #expect(throws: InfluenceError.self) { try InfluenceOptions(budget: 1, epsilon: .nan, seed: 0) }
        #expect(throws: InfluenceError.limit(name: "maximumSets", value: 1, least: 512)) {
            try InfluenceOptions(budget: 1, seed: 0, maximumSets: 1)
        }
    }
}
