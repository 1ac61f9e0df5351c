// Who starts. A plan is asked of two or three people who know each other, the most willing first, and each yes
// makes the next one likelier. Tried around each of the most willing people of the audience: the friend with
// whom the plan converts best, then a third who is a friend of either. A person without friends in
// the audience is paired with whoever has the nearest embedding; such a pair stands behind every group of friends.
//
//     cohesion(a, b)  = (bond + closeness) / 2
//     bond            = 0 for strangers, (1 + mean of the friendship's three features) / 2 for friends
//     closeness       = (1 + cosine of the embeddings) / 2
//     chance(i | yes) = 1 - (1 - acceptance(i)) * product over earlier yes-sayers j of (1 - 0.3 * cohesion(i, j))
//     conversion      = chance that at least two say yes, asked in order, each knowing the answers before

import Basics
import Graph

/// How much of a person's doubt one friend's yes takes away, at full cohesion. Stated, not learned.
let friendBoost = 0.3

/// Starters of one cell, by position in its audience, most willing first.
struct StarterGroup: Equatable, Sendable {
    var members: [Int]
    var conversion: Double
    /// Whether friendships hold the group together.
    var isConnected: Bool
}

/// Chance that at least two of two or three people say yes. `acceptance` in the order of asking; `cohesion(i, j)`
/// for j < i, in 0...1. Exact: goes through every outcome.
func conversion(_ acceptance: [Double], cohesion: (_ later: Int, _ earlier: Int) -> Double) -> Double {
    var total = 0.0
    for outcome in 0..<(1 << acceptance.count) where outcome.nonzeroBitCount >= 2 {
        var chance = 1.0
        for person in acceptance.indices {
            var doubt = 1 - acceptance[person]
            for earlier in 0..<person where outcome >> earlier & 1 == 1 {
                doubt *= 1 - friendBoost * cohesion(person, earlier)
            }
            chance *= outcome >> person & 1 == 1 ? 1 - doubt : doubt
        }
        total += chance
    }
    return min(max(total, 0), 1)
}

/// The best disjoint groups of an audience, groups of friends first, then by conversion; ties by the
/// most willing members. O(anchors * friends of friends in the audience).
func starterGroups(_ audience: Audience, in context: PlanningContext) -> [StarterGroup] {
    let builder = GroupBuilder(audience: audience, context: context)
    var groups = (0..<min(PlanLimits.anchors, audience.people.count)).compactMap { builder.group(around: $0) }
    groups.sort { left, right in
        if left.isConnected != right.isConnected { return left.isConnected }
        if left.conversion != right.conversion { return left.conversion > right.conversion }
        return left.members.lexicographicallyPrecedes(right.members)
    }
    var kept: [StarterGroup] = []
    for group in groups where kept.count < PlanLimits.groups {
        let isApart = kept.allSatisfy { other in group.members.allSatisfy { !other.members.contains($0) } }
        if isApart { kept.append(group) }
    }
    return kept
}

/// Puts together the group around one person.
struct GroupBuilder {
    let audience: Audience
    let context: PlanningContext

    /// The best group with the person at position `anchor`; nil when nobody else is there.
    func group(around anchor: Int) -> StarterGroup? {
        let friends = friends(of: anchor)
        guard let pair = best(friends.map { [anchor, $0] }, isConnected: true) else { return stranger(to: anchor) }
        let partner = pair.members[0] == anchor ? pair.members[1] : pair.members[0]
        let thirds = (friends + self.friends(of: partner)).filter {
            $0 != anchor && $0 != partner && !areApart($0, anchor) && !areApart($0, partner)
        }
        return best(thirds.map { [anchor, partner, $0] }, isConnected: true) ?? pair
    }

    /// cohesion(a, b) of the formula above, for positions in the audience.
    func cohesion(_ first: Int, _ second: Int) -> Double {
        let left = audience.people[first], right = audience.people[second]
        return (bond(left, right) + context.likeness.closeness(left, right)) / 2
    }

    /// The members in the order of asking (positions are sorted by willingness), and how they convert.
    private func evaluate(_ members: [Int], isConnected: Bool) -> StarterGroup {
        let order = members.sorted()
        let value = conversion(order.map { Double(audience.acceptance[$0]) }) { later, earlier in
            cohesion(order[later], order[earlier])
        }
        return StarterGroup(members: order, conversion: value, isConnected: isConnected)
    }

    private func best(_ choices: [[Int]], isConnected: Bool) -> StarterGroup? {
        var best: StarterGroup?
        for choice in choices {
            let group = evaluate(choice, isConnected: isConnected)
            guard let old = best else {
                best = group
                continue
            }
            let isTie = group.conversion == old.conversion
            if isTie ? group.members.lexicographicallyPrecedes(old.members) : group.conversion > old.conversion {
                best = group
            }
        }
        return best
    }

    private func friends(of position: Int) -> [Int] {
        let person = audience.people[position]
        return context.graph.friends(of: person).compactMap {
            audience.position(of: context.graph.socialNeighbors[$0])
        }.filter { !areApart(position, $0) }
    }

    private func areApart(_ first: Int, _ second: Int) -> Bool {
        context.areApart(audience.people[first], audience.people[second])
    }

    /// The pair with whoever, among the most willing, has the nearest embedding; ties by the more willing.
    private func stranger(to anchor: Int) -> StarterGroup? {
        var nearest: (position: Int, product: Float)?
        for other in 0..<min(PlanLimits.anchors, audience.people.count) where other != anchor {
            if areApart(anchor, other) { continue }
            let product = context.likeness.product(audience.people[anchor], audience.people[other])
            if let old = nearest, !(product > old.product) { continue }
            nearest = (other, product)
        }
        return nearest.map { evaluate([anchor, $0.position], isConnected: false) }
    }

    /// 0 for strangers, one half to 1 for friends.
    private func bond(_ first: UInt32, _ second: UInt32) -> Double {
        let row = context.graph.friends(of: first)
        var low = row.lowerBound, high = row.upperBound
        while low < high {
            let middle = (low + high) / 2
            if context.graph.socialNeighbors[middle] < second { low = middle + 1 } else { high = middle }
        }
        guard low < row.upperBound, context.graph.socialNeighbors[low] == second else { return 0 }
        let width = FriendshipColumns.count
        let features = context.graph.socialFeatures[low * width..<(low + 1) * width]
        let mean = features.reduce(0) { $0 + min(max($1, 0), 1) } / Float(width)
        return Double(1 + mean) / 2
    }
}
