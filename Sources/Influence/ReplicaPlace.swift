// One objective over several holders of one whole graph (DiIMM, Tang et al. 2022): each draws the sets whose numbers it
// is given and keeps them; a set is a function of its number (`SetStream`), so which holder draws it changes nothing.
// Nothing travels while sets are drawn. Greedy runs on summed counts (`ReplicaGround` asks): whoever is chosen, each
// holder strikes out its own sets and tells whose counts fall.
//
// This or `InfluencePlace`: see docs/ARCHITECTURE.md. Here a holder needs the whole graph, which must be sent to it
// once; there the graph stays where it lies, and a set that goes on elsewhere must be.

package import Basics

/// One holder's part of one search.
package struct ReplicaPlace: Sendable {
    private let sampler: SetSampler
    private let seed: UInt64
    private let roots: RootRule
    private let threads: ComputePool?
    private var kept = SetPool()
    private var collection = RRCollection(SetPool(), vertices: 0)
    private var isMet: [Bool] = []
    /// How much each person's count falls in one answer; 0 between answers.
    private var falls: [UInt32]

    /// `values` are what it is worth that each comes; nil: alike.
    package init(_ sampler: SetSampler, seed: UInt64, values: RootTable? = nil, pool threads: ComputePool?) {
        self.sampler = sampler
        self.seed = seed
        self.threads = threads
        roots = values.map { .weighted($0) } ?? .uniform
        falls = [UInt32](repeating: 0, count: sampler.graph.count)
    }

    private var people: Int { sampler.graph.count }

    /// Sets of one share.
    private static let setsMax = 1 << 28

    /// Errors: `InfluenceError` where the question is about people who are not here, where a share is of more than
    /// 2^28 sets or does not begin at a whole chunk, or where one before it did not end there.
    package mutating func answer(_ question: ReplicaQuestion) throws(InfluenceError) -> ReplicaAnswer {
        switch question {
        case .extend(let range, let goals):
            try check(range, goals)
            guard kept.count % setsPerChunk == 0 else { throw .stranger(UInt32(range.lowerBound)) }
            // What was counted is out of date, and its memory is wanted.
            collection = RRCollection(SetPool(), vertices: 0)
            let stream = PlaceStream.choosing.stream(seed: seed, vertices: people, roots: roots)
            kept.append(sampler.draw(range, of: stream, goals: goals, on: threads))
            return ReplicaAnswer(hits: kept.hits, members: kept.memberCount)
        case .judge(let round, let range, let goals):
            try check(range, goals)
            let stream = PlaceStream.judging(round: round).stream(seed: seed, vertices: people, roots: roots)
            let (hits, looked) = sampler.countHits(goals, in: range, of: stream, on: threads)
            return ReplicaAnswer(hits: hits, members: looked)
        case .count:
            collection = RRCollection(kept, vertices: people, pool: threads)
            isMet = [Bool](repeating: false, count: collection.count)
            return ReplicaAnswer(
                members: kept.memberCount,
                losses: (0..<UInt32(people)).map { UInt32(collection.sets(holding: $0).count) })
        case .take(let person):
            guard Int(person) < collection.vertices else { throw .stranger(person) }
            return take(person)
        }
    }

    private func check(_ range: Range<Int>, _ goals: [UInt32]) throws(InfluenceError) {
        guard range.lowerBound % setsPerChunk == 0, range.count <= Self.setsMax else {
            throw .stranger(UInt32(range.lowerBound))
        }
        for goal in goals where Int(goal) >= people { throw .stranger(goal) }
        if people == 0, !range.isEmpty { throw .stranger(UInt32(range.lowerBound)) }
    }

    private mutating func take(_ person: UInt32) -> ReplicaAnswer {
        var answer = ReplicaAnswer()
        for set in collection.sets(holding: person) where !isMet[Int(set)] {
            isMet[Int(set)] = true
            for member in collection.members(of: Int(set)) {
                if falls[Int(member)] == 0 { answer.people.append(member) }
                falls[Int(member)] += 1
            }
        }
        answer.losses.reserveCapacity(answer.people.count)
        for person in answer.people {
            answer.losses.append(falls[Int(person)])
            falls[Int(person)] = 0
        }
        return answer
    }
}
