// Asking one after the other, with every answer known before the next question, against asking the same number of
// people from a list that was fixed before. Both know the same sets and the same chances of a yes; who would say yes
// is drawn once per campaign and is the same for both. Turn-out is what those who said yes bring, by sets that never
// chose; with --come-along a world's coins are tossed, whom people bring is seen as it happens, and turn-out is who is
// there.
//
// The floor of a choice: a yes touches the members of the sets newly met, two lines from memory each; a no touches a
// heap.

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
            Setting("come-along", "whom the accepted bring is seen before the next question", .flag, scope: .call),
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
        let campaign = Campaign(
            graph: graph, forward: ForwardCascade(graph), seed: run.seed, acceptance: acceptance,
            comeAlong: run.settings.flag("come-along"))
        var waits: [Double] = []
        var turnout = (fixed: 0.0, adaptive: 0.0)
        let campaigns = run.settings.integer("campaigns")
        _ = run.working {
            for number in 0..<campaigns {
                let world = SeededRandom(seed: run.seed).child("world", UInt64(number))
                var waiting: [Double] = []
                turnout.fixed += campaign.play(start, world, waits: &waiting, list: fixed, count: invitations)
                turnout.adaptive += campaign.play(start, world, waits: &waits, list: nil, count: invitations)
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

/// What all campaigns have in common.
private struct Campaign {
    let graph: InfluenceGraph
    let forward: ForwardCascade
    /// Of the choosing sets.
    let seed: UInt64
    let acceptance: [Float]
    let comeAlong: Bool

    /// Asks `count` people, off the list or as the answers suggest. Answers the turn-out: with `comeAlong` those
    /// aboard in the end, else what those who said yes are expected to bring.
    func play(
        _ start: AdaptiveInvites, _ world: SeededRandom, waits: inout [Double], list: [UInt32]?, count: Int
    ) -> Double {
        var invites = start
        var aboard = [Bool](repeating: false, count: acceptance.count)
        var coins = world.child("coins")
        let key: UInt64 = coins.next()
        for turn in 0..<min(count, list?.count ?? count) {
            let before = processCPUSeconds()
            guard let person = list.map({ $0[turn] }) ?? invites.next() else { break }
            var spent = processCPUSeconds() - before
            var mind = world.child("mind", UInt64(person))
            let says: AdaptiveInvites.Answer = mind.uniformFloat() < acceptance[Int(person)] ? .yes : .no
            var brought: [UInt32] = []
            if comeAlong, says == .yes, !aboard[Int(person)] {
                brought = forward.follow(person, world: key, aboard: &aboard)
            }
            let answered = processCPUSeconds()
            if list == nil, comeAlong, says == .yes {
                invites.sawCascade([person] + brought, in: graph, seed: seed)
            } else if list == nil || !comeAlong {
                invites.take(says, from: person)
            }
            spent += processCPUSeconds() - answered
            waits.append(spent)
        }
        return comeAlong ? Double(aboard.count { $0 }) : invites.expectedTurnout
    }
}
