// Places and people for somebody, as the city that is asked recommends them. Words of the taxonomy travel as words: the
// coordinator does not know them, and who types a wrong one is told by who does.

package import Basics

/// Command to the header's city's owner, or without a city to the home of the person: places for them. Answer:
/// `PlaceRecommendations`. Bulk frame 0, if any, is the person's record, for a city that does not know them.
package struct RecommendPlaces: Body {
    package static let kind = Kind.recommendPlaces
    /// Who asks.
    package var person: PersonID
    /// How many at most.
    package var count: UInt32
    /// The time slot in which it must be open; empty: any.
    package var slot: String
    /// Coarse categories of which it must have one; empty: any.
    package var categories: [String]
    /// Fine tags that are wished for.
    package var tags: [String]
    /// The highest price band; nil: any.
    package var priceMost: UInt8?
    /// Only places where the person has never been.
    package var onlyNew: Bool
    /// The model to answer with; 0: the live one.
    package var version: ModelVersion

    package init(
        person: PersonID, count: UInt32, slot: String = "", categories: [String] = [], tags: [String] = [],
        priceMost: UInt8? = nil, onlyNew: Bool = false, version: ModelVersion = ModelVersion(0)
    ) {
        (self.person, self.count, self.slot, self.categories, self.tags) = (person, count, slot, categories, tags)
        (self.priceMost, self.onlyNew, self.version) = (priceMost, onlyNew, version)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        count = try reader.get()
        slot = try reader.getName()
        categories = try reader.getNames()
        tags = try reader.getNames()
        priceMost = try reader.getBool() ? try reader.get() : nil
        onlyNew = try reader.getBool()
        version = try reader.getIdentifier()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(count)
        writer.put(slot)
        writer.put(names: categories)
        writer.put(names: tags)
        writer.put(priceMost != nil)
        if let priceMost { writer.put(priceMost) }
        writer.put(onlyNew)
        writer.put(version)
    }
}

/// The same for people. Answer: `PeopleRecommendations`.
package struct RecommendPeople: Body {
    package static let kind = Kind.recommendPeople
    /// Who asks.
    package var person: PersonID
    /// How many at most.
    package var count: UInt32
    /// The time slot in which to meet; empty: any.
    package var slot: String
    /// The place to go to together; nil: none in particular.
    package var place: PlaceID?
    /// Fine tags of what to do together, where no place is named.
    package var tags: [String]
    /// Who must not come up.
    package var blocked: [PersonID]
    /// How much it counts that two get on, against that they come: 0...1.
    package var alpha: Float
    /// The model to answer with; 0: the live one.
    package var version: ModelVersion

    package init(
        person: PersonID, count: UInt32, slot: String = "", place: PlaceID? = nil, tags: [String] = [],
        blocked: [PersonID] = [], alpha: Float = 0.5, version: ModelVersion = ModelVersion(0)
    ) {
        (self.person, self.count, self.slot, self.place, self.tags) = (person, count, slot, place, tags)
        (self.blocked, self.alpha, self.version) = (blocked, alpha, version)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        count = try reader.get()
        slot = try reader.getName()
        place = try reader.getBool() ? try reader.getIdentifier() : nil
        tags = try reader.getNames()
        blocked = try reader.getIdentifiers()
        alpha = try reader.getFloat()
        version = try reader.getIdentifier()
        guard (0...1).contains(alpha) else { throw .invalid("a share of \(alpha)") }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(count)
        writer.put(slot)
        writer.put(place != nil)
        if let place { writer.put(place) }
        writer.put(names: tags)
        writer.put(identifiers: blocked)
        writer.put(alpha)
        writer.put(version)
    }
}

/// Why something is recommended.
package struct ReasonRow: Part {
    static let bytesMin = 16
    /// A stable word: tags, categories, vibes, neighborhood, popularity or similarity.
    package var kind: String
    /// Words of the taxonomy, or a neighborhood's number.
    package var features: [String]
    /// By how much the score falls without them.
    package var effect: Float
    /// One sentence.
    package var text: String

    package init(kind: String, features: [String], effect: Float, text: String) {
        (self.kind, self.features, self.effect, self.text) = (kind, features, effect, text)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        kind = try reader.getName()
        features = try reader.getNames()
        effect = try reader.getFloat()
        text = try reader.getDetail()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(kind)
        writer.put(names: features)
        writer.put(effect)
        writer.put(detail: text)
    }
}

/// How the city knows whom it recommends to.
package struct AskerRow: Part {
    /// The model that answers.
    package var version: ModelVersion
    /// Whether the model has met them; else it goes by what their record says.
    package var isKnown: Bool
    /// Whether they live in another city.
    package var isAway: Bool

    package init(version: ModelVersion, isKnown: Bool, isAway: Bool) {
        (self.version, self.isKnown, self.isAway) = (version, isKnown, isAway)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        version = try reader.getIdentifier()
        isKnown = try reader.getBool()
        isAway = try reader.getBool()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(version)
        writer.put(isKnown)
        writer.put(isAway)
    }
}

/// One recommended place.
package struct PlaceRecommendation: Part {
    static let bytesMin = 16
    /// Which one.
    package var place: PlaceID
    /// Higher is better; comparable within one answer.
    package var score: Float
    /// Strongest first.
    package var reasons: [ReasonRow]

    package init(place: PlaceID, score: Float, reasons: [ReasonRow]) {
        (self.place, self.score, self.reasons) = (place, score, reasons)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        place = try reader.getIdentifier()
        score = try reader.getFloat()
        reasons = try reader.getList(smallest: ReasonRow.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(place)
        writer.put(score)
        writer.put(list: reasons)
    }
}

/// Worker to command: places of the header's city, best first.
package struct PlaceRecommendations: Body {
    package static let kind = Kind.placeRecommendations
    /// Who they are for.
    package var asker: AskerRow
    /// Best first.
    package var places: [PlaceRecommendation]

    package init(asker: AskerRow, places: [PlaceRecommendation]) { (self.asker, self.places) = (asker, places) }

    package init(from reader: inout ByteReader) throws(ByteError) {
        asker = try AskerRow(from: &reader)
        places = try reader.getList(smallest: PlaceRecommendation.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(asker)
        writer.put(list: places)
    }
}

/// One recommended person.
package struct PersonRecommendation: Part {
    static let bytesMin = 24
    /// Who.
    package var person: PersonID
    /// What they are ordered by.
    package var score: Float
    /// How well the two get on: a logit.
    package var compatible: Float
    /// The probability that they come when invited together.
    package var attends: Float
    /// Strongest first.
    package var reasons: [ReasonRow]

    package init(person: PersonID, score: Float, compatible: Float, attends: Float, reasons: [ReasonRow]) {
        (self.person, self.score, self.compatible) = (person, score, compatible)
        (self.attends, self.reasons) = (attends, reasons)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        person = try reader.getIdentifier()
        score = try reader.getFloat()
        compatible = try reader.getFloat()
        attends = try reader.getFloat()
        reasons = try reader.getList(smallest: ReasonRow.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(person)
        writer.put(score)
        writer.put(compatible)
        writer.put(attends)
        writer.put(list: reasons)
    }
}

/// Worker to command: residents of the header's city, best first.
package struct PeopleRecommendations: Body {
    package static let kind = Kind.peopleRecommendations
    /// Who they are for.
    package var asker: AskerRow
    /// Best first.
    package var people: [PersonRecommendation]

    package init(asker: AskerRow, people: [PersonRecommendation]) { (self.asker, self.people) = (asker, people) }

    package init(from reader: inout ByteReader) throws(ByteError) {
        asker = try AskerRow(from: &reader)
        people = try reader.getList(smallest: PersonRecommendation.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(asker)
        writer.put(list: people)
    }
}

/// Coordinator to each worker: does this person live in one of your cities? Answer: `PersonAnswer`.
package struct PersonRequest: Body {
    package static let kind = Kind.personRequest
    /// Who is looked for.
    package var person: PersonID

    package init(person: PersonID) { self.person = person }

    package init(from reader: inout ByteReader) throws(ByteError) { person = try reader.getIdentifier() }

    package func encode(into writer: inout ByteWriter) { writer.put(person) }
}

/// Worker to coordinator: where they live, with their record as bulk frame 0; or nowhere here.
package struct PersonAnswer: Body {
    package static let kind = Kind.personAnswer
    /// nil: in none of this worker's cities.
    package var home: CityID?

    package init(home: CityID?) { self.home = home }

    package init(from reader: inout ByteReader) throws(ByteError) {
        home = try reader.getBool() ? try reader.getIdentifier() : nil
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(home != nil)
        if let home { writer.put(home) }
    }
}

/// Worker to coordinator instead of an answer: the header's city does not know the person who asks. The coordinator
/// finds their record and asks again with it. The question comes back, so that nobody has to keep it.
package struct PersonMissing: Body {
    package static let kind = Kind.personMissing
    /// The kind of the question, and its body.
    package var question: UInt16
    package var body: [UInt8]

    package init(question: UInt16, body: [UInt8]) { (self.question, self.body) = (question, body) }

    package init(from reader: inout ByteReader) throws(ByteError) {
        question = try reader.get()
        body = try reader.getBlock()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(question)
        writer.put(block: body)
    }
}
