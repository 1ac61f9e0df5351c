// The rounds of one search. A pool of sets chooses people; where what it says would do, fresh sets, which took no part
// in the choice, judge them. Long sets stop at sentinels, who are chosen first; when the judgement goes against our own
// sentinels again and again, they go and the sets are drawn whole.

import Basics

/// One search for people and a certificate, round by round.
struct Hunt<Ground: HuntGround> {
    /// The sets.
    private(set) var ground: Ground
    private let options: InfluenceOptions
    private let schedule: Schedule
    private var sentinels: Sentinels
    private var round = -1
    private var cover = GreedyCover()
    private var ratio = 0.0
    private var hits = 0
    private var judgingSets = 0
    /// Whether `hits` and `judgingSets` are of this round's people.
    private var isJudged = false
    private var failures = 0
    private var allJudges = 0
    /// Vertices looked at for sets that were not kept.
    private var looked = 0
    private(set) var isOver = false

    /// Judgements that may go against the sentinels before they go.
    private static var patience: Int { 4 }

    init(_ ground: Ground, _ schedule: Schedule, _ sentinels: Sentinels, options: InfluenceOptions) {
        self.ground = ground
        self.schedule = schedule
        self.sentinels = sentinels
        self.options = options
        beginAnew()
    }

    /// Sets that meet a sentinel stay empty, so nobody's gain would keep greedy from choosing one again.
    private mutating func beginAnew() { ground.restart(excluding: options.forbidden + sentinels.people) }

    private var target: Double { options.ratio ?? options.limit.greedyRatio - options.epsilon }
    private var isLastSize: Bool { round == schedule.sizes.count - 1 }
    /// Whether the size that does without a look at the instance is known: it takes the best choice to be worth at
    /// least what as many people are on average, which lists and values together may not leave true, nor other limits.
    private var isWorstCaseKnown: Bool {
        guard options.limit.isNumber else { return false }
        return schedule.isPlain || options.forced.isEmpty && options.forbidden.isEmpty
    }
    /// Whether there is nothing to choose.
    private var isEveryone: Bool {
        schedule.budget == schedule.vertices - options.forbidden.count || schedule.budget == options.forced.count
    }
    private var seeds: [UInt32] { sentinels.people + cover.seeds }
    private var covered: Int { ground.hits + cover.covered }

    mutating func nextRound() throws(Ground.Failure) {
        round = roundWorthTrying()
        let size = min(schedule.sizes[round], options.maximumSets / setsPerChunk * setsPerChunk)
        try ground.extend(to: size, goals: sentinels.people)
        // Other choices may do without sentinels of ours, but not without those who are forced.
        cover = try ground.choose(
            budget: schedule.budget - sentinels.people.count, chosen: sentinels.people.count - options.forced.count)
        let greatest = schedule.greatestShare(hits: cover.upperBound, of: size)
        isOver = isLastSize || isEveryone || isFull(after: size)
        // Fresh sets are unlikely to say more than those that chose: judge only where even these would do.
        let hope = provedRatio(lowest: schedule.lowestShare(hits: covered, of: size), greatest: greatest)
        isJudged = isOver || hope >= target
        guard isJudged else { return }
        try judge(sets: size)
        ratio = provedRatio(lowest: schedule.lowestShare(hits: hits, of: judgingSets), greatest: greatest)
        if isLastSize, !sentinels.areOurs, size == schedule.sizes[round], isWorstCaseKnown {
            ratio = max(ratio, greedyRatio - options.epsilon)
        }
        if isEveryone { ratio = 1 }
        if ratio < target { failures += 1 }
        isOver = isOver || ratio >= target
        if ratio < target, sentinels.areOurs, failures >= Self.patience || isLastSize { dismissSentinels() }
    }

    /// Whether the next size would pass a limit.
    private func isFull(after size: Int) -> Bool {
        size < schedule.sizes[round] || size / 2 * 3 > options.maximumSets
            || ground.memberCount / 2 * 3 > options.maximumMembers
    }

    private func provedRatio(lowest: Double, greatest: Double) -> Double {
        schedule.ratio(lowest: lowest, greatest: greatest, chosen: seeds.count)
    }

    private mutating func judge(sets: Int) throws(Ground.Failure) {
        let (found, seen) = try ground.judge(seeds, sets: sets, round: round)
        hits = found
        judgingSets = sets
        allJudges += sets
        looked += seen
    }

    /// Begins this round anew without them; the same sets, whole.
    private mutating func dismissSentinels() {
        sentinels.dismiss()
        beginAnew()
        isOver = false
        round -= 1
    }

    /// The next size at which what was seen so far, were it the truth, would be enough. All sizes share the price, so
    /// any may be left out. The truth lies between what the choosing sets say and what the judgingSets said.
    private func roundWorthTrying() -> Int {
        guard ground.sets > 0 else {
            return round < 0 ? schedule.firstRound(setsAreLong: sentinels.areOurs) : round + 1
        }
        var share = Double(covered) / Double(ground.sets)
        if isJudged { share = (share + Double(hits) / Double(judgingSets)) / 2 }
        let best = Double(cover.upperBound) / Double(ground.sets)
        for next in round + 1..<schedule.sizes.count - 1 {
            let size = Double(schedule.sizes[next])
            let hope = provedRatio(
                lowest: schedule.lowestShare(hits: Int(share * size), of: Int(size)),
                greatest: schedule.greatestShare(hits: Int(best * size), of: Int(size)))
            if hope >= target { return next }
        }
        return min(round + 1, schedule.sizes.count - 1)
    }

    func result() -> InfluenceResult {
        let spread = Double(hits) / Double(judgingSets) * schedule.worth
        let scale = covered > 0 ? spread / Double(covered) : 0
        // What the sentinels met together is shared out as it was in the pilot.
        let pilot = max(sentinels.gains.reduce(0, +), 1e-300)
        let gains = sentinels.gains.map { Double(ground.hits) * $0 / pilot } + cover.gains.map { Double($0) }
        return InfluenceResult(
            seeds: seeds, marginal: gains.map { $0 * scale }, spread: spread, certifiedRatio: ratio,
            confidence: isEveryone ? 1 : 1 - schedule.failure, sets: ground.sets + allJudges,
            members: ground.memberCount + looked, kept: ground.memberCount,
            bytes: ground.bytes, epsilon: options.epsilon)
    }
}
