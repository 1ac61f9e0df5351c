package import Basics

/// What is known of two people together: whether they get on, and whether they would come when invited together.
/// The truth that a model of friendships learns from. Stored once, the smaller number first.
package struct FriendLabel: Equatable, Sendable {
    package var first: PersonID
    /// Greater than `first`.
    package var second: PersonID
    /// True where the two get on, false where they do not. A pair of which neither is known has no label.
    package var isCompatible: Bool
    /// True where the two come when they are invited together; only compatible people do.
    package var attends: Bool

    package init(first: PersonID, second: PersonID, isCompatible: Bool, attends: Bool = false) {
        self.first = first
        self.second = second
        self.isCompatible = isCompatible
        self.attends = attends
    }
}

extension FriendLabel {
    /// Whether two people get on, from the cosine of their fine preferences (0...1) and the number of places
    /// that both attended: yes from an overlap of 0.6 or two places up, no below 0.3 without any place, and
    /// nil between the two, where a pair gets no label (specification 2.6).
    package static func compatibility(interestOverlap: Float, coAttendance: UInt32) -> Bool? {
        if interestOverlap >= 0.6 || coAttendance >= 2 { return true }
        return interestOverlap < 0.3 && coAttendance == 0 ? false : nil
    }

    /// The chance, 0...1, that two people come when they are invited together: overlap * (1 + places / 10), at
    /// most 1, for compatible people, and 0 for all others. The specification says "proportional to"; the
    /// factor is one.
    package static func attendanceChance(interestOverlap: Float, coAttendance: UInt32) -> Double {
        guard compatibility(interestOverlap: interestOverlap, coAttendance: coAttendance) == true else { return 0 }
        return min(1, Double(interestOverlap) * (1 + Double(coAttendance) / 10))
    }
}
