import Basics
import Testing

@testable import Influence

@Suite struct LimitsTests {
    private let pool = ComputePool(threads: 2)

    private static func costs(_ count: Int, seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in 0.5 + 4 * random.uniformFloat() }
    }

    private static func limits(of count: Int, seed: UInt64) throws -> [ChoiceLimit] {
        [
            .costs(try AskingCosts(costs(count, seed: seed), total: 6)),
            .quotas(CommunityQuotas((0..<count).map { UInt32($0 % 3) }, most: [1, 2, 0])),
        ]
    }

    /// Whether all of `people` can be chosen together, read off the definition.
    private func fits(_ people: [UInt32], _ limit: ChoiceLimit, budget: Int) -> Bool {
        switch limit {
        case .number: people.count <= budget
        case .costs(let costs): people.reduce(0.0) { $0 + Double(costs.costs[Int($1)]) } <= costs.total
        case .quotas(let quotas):
            people.count <= budget
                && quotas.most.indices.allSatisfy { community in
                    people.count { Int(quotas.communities[Int($0)]) == community } <= quotas.most[community]
                }
        }
    }

    private func subsets(_ count: Int) -> [[UInt32]] {
        (0..<(1 << count)).map { mask in (0..<UInt32(count)).filter { mask >> Int($0) & 1 == 1 } }
    }

    /// Greedy by counting everything anew at each step; no second run.
    private func recounted(_ sets: RRCollection, _ limit: ChoiceLimit, budget: Int) -> [UInt32] {
        var chosen: [UInt32] = []
        while true {
            func worth(_ person: UInt32) -> Double {
                let open = sets.sets(holding: person).filter { set in
                    !sets.members(of: Int(set)).contains { chosen.contains($0) }
                }
                guard case .costs(let costs) = limit else { return Double(open.count) }
                return Double(open.count) / Double(costs.costs[Int(person)])
            }
            let fitting = (0..<UInt32(sets.vertices)).filter {
                !chosen.contains($0) && fits(chosen + [$0], limit, budget: budget)
            }
            guard let best = fitting.max(by: { (worth($0), $1) < (worth($1), $0) }) else { return chosen }
            chosen.append(best)
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func greedyIsTheTwinAndItsBoundIsAboveTheBest(seed: UInt64) throws {
        let graph = try randomGraph(vertices: 9, edges: 20, seed: seed)
        let sets = generateSets(graph, count: 400, seed: seed)
        func covered(_ people: [UInt32]) -> Int {
            (0..<400).count { sets.members(of: $0).contains { people.contains($0) } }
        }
        for limit in try Self.limits(of: 9, seed: seed) {
            let allowance = try Allowance(limit, number: 3, taken: [])
            var field = CollectionField(sets)
            let cover = limitedCover(&field, hits: 0, allowance: allowance, excluding: [])
            let best = subsets(9).filter { fits($0, limit, budget: 3) }.map { covered($0) }.max()!
            #expect(fits(cover.seeds, limit, budget: 3) && cover.covered == covered(cover.seeds))
            #expect(cover.upperBound >= best && Double(cover.covered) >= limit.greedyRatio * Double(best))
            let twin = recounted(sets, limit, budget: 3)
            let single = (0..<UInt32(9)).filter { fits([$0], limit, budget: 3) }.map { covered([$0]) }.max()!
            if covered(twin) >= single { #expect(cover.seeds == twin) }
            #expect(cover.covered >= max(covered(twin), single))
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func certificatesAreNeverAboveTheTruth(seed: UInt64) throws {
        let graph = try randomGraph(vertices: 7, edges: 13, seed: seed)
        let reach = Dictionary(uniqueKeysWithValues: subsets(7).map { ($0, exactSpread(graph, seeds: $0)) })
        for limit in try Self.limits(of: 7, seed: seed) {
            for forced in [[], [UInt32(1)]] {
                let options = try InfluenceOptions(
                    budget: 3, limit: limit, failure: 1e-6, seed: seed, forced: forced, forbidden: [0])
                let result = maximizeInfluence(SetSampler(graph, threads: 2), options: options, pool: pool)
                #expect(fits(result.seeds, limit, budget: 3))
                #expect(!result.seeds.contains(0) && result.seeds.starts(with: forced))
                let rivals = reach.filter { people, _ in
                    fits(people, limit, budget: 3) && !people.contains(0) && Set(forced).isSubset(of: people)
                }
                let truth = reach[result.seeds.sorted()]! / rivals.values.max()!
                #expect(result.certifiedRatio <= truth + 1e-12)
                #expect(result.certifiedRatio >= limit.greedyRatio - 0.1)
            }
        }
    }

    @Test func aDearPersonWhoBringsEverybodyIsNotKeptOutByACheapOne() throws {
        // Vertex 0 brings twenty for 10; vertex 21 brings itself for 0.1, which is more per unit of cost.
        let graph = try makeGraph(22, (1..<21).map { TestEdge(from: 0, to: UInt32($0), probability: 1) })
        var costs = [Float](repeating: 11, count: 22)
        (costs[0], costs[21]) = (10, 0.1)
        let limit = ChoiceLimit.costs(try AskingCosts(costs, total: 10))
        let options = try InfluenceOptions(budget: 0, limit: limit, failure: 1e-6, seed: 3)
        let result = maximizeInfluence(SetSampler(graph, threads: 2), options: options, pool: pool)
        #expect(result.seeds == [0] && result.certifiedRatio > 0.8)
    }

    @Test func whoCanAffordNobodyOrEverybodyKnowsTheBest() throws {
        let graph = try randomGraph(vertices: 9, edges: 14, seed: 1)
        let sampler = SetSampler(graph, threads: 2)
        func choose(_ limit: ChoiceLimit, budget: Int) throws -> InfluenceResult {
            maximizeInfluence(
                sampler, options: try InfluenceOptions(budget: budget, limit: limit, seed: 1), pool: pool)
        }
        let costs = [Float](repeating: 2, count: 9)
        #expect(try choose(.costs(AskingCosts(costs, total: 1)), budget: 0).seeds.isEmpty)
        let all = try choose(.costs(AskingCosts(costs, total: 18)), budget: 0)
        #expect(Set(all.seeds) == Set(0..<9) && all.certifiedRatio == 1)
        let none = try choose(.quotas(CommunityQuotas([UInt32](repeating: 0, count: 9), most: [0])), budget: 4)
        #expect(none.seeds.isEmpty && none.certifiedRatio == 1)
    }

    @Test func limitsThatCannotBeMeantAreRefused() throws {
        #expect(throws: InfluenceError.cost(vertex: 1, value: 0)) { try AskingCosts([1, 0], total: 1) }
        #expect(throws: InfluenceError.spending(-1)) { try AskingCosts([1], total: -1) }
        let costs = ChoiceLimit.costs(try AskingCosts([1, 2], total: 1))
        #expect(throws: InfluenceError.forcedBeyondLimit(1)) {
            try InfluenceOptions(budget: 2, limit: costs, seed: 1, forced: [1])
        }
        #expect(throws: InfluenceError.epsilon(0.4)) {
            try InfluenceOptions(budget: 2, limit: costs, epsilon: 0.4, seed: 1)
        }
    }

    @Test func aQuestionBecomesOptions() throws {
        var question = InfluenceQuestion(count: 2, epsilon: 0.1, seed: 1, communities: [3, 2])
        question.costs = [(person: 4, amount: 7)]
        #expect(try question.options(usesSentinels: true).limit.isNumber && question.roots() == nil)
        question.values = [(person: 0, amount: 3)]
        #expect(try question.roots()?.total == 7)
        question.spend = 6
        guard case .costs(let costs) = try question.options(usesSentinels: true).limit else {
            Issue.record("a sum to spend is a limit by costs")
            return
        }
        #expect(costs.costs == [1, 1, 1, 1, 7] && costs.total == 6)
        question.perCommunity = 1
        #expect(throws: InfluenceError.twoLimits) { try question.options(usesSentinels: true) }
        question.spend = nil
        guard case .quotas(let quotas) = try question.options(usesSentinels: true).limit else {
            Issue.record("so many of each community are quotas")
            return
        }
        #expect(quotas.communities == [0, 0, 0, 1, 1] && quotas.most == [1, 1])
    }

    @Test func whoIsInNoGroupHasNoQuota() throws {
        var question = InfluenceQuestion(count: 3, epsilon: 0.1, seed: 1, communities: [4])
        question.groups = [(person: 1, group: .max), (person: 3, group: .max), (person: 0, group: 7)]
        question.perGroup = 2
        guard case .quotas(let quotas) = try question.options(usesSentinels: true).limit else {
            Issue.record("so many of each group are quotas")
            return
        }
        #expect(quotas.communities == [2, 1, 0, 1] && quotas.most == [4, 2, 2])
        question.perCommunity = 1
        #expect(throws: InfluenceError.twoLimits) { try question.options(usesSentinels: true) }
    }

    @Test func aRowOfChancesBecomesWeights() {
        let weights = thresholdWeights([0.25, 0.5, 0.75, 0.75, 1], offsets: [0, 2, 2, 5])
        #expect(weights == [0.25, 0.5, 0.3, 0.3, 0.4])
    }

    @Test func oneAndTwoThreadsGiveOneAnswer() throws {
        let graph = try randomGraph(vertices: 100, edges: 600, weightedCascade: true, seed: 4)
        for limit in try Self.limits(of: 100, seed: 4) {
            let options = try InfluenceOptions(budget: 10, limit: limit, seed: 5)
            let one = ComputePool(threads: 1)
            let alone = maximizeInfluence(SetSampler(graph, threads: 1), options: options, pool: one)
            #expect(maximizeInfluence(SetSampler(graph, threads: 2), options: options, pool: pool) == alone)
            #expect(alone.certifiedRatio >= limit.greedyRatio - 0.1)
        }
    }
}
