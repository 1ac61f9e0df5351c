// Where influence is high, sets are long: a few people who are in most of them make the others' choice nearly free. HIST (Guo
// et al. 2020, section 4) picks such sentinels first and lets every later set end where it meets one; it is met
// whoever else is chosen, and the rest are short.
//
// Ours differs in what it asks of the sentinels: nothing. They come from a pilot of 64 sets, and no set of the pilot is
// used again. Greedy goes on behind them, and its bound on every choice holds from there on whatever they are (what is
// met, plus the greatest gains that remain). Bad sentinels thus cost certificates, not truth: when none comes, the
// hunt goes on without them.

import Basics

/// Who ends sets early.
struct Sentinels: Equatable {
    /// Best first; empty where sets are short anyway.
    var people: [UInt32] = []
    /// Sets of the pilot that each met first.
    var gains: [Int] = []

    private static let pilotSets = 64
    /// Mean size of a set from which ending early pays.
    private static let longSet = 256
    /// A sentinel meets so many sets of the pilot that no earlier one met.
    private static let gainMin = 3

    static let none = Sentinels()

    /// At most half of the budget. The pilot costs 64 sets.
    init(_ sampler: SetSampler, budget: Int, seed: UInt64, roots: RootRule, on threads: ComputePool?) {
        guard budget >= 4 else { return }
        let stream = SetStream(seed: seed, purpose: "pilot", vertices: sampler.graph.count, roots: roots)
        var pilot = SetPool()
        sampler.extend(&pilot, to: Self.pilotSets, stream, on: threads)
        guard pilot.memberCount > Self.longSet * Self.pilotSets else { return }
        var counts = MemberCounts(vertices: sampler.graph.count)
        counts.extend(pilot)
        let cover = chooseByCover(pilot, counts, budget: budget / 2, on: threads)
        let count = cover.gains.firstIndex { $0 < Self.gainMin } ?? cover.gains.count
        people = Array(cover.seeds[..<count])
        gains = Array(cover.gains[..<count])
    }

    private init() {}
}
