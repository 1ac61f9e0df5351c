// The side that asks: one hunt over several places (see `InfluencePlace`). Sets are begun block by block, so that what
// travels at a time is bounded; greedy runs on summed counts (NewGreeDi, Tang et al. 2022, section 4): the place of
// the person chosen tells which sets are met anew, and every place whose counts fall by it. Bytes: 8 a frontier entry,
// 4 a vertex for each greedy run, then 4 a set newly met and place, and 8 a count that fell.

/// Puts questions to places and waits for the answers.
package protocol InfluencePlaces {
    associatedtype Failure: Error
    /// All questions at a time, each to its place, at most one to each; answers in the order of the questions.
    mutating func ask(_ questions: [(place: Int, question: PlaceQuestion)]) throws(Failure) -> [PlaceAnswer]
}

/// Chooses people of all places together. `people` is how many there are in each; they are numbered place after place.
/// The same answer as `maximizeInfluence` on the union graph gives without sentinels, which cut sets short in one
/// process only; the certificate may be the better one where that cuts its sets down to a core.
/// Errors: those of `places`; nothing is begun anew.
package func maximizeInfluence<Places: InfluencePlaces>(
    over places: inout Places, people: [Int], options: InfluenceOptions, values: RootTable? = nil
) throws(Places.Failure) -> InfluenceResult {
    let count = people.reduce(0, +)
    let budget = options.mostPeople(of: count)
    guard budget > 0 else { return .nobody(options) }
    var hunt = Hunt(
        UnionGround(places, people: people, options: options, roots: values.map { .weighted($0) } ?? .uniform),
        Schedule(vertices: count, values: values, budget: budget, options: options),
        Sentinels(forced: options.forced), options: options)
    defer { places = hunt.ground.places }
    while !hunt.isOver { try hunt.nextRound() }
    return hunt.result()
}

struct UnionGround<Places: InfluencePlaces>: HuntGround {
    private(set) var places: Places
    /// The number in the union of each place's first person, and of nobody behind the last.
    private let bases: [Int]
    private let options: InfluenceOptions
    private let roots: RootRule

    private var excluded: Set<UInt32> = []
    private(set) var sets = 0
    private(set) var hits = 0
    private(set) var memberCount = 0

    /// Sets that are drawn at a time.
    private static var block: Int { 1 << 18 }
    /// Entries that travel to a place at a time; others wait here: 16 MB.
    private static var entriesMax: Int { 1 << 21 }

    init(_ places: Places, people: [Int], options: InfluenceOptions, roots: RootRule) {
        self.places = places
        bases = people.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        self.options = options
        self.roots = roots
    }

    private var count: Int { bases.count - 1 }
    private var vertices: Int { bases[count] }
    var bytes: Int { 8 * memberCount + 4 * sets }

    private func home(of person: UInt32) -> (place: Int, vertex: UInt32) {
        var (low, high) = (0, count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if bases[middle] <= Int(person) { low = middle } else { high = middle }
        }
        return (low, UInt32(Int(person) - bases[low]))
    }

    private mutating func askAll(_ question: PlaceQuestion) throws(Places.Failure) -> [PlaceAnswer] {
        try places.ask((0..<count).map { ($0, question) })
    }

    mutating func extend(to size: Int, goals: [UInt32]) throws(Places.Failure) {
        while sets < size {
            let end = min(sets + Self.block, size)
            try draw(.choosing, sets..<end, goals: goals)
            let dropped = goals.isEmpty ? [] : try hitSets()
            memberCount = try askAll(.keep(dropped: dropped)).reduce(0) { $0 + $1.members }
            hits += dropped.count
            sets = end
        }
    }

    mutating func judge(_ seeds: [UInt32], sets: Int, round: Int) throws(Places.Failure) -> (hits: Int, looked: Int) {
        var found = 0
        for start in stride(from: 0, to: sets, by: Self.block) {
            try draw(.judging(round: UInt32(round)), start..<min(start + Self.block, sets), goals: seeds)
            found += try hitSets().count
        }
        return (found, 0)
    }

    /// Sets of the present drawing that met a goal anywhere.
    private mutating func hitSets() throws(Places.Failure) -> [UInt32] {
        var found: Set<UInt32> = []
        for answer in try askAll(.hits) { found.formUnion(answer.numbers) }
        return found.sorted()
    }

    private mutating func draw(_ name: PlaceStream, _ range: Range<Int>, goals: [UInt32]) throws(Places.Failure) {
        let stream = name.stream(seed: options.seed, vertices: vertices, roots: roots)
        var waiting = [[FrontierEntry]](repeating: [], count: count)
        for set in range {
            let (place, vertex) = home(of: stream.root(of: set, key: stream.key(of: set)))
            waiting[place].append(FrontierEntry(set: UInt32(set), vertex: vertex))
        }
        var ours = [[UInt32]](repeating: [], count: count)
        for goal in goals {
            let (place, vertex) = home(of: goal)
            ours[place].append(vertex)
        }
        var questions = (0..<count).map { place in
            (place: place, question: PlaceQuestion.draw(name, goals: ours[place], entries: waiting[place]))
        }
        waiting = [[FrontierEntry]](repeating: [], count: count)
        while !questions.isEmpty {
            var hasMore = [Bool](repeating: false, count: count)
            for (question, answer) in zip(questions, try places.ask(questions)) {
                for (place, entries) in answer.frontier { waiting[Int(place)] += entries }
                hasMore[question.place] = answer.isWaiting
            }
            questions = (0..<count).filter { hasMore[$0] || !waiting[$0].isEmpty }.map { place in
                let part = waiting[place].suffix(Self.entriesMax)
                waiting[place].removeLast(part.count)
                return (place, .goOn(Array(part)))
            }
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

extension UnionGround: CoverField {
    mutating func gains() throws(Places.Failure) -> [Int32] {
        try askAll(.count(UInt32(sets))).flatMap { $0.numbers.map { Int32($0) } }
    }

    mutating func take(_ person: UInt32, _ gains: inout [Int32]) throws(Places.Failure) {
        let (place, vertex) = home(of: person)
        let met = try places.ask([(place, .take(vertex))])[0].numbers
        if met.isEmpty { return }
        for (place, answer) in try askAll(.meet(met)).enumerated() {
            for (vertex, loss) in zip(answer.numbers, answer.losses) {
                gains[bases[place] + Int(vertex)] -= Int32(loss)
            }
        }
    }
}
