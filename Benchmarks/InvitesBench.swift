// Asking one after the other, with every answer known before the next question, against asking the same number of people
// from a list that was fixed before. Both know the same sets and the same chances of a yes; who would say yes is drawn
// once per campaign and is the same for both. Turn-out is what those aboard bring, by sets that never chose.
//
// The floor of a choice: a yes touches the members of the sets newly met, two lines from memory each; a no touches a heap.

import Basics
import Influence

extension Bench {
    static let invites = Bench(
        name: "invites",
        summary: "ask people in an order that learns from answers, against a fixed list",
        settings: InfluenceInput.settings + [
            Setting("campaigns", "campaigns played", .integer(1...1_000_000), default: "1000", scope: .call),
            Setting("invitations", "people asked in each", .integer(1...100_000), default: "50", scope: .call),
            Setting(
                "sets", "sets that choose, and as many that judge", .integer(256...100_000_000), default: "50000",
                scope: .call),
            Setting(
                "least", "the least chance of a yes; they go up to 1, few are high", .number(0...1),
                default: "0.05", scope: .call),
        ]
    ) { run in
        let graph = try run.loading { try InfluenceInput.graph(try InfluenceInput.edges(run), run) }
        let count = run.settings.integer("sets"), invitations = run.settings.integer("invitations")
        let (sets, preparing) = run.timing {
            let sampler = SetSampler(graph, threads: run.pool.threads)
            return [run.seed, run.seed &+ 1].map {
                RRCollection(
                    drawSets(sampler, count: count, seed: $0, pool: run.pool), vertices: graph.count, pool: run.pool)
            }
        }
        var random = SeededRandom(seed: run.seed).child("acceptance")
        let least = run.settings.number("least")
        let acceptance = (0..<graph.count).map { _ in
            let uniform = random.uniform()
            return Float(least + (1 - least) * uniform * uniform)
        }
        let start = AdaptiveInvites(choosing: sets[0], judging: sets[1], acceptance: acceptance)
        let people = (0..<UInt32(graph.count)).map { $0 }
        let fixed = inviteOrder(
            sets[0], already: [], candidates: people, acceptance: acceptance, count: invitations
        ).order
        var waits: [Double] = []
        var turnout = (fixed: 0.0, adaptive: 0.0)
        let campaigns = run.settings.integer("campaigns")
        _ = run.working {
            for campaign in 0..<campaigns {
                let answers = SeededRandom(seed: run.seed).child("answers", UInt64(campaign))
                func saysYes(_ person: UInt32) -> Bool {
                    var own = answers.child("person", UInt64(person))
                    return own.uniformFloat() < acceptance[Int(person)]
                }
                var list = start
                for person in fixed { list.take(saysYes(person) ? .yes : .no, from: person) }
                turnout.fixed += list.expectedTurnout
                var invites = start
                for _ in 0..<invitations {
                    let before = monotonicSeconds()
                    guard let person = invites.next() else { break }
                    let chosen = monotonicSeconds()
                    let answer: AdaptiveInvites.Answer = saysYes(person) ? .yes : .no
                    let asked = monotonicSeconds()
                    invites.take(answer, from: person)
                    waits.append(monotonicSeconds() - asked + chosen - before)
                }
                turnout.adaptive += invites.expectedTurnout
            }
        }
        waits.sort()
        try run.report([
            "turnout_fixed": .real(turnout.fixed / Double(campaigns)),
            "turnout_adaptive": .real(turnout.adaptive / Double(campaigns)),
            "gain": .real(turnout.adaptive / max(turnout.fixed, 1e-9) - 1),
            "choice_p50_seconds": .real(waits[waits.count / 2]),
            "choice_p99_seconds": .real(waits[waits.count * 99 / 100]),
            "choice_max_seconds": .real(waits[waits.count - 1]), "prepare_cpu_seconds": .real(preparing.cpu),
            "people": .whole(graph.count),
        ])
    }
}
