// Sets for 64 plans in one sweep, against sets for one plan alone. Affinities are made up: every plan speaks to some
// of 16 circles, and everybody likes what speaks to their circle, more or less.
//
// The floor: whoever is met by any plan costs one comparison of 64 levels (a line from memory) per live edge, and 12
// bytes. What one sweep saves is every line that several plans would each ask for.

import Basics
import Influence

extension Bench {
    static let sweep = Bench(
        name: "sweep",
        summary: "draw the sets of 64 plans in one sweep, against one plan alone",
        settings: InfluenceInput.settings + [
            Setting("plans", "plans in the sweep", .integer(1...64), default: "64", scope: .call),
            Setting("sets", "sets per plan", .integer(256...100_000_000), default: "50000", scope: .call),
            Setting("seeds", "how many to choose per plan", .integer(1...100_000), default: "20", scope: .call),
        ]
    ) { run in
        let graph = try run.loading { try InfluenceInput.graph(try InfluenceInput.edges(run), run) }
        let plans = run.settings.integer("plans"), count = run.settings.integer("sets")
        let budget = run.settings.integer("seeds")
        let affinities = madeUp(plans: plans, people: graph.count, seed: run.seed)
        let (sets, sweeping) = run.working {
            sweepPlans(graph, affinities, count: count, seed: run.seed, pool: run.pool)
        }
        let (chosen, choosing) = run.working { sets.choose(budget, pool: run.pool) }
        var alone = Cost(), aloneChoosing = Cost()
        var worst = 0.0
        for plan in stride(from: 0, to: plans, by: max(plans / 8, 1)) {
            let sampler = SetSampler(
                try ofOnePlan(graph, affinities, plan: plan), threads: run.pool.threads)
            let (own, drawing) = run.timing { drawSets(sampler, count: count, seed: run.seed, pool: run.pool) }
            let (people, cost) = run.timing {
                choosePeople(own, vertices: graph.count, count: budget, pool: run.pool)
            }
            alone += drawing
            aloneChoosing += cost
            let judge = { estimateShare(of: $0, sampler, sets: 1_000_000, seed: run.seed &+ 9, pool: run.pool) }
            worst = max(worst, abs(judge(chosen[plan]) / judge(people) - 1))
        }
        let sampled = Double((plans + max(plans / 8, 1) - 1) / max(plans / 8, 1))
        try run.report([
            "plans": .whole(plans), "members": .whole(sets.memberCount),
            "sweep_cpu_seconds": .real(sweeping.cpu), "choose_cpu_seconds": .real(choosing.cpu),
            "alone_cpu_seconds": .real(alone.cpu / sampled),
            "alone_choose_cpu_seconds": .real(aloneChoosing.cpu / sampled),
            "sweep_over_one": .real(sweeping.cpu / max(alone.cpu / sampled, 1e-9)),
            "all_over_one": .real(
                (sweeping.cpu + choosing.cpu) / max((alone.cpu + aloneChoosing.cpu) / sampled, 1e-9)),
            "worst_spread_difference": .real(worst),
        ])
    }
}

private func madeUp(plans: Int, people: Int, seed: UInt64) -> PlanAffinities {
    var random = SeededRandom(seed: seed).child("affinities")
    let circles = (0..<people).map { _ in random.below(16) }
    return PlanAffinities(
        (0..<plans).map { _ in
            let appeal = (0..<16).map { _ in random.uniformFloat() }
            return circles.map { appeal[$0] * (0.5 + 0.5 * random.uniformFloat()) }
        })
}

private func ofOnePlan(_ graph: InfluenceGraph, _ affinities: PlanAffinities, plan: Int) throws -> InfluenceGraph {
    var chances: [Float] = []
    chances.reserveCapacity(graph.sources.count)
    for vertex in 0..<graph.count {
        let affinity = affinities.affinity(plan: plan, vertex: vertex)
        for edge in Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1]) {
            chances.append(Float(graph.chance(of: edge, into: vertex)) * affinity)
        }
    }
    return try InfluenceGraph(offsets: graph.offsets, sources: graph.sources, chances: .each(chances))
}
