package import Basics

/// One person's encounter with one place: looked at, liked, saved, shared, attended.
/// Person, place and time together name it: the same visit sent twice is one visit.
package struct Visit: Equatable, Sendable {
    package var person: PersonID
    /// A place of the city whose shard holds this visit.
    package var place: PlaceID
    package var time: Timestamp
    /// Seconds spent looking at the place; 0 where unknown.
    package var dwellSeconds: Float
    package var likes: UInt16
    package var saves: UInt16
    package var shares: UInt16
    /// True where the person was really there.
    package var attended: Bool

    package init(
        person: PersonID, place: PlaceID, time: Timestamp, dwellSeconds: Float = 0, likes: UInt16 = 0,
        saves: UInt16 = 0, shares: UInt16 = 0, attended: Bool = false
    ) {
        self.person = person
        self.place = place
        self.time = time
        self.dwellSeconds = dwellSeconds
        self.likes = likes
        self.saves = saves
        self.shares = shares
        self.attended = attended
    }

    /// How much the person liked it: see the function of this name.
    package var implicitRating: Float {
        Visit.implicitRating(
            dwellSeconds: dwellSeconds, likes: Int(likes), saves: Int(saves), shares: Int(shares), attended: attended)
    }

    /// How much somebody who did this liked it, 1...5: 1, and up to 2 for five minutes of dwelling, 1.5 for
    /// likes, 2 for saves, 1 for shares and 2 for attending, at most 5 together (specification 2.4).
    @inlinable
    package static func implicitRating(
        dwellSeconds: Float, likes: Int, saves: Int, shares: Int, attended: Bool
    ) -> Float {
        var score: Float = 1
        score += min(max(dwellSeconds, 0) / 150, 2)
        score += min(Float(likes) * 0.5, 1.5)
        score += min(Float(saves), 2)
        score += min(Float(shares) * 0.5, 1)
        if attended { score += 2 }
        return min(score, 5)
    }
}

/// An undirected tie between two people, stored once, the smaller number first.
package struct Friendship: Equatable, Sendable {
    package var first: PersonID
    /// Greater than `first`.
    package var second: PersonID
    /// Cosine of the two people's fine preferences, 0...1; 0 where unknown.
    package var interestOverlap: Float
    /// Number of places that both attended; 0 where unknown.
    package var coAttendance: UInt32
    /// Overlap of the two people's area frequencies, 0...1; 0 where unknown.
    package var sharedNeighborhoods: Float

    package init(
        first: PersonID, second: PersonID, interestOverlap: Float = 0, coAttendance: UInt32 = 0,
        sharedNeighborhoods: Float = 0
    ) {
        self.first = first
        self.second = second
        self.interestOverlap = interestOverlap
        self.coAttendance = coAttendance
        self.sharedNeighborhoods = sharedNeighborhoods
    }
}

/// Any row of a city: what is imported, sent, stored and built into graphs.
package enum Record: Equatable, Sendable {
    case person(Person)
    case place(Place)
    case visit(Visit)
    case friendship(Friendship)
    case friendLabel(FriendLabel)
    case gathering(Gathering)
}
