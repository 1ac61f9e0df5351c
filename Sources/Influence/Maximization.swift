// Whom to ask first (after OPIM-C: Tang, Tang, Xiao and Yuan, "Online processing algorithms for influence
// maximization", SIGMOD 2018). One pool of sets chooses the people and bounds what anybody could reach; fresh sets,
// which took no part in the choice, tell what the chosen really reach. When the pessimistic reading of these is close
// enough to the optimistic reading of those, stop; else grow the pool. Easy graphs stop early. After so many sets that
// the worst case is covered, the guarantee holds without looking.
//
// Sets that judge need not be kept, nor drawn to their end: each stops where it meets one of the chosen. Long sets meet
// one soon, so judging costs a fraction of choosing.
//
// The certificate is what was proved about this answer: with the stated confidence, the chosen people
// reach at least certifiedRatio times what the best choice reaches. It is reported as it is, also when a
// limit on memory ended the search before the wanted ratio was proved.

package import Basics

/// What to ask: how many people, how sure, how much memory.
package struct InfluenceOptions: Sendable {
    /// People to choose; more than there are means all.
    package let budget: Int
    /// The wanted ratio is 1 - 1/e - epsilon; in 0..<1 - 1/e, 0 excluded.
    package let epsilon: Double
    /// Chance that the certificate is wrong; nil means one in the number of vertices.
    package let failure: Double?
    package let seed: UInt64
    /// Most sets to keep.
    package let maximumSets: Int
    /// Stop growing when the members of the kept sets would pass this (about 4 bytes each, so 270 MB).
    package let maximumMembers: Int

    /// Errors: `InfluenceError` naming the option that is out of its range.
    package init(
        budget: Int, epsilon: Double = 0.1, failure: Double? = nil, seed: UInt64,
        maximumSets: Int = 1 << 22, maximumMembers: Int = 1 << 26
    ) throws(InfluenceError) {
        guard budget >= 0 else { throw .budget(budget) }
        guard epsilon > 0, epsilon < greedyRatio else { throw .epsilon(epsilon) }
        if let failure, !(failure > 0 && failure < 1) { throw .failure(failure) }
        guard maximumSets >= setsPerChunk else {
            throw .limit(name: "maximumSets", value: maximumSets, least: setsPerChunk)
        }
        guard maximumMembers >= 1, maximumMembers < 1 << 32 else {
            throw .limit(name: "maximumMembers", value: maximumMembers, least: 1)
        }
        self.budget = budget
        self.epsilon = epsilon
        self.failure = failure
        self.seed = seed
        self.maximumSets = maximumSets
        self.maximumMembers = maximumMembers
    }
}

/// Who to start with, what they reach, and what is proved about it.
package struct InfluenceResult: Equatable, Sendable {
    /// Chosen vertices, best first.
    package var seeds: [UInt32]
    /// What each seed adds to those before it: its share of the sets that chose, scaled so that all sum to `spread`.
    package var marginal: [Double]
    /// People reached by all seeds, the seeds included (or what they are worth), by sets that took no part in the
    /// choice.
    package var spread: Double
    /// With `confidence`: reach of the seeds / reach of the best choice is at least this. 0...1.
    package var certifiedRatio: Double
    package var confidence: Double
    /// Sets drawn, those that judged included.
    package var sets: Int
    /// Vertices looked at in all these sets.
    package var members: Int
    /// Members of the sets that were kept.
    package var kept: Int
    /// What the kept sets occupied, with what choosing among them took.
    package var bytes: Int
    package var epsilon: Double
}

/// 1 - 1/e, what greedy guarantees.
let greedyRatio = 0.632_120_558_828_557_7

/// Chooses the people whose coming brings most others. The same answer for any number of threads. Cost follows the
/// difficulty of the instance: tens of thousands of sets on social graphs. `values`, where given, says what it is
/// worth that each vertex comes.
package func maximizeInfluence(
    _ sampler: SetSampler, options: InfluenceOptions, values: RootTable? = nil, pool: ComputePool
) -> InfluenceResult {
    let count = sampler.graph.count
    let budget = min(options.budget, count)
    guard budget > 0 else {
        return InfluenceResult(
            seeds: [], marginal: [], spread: 0, certifiedRatio: 1, confidence: 1, sets: 0, members: 0, kept: 0,
            bytes: 0, epsilon: options.epsilon)
    }
    var hunt = Hunt(sampler, budget: budget, options: options, values: values, threads: pool)
    while !hunt.isOver { hunt.nextRound() }
    return hunt.result()
}

/// One search for people and a certificate, round by round.
private struct Hunt {
    let sampler: SetSampler
    let options: InfluenceOptions
    let schedule: Schedule
    let roots: RootRule
    let threads: ComputePool

    private var chosen = SetPool()
    private var counts: MemberCounts
    private var round = -1
    private var cover = GreedyCover()
    private var ratio = 0.0
    private var hits = 0
    private var judges = 0
    /// Whether `hits` and `judges` are of this round's people.
    private var isJudged = false
    private var allJudges = 0
    private var looked = 0
    private(set) var isOver = false

    private let stream: SetStream

    init(
        _ sampler: SetSampler, budget: Int, options: InfluenceOptions, values: RootTable?, threads: ComputePool
    ) {
        self.sampler = sampler
        self.options = options
        self.threads = threads
        roots = values.map { .weighted($0) } ?? .uniform
        let vertices = sampler.graph.count
        schedule = Schedule(
            vertices: vertices, worth: values?.total ?? Double(vertices), budget: budget, options: options)
        counts = MemberCounts(vertices: vertices)
        stream = SetStream(seed: options.seed, purpose: "choose", vertices: vertices, roots: roots)
    }

    private var target: Double { greedyRatio - options.epsilon }
    private var isLastSize: Bool { round == schedule.sizes.count - 1 }

    mutating func nextRound() {
        round = roundWorthTrying()
        let size = min(schedule.sizes[round], options.maximumSets / setsPerChunk * setsPerChunk)
        sampler.extend(&chosen, to: size, stream, on: threads)
        counts.extend(chosen)
        cover = chooseByCover(chosen, counts, budget: schedule.budget, on: threads)
        let greatest = schedule.greatestShare(hits: cover.upperBound, of: size)
        let isEveryone = schedule.budget == schedule.vertices
        let grown = chosen.memberCount / 2 * 3
        isOver =
            isLastSize || isEveryone || size < schedule.sizes[round] || grown > options.maximumMembers
            || size / 2 * 3 > options.maximumSets
        // Fresh sets are unlikely to say more than those that chose: judge only where even these would do.
        let hope = schedule.ratio(lowest: schedule.lowestShare(hits: cover.covered, of: size), greatest: greatest)
        isJudged = isOver || hope >= target
        guard isJudged else { return }
        judge(sets: size)
        ratio = schedule.ratio(lowest: schedule.lowestShare(hits: hits, of: judges), greatest: greatest)
        if isLastSize, size == schedule.sizes[round] { ratio = max(ratio, target) }
        if isEveryone { ratio = 1 }
        isOver = isOver || ratio >= target
    }

    private mutating func judge(sets: Int) {
        let fresh = SetStream(
            seed: options.seed, purpose: "judge", round: round, vertices: schedule.vertices, roots: roots)
        let (found, seen) = sampler.countHits(cover.seeds, in: sets, of: fresh, on: threads)
        hits = found
        judges = sets
        allJudges += sets
        looked += seen
    }

    /// The next size at which what was seen so far, were it the truth, would be enough. All sizes share the price, so
    /// any may be left out. The truth lies between what the choosing sets say and what the judges said.
    private func roundWorthTrying() -> Int {
        guard round >= 0 else { return 0 }
        var share = Double(cover.covered) / Double(chosen.count)
        if isJudged { share = (share + Double(hits) / Double(judges)) / 2 }
        let best = Double(cover.upperBound) / Double(chosen.count)
        for next in round + 1..<schedule.sizes.count - 1 {
            let size = Double(schedule.sizes[next])
            let hope = schedule.ratio(
                lowest: schedule.lowestShare(hits: Int(share * size), of: Int(size)),
                greatest: schedule.greatestShare(hits: Int(best * size), of: Int(size)))
            if hope >= target { return next }
        }
        return min(round + 1, schedule.sizes.count - 1)
    }

    func result() -> InfluenceResult {
        let spread = Double(hits) / Double(judges) * schedule.worth
        let scale = cover.covered > 0 ? spread / Double(cover.covered) : 0
        let isEveryone = schedule.budget == schedule.vertices
        return InfluenceResult(
            seeds: cover.seeds, marginal: cover.gains.map { Double($0) * scale }, spread: spread,
            certifiedRatio: ratio, confidence: isEveryone ? 1 : 1 - schedule.failure,
            sets: chosen.count + allJudges, members: chosen.memberCount + looked, kept: chosen.memberCount,
            bytes: chosen.bytes + 4 * schedule.vertices, epsilon: options.epsilon)
    }
}
