// Everybody who may be asked to one seed, with all that is needed to choose among them answer by answer: written when
// the seed is planned, so that its life needs no graph and no model, and is the same after any restart.
//
// Who comes next follows the rule of a campaign (Campaign/GrowingGroup.swift), which the closed loop measures.

package import Basics
import Learn

/// The people of one seed: starters first, then those whom the plan invites, then others in reserve.
package struct Roster: Equatable, Sendable {
    /// Somebody who may be asked.
    package struct Member: Equatable, Sendable {
        package let person: PersonID
        /// How far the planner's score lies above the middle of the person's own, in units of their spread, and the
        /// logarithm of how the slot suits: see `Willingness`.
        package let score: Float
        package let rhythm: Float
        /// What is known of the invitation when nobody in particular asks (`InvitationColumns`); empty when nothing is.
        package let features: [Float]
        /// Of saying yes to it.
        package let logOdds: Double
        package let ties: [Tie]
        /// The person as the model sees them; empty when it does not.
        package let embedding: [Float]
    }

    /// A friend among the roster's people.
    package struct Tie: Equatable, Sendable {
        /// By place in `members`.
        package let friend: Int
        /// The columns of the features from `InvitationColumns.friend` on, when this friend asks.
        package let features: [Float]
        /// Of saying yes then.
        package let logOdds: Double
    }

    /// One question: to whom, in whose name, and how likely it is answered with yes.
    package struct Ask: Equatable, Sendable {
        package let person: PersonID
        package let friend: PersonID?
        package let chance: Double
    }

    package let starters: Int
    package let members: [Member]
    /// The venue as the model sees it.
    package let venue: [Float]
    package let model: ModelVersion

    package init(starters: Int, members: [Member], venue: [Float], model: ModelVersion) {
        precondition(starters <= members.count, "starters are members")
        self.starters = starters
        self.members = members
        self.venue = venue
        self.model = model
    }

    /// Of a seed of which nothing but its list is known: people are asked in its order.
    package init(inOrderOf seed: PlanSeed) {
        let people = seed.starters + seed.invites
        self.init(
            starters: seed.starters.count,
            members: people.map {
                Member(person: $0, score: 0, rhythm: 0, features: [], logOdds: 0, ties: [], embedding: [])
            }, venue: [], model: ModelVersion(0))
    }

    package func position(of person: PersonID) -> Int? { members.firstIndex { $0.person == person } }

    /// Whom to ask next, given who comes and who was asked; nil when nobody promises enough. O(people · ties).
    package func next(
        after accepted: [PersonID], asked: Set<PersonID>, isFree: (PersonID) -> Bool
    ) -> Ask? {
        let coming = accepted.compactMap { position(of: $0) }
        guard let first = coming.first else { return nil }
        var group = GrowingGroup(first, chance: 1)
        for member in coming.dropFirst() { group.add(GrowingGroup.Candidate(person: member, edge: nil, chance: 1)) }
        for index in members.indices where index < starters || asked.contains(members[index].person) {
            group.drop(index)
        }
        let isComing = Set(coming)
        for index in members.indices where !group.knows(index) {
            for (edge, tie) in members[index].ties.enumerated() where isComing.contains(tie.friend) {
                group.offer(index, edge: edge, chance: logistic(tie.logOdds))
            }
        }
        let next = group.next(
            among: byLogOdds(), isShort: true, elsewhere: 0, isFree: { isFree(members[$0].person) },
            chance: { logistic(members[$0].logOdds) })
        return next.map { next in
            let member = members[next.person]
            return Ask(
                person: member.person, friend: next.edge.map { members[member.ties[$0].friend].person },
                chance: next.chance)
        }
    }

    /// People who come for each invitation of the group that would grow, when nobody else is asked once its first says
    /// no: see `GrowingGroup.promise`. 0 where it does not reach `minimum`; two more than that are looked at. O(people
    /// · ties) for each of its people.
    package func promise(minimum: Int) -> Double {
        guard starters > 0 else { return 0 }
        var group = GrowingGroup(0, chance: logistic(members[0].logOdds))
        offerFriends(of: 0, to: &group)
        for starter in 1..<starters {
            let tie = members[starter].ties.filter { group.members.contains($0.friend) }.map(\.logOdds).max()
            let chance = logistic(tie ?? members[starter].logOdds)
            group.add(GrowingGroup.Candidate(person: starter, edge: nil, chance: chance))
            offerFriends(of: starter, to: &group)
        }
        let others = byLogOdds()
        while group.members.count < minimum + 2,
            let next = group.next(
                among: others, isShort: true, elsewhere: 0, isFree: { _ in true },
                chance: { logistic(members[$0].logOdds) })
        {
            group.add(next)
            offerFriends(of: next.person, to: &group)
        }
        return group.members.count < minimum ? 0 : group.promise
    }

    private func offerFriends(of person: Int, to group: inout GrowingGroup) {
        for index in members.indices where index >= starters && !group.knows(index) {
            for (edge, tie) in members[index].ties.enumerated() where tie.friend == person {
                group.offer(index, edge: edge, chance: logistic(tie.logOdds))
            }
        }
    }

    /// Those who start nothing, likeliest first.
    private func byLogOdds() -> [Int] {
        (starters..<members.count).sorted { (members[$0].logOdds, $1) > (members[$1].logOdds, $0) }
    }

    /// In whose name, of those who come, somebody is likeliest to say yes; nil when none of them is a friend.
    package func friend(of person: PersonID, among coming: [PersonID]) -> PersonID? {
        guard let position = position(of: person) else { return nil }
        return members[position].ties.filter { coming.contains(members[$0.friend].person) }
            .max { ($0.logOdds, $1.friend) < ($1.logOdds, $0.friend) }.map { members[$0.friend].person }
    }

    /// What is known of an invitation of a member, in the name of a friend or of nobody; empty when nothing is.
    package func features(of member: Int, askedBy friend: PersonID?) -> [Float] {
        var features = members[member].features
        guard !features.isEmpty, let friend,
            let tie = members[member].ties.first(where: { members[$0.friend].person == friend })
        else {
            return features
        }
        features.replaceSubrange(InvitationColumns.friend..<InvitationColumns.count, with: tie.features)
        return features
    }

    /// How much somebody's yes pulls: one and their friends here, in units of what it is on the mean.
    package func pull(of person: PersonID) -> Double {
        guard let position = position(of: person), !members.isEmpty else { return 1 }
        let mean = 1 + Double(members.reduce(0) { $0 + $1.ties.count }) / Double(members.count)
        return Double(1 + members[position].ties.count) / mean
    }
}
