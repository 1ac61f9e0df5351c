package import Basics

// Why a seed is what it is, and the cards of one person's feed.

/// Command to the header's city's owner: why a seed is what it is. Answer: `SeedExplanation`.
package struct ExplainRequest: Body {
    package static let kind = Kind.explainRequest
    /// Which.
    package var seed: SeedID

    package init(seed: SeedID) { self.seed = seed }

    package init(from reader: inout ByteReader) throws(ByteError) { seed = try reader.getIdentifier() }

    package func encode(into writer: inout ByteWriter) { writer.put(seed) }
}

/// One person of an explanation.
package struct ExplainedPerson: Part {
    /// Who.
    package var person: PersonID
    /// Chance that they come when asked by nobody in particular.
    package var acceptance: Double
    /// Of a starter: how much smaller the conversion would be without their ties to the other starters. Of a guest:
    /// people whom asking them adds, given those before.
    package var adds: Double
    /// Friends among the starters and the guests before; 0 for starters.
    package var friends: UInt32

    package init(person: PersonID, acceptance: Double, adds: Double, friends: UInt32) {
        self.person = person
        self.acceptance = acceptance
        self.adds = adds
        self.friends = friends
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        acceptance = try reader.getDouble()
        adds = try reader.getDouble()
        friends = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(acceptance)
        writer.put(adds)
        writer.put(friends)
    }
}

/// How far a seed has come.
package struct SeedLife: Part {
    /// proposed, gathering, judging, confirmed, booked or released.
    package var stage: String
    /// People who were asked so far, who said yes and have not left, and who said no or left.
    package var asked: UInt32
    package var accepted: UInt32
    package var declined: UInt32
    /// Chance that as many come as the plan needs; below 0 before anybody said yes.
    package var reachesMinimum: Double
    /// People who come in the end in half of what may still happen; 0 before anybody said yes.
    package var expected: Double
    /// Whether acceptances have come fast.
    package var isHighMomentum: Bool

    package init(
        stage: String, asked: UInt32, accepted: UInt32, declined: UInt32, reachesMinimum: Double, expected: Double,
        isHighMomentum: Bool
    ) {
        self.stage = stage
        self.asked = asked
        self.accepted = accepted
        self.declined = declined
        self.reachesMinimum = reachesMinimum
        self.expected = expected
        self.isHighMomentum = isHighMomentum
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        stage = try reader.getName()
        asked = try reader.get()
        accepted = try reader.get()
        declined = try reader.get()
        reachesMinimum = try reader.getDouble()
        expected = try reader.getDouble()
        isHighMomentum = try reader.getBool()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(stage)
        writer.put(asked)
        writer.put(accepted)
        writer.put(declined)
        writer.put(reachesMinimum)
        writer.put(expected)
        writer.put(isHighMomentum)
    }
}

/// Worker to command: a seed and the numbers that moved it.
package struct SeedExplanation: Body {
    package static let kind = Kind.seedExplanation
    /// The seed itself; a list of one.
    package var seed: [SeedRow]
    /// People expected at the venue in the slot if everybody interested were asked.
    package var demand: Double
    /// The place of the venue and slot by demand among those looked at, 1 the greatest.
    package var rank: UInt32
    /// How many venues and slots were looked at.
    package var cells: UInt32
    /// What taste, cohesion, conversion, convenience and concentration weigh in the feed of the first starter, as the
    /// city's answers taught; empty where they have not.
    package var weights: [Double]
    /// The same as stated.
    package var fixedWeights: [Double]
    /// How far it has come; a list of one, or none where that cannot be read.
    package var life: [SeedLife]
    /// In the order in which they are asked.
    package var starters: [ExplainedPerson]
    /// In the order in which they are asked.
    package var guests: [ExplainedPerson]

    package init(
        seed: SeedRow, demand: Double, rank: UInt32, cells: UInt32, weights: [Double], fixedWeights: [Double],
        life: [SeedLife], starters: [ExplainedPerson], guests: [ExplainedPerson]
    ) {
        self.seed = [seed]
        self.demand = demand
        self.rank = rank
        self.cells = cells
        self.weights = weights
        self.fixedWeights = fixedWeights
        self.life = life
        self.starters = starters
        self.guests = guests
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        seed = try reader.getList(smallest: 56)
        demand = try reader.getDouble()
        rank = try reader.get()
        cells = try reader.get()
        weights = try reader.getArray(of: Double.self)
        fixedWeights = try reader.getArray(of: Double.self)
        life = try reader.getList(smallest: 33)
        starters = try reader.getList(smallest: 28)
        guests = try reader.getList(smallest: 28)
        guard seed.count == 1 else { throw .invalid("an explanation of \(seed.count) seeds") }
        guard life.count <= 1 else { throw .invalid("a seed of \(life.count) lives") }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(list: seed)
        writer.put(demand)
        writer.put(rank)
        writer.put(cells)
        writer.put(array: weights)
        writer.put(array: fixedWeights)
        writer.put(list: life)
        writer.put(list: starters)
        writer.put(list: guests)
    }
}

/// Command to the header's city's owner: the plans one person is part of. Answer: `Feed`.
package struct FeedRequest: Body {
    package static let kind = Kind.feedRequest
    /// Whose.
    package var person: PersonID
    /// How many cards at most.
    package var count: UInt32

    package init(person: PersonID, count: UInt32) {
        self.person = person
        self.count = count
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        count = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(count)
    }
}

/// One plan of a feed: who, where, when, and why it stands there.
package struct FeedCard: Part {
    /// The plan.
    package var seed: SeedRow
    /// Whether the person starts it; else they are invited.
    package var starts: Bool
    /// What cards are ranked by: the sum of the terms.
    package var score: Double
    /// What each objective adds: taste, cohesion, conversion, convenience, concentration.
    package var terms: [Double]

    package init(seed: SeedRow, starts: Bool, score: Double, terms: [Double]) {
        self.seed = seed
        self.starts = starts
        self.score = score
        self.terms = terms
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        seed = try SeedRow(from: &reader)
        starts = try reader.getBool()
        score = try reader.getDouble()
        terms = try reader.getArray(of: Double.self)
    }

    package func encode(into writer: inout ByteWriter) {
        seed.encode(into: &writer)
        writer.put(starts)
        writer.put(score)
        writer.put(array: terms)
    }
}

/// Worker to command: a person's cards, best first.
package struct Feed: Body {
    package static let kind = Kind.feed
    /// Best first.
    package var cards: [FeedCard]

    package init(cards: [FeedCard]) { self.cards = cards }

    package init(from reader: inout ByteReader) throws(ByteError) { cards = try reader.getList(smallest: 69) }

    package func encode(into writer: inout ByteWriter) { writer.put(list: cards) }
}
