import Basics
import Testing

@testable import Influence

@Suite struct PlanSweepTests {
    private let pool = ComputePool(threads: 2)

    private func affinities(plans: Int, vertices: Int, seed: UInt64) -> PlanAffinities {
        var random = SeededRandom(seed: seed)
        return PlanAffinities(
            (0..<plans).map { plan in
                (0..<vertices).map { vertex in
                    // All, none, and every shade between; a few plans like each other.
                    plan == 0 ? 1 : plan == 1 ? 0 : plan % 5 == 2 ? Float(vertex % 4) / 4 : random.uniformFloat()
                }
            })
    }

    /// The graph of one plan, by itself.
    private func alone(_ graph: InfluenceGraph, _ affinities: PlanAffinities, plan: Int) throws -> InfluenceGraph {
        var chances: [Float] = []
        for vertex in 0..<graph.count {
            for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
                let chance = Float(graph.chance(of: edge, into: vertex))
                chances.append(chance * affinities.affinity(plan: plan, vertex: vertex))
            }
        }
        return try InfluenceGraph(offsets: graph.offsets, sources: graph.sources, chances: .each(chances))
    }

    @Test func theComparisonOfSixtyFourLevelsIsThatOfEach() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<200 {
            let levels = (0..<64).map { _ in UInt8([0, 255, random.below(256)][random.below(3)]) }
            let limit = UInt8(random.below(255))
            let expected = levels.indices.reduce(UInt64(0)) { $0 | (levels[$1] > limit ? 1 << UInt64($1) : 0) }
            #expect(levels.withUnsafeBufferPointer { plansAbove(limit, $0.baseAddress!) } == expected)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func eachPlanIsDistributedAsIfSampledAlone(seed: UInt64) throws {
        let graph = try randomGraph(vertices: 6, edges: 12, seed: seed)
        let affinities = affinities(plans: 64, vertices: 6, seed: seed)
        let sets = sweepPlans(graph, affinities, count: 40_000, seed: seed, pool: pool)
        for plan in stride(from: 0, to: 64, by: 3) {
            let exact = try alone(graph, affinities, plan: plan)
            for seeds in [[0], [1, 4]] as [[UInt32]] {
                let met = (0..<40_000).count { sets.members(of: $0, plan: plan).contains { seeds.contains($0) } }
                // Four standard errors of a share of 40,000 sets, times six people.
                #expect(abs(Double(met) / 40_000 * 6 - exactSpread(exact, seeds: seeds)) < 0.06)
            }
        }
    }

    @Test func membersPerSetAreThoseOfTheOnePlanEngine() throws {
        let base = try randomGraph(vertices: 150, edges: 1200, seed: 5)
        let graph = try InfluenceGraph(
            offsets: base.offsets, sources: base.sources, chances: .weightedCascade(factor: 1))
        let affinities = affinities(plans: 20, vertices: 150, seed: 9)
        let swept = sweepPlans(graph, affinities, count: 30_000, seed: 4, pool: pool)
        for plan in 0..<20 {
            let alone = drawSets(
                SetSampler(try alone(graph, affinities, plan: plan), threads: 2), count: 30_000, seed: 7, pool: pool)
            func moments(_ size: (Int) -> Int) -> (mean: Double, error: Double) {
                let sizes = (0..<30_000).map { Double(size($0)) }
                let mean = sizes.reduce(0, +) / Double(sizes.count)
                let square = sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sizes.count)
                return (mean, (square / Double(sizes.count)).squareRoot())
            }
            let one = moments { swept.members(of: $0, plan: plan).count }
            let other = moments { alone.members(of: $0).count }
            let error = (one.error * one.error + other.error * other.error).squareRoot()
            #expect(abs(one.mean - other.mean) < 4.5 * error + 1e-9)
        }
        // A plan that nobody likes moves nobody.
        #expect((0..<30_000).allSatisfy { swept.members(of: $0, plan: 1).count == 1 })
    }

    @Test func theSameForAnyNumberOfThreadsAndAnyCompany() throws {
        let graph = try randomGraph(vertices: 80, edges: 400, seed: 2)
        let many = affinities(plans: 7, vertices: 80, seed: 3)
        let alone = sweepPlans(graph, many, count: 1000, seed: 1, pool: nil)
        #expect(sweepPlans(graph, many, count: 1000, seed: 1, pool: ComputePool(threads: 3)) == alone)
        let few = PlanAffinities((0..<3).map { plan in (0..<80).map { many.affinity(plan: plan, vertex: $0) } })
        let company = sweepPlans(graph, few, count: 1000, seed: 1, pool: pool)
        for plan in 0..<3 {
            for set in 0..<1000 {
                #expect(Set(company.members(of: set, plan: plan)) == Set(alone.members(of: set, plan: plan)))
            }
        }
        #expect(sweepPlans(graph, PlanAffinities([]), count: 10, seed: 1, pool: nil).count == 0)
    }

    @Test func openSetsAreCountedForAllPlansAtOnce() throws {
        // More holders of the first vertex than a count of 8 bits holds.
        let graph = try randomGraph(vertices: 5, edges: 14, seed: 3)
        let sets = sweepPlans(graph, affinities(plans: 64, vertices: 5, seed: 3), count: 700, seed: 2, pool: pool)
        let holders = (0..<700).count { set in (0..<64).contains { sets.members(of: set, plan: $0).contains(0) } }
        #expect(holders > 255)
        var random = SeededRandom(seed: 4)
        let met = (0..<700).map { _ in random.next() & random.next() }
        for vertex in 0..<UInt32(5) {
            let counts = PlanHolders(sets).openSets(of: vertex, beyond: met)
            for plan in 0..<64 {
                let expected = (0..<700).count { set in
                    met[set] >> UInt64(plan) & 1 == 0 && sets.members(of: set, plan: plan).contains(vertex)
                }
                #expect(Int(counts[plan]) == expected)
            }
        }
    }

    @Test func eachPlansPeopleAreThoseOfGreedyOnItsOwnSets() throws {
        let graph = try randomGraph(vertices: 70, edges: 500, seed: 3)
        let sets = sweepPlans(graph, affinities(plans: 9, vertices: 70, seed: 3), count: 3000, seed: 2, pool: pool)
        let chosen = sets.choose(6, pool: pool)
        for plan in 0..<9 {
            let own = (0..<3000).map { sets.members(of: $0, plan: plan) }
            var offsets: [UInt32] = [0]
            for set in own { offsets.append(offsets.last! + UInt32(set.count)) }
            let flat = SetPool(offsets: offsets, members: own.flatMap { $0 })
            #expect(chosen[plan] == greedyCover(RRCollection(flat, vertices: 70), budget: 6)!.seeds)
        }
    }
}
