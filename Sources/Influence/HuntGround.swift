// Where a hunt's sets are drawn and counted: in this process, or in several (`UnionGround`, `ReplicaGround`).

import Basics

/// The sets of one hunt.
protocol HuntGround {
    associatedtype Failure: Error
    /// Sets that choose, those among them that met a goal, and the members of the others.
    var sets: Int { get }
    var hits: Int { get }
    var memberCount: Int { get }
    /// What they occupy.
    var bytes: Int { get }

    /// Draws sets that choose until there are `size`. Those that reach a goal end there and hold nobody.
    mutating func extend(to size: Int, goals: [UInt32]) throws(Failure)

    /// Greedy on them: `budget` people behind the goals. `chosen` is how many of the goals others may do without: the
    /// upper bound is that of choices of `chosen` + `budget`.
    mutating func choose(budget: Int, chosen: Int) throws(Failure) -> GreedyCover

    /// How many of so many fresh sets meet these people, and how many members were looked at to find out.
    mutating func judge(_ seeds: [UInt32], sets: Int, round: Int) throws(Failure) -> (hits: Int, looked: Int)

    /// Begins with no sets that choose; nobody of `excluded` is to be chosen from them.
    mutating func restart(excluding excluded: [UInt32])
}

/// All in this process, with all its threads.
struct LocalGround: HuntGround {
    private let sampler: SetSampler
    private let options: InfluenceOptions
    private let roots: RootRule
    private let threads: ComputePool
    private let stream: SetStream
    /// Those that meet a goal stay empty.
    private var chosen = SetPool()
    private var counts = MemberCounts(vertices: 0)

    init(_ sampler: SetSampler, options: InfluenceOptions, roots: RootRule, threads: ComputePool) {
        self.sampler = sampler
        self.options = options
        self.roots = roots
        self.threads = threads
        stream = SetStream(seed: options.seed, purpose: "choose", vertices: sampler.graph.count, roots: roots)
    }

    var sets: Int { chosen.count }
    var hits: Int { chosen.hits }
    var memberCount: Int { chosen.memberCount }
    var bytes: Int { chosen.bytes + 4 * sampler.graph.count }

    mutating func extend(to size: Int, goals: [UInt32]) {
        sampler.extend(&chosen, to: size, stream, goals: goals, on: threads)
        counts.extend(chosen)
    }

    mutating func choose(budget: Int, chosen others: Int) -> GreedyCover {
        if options.limit.isNumber {
            return chooseByCover(chosen, counts, budget: budget, chosen: others, on: threads)
        }
        var field = CollectionField(RRCollection(chosen, vertices: sampler.graph.count, pool: threads))
        return limitedCover(&field, hits: chosen.hits, allowance: options.allowance, excluding: counts.excluded)
    }

    mutating func judge(_ seeds: [UInt32], sets: Int, round: Int) -> (hits: Int, looked: Int) {
        let fresh = SetStream(
            seed: options.seed, purpose: "judge", round: round, vertices: sampler.graph.count, roots: roots)
        return sampler.countHits(seeds, in: 0..<sets, of: fresh, on: threads)
    }

    mutating func restart(excluding excluded: [UInt32]) {
        chosen = SetPool()
        counts = MemberCounts(vertices: sampler.graph.count, excluding: excluded)
    }
}
