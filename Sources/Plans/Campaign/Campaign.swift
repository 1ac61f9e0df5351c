// A round of invitations for a whole city, with every answer heard before the next question.
//
// A plan grows from one person: they are asked by nobody in particular, and whoever says yes asks their friends,
// because who is asked by a friend says yes far more often. Which plan comes next is chosen by what an invitation in it
// promises: around each of the likeliest people of a cell (a place in a slot) the group that would grow is drawn up
// greedily, and its mean chance per invitation, given that the ones before said yes, is its promise. Promises only fall
// while a round goes on, since people run out of invitations; so the lazy greedy order needs few of them drawn up anew.
//
// While a plan lives, every answer changes whom to ask next: a no of the first ends it at the price of one invitation;
// a yes opens that person's friends. Below the minimum a plan goes on as long as anybody is likely enough to come;
// above it only while the next person promises more than a new plan would.

package import Graph
import Influence
import World

/// One question: will you come to this place in this slot? Asked in the name of a friend, or of nobody.
package struct Invitation: Equatable, Sendable {
    package var person: UInt32
    package var place: UInt32
    package var slot: Int
    /// Edge of the person's friends in the graph.
    package var edge: Int?

    package init(person: UInt32, place: UInt32, slot: Int, edge: Int? = nil) {
        self.person = person
        self.place = place
        self.slot = slot
        self.edge = edge
    }
}

/// Knows how likely people say yes, and hears what they said.
package protocol ResponseEstimate: AnyObject {
    func chance(of invitation: Invitation) -> Double
    func hear(_ answer: Bool, to invitation: Invitation)
}

/// How a round goes.
package struct CampaignOptions: Equatable, Sendable {
    /// People without whom a plan does not take place, and with whom it is full.
    package var minimum: Int
    package var capacity: Int
    /// Invitations one person may get in a round.
    package var invitationsPerPerson: Int
    /// Plans one place may have in a round: variety.
    package var plansPerPlace: Int
    /// Cells looked at for each person.
    package var cellsPerPerson = 24
    /// People around whom a plan of a cell is drawn up.
    package var anchors = 6
    /// People of a cell who are looked at, friends of those who come aside.
    package var audience = 48
    /// Invitations of a plan that go out together, the first aside.
    package var wave: Int

    package init(
        minimum: Int = 4, capacity: Int = 12, invitationsPerPerson: Int = 2, plansPerPlace: Int = 2, wave: Int = 1
    ) {
        precondition(2 <= minimum && minimum <= capacity, "a plan is for two or more, and has room for its minimum")
        precondition(wave > 0, "a wave is somebody")
        self.wave = wave
        self.minimum = minimum
        self.capacity = capacity
        self.invitationsPerPerson = invitationsPerPerson
        self.plansPerPlace = plansPerPlace
    }
}

/// One round. Belongs to one thread.
package struct Campaign {
    private let graph: CityGraph
    private let options: CampaignOptions
    private let estimate: any ResponseEstimate
    /// Residents that may be in a cell, likeliest first. Cells are place · 6 + slot.
    private var audiences: [Int: [UInt32]] = [:]
    private var invitations: [Int]
    /// One bit per slot in which the person was asked this round.
    private var isTaken: [UInt8]
    private var plansAt: [Int]
    private var budget: Int
    /// Show-ups and invitations so far, begun with a guess: what an invitation is worth elsewhere.
    private var (came, spent) = (2.0, 5.0)

    /// `slots` names the slots worth looking at for a place; `isOpen` says whether a person may be asked to a place at
    /// all.
    package init(
        _ graph: CityGraph, _ estimate: any ResponseEstimate, budget: Int, options: CampaignOptions,
        slots: (Int) -> [Int], isOpen: (Int, Int) -> Bool
    ) {
        self.graph = graph
        self.options = options
        self.estimate = estimate
        self.budget = budget
        invitations = [Int](repeating: 0, count: graph.people.count)
        isTaken = [UInt8](repeating: 0, count: graph.people.count)
        plansAt = [Int](repeating: 0, count: graph.places.count)
        var found: [Int: [(person: UInt32, chance: Double)]] = [:]
        let cells = graph.places.indices.flatMap { place in slots(place).map { place * TimeSlot.count + $0 } }
        for person in 0..<graph.residents {
            var own: [Promise] = []
            own.reserveCapacity(cells.count)
            for (index, cell) in cells.enumerated() where isOpen(person, cell / TimeSlot.count) {
                own.append(Promise(gain: chance(person, cell, nil), vertex: UInt32(index)))
            }
            own.sort(by: >)
            for promise in own.prefix(options.cellsPerPerson) {
                found[cells[Int(promise.vertex)], default: []].append((UInt32(person), promise.gain))
            }
        }
        audiences = found.mapValues { people in
            people.sorted { ($1.chance, $0.person) < ($0.chance, $1.person) }.prefix(options.audience).map(\.person)
        }
    }

    private func chance(_ person: Int, _ cell: Int, _ edge: Int?) -> Double {
        estimate.chance(
            of: Invitation(
                person: UInt32(person), place: UInt32(cell / TimeSlot.count), slot: cell % TimeSlot.count, edge: edge))
    }

    /// Asks until the budget is spent or nothing promises anything. `ask` answers, and is never asked more than the
    /// budget and the limits allow.
    package mutating func run(ask: (Invitation) -> Bool) {
        var heap = MaxHeap<Promise>([])
        var keys: [(cell: Int, anchor: Int)] = []
        for (cell, people) in audiences.sorted(by: { $0.key < $1.key }) {
            for anchor in 0..<min(options.anchors, people.count) {
                keys.append((cell, anchor))
                heap.push(Promise(gain: promise(cell, anchor), vertex: UInt32(keys.count - 1)))
            }
        }
        while budget > 0, let best = heap.pop() {
            let key = keys[Int(best.vertex)]
            let fresh = Promise(gain: promise(key.cell, key.anchor), vertex: best.vertex)
            if fresh.gain <= 0 { continue }
            if let next = heap.top, fresh < next {
                heap.push(fresh)
                continue
            }
            grow(key.cell, key.anchor, ask)
        }
    }

    private func isFree(_ person: Int, _ cell: Int) -> Bool {
        person < graph.residents && invitations[person] < options.invitationsPerPerson
            && isTaken[person] >> (cell % TimeSlot.count) & 1 == 0
    }

    /// Mean chance per invitation of the group that would grow; 0 where none can reach the minimum.
    private func promise(_ cell: Int, _ anchor: Int) -> Double {
        guard let people = audiences[cell], plansAt[cell / TimeSlot.count] < options.plansPerPlace else { return 0 }
        let first = Int(people[anchor])
        guard isFree(first, cell) else { return 0 }
        var group = GrowingGroup(first, chance: chance(first, cell, nil))
        offerFriends(of: first, cell, &group)
        let size = min(options.minimum + 2, options.capacity)
        while group.members.count < size, let next = group.best() { join(next, cell, &group) }
        return group.members.count < options.minimum ? 0 : group.promise
    }

    private func join(_ next: GrowingGroup.Candidate, _ cell: Int, _ group: inout GrowingGroup) {
        group.add(next)
        offerFriends(of: next.person, cell, &group)
    }

    /// Looks at whom somebody who comes could ask.
    private func offerFriends(of person: Int, _ cell: Int, _ group: inout GrowingGroup) {
        for edge in graph.friends(of: UInt32(person)) {
            let friend = Int(graph.socialNeighbors[edge])
            guard isFree(friend, cell), !group.knows(friend), let back = self.edge(from: friend, to: person) else {
                continue
            }
            group.offer(friend, edge: back, chance: chance(friend, cell, back))
        }
    }

    /// The edge of `person`'s friends that leads to `friend`.
    private func edge(from person: Int, to friend: Int) -> Int? {
        let row = graph.friends(of: UInt32(person))
        var (low, high) = (row.lowerBound, row.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if Int(graph.socialNeighbors[middle]) < friend { low = middle + 1 } else { high = middle }
        }
        return low < row.upperBound && Int(graph.socialNeighbors[low]) == friend ? low : nil
    }

    /// Asks one plan's people, wave after wave.
    private mutating func grow(_ cell: Int, _ anchor: Int, _ ask: (Invitation) -> Bool) {
        guard let people = audiences[cell] else { return }
        let first = Int(people[anchor])
        plansAt[cell / TimeSlot.count] += 1
        guard put(invitation(first, cell, nil), ask) else { return plansAt[cell / TimeSlot.count] -= 1 }
        var group = GrowingGroup(first, chance: 1)
        offerFriends(of: first, cell, &group)
        var asked = 1
        while case let wave = next(cell, people, &group), !wave.isEmpty {
            asked += wave.count
            for next in wave where put(invitation(next.person, cell, next.edge), ask) { join(next, cell, &group) }
        }
        spent += Double(asked)
        if group.members.count >= options.minimum { came += Double(group.members.count) }
    }

    /// Whom a plan asks next, with what its budget and its room allow.
    private func next(_ cell: Int, _ people: [UInt32], _ group: inout GrowingGroup) -> [GrowingGroup.Candidate] {
        var wave: [GrowingGroup.Candidate] = []
        let room = min(options.wave, options.capacity - group.members.count, budget)
        let isShort = group.members.count < options.minimum
        while wave.count < room,
            let next = group.next(
                among: people.lazy.map { Int($0) }, isShort: isShort, elsewhere: came / spent,
                isFree: { isFree($0, cell) }, chance: { chance($0, cell, nil) })
        { wave.append(next) }
        return wave
    }

    private func invitation(_ person: Int, _ cell: Int, _ edge: Int?) -> Invitation {
        Invitation(
            person: UInt32(person), place: UInt32(cell / TimeSlot.count), slot: cell % TimeSlot.count, edge: edge)
    }

    private mutating func put(_ invitation: Invitation, _ ask: (Invitation) -> Bool) -> Bool {
        budget -= 1
        invitations[Int(invitation.person)] += 1
        let answer = ask(invitation)
        estimate.hear(answer, to: invitation)
        // A yes fills the slot; after a no most have something else to do then, whatever is proposed.
        isTaken[Int(invitation.person)] |= 1 << invitation.slot
        return answer
    }
}
