// What did not happen. A group that met at a venue is set against the same group elsewhere and against the group with
// one of its members exchanged, so that the scorer learns both halves of the question: whether the venue suits these
// people, and whether these people suit each other.

package import Basics

/// Groups that met, and where.
package struct MetGroup: Equatable, Sendable {
    package var venue: UInt32
    package var members: [UInt32]

    package init(venue: UInt32, members: [UInt32]) {
        precondition(!members.isEmpty, "a group has members")
        self.venue = venue
        self.members = members
    }
}

/// Draws negatives. Venues and people are given as the rows they may be drawn from.
package struct GroupNegatives: Sendable {
    private let venues: [UInt32]
    private let people: [UInt32]
    /// Which groups met, so that none of them is called a negative.
    private let met: Set<UInt64>

    package init(_ groups: [MetGroup], venues: [UInt32], people: [UInt32]) {
        precondition(!venues.isEmpty && !people.isEmpty, "there is something to draw from")
        self.venues = venues
        self.people = people
        met = Set(groups.map(Self.key))
    }

    /// Each group, then the same at `venueSwaps` other venues and with one member exchanged `memberSwaps` times; labels
    /// go along. A swap that makes a group which met is drawn again, a few times, then left out.
    package func sets(
        _ groups: some Sequence<MetGroup>, venueSwaps: Int, memberSwaps: Int, _ random: inout SeededRandom
    ) -> (sets: GroupSets, labels: [Int8]) {
        var sets = GroupSets()
        var labels: [Int8] = []
        func add(_ group: MetGroup, _ label: Int8) {
            sets.append(venue: group.venue, members: group.members)
            labels.append(label)
        }
        for group in groups {
            add(group, 1)
            for _ in 0..<venueSwaps {
                if let other = draw(&random, { swapVenue(group, &$0) }) { add(other, 0) }
            }
            for _ in 0..<memberSwaps {
                if let other = draw(&random, { swapMember(group, &$0) }) { add(other, 0) }
            }
        }
        return (sets, labels)
    }

    private static let triesMax = 8

    private func draw(
        _ random: inout SeededRandom, _ swap: (inout SeededRandom) -> MetGroup
    ) -> MetGroup? {
        for _ in 0..<Self.triesMax {
            let other = swap(&random)
            if Set(other.members).count == other.members.count && !met.contains(Self.key(other)) { return other }
        }
        return nil
    }

    private func swapVenue(_ group: MetGroup, _ random: inout SeededRandom) -> MetGroup {
        MetGroup(venue: venues[random.below(venues.count)], members: group.members)
    }

    private func swapMember(_ group: MetGroup, _ random: inout SeededRandom) -> MetGroup {
        var other = group
        other.members[random.below(other.members.count)] = people[random.below(people.count)]
        return other
    }

    private static func key(_ group: MetGroup) -> UInt64 {
        group.members.sorted().reduce(SeededRandom.mix(UInt64(group.venue))) { SeededRandom.mix($0 ^ UInt64($1)) }
    }
}
