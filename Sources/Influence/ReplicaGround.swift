// The side that asks several holders of one graph (see `ReplicaPlace`). Bytes: once per greedy run 4 a person and
// holder, then 8 for each count that falls; a constant few for all else.

import Basics

/// Puts questions to holders and waits for the answers.
package protocol ReplicaPlaces {
    associatedtype Failure: Error
    /// How many there are.
    var count: Int { get }
    /// One question to each, all at a time; answers in their order.
    mutating func ask(_ questions: [ReplicaQuestion]) throws(Failure) -> [ReplicaAnswer]
}

/// Chooses among the people of one graph that every place holds. The same answer as `maximizeInfluence` in one process
/// gives without sentinels; the certificate may be the better one where that cuts its sets down to a core.
/// Errors: those of `places`; nothing is begun anew.
package func maximizeInfluence<Places: ReplicaPlaces>(
    overReplicas places: inout Places, people: Int, options: InfluenceOptions, values: RootTable? = nil
) throws(Places.Failure) -> InfluenceResult {
    let budget = options.mostPeople(of: people)
    guard budget > 0 else { return .nobody(options) }
    var hunt = Hunt(
        ReplicaGround(places, people: people, options: options),
        Schedule(vertices: people, values: values, budget: budget, options: options),
        Sentinels(forced: options.forced), options: options)
    defer { places = hunt.ground.places }
    while !hunt.isOver { try hunt.nextRound() }
    return hunt.result()
}

struct ReplicaGround<Places: ReplicaPlaces>: HuntGround {
    private(set) var places: Places
    private let people: Int
    private let options: InfluenceOptions

    private var excluded: Set<UInt32> = []
    private(set) var sets = 0
    private(set) var hits = 0
    private(set) var memberCount = 0

    init(_ places: Places, people: Int, options: InfluenceOptions) {
        self.places = places
        self.people = people
        self.options = options
    }

    var bytes: Int { 7 * memberCount + 4 * sets }

    private mutating func askAll(_ question: ReplicaQuestion) throws(Places.Failure) -> [ReplicaAnswer] {
        try places.ask([ReplicaQuestion](repeating: question, count: places.count))
    }

    /// Whole chunks for each, one share behind the other; sets beyond the last whole chunk belong to the last.
    private func shares(of range: Range<Int>) -> [Range<Int>] {
        let first = range.lowerBound / setsPerChunk
        let chunks = (range.upperBound + setsPerChunk - 1) / setsPerChunk - first
        return (0..<places.count).map { place in
            let start = (first + place * chunks / places.count) * setsPerChunk
            let end = (first + (place + 1) * chunks / places.count) * setsPerChunk
            return start..<max(start, min(end, range.upperBound))
        }
    }

    mutating func extend(to size: Int, goals: [UInt32]) throws(Places.Failure) {
        guard size > sets else { return }
        let answers = try places.ask(shares(of: sets..<size).map { .extend($0, goals: goals) })
        hits = answers.reduce(0) { $0 + $1.hits }
        memberCount = answers.reduce(0) { $0 + $1.members }
        sets = size
    }

    mutating func judge(_ seeds: [UInt32], sets: Int, round: Int) throws(Places.Failure) -> (hits: Int, looked: Int) {
        let answers = try places.ask(
            shares(of: 0..<sets).map { .judge(round: UInt32(round), $0, goals: seeds) })
        return answers.reduce(into: (hits: 0, looked: 0)) { sum, answer in
            sum.hits += answer.hits
            sum.looked += answer.members
        }
    }

    /// Nobody but those who are forced is a goal, and no choice can do without them.
    mutating func choose(budget: Int, chosen: Int) throws(Places.Failure) -> GreedyCover {
        precondition(chosen == 0, "sentinels of ours belong to one process")
        return try limitedCover(&self, hits: hits, allowance: options.allowance, excluding: excluded)
    }

    mutating func restart(excluding excluded: [UInt32]) {
        precondition(sets == 0, "sets that lie elsewhere stay there")
        self.excluded = Set(excluded)
    }
}

extension ReplicaGround: CoverField {
    mutating func gains() throws(Places.Failure) -> [Int32] {
        var gains = [Int32](repeating: 0, count: people)
        for answer in try askAll(.count) {
            for person in 0..<people { gains[person] += Int32(answer.losses[person]) }
        }
        return gains
    }

    mutating func take(_ person: UInt32, _ gains: inout [Int32]) throws(Places.Failure) {
        for answer in try askAll(.take(person)) {
            for (vertex, loss) in zip(answer.people, answer.losses) { gains[Int(vertex)] -= Int32(loss) }
        }
    }
}
