package import Basics

/// Places for somebody, with the reasons.
package struct PlaceRecommendationsView: Encodable, Sendable {
    package struct Place: Encodable, Sendable {
        package var place: String
        package var score: Float
        package var reasons: [ReasonView]
    }

    package var city: String
    package var person: String
    package var model: UInt64
    /// What the person is known by.
    package var knownBy: KnownBy
    /// Whether the person lives in another city.
    package var away: Bool
    package var places: [Place]

    package init(_ answer: PlaceRecommendations, person: PersonID, city: String) {
        self.city = city
        self.person = String(person.number)
        model = answer.asker.version.number
        knownBy = KnownBy(answer.asker)
        away = answer.asker.isAway
        places = answer.places.map {
            Place(place: String($0.place.number), score: $0.score, reasons: $0.reasons.map { ReasonView($0) })
        }
    }
}

/// People for somebody, with the reasons.
package struct PeopleRecommendationsView: Encodable, Sendable {
    package struct Person: Encodable, Sendable {
        package var person: String
        package var score: Float
        package var compatible: Float
        package var attends: Float
        package var reasons: [ReasonView]
    }

    package var city: String
    package var person: String
    package var model: UInt64
    /// What the person is known by.
    package var knownBy: KnownBy
    /// Whether the person lives in another city.
    package var away: Bool
    package var people: [Person]

    package init(_ answer: PeopleRecommendations, person: PersonID, city: String) {
        self.city = city
        self.person = String(person.number)
        model = answer.asker.version.number
        knownBy = KnownBy(answer.asker)
        away = answer.asker.isAway
        people = answer.people.map {
            Person(
                person: String($0.person.number), score: $0.score, compatible: $0.compatible, attends: $0.attends,
                reasons: $0.reasons.map { ReasonView($0) })
        }
    }
}

/// What a recommendation goes by.
package enum KnownBy: String, Encodable, Sendable {
    /// What the model learned of them.
    case model
    /// What their record says: they came after the training, or live elsewhere.
    case features

    init(_ asker: AskerRow) { self = asker.isKnown ? .model : .features }
}

/// One reason.
package struct ReasonView: Encodable, Sendable {
    /// tags, categories, vibes, neighborhood, popularity or similarity.
    package var kind: String
    package var features: [String]
    /// By how much the score falls without them.
    package var effect: Float
    package var text: String

    init(_ row: ReasonRow) { (kind, features, effect, text) = (row.kind, row.features, row.effect, row.text) }
}
