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
// campaign together costs no more than the members of the sets. Choices lean to what the choosing sets happen to say,
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
    private var gains: [Int32]
    private var isMet: [Bool]
    private var isMetByJudges: [Bool]
    private var hits = 0
    private var heap: MaxHeap<Promise>

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
        let gains = (0..<choosing.vertices).map { vertex in
            Int32(choosing.holderOffsets[vertex + 1] - choosing.holderOffsets[vertex])
        }
        self.weights = weights
        self.gains = gains
        isMet = [Bool](repeating: false, count: choosing.count)
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

    /// People expected to come because of those aboard, themselves included, by sets that never choose.
    package var expectedTurnout: Double {
        judging.count == 0 ? 0 : Double(hits) / Double(judging.count) * Double(judging.vertices)
    }

    private mutating func board(_ person: UInt32) {
        aboard.append(person)
        meet(choosing.sets(holding: person))
        for set in judging.sets(holding: person) where !isMetByJudges[Int(set)] {
            isMetByJudges[Int(set)] = true
            hits += 1
        }
    }

    private mutating func meet(_ sets: ArraySlice<UInt32>) {
        // SAFETY: a collection's indices lie within it.
        choosing.sets.offsets.withUnsafeBufferPointer { offsets in
            choosing.sets.members.withUnsafeBufferPointer { members in
                for set in sets where !isMet[Int(set)] {
                    isMet[Int(set)] = true
                    for index in Int(offsets[Int(set)])..<Int(offsets[Int(set) + 1]) { gains[Int(members[index])] -= 1 }
                }
            }
        }
    }
}
