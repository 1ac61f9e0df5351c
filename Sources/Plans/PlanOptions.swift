package import Basics

/// A person's best places of the city, as retrieval and the head ranked them.
package struct PersonInterest: Equatable, Sendable {
    /// Local places, best first, each once.
    package var places: [UInt32]
    /// Head score of each; falling. A score that is not finite counts as no interest.
    package var scores: [Float]

    package init(places: [UInt32], scores: [Float]) {
        precondition(places.count == scores.count, "one score per place")
        self.places = places
        self.scores = scores
    }

    /// The same without some places.
    package func without(_ out: Set<UInt32>) -> PersonInterest {
        let kept = places.indices.filter { !out.contains(places[$0]) }
        return PersonInterest(places: kept.map { places[$0] }, scores: kept.map { scores[$0] })
    }
}

/// How much to plan, and how much to ask of one person.
package struct PlanOptions: Equatable, Sendable {
    /// Seeds wanted; fewer come back when the city cannot carry more.
    package var seedsPerCity: Int
    /// Starter groups one person may be in, over all seeds.
    package var seedsPerPerson: Int
    /// Invitations per seed, the starters not counted.
    package var invites: Int
    /// Invitations one person may get, over all seeds.
    package var invitationsPerPerson: Int
    package var modelVersion: ModelVersion
    /// How far scores tell whether people come.
    package var willingness: Willingness
    package var seed: UInt64

    package init(
        seedsPerCity: Int = 50, seedsPerPerson: Int = 2, invites: Int = 8, invitationsPerPerson: Int = 4,
        modelVersion: ModelVersion, willingness: Willingness = .stated, seed: UInt64
    ) {
        precondition(
            min(seedsPerCity, seedsPerPerson, invites, invitationsPerPerson) >= 0, "amounts are not negative")
        self.seedsPerCity = seedsPerCity
        self.seedsPerPerson = seedsPerPerson
        self.invites = invites
        self.invitationsPerPerson = invitationsPerPerson
        self.modelVersion = modelVersion
        self.willingness = willingness
        self.seed = seed
    }
}

/// Bounds that keep the cost of a plan in proportion to the city, and constants of the model that are stated,
/// not learned.
enum PlanLimits {
    /// (venue, slot) cells looked at closely: this many, or four per wanted seed, at most `cellsMax`.
    static let cells = 300
    static let cellsMax = 4000
    /// Interested people of a cell who are looked at, the most willing first.
    static let audience = 512
    /// Backward searches per person of an audience: a chance is known to about 1/4 of its deviation.
    static let searchesPerPerson = 16
    /// The most willing people around whom a group is tried.
    static let anchors = 64
    /// Disjoint groups kept per cell, so that one busy person does not cost the venue its plan.
    static let groups = 3
    /// People of a seed's roster beside its starters and those it invites, and how many of these are there as friends.
    static let reserve = 24
    static let friendsInReserve = 12
    /// A venue's second slot counts half in the first sieve, its third a quarter.
    static let repeatedSlotDiscount = 0.5
}
