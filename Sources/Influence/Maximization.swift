// OPIM-C (Tang, Tang, Xiao and Yuan, "Online processing algorithms for influence maximization", SIGMOD 2018).
// Two independent collections of sets: the first chooses the people and bounds what anybody could reach,
// the second, which took no part in the choice, tells what the chosen really reach. When the pessimistic
// reading of the second is close enough to the optimistic reading of the first, stop; else double both. Easy
// graphs stop early. After so many sets that the worst case is covered, the guarantee holds without looking.
//
// The certificate is what was proved about this answer: with the stated confidence, the chosen people
// reach at least certifiedRatio times what the best choice reaches. It is reported as it is, also when a
// limit on memory ended the search before the wanted ratio was proved.

package import Basics

/// What to ask: how many people, how sure, how much memory.
package struct InfluenceOptions: Equatable, Sendable {
    /// People to choose; more than there are means all.
    package let budget: Int
    /// The wanted ratio is 1 - 1/e - epsilon; in 0..<1 - 1/e, 0 excluded.
    package let epsilon: Double
    /// Chance that the certificate is wrong; nil means one in the number of vertices.
    package let failure: Double?
    package let seed: UInt64
    /// Most sets to draw, both collections together.
    package let maximumSets: Int
    /// Stop doubling when the members of both collections would pass this (about 8 bytes each, so 270 MB).
    package let maximumMembers: Int

    /// Errors: `InfluenceError` naming the option that is out of its range.
    package init(
        budget: Int, epsilon: Double = 0.1, failure: Double? = nil, seed: UInt64,
        maximumSets: Int = 1 << 22, maximumMembers: Int = 1 << 25
    ) throws(InfluenceError) {
        guard budget >= 0 else { throw .budget(budget) }
        guard epsilon > 0, epsilon < greedyRatio else { throw .epsilon(epsilon) }
        if let failure, !(failure > 0 && failure < 1) { throw .failure(failure) }
        guard maximumSets >= 2 * setsPerChunk else {
            throw .limit(name: "maximumSets", value: maximumSets, least: 2 * setsPerChunk)
        }
        guard maximumMembers >= 1, maximumMembers <= 1 << 31 else {
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
    /// People each seed adds to those before it, in expectation, estimated on the second collection.
    package var marginal: [Double]
    /// People reached by all seeds, the seeds included; the sum of `marginal`.
    package var spread: Double
    /// With `confidence`: reach of the seeds / reach of the best choice is at least this. 0...1.
    package var certifiedRatio: Double
    package var confidence: Double
    /// Sets drawn, both collections together.
    package var sets: Int
    /// Members of all these sets.
    package var members: Int
    /// What both collections occupied at the end, the way back from people to sets included.
    package var bytes: Int
    package var epsilon: Double
}

/// 1 - 1/e, what greedy guarantees.
let greedyRatio = 0.632_120_558_828_557_7

/// Chooses the people whose coming brings most others under independent cascade. The same answer for any
/// number of threads. Cost follows the difficulty of the instance: tens of thousands of sets on social graphs.
package func maximizeInfluence(
    _ graph: InfluenceGraph, options: InfluenceOptions, pool: ComputePool
) -> InfluenceResult {
    let count = graph.count
    let budget = min(options.budget, count)
    guard budget > 0 else {
        return InfluenceResult(
            seeds: [], marginal: [], spread: 0, certifiedRatio: 1, confidence: 1, sets: 0, members: 0, bytes: 0,
            epsilon: options.epsilon)
    }
    let schedule = Schedule(vertices: count, budget: budget, options: options)
    var first = FlatSets(), second = FlatSets()
    var size = schedule.firstSize
    while true {
        extend(&first, to: size, of: graph, seed: options.seed, purpose: "choose", pool: pool)
        extend(&second, to: size, of: graph, seed: options.seed, purpose: "judge", pool: pool)
        let cover = greedyCover(RRCollection(first, vertices: count), budget: budget)
        let gains = validate(cover.seeds, on: second, vertices: count)
        var ratio = schedule.ratio(covered: gains.reduce(0, +), upperBound: cover.upperBound, sets: size)
        if size >= schedule.enough { ratio = max(ratio, greedyRatio - options.epsilon) }
        let grown = 2 * (first.members.count + second.members.count)
        let isLast = size >= schedule.enough || 4 * size > options.maximumSets || grown > options.maximumMembers
        if ratio < greedyRatio - options.epsilon, budget < count, !isLast {
            size *= 2
            continue
        }
        let scale = Double(count) / Double(size)
        let isEveryone = budget == count
        return InfluenceResult(
            seeds: cover.seeds, marginal: gains.map { Double($0) * scale },
            spread: Double(gains.reduce(0, +)) * scale, certifiedRatio: isEveryone ? 1 : ratio,
            confidence: isEveryone ? 1 : 1 - schedule.failure, sets: 2 * size,
            members: first.members.count + second.members.count,
            bytes: first.bytes + second.bytes + RRCollection.indexBytes(first, vertices: count),
            epsilon: options.epsilon)
    }
}

/// The sizes OPIM-C goes through and the bounds it reads off. One third of the failure chance belongs to the
/// worst-case size, one third to the upper and one to the lower bounds of all rounds.
struct Schedule {
    let vertices: Int
    let budget: Int
    let failure: Double
    /// Sets per collection in the first round: whole chunks.
    let firstSize: Int
    /// With this many sets per collection the ratio 1 - 1/e - epsilon holds without a look at the instance.
    let enough: Int
    /// ln(3 rounds / failure): the price of one bound.
    private let price: Double

    init(vertices: Int, budget: Int, options: InfluenceOptions) {
        self.vertices = vertices
        self.budget = budget
        failure = options.failure ?? 1 / Double(max(vertices, 2))
        let sure = naturalLogarithm(6 / failure)
        let ways = logarithmOfBinomial(vertices, budget)
        let root = greedyRatio * sure.squareRoot() + (greedyRatio * (ways + sure)).squareRoot()
        let start = 2 * root * root
        let worst = start * Double(vertices) / (options.epsilon * options.epsilon * Double(budget))
        enough = worst < 1e15 ? Int(worst) + 1 : Int(1e15)
        let most = max(options.maximumSets / 2 / setsPerChunk, 1)
        firstSize = min(max(Int(start) / setsPerChunk, 4), most) * setsPerChunk
        var rounds = 1
        while rounds < 60, firstSize << (rounds - 1) < enough { rounds += 1 }
        price = naturalLogarithm(3 * Double(rounds) / failure)
    }

    /// Lower bound of the chosen people's reach over upper bound of anybody's (Tang et al. 2018, equations 5, 8
    /// and 15), both helped by what needs no sampling: k people reach at least k and at most everyone.
    func ratio(covered: Int, upperBound: Int, sets: Int) -> Double {
        let scale = Double(vertices) / Double(sets)
        let low = (Double(covered) + 2 * price / 9).squareRoot() - (price / 2).squareRoot()
        let lower = max((max(low, 0) * max(low, 0) - price / 18) * scale, Double(budget))
        let high = (Double(upperBound) + price / 2).squareRoot() + (price / 2).squareRoot()
        let upper = min(high * high * scale, Double(vertices))
        return min(lower / upper, 1)
    }
}
