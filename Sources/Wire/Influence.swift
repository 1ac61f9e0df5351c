// Whom to ask first: in one city, a request to its owner; in several, a search that the coordinator conducts, whose
// steps are requests to each owner.

package import Basics

/// Where the chances come from with which friends bring each other.
package enum InfluenceOrigin: UInt8, CaseIterable, Sendable {
    /// 1 / friends of who is brought.
    case weightedCascade = 0
    /// Who followed whom to which place.
    case learned = 1

    /// As people write it.
    package var word: String { self == .learned ? "learned" : "weighted-cascade" }

    package init?(word: String) {
        guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }
}

extension InfluenceOrigin: Part {
    package init(from reader: inout ByteReader) throws(ByteError) {
        let number: UInt8 = try reader.get()
        guard let origin = InfluenceOrigin(rawValue: number) else { throw .invalid("an origin of chances \(number)") }
        self = origin
    }

    package func encode(into writer: inout ByteWriter) { writer.put(rawValue) }
}

/// A person and what asking them costs, or what it is worth that they come.
package struct PersonAmount: Part {
    static let bytes = 12
    package var person: PersonID
    package var amount: Float

    package init(person: PersonID, amount: Float) {
        self.person = person
        self.amount = amount
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        amount = try reader.getFloat()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(amount)
    }
}

/// Command to the header's city's owner, or, without a city there, to the coordinator: the people from whom most is
/// reached. Answer: `Influencers`.
package struct InfluencersRequest: Body {
    package static let kind = Kind.influencersRequest
    /// Together, by the coordinator; empty with a city in the header.
    package var cities: [CityID]
    /// How many at most; with costs their number is free.
    package var count: UInt32
    /// How far below what greedy guarantees the answer may certify.
    package var epsilon: Double
    /// All randomness of the work follows from it.
    package var seed: UInt64
    package var origin: InfluenceOrigin
    /// Chosen whatever they bring.
    package var forced: [PersonID]
    /// Not to be chosen.
    package var forbidden: [PersonID]
    /// What may be spent; below 0: asking costs nothing.
    package var spend: Double
    /// Whom it costs how much to ask; others 1.
    package var costs: [PersonAmount]
    /// What it is worth that they come; others 1.
    package var values: [PersonAmount]
    /// At most so many of one city; 0: any number.
    package var perCity: UInt32

    package init(
        cities: [CityID] = [], count: UInt32, epsilon: Double, seed: UInt64,
        origin: InfluenceOrigin = .weightedCascade, forced: [PersonID] = [], forbidden: [PersonID] = [],
        spend: Double = -1, costs: [PersonAmount] = [], values: [PersonAmount] = [], perCity: UInt32 = 0
    ) {
        self.cities = cities
        self.count = count
        self.epsilon = epsilon
        self.seed = seed
        self.origin = origin
        self.forced = forced
        self.forbidden = forbidden
        self.spend = spend
        self.costs = costs
        self.values = values
        self.perCity = perCity
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        cities = try reader.getIdentifiers()
        count = try reader.get()
        epsilon = try reader.getDouble()
        seed = try reader.get()
        origin = try InfluenceOrigin(from: &reader)
        forced = try reader.getIdentifiers()
        forbidden = try reader.getIdentifiers()
        spend = try reader.getDouble()
        costs = try reader.getList(smallest: PersonAmount.bytes)
        values = try reader.getList(smallest: PersonAmount.bytes)
        perCity = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(identifiers: cities)
        writer.put(count)
        writer.put(epsilon)
        writer.put(seed)
        writer.put(origin)
        writer.put(identifiers: forced)
        writer.put(identifiers: forbidden)
        writer.put(spend)
        writer.put(list: costs)
        writer.put(list: values)
        writer.put(perCity)
    }
}

/// One chosen person.
package struct InfluencerRow: Part {
    static let bytes = 20
    /// Who was chosen.
    package var person: PersonID
    /// In which city's graph.
    package var city: CityID
    /// People reached beyond those whom the persons before reach.
    package var marginal: Double

    package init(person: PersonID, city: CityID, marginal: Double) {
        self.person = person
        self.city = city
        self.marginal = marginal
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        city = try reader.getIdentifier()
        marginal = try reader.getDouble()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(city)
        writer.put(marginal)
    }
}

/// Worker or coordinator to command: the chosen, in the order of choice, and how sure that is.
package struct Influencers: Body {
    package static let kind = Kind.influencers
    /// In the order of choice.
    package var people: [InfluencerRow]
    /// Expected number of people reached by all of them, or what these are worth.
    package var spread: Double
    /// Certified share of the best possible spread, with probability `confidence`.
    package var certifiedRatio: Double
    /// What greedy guarantees of the best choice, were every gain known.
    package var greedyRatio: Double
    /// Probability that the certificate holds.
    package var confidence: Double
    /// As asked for.
    package var epsilon: Double
    /// Reverse-reachable sets drawn.
    package var sets: UInt64
    /// Bytes that travelled between cities' owners and the coordinator while they were drawn and counted.
    package var exchanged: UInt64

    package init(
        people: [InfluencerRow], spread: Double, certifiedRatio: Double, greedyRatio: Double, confidence: Double,
        epsilon: Double, sets: UInt64, exchanged: UInt64
    ) {
        self.people = people
        self.spread = spread
        self.certifiedRatio = certifiedRatio
        self.greedyRatio = greedyRatio
        self.confidence = confidence
        self.epsilon = epsilon
        self.sets = sets
        self.exchanged = exchanged
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        people = try reader.getList(smallest: InfluencerRow.bytes)
        spread = try reader.getDouble()
        certifiedRatio = try reader.getDouble()
        greedyRatio = try reader.getDouble()
        confidence = try reader.getDouble()
        epsilon = try reader.getDouble()
        sets = try reader.get()
        exchanged = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(list: people)
        writer.put(spread)
        writer.put(certifiedRatio)
        writer.put(greedyRatio)
        writer.put(confidence)
        writer.put(epsilon)
        writer.put(sets)
        writer.put(exchanged)
    }
}

/// Coordinator to worker: one step of a search over several cities, in the header's city. Answer: `SearchReply`. A city
/// takes part in one search at a time; a new one ends the one before, and so does ten minutes' silence.
package struct SearchOrder: Body {
    package static let kind = Kind.searchOrder

    package enum Step: Equatable, Sendable {
        /// Take part. Answer: how many residents, and the guests who live in another of `cities` with their homes.
        case begin(cities: [CityID], origin: InfluenceOrigin)
        /// Which residents are these? Answer: numbers, the highest one for a stranger.
        case locate([PersonID])
        /// The number of the first resident in the union, the seed of all coins, and for each guest its city's place
        /// in `cities` (high half) and its number there, all ones where it is not known there.
        case join(base: UInt32, seed: UInt64, guests: [UInt64])
        /// Bulk frame 0 is a question of `Influence/PlaceQuestion.swift`. Answer: in bulk frame 0.
        case ask
        /// The search is over. Answer: who these residents are.
        case close([UInt32])
    }

    /// Which search.
    package var search: UInt64
    package var step: Step

    package init(search: UInt64, step: Step) {
        self.search = search
        self.step = step
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        search = try reader.get()
        switch try reader.get(UInt8.self) {
        case 0: step = .begin(cities: try reader.getIdentifiers(), origin: try InfluenceOrigin(from: &reader))
        case 1: step = .locate(try reader.getIdentifiers())
        case 2:
            step = .join(
                base: try reader.get(), seed: try reader.get(), guests: try reader.getArray(of: UInt64.self))
        case 3: step = .ask
        case 4: step = .close(try reader.getArray(of: UInt32.self))
        case let other: throw .invalid("a step of kind \(other)")
        }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(search)
        switch step {
        case .begin(let cities, let origin):
            writer.put(UInt8(0))
            writer.put(identifiers: cities)
            writer.put(origin)
        case .locate(let people):
            writer.put(UInt8(1))
            writer.put(identifiers: people)
        case .join(let base, let seed, let guests):
            writer.put(UInt8(2))
            writer.put(base)
            writer.put(seed)
            writer.put(array: guests)
        case .ask: writer.put(UInt8(3))
        case .close(let numbers):
            writer.put(UInt8(4))
            writer.put(array: numbers)
        }
    }
}

/// Worker to coordinator: what the step asked for; the rest is empty.
package struct SearchReply: Body {
    package static let kind = Kind.searchReply
    /// Guests and others that one message names at most.
    package static let peopleMax = 1 << 21

    package var search: UInt64
    /// Residents.
    package var residents: UInt32
    package var people: [PersonID]
    /// Homes of `people`, in whole or not at all.
    package var homes: [CityID]
    package var numbers: [UInt32]

    package init(
        search: UInt64, residents: UInt32 = 0, people: [PersonID] = [], homes: [CityID] = [], numbers: [UInt32] = []
    ) {
        self.search = search
        self.residents = residents
        self.people = people
        self.homes = homes
        self.numbers = numbers
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        search = try reader.get()
        residents = try reader.get()
        people = try reader.getIdentifiers()
        homes = try reader.getIdentifiers()
        numbers = try reader.getArray(of: UInt32.self)
        guard homes.isEmpty || homes.count == people.count else { throw .invalid("homes of some people") }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(search)
        writer.put(residents)
        writer.put(identifiers: people)
        writer.put(identifiers: homes)
        writer.put(array: numbers)
    }
}
