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
    /// In the order in which they are asked.
    package var starters: [ExplainedPerson]
    /// In the order in which they are asked.
    package var guests: [ExplainedPerson]

    package init(
        seed: SeedRow, demand: Double, rank: UInt32, cells: UInt32, starters: [ExplainedPerson],
        guests: [ExplainedPerson]
    ) {
        self.seed = [seed]
        self.demand = demand
        self.rank = rank
        self.cells = cells
        self.starters = starters
        self.guests = guests
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        seed = try reader.getList(smallest: 56)
        demand = try reader.getDouble()
        rank = try reader.get()
        cells = try reader.get()
        starters = try reader.getList(smallest: 28)
        guests = try reader.getList(smallest: 28)
        guard seed.count == 1 else { throw .invalid("an explanation of \(seed.count) seeds") }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(list: seed)
        writer.put(demand)
        writer.put(rank)
        writer.put(cells)
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
