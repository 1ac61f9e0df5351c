// What is said of a plan seed, from its first day to the table that is booked, and of a model. Fields of ids are
// `Digits`; chances and expectations are rounded to four digits.

/// A new seed. Its event is the only one of this type that the seed ever has.
package struct SeedCreated: EventData {
    package static let type = EventType.seedCreated

    package var city: String
    package var venue: Digits
    /// Two or three, in the order in which to ask them.
    package var starters: [Digits]
    package var slot: String
    package var conversion: Double
    package var expectedTurnout: Double
    /// Whom to ask next, in this order.
    package var invites: [Digits]
    package var model: Digits

    package init(
        city: String, venue: Digits, starters: [Digits], slot: String, conversion: Double, expectedTurnout: Double,
        invites: [Digits], model: Digits
    ) {
        self.city = city
        self.venue = venue
        self.starters = starters
        self.slot = slot
        self.conversion = fourDigits(conversion)
        self.expectedTurnout = fourDigits(expectedTurnout)
        self.invites = invites
        self.model = model
    }
}

/// Somebody is to be asked now.
package struct SeedInvited: EventData {
    package static let type = EventType.seedInvited

    package var city: String
    package var venue: Digits
    package var slot: String
    package var person: Digits
    /// The how-many-eth invitation of the seed, from 1; starters come first.
    package var position: Int
    /// Whether the person is one of those who start the plan.
    package var starter: Bool
    /// Who comes already and in whose name they are asked; none: nobody's.
    package var friends: [Digits]

    package init(
        city: String, venue: Digits, slot: String, person: Digits, position: Int, starter: Bool, friends: [Digits]
    ) {
        self.city = city
        self.venue = venue
        self.slot = slot
        self.person = person
        self.position = position
        self.starter = starter
        self.friends = friends
    }
}

/// What somebody said who was asked.
package enum AnswerWord: String, Codable, CaseIterable, Sendable {
    case accepted, declined, maybe
}

/// An answer has changed what is known of the seed.
package struct SeedAnswered: EventData {
    package static let type = EventType.seedAnswered

    package var city: String
    package var person: Digits
    package var answer: AnswerWord
    /// How many have said yes, no, and nothing yet, with this answer.
    package var accepted: Int
    package var declined: Int
    package var waiting: Int

    package init(city: String, person: Digits, answer: AnswerWord, accepted: Int, declined: Int, waiting: Int) {
        self.city = city
        self.person = person
        self.answer = answer
        self.accepted = accepted
        self.declined = declined
        self.waiting = waiting
    }
}

/// Interest in the seed feeds on itself: it has crossed the threshold of high momentum.
package struct SeedMomentum: EventData {
    package static let type = EventType.seedMomentum

    package var city: String
    package var intensity: Double
    package var threshold: Double
    package var expectedTurnout: Double

    package init(city: String, intensity: Double, threshold: Double, expectedTurnout: Double) {
        self.city = city
        self.intensity = fourDigits(intensity)
        self.threshold = fourDigits(threshold)
        self.expectedTurnout = fourDigits(expectedTurnout)
    }
}

/// The group is complete enough, and judged good.
package struct SeedConfirmed: EventData {
    package static let type = EventType.seedConfirmed

    package var city: String
    package var venue: Digits
    package var slot: String
    package var members: [Digits]
    /// The group scorer's, 0 to 1.
    package var score: Double
    package var expectedTurnout: Double

    package init(
        city: String, venue: Digits, slot: String, members: [Digits], score: Double, expectedTurnout: Double
    ) {
        self.city = city
        self.venue = venue
        self.slot = slot
        self.members = members
        self.score = fourDigits(score)
        self.expectedTurnout = fourDigits(expectedTurnout)
    }
}

/// Why a seed will not happen.
package enum ReleaseWord: String, Codable, CaseIterable, Sendable {
    case cancelled, expired, unfit
    case startersDeclined = "starters_declined"
    case startersLeft = "starters_left"
    case tooFew = "too_few"
    case venueFull = "venue_full"
}

/// The seed is over: whoever was asked for it is free.
package struct SeedReleased: EventData {
    package static let type = EventType.seedReleased

    package var city: String
    package var venue: Digits
    package var slot: String
    package var reason: ReleaseWord

    package init(city: String, venue: Digits, slot: String, reason: ReleaseWord) {
        self.city = city
        self.venue = venue
        self.slot = slot
        self.reason = reason
    }
}

/// The booking layer is asked for a table.
package struct BookingRequested: EventData {
    package static let type = EventType.bookingRequested

    package var city: String
    package var venue: Digits
    package var slot: String
    package var members: [Digits]
    /// How many to expect, members included.
    package var partySize: Int

    package init(city: String, venue: Digits, slot: String, members: [Digits], partySize: Int) {
        self.city = city
        self.venue = venue
        self.slot = slot
        self.members = members
        self.partySize = partySize
    }
}

/// The venue holds a table.
package struct SeedBooked: EventData {
    package static let type = EventType.seedBooked

    package var city: String
    package var venue: Digits
    package var slot: String
    package var members: [Digits]
    /// The booking layer's name for it.
    package var reference: String

    package init(city: String, venue: Digits, slot: String, members: [Digits], reference: String) {
        self.city = city
        self.venue = venue
        self.slot = slot
        self.members = members
        self.reference = reference
    }
}

/// A table that was asked for is wanted no more: whether it was booked or not, it must not be kept.
package struct BookingCancelled: EventData {
    package static let type = EventType.bookingCancelled

    package var city: String
    package var venue: Digits
    package var slot: String
    package var reason: ReleaseWord

    package init(city: String, venue: Digits, slot: String, reason: ReleaseWord) {
        self.city = city
        self.venue = venue
        self.slot = slot
        self.reason = reason
    }
}

/// A model is live in the city.
package struct ModelPublished: EventData {
    package static let type = EventType.modelPublished

    package var city: String
    package var model: Digits
    /// Residents whose held-out visits judged it.
    package var people: Int
    package var recallAt10: Double
    package var ndcgAt10: Double

    package init(city: String, model: Digits, people: Int, recallAt10: Double, ndcgAt10: Double) {
        self.city = city
        self.model = model
        self.people = people
        self.recallAt10 = fourDigits(recallAt10)
        self.ndcgAt10 = fourDigits(ndcgAt10)
    }
}
