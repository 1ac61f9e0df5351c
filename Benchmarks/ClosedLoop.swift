// People of the made-up world living through some weeks of invitations. They have tastes, bonds and habits that are
// told to nobody (World's HiddenTruth), a calendar of their own, and they tire of a place where they have just been. A
// policy sees the records, the visits of the past, and the answers to its own invitations; nothing else, and nothing of
// other policies.
//
// Somebody who says yes shows up when the plan takes place: at least `minimum` people said yes to the same place, slot
// and week. When too few did, it is called off and nobody goes. Beyond `capacity` people are turned away. What somebody
// would answer is fixed by who, where, when and by whom they are asked, so that two policies that ask the same get the
// same.

import Basics
import Graph
import Plans
import World

/// The world as an evaluator knows it.
struct LoopWorld: Sendable {
    let graph: CityGraph
    let truth: HiddenTruth
    let seed: UInt64
    let weeks: Int
    /// Invitations in a week.
    let budget: Int
    let options: CampaignOptions

    /// How often somebody has nothing else to do in a slot.
    static let freeShare = 0.75
    /// Weeks for which a place where somebody was is out of the question in nine of ten cases.
    static let tiredWeeks = 3
    static let tiredFactor = 0.1

    func comes(_ invitation: Invitation) -> Double {
        truth.comes(
            graph.people[Int(invitation.person)], graph.places[Int(invitation.place)],
            TimeSlot(number: UInt8(invitation.slot)),
            askedBy: invitation.edge.map { graph.people[Int(graph.socialNeighbors[$0])] })
    }

    /// The slot a place is made for, first, then the liveliest other by its visits.
    func slots(of place: Int) -> [Int] {
        let typical = graph.typicalSlot(of: place)
        let shares = graph.placeSlots[place * TimeSlot.count..<(place + 1) * TimeSlot.count]
        let others = (0..<TimeSlot.count).filter { $0 != typical }
        let next = others.max { shares[place * TimeSlot.count + $0] < shares[place * TimeSlot.count + $1] }
        return [typical] + (next.map { [$0] } ?? [])
    }
}

/// One policy's weeks: asks for it, counts, and decides who showed up.
final class LoopSession {
    let world: LoopWorld
    private(set) var week = 0
    private(set) var left: Int
    private var askedInWeek: [Int]
    /// One bit per slot of this week in which the person said yes.
    private var hasYes: [UInt8]
    /// Who said yes, by cell, this week.
    private var yes: [Int: [UInt32]] = [:]
    /// The last week in which a person was at a place.
    private var lastVisit: [UInt64: Int] = [:]

    private(set) var invitations = 0
    private(set) var accepted = 0
    private(set) var showUps: [(person: UInt32, place: UInt32)] = []
    private(set) var plansMet = 0
    private(set) var plansMissed = 0
    /// Invitations that each person got.
    private(set) var askedInAll: [Int]

    init(_ world: LoopWorld) {
        self.world = world
        left = world.budget
        askedInWeek = [Int](repeating: 0, count: world.graph.people.count)
        hasYes = [UInt8](repeating: 0, count: world.graph.people.count)
        askedInAll = askedInWeek
    }

    /// Whether the limits allow to ask somebody to something now.
    func mayAsk(_ person: Int, slot: Int) -> Bool {
        left > 0 && person < world.graph.residents && askedInWeek[person] < world.options.invitationsPerPerson
            && hasYes[person] >> slot & 1 == 0
    }

    /// Whether somebody was at a place lately: a policy knows who came to its plans.
    func wasLately(_ person: Int, at place: Int) -> Bool {
        guard let last = lastVisit[UInt64(person) << 32 | UInt64(place)] else { return false }
        return week - last <= LoopWorld.tiredWeeks
    }

    /// Asks. Only what `mayAsk` allows.
    func ask(_ invitation: Invitation) -> Bool {
        let person = Int(invitation.person)
        precondition(mayAsk(person, slot: invitation.slot), "limits hold for every policy")
        left -= 1
        invitations += 1
        askedInWeek[person] += 1
        askedInAll[person] += 1
        let cell = Int(invitation.place) * TimeSlot.count + invitation.slot
        var fate = SeededRandom(seed: world.seed).child(
            "answer", UInt64(person), UInt64(cell), UInt64(week), UInt64(invitation.edge.map { $0 + 1 } ?? 0))
        var calendar = SeededRandom(seed: world.seed).child(
            "calendar", UInt64(person), UInt64(invitation.slot), UInt64(week))
        var chance = world.comes(invitation)
        if wasLately(person, at: Int(invitation.place)) { chance *= LoopWorld.tiredFactor }
        guard calendar.uniform() < LoopWorld.freeShare, fate.uniform() < chance else { return false }
        accepted += 1
        hasYes[person] |= 1 << invitation.slot
        yes[cell, default: []].append(invitation.person)
        return true
    }

    /// Sees who shows up this week, and begins the next.
    func endWeek() {
        for (cell, people) in yes.sorted(by: { $0.key < $1.key }) {
            guard people.count >= world.options.minimum else {
                plansMissed += 1
                continue
            }
            plansMet += 1
            for person in people.prefix(world.options.capacity) {
                let place = UInt32(cell / TimeSlot.count)
                showUps.append((person, place))
                lastVisit[UInt64(person) << 32 | UInt64(place)] = week
            }
        }
        yes = [:]
        week += 1
        left = world.budget
        for person in askedInWeek.indices {
            askedInWeek[person] = 0
            hasYes[person] = 0
        }
    }
}

extension LoopSession {
    /// What came of it.
    func figures(_ fit: LoopFit) -> [String: Figure] {
        let thousand = Double(max(invitations, 1)) / 1000
        var byPlace = [Int](repeating: 0, count: world.graph.places.count)
        for visit in showUps { byPlace[Int(visit.place)] += 1 }
        let active = byPlace.filter { $0 > 0 }
        let reached = askedInAll.filter { $0 > 0 }
        let minority = showUps.count { fit.isMinority[Int($0.person)] }
        let asked = askedInAll.indices.reduce(0) { $0 + (fit.isMinority[$1] ? askedInAll[$1] : 0) }
        return [
            "showups_per_1000": .real(Double(showUps.count) / thousand),
            "accepted_per_1000": .real(Double(accepted) / thousand),
            "invitations": .whole(invitations), "plans_met": .whole(plansMet), "plans_missed": .whole(plansMissed),
            "demand_per_venue": .real(Double(showUps.count) / Double(max(active.count, 1))),
            "active_venues": .whole(active.count), "gini": .real(gini(byPlace)),
            "fit_percentile": .real(fit.meanPercentile(showUps)),
            "invitations_per_person": .real(Double(invitations) / Double(max(reached.count, 1))),
            "minority_showups_per_1000": .real(Double(minority) / max(Double(asked) / 1000, 0.001)),
        ]
    }

    /// How unequal counts are: 0 all alike, near 1 one has all.
    private func gini(_ counts: [Int]) -> Double {
        let sorted = counts.sorted()
        let total = Double(sorted.reduce(0, +))
        guard total > 0 else { return 0 }
        let weighted = sorted.enumerated().reduce(0.0) { $0 + Double($1.offset + 1) * Double($1.element) }
        let count = Double(sorted.count)
        return 2 * weighted / (count * total) - (count + 1) / count
    }
}

/// How well places suit people, which only the evaluator knows.
final class LoopFit {
    private let world: LoopWorld
    private var utilities: [Int: (first: PlaceID, sorted: [Float], values: [Float])] = [:]
    /// People whose favourite category is one of the two that fewest people have as theirs.
    let isMinority: [Bool]

    init(_ world: LoopWorld) {
        self.world = world
        let graph = world.graph
        let favourites = graph.people.indices.map { person in
            let start = person * PersonColumns.count + PersonColumns.categories.lowerBound
            return (0..<PlaceColumns.categories.count).max {
                graph.personFeatures[start + $0] < graph.personFeatures[start + $1]
            } ?? 0
        }
        var counts = [Int](repeating: 0, count: PlaceColumns.categories.count)
        for favourite in favourites { counts[favourite] += 1 }
        let rare = Set(counts.indices.sorted { counts[$0] < counts[$1] }.prefix(2))
        isMinority = favourites.map { rare.contains($0) }
    }

    /// The mean share of the city's places that the person likes less than the one attended, in percent.
    func meanPercentile(_ visits: [(person: UInt32, place: UInt32)]) -> Double {
        if visits.isEmpty { return 0 }
        return visits.reduce(0) { $0 + percentile(Int($1.person), Int($1.place)) } / Double(visits.count)
    }

    private func percentile(_ person: Int, _ place: Int) -> Double {
        let own: (first: PlaceID, sorted: [Float], values: [Float])
        if let known = utilities[person] {
            own = known
        } else {
            let (first, values) = world.truth.utilities(of: world.graph.people[person])
            own = (first, values.sorted(), values)
            utilities[person] = own
        }
        let value = own.values[Int(world.graph.places[place].number - own.first.number)]
        var (low, high) = (0, own.sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if own.sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return 100 * Double(low) / Double(max(own.sorted.count - 1, 1))
    }
}
