// Whom to ask next, when each answer is known before the next question. Who accepts is on board; whoever they bring
// comes without being asked. The best next question is the person with the greatest chance of a yes times what a yes
// would add, per unit of cost, given all answers so far.
//
// Accepting is independent from person to person and reach is monotone and submodular in who accepted, so this rule is
// within 1 - 1/e of the best strategy there is, under a limit on the number of questions (Asadpour and Nazerzadeh
// 2016, theorem 1; Golovin and Krause 2011, theorem 5.2; with costs only the rule per unit of cost is kept, not the
// ratio). That needs answers which tell of the person alone: where people say yes because friends did, nothing is
// guaranteed.
//
// Nothing is drawn anew when an answer comes: reach as a function of who accepted has not changed, only who did. A yes
// meets the person's sets, and their members' gains fall; a no or silence takes the person off the list. All of a
// campaign together costs no more than the members of the sets. Where the cascade itself is seen, sets are cut down to
// the residual graph (`sawCascade`). Choices lean to what the choosing sets happen to say,
// so what is reported comes from other sets, which never choose.

/// One round of invitations under way. A value: copies go on independently.
package struct AdaptiveInvites: Sendable {
    /// What became of an invitation, or that somebody came unasked.
    package enum Answer: Sendable {
        case yes
        case no
        /// None in time; the person is not asked again.
        case silence
    }

    private let choosing: RRCollection
    private let judging: RRCollection
    /// Chance of a yes over cost, per vertex; 0 for those not to be asked (any more).
    private var weights: [Float]
    /// Sets not yet met that hold each vertex.
    private(set) var gains: [Int32]
    private var isMet: [Bool]
    private var isMetByJudges: [Bool]
    private var hits = 0
    private var heap: MaxHeap<Promise>

    /// Per member of the choosing sets, whether it no longer leads to the root; empty until a cascade was seen.
    private var isGone: [Bool] = []
    /// Where in `isGone` the members of each chunk of the choosing sets begin.
    private var starts: [Int] = []
    private var isAboard: [Bool]

    /// People who have said yes or came unasked.
    package private(set) var aboard: [UInt32] = []

    /// `choosing` and `judging` are sets of one graph from different streams. `acceptance` is the chance of a yes per
    /// vertex, in 0...1, 0 for those not to be asked; `costs`, if any, are positive. O(vertices).
    package init(choosing: RRCollection, judging: RRCollection, acceptance: [Float], costs: [Float] = []) {
        precondition(choosing.vertices == judging.vertices, "both collections are of one graph")
        precondition(acceptance.count == choosing.vertices, "one acceptance per vertex")
        precondition(costs.isEmpty || costs.count == acceptance.count, "one cost per vertex")
        self.choosing = choosing
        self.judging = judging
        let weights = acceptance.indices.map { acceptance[$0] / (costs.isEmpty ? 1 : costs[$0]) }
        let gains = (0..<UInt32(choosing.vertices)).map { Int32(choosing.sets(holding: $0).count) }
        self.weights = weights
        self.gains = gains
        isMet = [Bool](repeating: false, count: choosing.count)
        isAboard = [Bool](repeating: false, count: choosing.vertices)
        isMetByJudges = [Bool](repeating: false, count: judging.count)
        heap = MaxHeap(
            weights.indices.filter { weights[$0] > 0 }.map {
                Promise(gain: Double(weights[$0]) * Double(gains[$0]), vertex: UInt32($0))
            })
    }

    /// Whom to ask now, ties by lower vertex; nil when nobody is left. Asking again without an answer gives the same.
    /// Amortized O(log vertices).
    package mutating func next() -> UInt32? {
        while let top = heap.pop() {
            let index = Int(top.vertex)
            guard weights[index] > 0 else { continue }
            let fresh = Promise(gain: Double(weights[index]) * Double(gains[index]), vertex: top.vertex)
            if let other = heap.top, fresh < other {
                heap.push(fresh)
                continue
            }
            heap.push(fresh)
            return top.vertex
        }
        return nil
    }

    /// Takes an answer in. O(members of the sets newly met) for a yes.
    package mutating func take(_ answer: Answer, from person: UInt32) {
        weights[Int(person)] = 0
        if answer == .yes { board(person) }
    }

    /// Somebody is there who was not asked: a starter, or one whom others brought. What they would bring counts from
    /// now on.
    package mutating func came(_ person: UInt32) {
        weights[Int(person)] = 0
        board(person)
    }

    /// The whole of a cascade was seen: `people` are there, and nobody else came through them. What is left is the
    /// graph without them (full adoption, Golovin and Krause 2011, section 8): sets that do not hold any of them stay
    /// as they are, those that start at one are met, and from the rest everybody falls out who led to the root only
    /// through them. Sets keep their coins, so they only lose members, and what is left are sets of the residual
    /// graph; none is drawn anew. `choosing` are sets of `graph` by `drawSets` with `seed`. O(members of the sets that
    /// hold one of them).
    /// In place of `take(.yes, ...)` for those it names.
    package mutating func sawCascade(_ people: [UInt32], in graph: InfluenceGraph, seed: UInt64) {
        if isGone.isEmpty {
            isGone = [Bool](repeating: false, count: choosing.memberCount)
            starts = choosing.sets.chunks.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.members.count) }
        }
        var affected: Set<UInt32> = []
        for person in people where !isAboard[Int(person)] {
            isAboard[Int(person)] = true
            weights[Int(person)] = 0
            aboard.append(person)
            affected.formUnion(choosing.sets(holding: person))
            meetJudges(person)
        }
        let open = affected.filter { !isMet[Int($0)] }.sorted()
        let (ours, others) = (open.filter { isAboard[root(of: $0)] }, open.filter { !isAboard[root(of: $0)] })
        meet(ours)
        let stream = SetStream(seed: seed, purpose: "sets", vertices: graph.count, roots: .uniform)
        let gone = graph.withLiveEdges(
            ResidualSearch(stream: stream, sets: others, pool: choosing.sets, starts: starts, isAboard: isAboard))
        for member in gone where !isGone[member.place] {
            isGone[member.place] = true
            gains[Int(member.vertex)] -= 1
        }
    }

    private func root(of set: UInt32) -> Int {
        guard let root = choosing.members(of: Int(set)).first else { preconditionFailure("a set holds its root") }
        return Int(root)
    }

    /// People expected to come because of those aboard, themselves included, by sets that never choose.
    package var expectedTurnout: Double {
        judging.count == 0 ? 0 : Double(hits) / Double(judging.count) * Double(judging.vertices)
    }

    private mutating func board(_ person: UInt32) {
        aboard.append(person)
        isAboard[Int(person)] = true
        meet(choosing.sets(holding: person))
        meetJudges(person)
    }

    private mutating func meetJudges(_ person: UInt32) {
        for set in judging.sets(holding: person) where !isMetByJudges[Int(set)] {
            isMetByJudges[Int(set)] = true
            hits += 1
        }
    }

    private mutating func meet(_ sets: some Sequence<UInt32>) {
        for set in sets where !isMet[Int(set)] {
            isMet[Int(set)] = true
            Self.loseMembers(of: Int(set), in: choosing.sets, but: isGone, starts, from: &gains)
        }
    }

    /// Whoever is in a set that is met now brings one set less, those apart who no longer lead to its root.
    private static func loseMembers(
        of set: Int, in pool: SetPool, but isGone: [Bool], _ starts: [Int], from gains: inout [Int32]
    ) {
        // SAFETY: members are vertices, each of which has a gain.
        gains.withUnsafeMutableBufferPointer { gains in
            pool.withMembers(of: set) { members in
                if isGone.isEmpty {
                    for member in members { gains[Int(member)] -= 1 }
                } else {
                    let first = pool.place(of: set, starts)
                    for place in members.indices where !isGone[first + place] { gains[Int(members[place])] -= 1 }
                }
            }
        }
    }
}

/// Sets searched once more, with the same coins, around those who are aboard. Answers where in the collection those
/// stand who are no longer met, and who they are.
private struct ResidualSearch: LiveEdgesUse {
    let stream: SetStream
    let sets: [UInt32]
    let pool: SetPool
    /// Where each chunk's members begin among all.
    let starts: [Int]
    let isAboard: [Bool]

    func run<Edges: CascadeEdges>(_ live: LiveEdges<Edges>) -> [(place: Int, vertex: UInt32)] {
        var queue = GrowingList<UInt32>(), sources = GrowingList<UInt32>()
        defer {
            queue.free()
            sources.free()
        }
        // The place in `sets`, from 1, of the last set that met the vertex.
        var metBy = [UInt32](repeating: 0, count: isAboard.count)
        var gone: [(place: Int, vertex: UInt32)] = []
        for (place, set) in sets.enumerated() {
            let key = stream.key(of: Int(set)), stamp = UInt32(place + 1)
            queue.removeAll()
            queue.append(stream.root(of: Int(set), key: key))
            var next = 0
            while next < queue.count {
                let vertex = queue[next]
                next += 1
                if isAboard[Int(vertex)] || metBy[Int(vertex)] == stamp { continue }
                metBy[Int(vertex)] = stamp
                live.append(to: &sources, key: key, vertex: vertex)
                for source in sources.elements { queue.append(source) }
                sources.removeAll()
            }
            let first = pool.place(of: Int(set), starts)
            for (place, vertex) in pool.members(of: Int(set)).enumerated() where metBy[Int(vertex)] != stamp {
                gone.append((first + place, vertex))
            }
        }
        return gone
    }
}
