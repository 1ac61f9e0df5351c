// What people have shown interest in lately: per person, place and slot, the more they did there, the more often and
// the later the more. Half of it is gone after two weeks. Where friends were, a part of theirs counts too. A model is
// trained now and then and stops at what it was trained on; this is read from the rows at each planning, so a signal
// counts at the next plan.

package import Basics
package import Graph
package import World

/// One thing somebody did at a place.
package struct InterestSign: Equatable, Sendable {
    /// Local.
    package var person: UInt32
    package var place: UInt32
    package var slot: UInt8
    package var attended: Bool
    /// How much it says, about 0 to 1.
    package var weight: Float
    /// How long ago, in days.
    package var age: Float

    package init(person: UInt32, place: UInt32, slot: UInt8, attended: Bool, weight: Float, age: Float) {
        self.person = person
        self.place = place
        self.slot = slot
        self.attended = attended
        self.weight = weight
        self.age = age
    }

    /// From a visit; nil for one that is too long ago. A look counts a tenth, all one can do a little more than one.
    package init?(_ visit: Visit, person: UInt32, place: UInt32, latest: Timestamp) {
        let age = Float(latest.milliseconds - visit.time.milliseconds) / 86_400_000
        guard age <= RecentInterest.daysMax else { return nil }
        self.init(
            person: person, place: place, slot: visit.time.slot.number, attended: visit.attended,
            weight: 0.1 + (visit.implicitRating - 1) / 4, age: max(age, 0))
    }
}

/// Interest of all residents, by person, place and slot.
package struct RecentInterest: Sendable {
    /// One place of one person.
    package struct Entry: Equatable, Sendable {
        package var place: UInt32
        /// By slot.
        package var amounts: [Float]
    }

    /// By resident, ascending by place.
    private let entries: [[Entry]]

    package static let halfLifeDays: Float = 14
    /// Older signs weigh less than a sixteenth, and count nothing.
    package static let daysMax: Float = 56
    /// How much of a friend's interest in a place where they were is one's own.
    private static let friendShare: Float = 0.25
    /// Places of one person that are kept, the strongest.
    private static let placesMax = 16

    package static let none = RecentInterest(entries: [])

    private init(entries: [[Entry]]) { self.entries = entries }

    /// O(signs · log + friendships · places of each friend).
    package init(_ signs: [InterestSign], in graph: CityGraph, pool: ComputePool) {
        var own = [[Entry]](repeating: [], count: graph.people.count)
        var attended = own
        let order = signs.sorted { left, right in
            (left.person, left.place, left.slot, left.age, left.weight)
                < (right.person, right.place, right.slot, right.age, right.weight)
        }
        for sign in order {
            let amount = sign.weight * exponential(-sign.age / Self.halfLifeDays * Self.logOfTwo)
            Self.add(amount, sign, to: &own[Int(sign.person)])
            if sign.attended { Self.add(amount, sign, to: &attended[Int(sign.person)]) }
        }
        let (mine, theirs) = (own, attended)
        entries = pool.map(graph.residents, chunks: 16) { person in
            var all = mine[person]
            for edge in graph.friends(of: UInt32(person)) {
                for entry in theirs[Int(graph.socialNeighbors[edge])] {
                    all.append(Entry(place: entry.place, amounts: entry.amounts.map { $0 * Self.friendShare }))
                }
            }
            return Self.strongest(all)
        }
    }

    private static let logOfTwo: Float = 0.693_147_2

    private static func add(_ amount: Float, _ sign: InterestSign, to entries: inout [Entry]) {
        if entries.last?.place != sign.place {
            entries.append(Entry(place: sign.place, amounts: [Float](repeating: 0, count: TimeSlot.count)))
        }
        entries[entries.count - 1].amounts[Int(sign.slot)] += amount
    }

    /// One entry a place, the greatest kept, ascending by place.
    private static func strongest(_ all: [Entry]) -> [Entry] {
        var merged: [Entry] = []
        for entry in all.enumerated().sorted(by: { ($0.1.place, $0.0) < ($1.1.place, $1.0) }).map(\.1) {
            if merged.last?.place == entry.place {
                for slot in entry.amounts.indices { merged[merged.count - 1].amounts[slot] += entry.amounts[slot] }
            } else {
                merged.append(entry)
            }
        }
        let kept = merged.sorted { left, right in
            let (one, other) = (left.amounts.reduce(0, +), right.amounts.reduce(0, +))
            return one != other ? one > other : left.place < right.place
        }
        return kept.prefix(placesMax).sorted { $0.place < $1.place }
    }

    /// The same without some places of some residents.
    package func without(_ out: [Int: Set<UInt32>]) -> RecentInterest {
        if out.isEmpty { return self }
        return RecentInterest(
            entries: entries.enumerated().map { person, own in
                out[person].map { places in own.filter { !places.contains($0.place) } } ?? own
            })
    }

    /// What a resident has shown interest in lately.
    package func of(_ person: Int) -> [Entry] { person < entries.count ? entries[person] : [] }
}

extension RecentInterest.Entry {
    /// By how many deviations of one's scores the place is lifted in each slot: interest of the slot counts whole, that
    /// of others half, and the more there is the less each further sign adds. Stated.
    var lifts: [Float] {
        let total = amounts.reduce(0, +)
        return amounts.map { amount in
            let sum = Double(amount + (total - amount) / 2)
            return min(Self.gain * Float(logarithm(1 + sum)), Self.most)
        }
    }

    private static let gain: Float = 1
    private static let most: Float = 2
}
