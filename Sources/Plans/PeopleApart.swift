package import Basics

/// Who has blocked whom. Two people of whom one has blocked the other are kept apart, whichever it was: they start no
/// plan together, neither is asked to a plan of the other, and neither is recommended to the other.
package struct PeopleApart: Equatable, Sendable {
    /// Whom a person has blocked, and by whom a person is blocked; no set is empty.
    private var blocked: [PersonID: Set<PersonID>] = [:]
    private var blockers: [PersonID: Set<PersonID>] = [:]

    package init() {}

    package var isEmpty: Bool { blocked.isEmpty }

    /// `person` blocks `other`, or does so no longer. What the other has done stays.
    package mutating func set(_ isBlocked: Bool, _ person: PersonID, _ other: PersonID) {
        Self.set(isBlocked, other, of: person, in: &blocked)
        Self.set(isBlocked, person, of: other, in: &blockers)
    }

    package func contains(_ one: PersonID, _ other: PersonID) -> Bool {
        !isEmpty && (blocked[one]?.contains(other) == true || blocked[other]?.contains(one) == true)
    }

    package func contains(_ person: PersonID, withAnyOf others: some Sequence<PersonID>) -> Bool {
        !isEmpty && others.contains { contains(person, $0) }
    }

    /// From whom a person is kept apart, ascending.
    package func others(of person: PersonID) -> [PersonID] {
        (blocked[person] ?? []).union(blockers[person] ?? []).sorted()
    }

    private static func set(
        _ isThere: Bool, _ member: PersonID, of person: PersonID, in sets: inout [PersonID: Set<PersonID>]
    ) {
        if isThere {
            sets[person, default: []].insert(member)
        } else if sets[person]?.remove(member) != nil, sets[person]?.isEmpty == true {
            sets[person] = nil
        }
    }
}
