// Whom to ask first: in one city, a request to its owner; in several, a search that the coordinator conducts, whose
// steps (`InfluenceSearch.swift`) are requests to each owner.

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

/// How friends bring each other.
package enum InfluenceModel: UInt8, CaseIterable, Sendable {
    /// Each friend who comes tries once.
    case independentCascade = 0
    /// Friends' weights add up until they pass a person's threshold.
    case linearThreshold = 1

    /// As people write it.
    package var word: String { self == .linearThreshold ? "lt" : "ic" }

    package init?(word: String) {
        guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }
}

extension InfluenceModel: Part {
    package init(from reader: inout ByteReader) throws(ByteError) {
        let number: UInt8 = try reader.get()
        guard let model = InfluenceModel(rawValue: number) else { throw .invalid("a model of cascades \(number)") }
        self = model
    }

    package func encode(into writer: inout ByteWriter) { writer.put(rawValue) }
}

/// A person and the group they belong to.
package struct PersonGroup: Part {
    static let bytes = 12
    package var person: PersonID
    package var group: UInt32

    package init(person: PersonID, group: UInt32) {
        self.person = person
        self.group = group
    }

    /// A number for each name that occurs, in the order of the names.
    package static func numbers(of names: some Sequence<String>) -> [String: UInt32] {
        Dictionary(uniqueKeysWithValues: zip(Set(names).sorted(), 0...))
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        group = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(group)
    }
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
    package var model: InfluenceModel
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
    /// Who belongs to which group; others to none.
    package var groups: [PersonGroup]
    /// At most so many of one group; 0: any number.
    package var perGroup: UInt32

    package init(
        cities: [CityID] = [], count: UInt32, epsilon: Double, seed: UInt64,
        origin: InfluenceOrigin = .weightedCascade, model: InfluenceModel = .independentCascade,
        forced: [PersonID] = [], forbidden: [PersonID] = [], spend: Double = -1, costs: [PersonAmount] = [],
        values: [PersonAmount] = [], perCity: UInt32 = 0, groups: [PersonGroup] = [], perGroup: UInt32 = 0
    ) {
        self.cities = cities
        self.count = count
        self.epsilon = epsilon
        self.seed = seed
        self.origin = origin
        self.model = model
        self.forced = forced
        self.forbidden = forbidden
        self.spend = spend
        self.costs = costs
        self.values = values
        self.perCity = perCity
        self.groups = groups
        self.perGroup = perGroup
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        cities = try reader.getIdentifiers()
        count = try reader.get()
        epsilon = try reader.getDouble()
        seed = try reader.get()
        origin = try InfluenceOrigin(from: &reader)
        model = try InfluenceModel(from: &reader)
        forced = try reader.getIdentifiers()
        forbidden = try reader.getIdentifiers()
        spend = try reader.getDouble()
        costs = try reader.getList(smallest: PersonAmount.bytes)
        values = try reader.getList(smallest: PersonAmount.bytes)
        perCity = try reader.get()
        groups = try reader.getList(smallest: PersonGroup.bytes)
        perGroup = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(identifiers: cities)
        writer.put(count)
        writer.put(epsilon)
        writer.put(seed)
        writer.put(origin)
        writer.put(model)
        writer.put(identifiers: forced)
        writer.put(identifiers: forbidden)
        writer.put(spend)
        writer.put(list: costs)
        writer.put(list: values)
        writer.put(perCity)
        writer.put(list: groups)
        writer.put(perGroup)
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
