// Where influence is high, sets are long: a few people who are in most of them make the others' choice nearly free.
// HIST (Guo et al. 2020, section 4) picks such sentinels first and lets every later set end where it meets one; it is
// met whoever else is chosen, and the rest are short.
//
// Ours differs in what it asks of the sentinels: nothing. They come from pilots, whose sets are not used again. Greedy
// goes on behind them, and its bound on every choice holds from there on whatever they are (what is met, plus the
// greatest gains that remain). Bad sentinels thus cost certificates, not truth: when none comes, the hunt goes on
// without them.

import Basics

/// Who ends sets early.
struct Sentinels: Equatable {
    /// Best first; empty where sets are short anyway.
    var people: [UInt32] = []
    /// Share of all sets that each met and none before it, by the pilots.
    var gains: [Double] = []

    /// How many of the people, the first ones, are forced and stay.
    private var forced = 0

    /// Whether there are any whom we picked ourselves.
    var areOurs: Bool { people.count > forced }

    /// Sends ours away.
    mutating func dismiss() {
        people.removeLast(people.count - forced)
        gains.removeLast(gains.count - forced)
    }

    /// Sets of the pilots: each goes on behind the sentinels of those before, so that it can afford more.
    private static let pilotSets = [32, 512]
    /// Mean size of a set from which ending early pays.
    private static let longSet = 256
    /// A sentinel meets so many sets of its pilot that no earlier one met.
    private static let gainMin = [3, 6]

    /// Those who are forced and nobody else. They share what they meet together.
    init(forced people: [UInt32]) {
        self.people = people
        forced = people.count
        gains = people.map { _ in 1 / Double(people.count) }
    }

    /// Those who are forced, then at most half of the rest of the budget. Where sets are short it costs 32 of them.
    init(_ sampler: SetSampler, budget: Int, options: InfluenceOptions, roots: RootRule, on threads: ComputePool?) {
        self.init(forced: options.forced)
        let most = forced + (budget - forced) / 2
        guard options.usesSentinels && budget >= 4 else { return }
        for stage in Self.pilotSets.indices {
            let stream = SetStream(
                seed: options.seed, purpose: "pilot", round: stage, vertices: sampler.graph.count, roots: roots)
            var pilot = SetPool()
            sampler.extend(&pilot, to: Self.pilotSets[stage], stream, goals: people, on: threads)
            if stage == 0, forced > 0 {
                gains = people.map { _ in max(Double(pilot.hits), 1) / Double(Self.pilotSets[0] * forced) }
            }
            if stage == 0, pilot.memberCount < Self.longSet * Self.pilotSets[0] { return }
            var counts = MemberCounts(vertices: sampler.graph.count, excluding: options.forbidden)
            counts.extend(pilot)
            let cover = chooseByCover(
                pilot, counts, budget: most - people.count, chosen: people.count, on: threads)
            for (person, gain) in zip(cover.seeds, cover.gains) where gain >= Self.gainMin[stage] {
                people.append(person)
                gains.append(Double(gain) / Double(Self.pilotSets[stage]))
            }
        }
    }

}
