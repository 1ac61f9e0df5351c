// Whom to ask next. Some people have said yes; each further person, when asked, says yes with a known chance,
// independently. A set is then met with a chance: 1 minus the product, over its members asked, of the chance
// that they decline. The expected number of people who come is still monotone and submodular in the set
// of people asked, so greedy is within 1 - 1/e of the best list of the same length, and that list is within
// the same factor of the best strategy that waits for each answer (Asadpour and Nazerzadeh 2016).

/// The state of one round of invitations over a collection of sets: what is open, and what an invitation would add.
package struct InviteState: Sendable {
    private let collection: RRCollection
    /// Per set: the chance that nobody asked so far has met it.
    private var open: [Double]
    private let scale: Double
    /// People expected to come, those who said yes included.
    package private(set) var expectedTurnout: Double = 0

    /// Everyone in `already` has said yes. They are vertices of the collection.
    package init(_ collection: RRCollection, already: [UInt32]) {
        self.collection = collection
        open = [Double](repeating: 1, count: collection.count)
        scale = collection.count > 0 ? Double(collection.vertices) / Double(collection.count) : 0
        for person in already { invite(person, acceptance: 1) }
    }

    /// People that asking `person` would add, in expectation. O(sets that hold the person).
    package func gain(_ person: UInt32, acceptance: Double) -> Double {
        var sum = 0.0
        for set in collection.sets(holding: person) { sum += open[Int(set)] }
        return sum * acceptance * scale
    }

    /// Asks `person`, who says yes with chance `acceptance` in 0...1.
    package mutating func invite(_ person: UInt32, acceptance: Double) {
        expectedTurnout += gain(person, acceptance: acceptance)
        for set in collection.sets(holding: person) { open[Int(set)] *= 1 - acceptance }
    }

    /// Each vertex's chance to come: the mean over the sets that start at it, 0 for one that no set starts at.
    /// Sums to `expectedTurnout` up to rounding when roots were taken in turn for whole turns. O(sets).
    package func attendance() -> [Double] {
        var sums = [Double](repeating: 0, count: collection.vertices)
        var counts = [Double](repeating: 0, count: collection.vertices)
        for set in 0..<collection.count {
            guard let root = collection.members(of: set).first else { continue }
            sums[Int(root)] += 1 - open[set]
            counts[Int(root)] += 1
        }
        for vertex in sums.indices where counts[vertex] > 0 { sums[vertex] /= counts[vertex] }
        return sums
    }
}

/// The order in which to ask `candidates` when `already` said yes: greedy, ties by lower vertex, at most
/// `count` people. `acceptance` is the chance of a yes per candidate (0...1); empty means that everyone asked comes.
/// Candidates who are in `already` or who repeat are asked once or not at all.
/// `expectedTurnout[i]` is the number of people expected after order[0...i] were asked, `already` included.
/// O(members of the candidates' sets), lazily.
package func inviteOrder(
    _ sets: RRCollection, already: [UInt32], candidates: [UInt32], acceptance: [Float] = [], count: Int
) -> (order: [UInt32], expectedTurnout: [Double]) {
    precondition(acceptance.isEmpty || acceptance.count == candidates.count, "one acceptance per candidate")
    var state = InviteState(sets, already: already)
    var chance = [Float](repeating: -1, count: sets.vertices)
    for (index, person) in candidates.enumerated() where chance[Int(person)] < 0 {
        chance[Int(person)] = acceptance.isEmpty ? 1 : acceptance[index]
    }
    for person in already { chance[Int(person)] = -1 }
    var promises: [Promise] = []
    for person in chance.indices where chance[person] >= 0 {
        let vertex = UInt32(person)
        promises.append(Promise(gain: state.gain(vertex, acceptance: Double(chance[person])), vertex: vertex))
    }
    var heap = MaxHeap(promises)
    var order: [UInt32] = []
    var turnout: [Double] = []
    while order.count < count, let best = heap.pop() {
        let acceptance = Double(chance[Int(best.vertex)])
        let fresh = Promise(gain: state.gain(best.vertex, acceptance: acceptance), vertex: best.vertex)
        if let next = heap.top, fresh < next {
            heap.push(fresh)
            continue
        }
        state.invite(best.vertex, acceptance: acceptance)
        order.append(best.vertex)
        turnout.append(state.expectedTurnout)
    }
    return (order, turnout)
}
