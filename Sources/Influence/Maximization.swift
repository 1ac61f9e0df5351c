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
    /// People to choose; more than there are means all. Where costs limit the choice their number is free.
    package let budget: Int
    /// What else limits the choice.
    package let limit: ChoiceLimit
    /// The wanted ratio is what greedy guarantees (`ChoiceLimit.greedyRatio`) less epsilon; above 0 and below that.
    package let epsilon: Double
    /// A ratio to prove instead, in 0...1, 1 excluded. Above the wanted one nothing says that it can be had: then
    /// the search ends at the size that would do for epsilon, or at a limit, with what was proved.
    package let ratio: Double?
    /// Chance that the certificate is wrong; nil means one in the number of vertices.
    package let failure: Double?
    package let seed: UInt64
    /// Most sets to keep.
    package let maximumSets: Int
    /// Stop growing when the members of the kept sets would pass this (about 4 bytes each, so 270 MB).
    package let maximumMembers: Int
    /// Whether long sets may be cut short (see `Sentinels`). The guarantee is the same. Only where the number alone
    /// limits the choice.
    package let usesSentinels: Bool
    /// People who are chosen whatever they bring, first of all; they count towards the budget.
    package let forced: [UInt32]
    /// People who are not to be chosen. The certificate compares with choices that keep to both lists.
    package let forbidden: [UInt32]

    /// Errors: `InfluenceError` naming the option that is out of its range.
    package init(
        budget: Int, limit: ChoiceLimit = .number, epsilon: Double = 0.1, ratio: Double? = nil, failure: Double? = nil,
        seed: UInt64,
        maximumSets: Int = 1 << 22, maximumMembers: Int = 1 << 26, usesSentinels: Bool = true,
        forced: [UInt32] = [], forbidden: [UInt32] = []
    ) throws(InfluenceError) {
        guard budget >= forced.count else { throw .budget(budget) }
        _ = try Allowance(limit, number: budget, taken: Set(forced).sorted())
        let both = Set(forced).intersection(forbidden)
        if let person = both.min() { throw .forcedAndForbidden(person) }
        guard epsilon > 0, epsilon < limit.greedyRatio else { throw .epsilon(epsilon) }
        if let ratio, !(ratio >= 0 && ratio < 1) { throw .ratio(ratio) }
        if let failure, !(failure > 0 && failure < 1) { throw .failure(failure) }
        guard maximumSets >= setsPerChunk else {
            throw .limit(name: "maximumSets", value: maximumSets, least: setsPerChunk)
        }
        guard maximumMembers >= 1, maximumMembers < 1 << 32 else {
            throw .limit(name: "maximumMembers", value: maximumMembers, least: 1)
        }
        self.budget = budget
        self.limit = limit
        self.epsilon = epsilon
        self.ratio = ratio
        self.failure = failure
        self.seed = seed
        self.maximumSets = maximumSets
        self.maximumMembers = maximumMembers
        // Who was not asked for might use up what others need.
        self.usesSentinels = usesSentinels && limit.isNumber
        self.forced = Set(forced).sorted()
        self.forbidden = Set(forbidden).sorted()
    }
}

extension InfluenceOptions {
    /// How many of the vertices 0..<count can be chosen at most, those who are forced included.
    func mostPeople(of count: Int) -> Int {
        if limit.isNumber { return min(budget, count - forbidden.count) }
        var isOpen = [Bool](repeating: true, count: count)
        for person in forced + forbidden { isOpen[Int(person)] = false }
        return forced.count + allowance.mostPeople(among: isOpen)
    }

    /// What is left when those who are forced are chosen.
    var allowance: Allowance {
        do {
            return try Allowance(limit, number: budget, taken: forced)
        } catch {
            preconditionFailure("the options were checked: \(error)")
        }
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

extension InfluenceResult {
    /// The answer where nobody may be chosen.
    static func nobody(_ options: InfluenceOptions) -> InfluenceResult {
        InfluenceResult(
            seeds: [], marginal: [], spread: 0, certifiedRatio: 1, confidence: 1, sets: 0, members: 0, kept: 0,
            bytes: 0, epsilon: options.epsilon)
    }
}

/// 1 - 1/e, what greedy guarantees where the number alone limits the choice.
let greedyRatio = 0.632_120_558_828_557_7

/// Chooses the people whose coming brings most others. The same answer for any number of threads. Cost follows the
/// difficulty of the instance: tens of thousands of sets on social graphs. `values`, where given, says what it is
/// worth that each vertex comes.
package func maximizeInfluence(
    _ sampler: SetSampler, options: InfluenceOptions, values: RootTable? = nil, pool: ComputePool
) -> InfluenceResult {
    let count = sampler.graph.count
    precondition((options.forced + options.forbidden).allSatisfy { $0 < count }, "people are of this graph")
    let budget = options.mostPeople(of: count)
    guard budget > 0 else { return .nobody(options) }
    let roots = values.map { RootRule.weighted($0) } ?? .uniform
    var hunt = Hunt(
        LocalGround(sampler, options: options, roots: roots, threads: pool),
        Schedule(vertices: count, values: values, budget: budget, options: options),
        Sentinels(sampler, budget: budget, options: options, roots: roots, on: pool), options: options)
    while !hunt.isOver { hunt.nextRound() }
    return hunt.result()
}
