// Explanations and feeds as people and other programs read them.

import Basics

/// Why a seed is what it is.
package struct SeedExplanationView: Encodable, Sendable {
    package struct Person: Encodable, Sendable {
        package var person: String
        package var acceptance: Double
        package var adds: Double
        package var friends: UInt32

        init(_ row: ExplainedPerson) {
            person = String(row.person.number)
            acceptance = row.acceptance
            adds = row.adds
            friends = row.friends
        }
    }

    package struct Life: Encodable, Sendable {
        package var stage: String
        package var asked: UInt32
        package var accepted: UInt32
        package var declined: UInt32
        /// Absent before anybody said yes.
        package var reachesMinimum: Double?
        package var expected: Double?
        package var highMomentum: Bool

        init(_ life: SeedLife) {
            (stage, asked, accepted, declined) = (life.stage, life.asked, life.accepted, life.declined)
            let isForeseen = life.reachesMinimum >= 0
            reachesMinimum = isForeseen ? life.reachesMinimum : nil
            expected = isForeseen ? life.expected : nil
            highMomentum = life.isHighMomentum
        }
    }

    package var seed: [SeedView]
    package var demand: Double
    package var rank: UInt32
    package var cells: UInt32
    /// By objective; absent where nothing was learned.
    package var weights: [String: Double]?
    package var fixedWeights: [String: Double]
    package var life: Life?
    package var starters: [Person]
    package var guests: [Person]

    package init(_ explanation: SeedExplanation, city: String) {
        seed = explanation.seed.map { SeedView($0, city: city) }
        demand = explanation.demand
        rank = explanation.rank
        cells = explanation.cells
        func named(_ weights: [Double]) -> [String: Double] {
            Dictionary(zip(FeedCardView.objectives, weights)) { first, _ in first }
        }
        weights = explanation.weights.isEmpty ? nil : named(explanation.weights)
        fixedWeights = named(explanation.fixedWeights)
        life = explanation.life.first.map(Life.init)
        starters = explanation.starters.map(Person.init)
        guests = explanation.guests.map(Person.init)
    }
}

/// One card of a feed.
package struct FeedCardView: Encodable, Sendable {
    package var seed: SeedView
    package var role: String
    package var score: Double
    package var terms: [String: Double]

    /// The objectives, in the order of `FeedCard.terms`.
    package static let objectives = ["taste", "cohesion", "conversion", "convenience", "concentration"]

    package init(_ card: FeedCard, city: String) {
        seed = SeedView(card.seed, city: city)
        role = card.starts ? "starts" : "invited"
        score = card.score
        terms = Dictionary(zip(Self.objectives, card.terms)) { first, _ in first }
    }
}
