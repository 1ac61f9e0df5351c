// Which people and which venue belong together, as rows of one table of embeddings. A set has its venue first, then its
// members in any order, then perhaps a row that tells what the group did before.

/// Sets to be scored, one after the other.
package struct GroupSets: Equatable, Sendable {
    /// Set s has the tokens offsets[s]..<offsets[s + 1].
    package private(set) var offsets: [UInt32] = [0]
    /// Row of each token in the table of embeddings.
    package private(set) var rows: [UInt32] = []
    /// What each token is: 0 a venue, 1 a member, 2 what the group did before.
    package private(set) var roles: [UInt32] = []
    /// Numbers known of each set as a whole, [sets, extras].
    package private(set) var extras: [Float] = []
    package let extraCount: Int

    package var count: Int { offsets.count - 1 }

    /// `extraCount` numbers come with each set.
    package init(extraCount: Int = 0) { self.extraCount = extraCount }

    /// Adds a set. At least one member.
    package mutating func append(
        venue: UInt32, members: some Sequence<UInt32>, history: UInt32? = nil, extras: [Float] = []
    ) {
        precondition(extras.count == extraCount, "every set comes with as many numbers")
        append(venue, role: 0)
        let before = rows.count
        for member in members { append(member, role: 1) }
        precondition(rows.count > before, "a group has members")
        if let history { append(history, role: 2) }
        offsets.append(UInt32(rows.count))
        self.extras += extras
    }

    private mutating func append(_ row: UInt32, role: UInt32) {
        rows.append(row)
        roles.append(role)
    }

    /// The sets of a range, as sets of their own.
    package func part(_ range: Range<Int>) -> GroupSets {
        var part = GroupSets(extraCount: extraCount)
        let (first, end) = (Int(offsets[range.lowerBound]), Int(offsets[range.upperBound]))
        part.offsets = offsets[range.lowerBound...range.upperBound].map { $0 - UInt32(first) }
        part.rows = Array(rows[first..<end])
        part.roles = Array(roles[first..<end])
        part.extras = Array(extras[range.lowerBound * extraCount..<range.upperBound * extraCount])
        return part
    }

    /// Adds all sets of another collection with as many extras.
    package mutating func append(contentsOf other: GroupSets) {
        precondition(other.extraCount == extraCount, "every set comes with as many numbers")
        let base = UInt32(rows.count)
        rows += other.rows
        roles += other.roles
        extras += other.extras
        offsets += other.offsets.dropFirst().map { $0 + base }
    }
}
