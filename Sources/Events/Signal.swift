// What the app tells Muster, one signal at a time: flat fields of text, the same in an entry of a Redis stream and in
// an object of JSON. Everything here was written by strangers, so a signal is either whole and within its bounds or
// refused with a reason; reasons are constants, what the stranger wrote is never repeated.

package import Basics

/// A signal that may be believed, as far as it can be judged without knowing the city.
package struct Signal: Equatable, Sendable {
    package enum Deed: Equatable, Sendable {
        /// Looked at a place for so many seconds.
        case view(PersonID, PlaceID, dwellSeconds: Float)
        case save(PersonID, PlaceID)
        case share(PersonID, PlaceID)
        case attend(PersonID, PlaceID)
        case friend(PersonID, PersonID)
        /// The first does not want to meet the second.
        case block(PersonID, PersonID)
        case answer(PersonID, SeedID, AnswerWord)
        /// What somebody thought of a plan afterwards, 1 to 5.
        case feedback(PersonID, SeedID, rating: UInt8)
        /// What came of `booking.requested`. The text is the booking layer's own name for it, or its reason.
        case booked(SeedID, reference: String)
        case notBooked(SeedID, reason: String)
    }

    package var deed: Deed
    /// Milliseconds since 1970.
    package var time: Int64

    package init(_ deed: Deed, time: Int64) {
        self.deed = deed
        self.time = time
    }
}

/// Why a signal is refused.
package enum SignalFault: String, Error, CaseIterable, Sendable {
    case badAnswer = "answer is accepted, declined or maybe"
    case badDwell = "dwell is a number of seconds from 0 to 86400"
    case badNumber = "an id is a number of up to 20 digits below 2^64"
    case badRating = "rating is a whole number from 1 to 5"
    case badText = "a text is 1 to 200 bytes of printable UTF-8"
    case badTime = "time is in milliseconds between 2000 and 2100"
    case doubled = "a field stands twice"
    case fromTheFuture = "time is more than five minutes ahead"
    case missing = "a field of this kind of signal is missing"
    case notFlat = "a signal is a flat object of texts, numbers and flags"
    case samePerson = "a person cannot be their own friend"
    case tooLarge = "a signal has at most 16 fields and 2048 bytes"
    case unknownKind = "there is no such kind of signal"
    case unknownField = "there is no such field"
    case unknownPerson = "the city does not know this person"
    case unknownPlace = "the city does not know this place"
    case unknownSeed = "the city does not know this seed"
    case wrongCity = "the signal is for another city"
}

/// The bounds of a signal, in one place.
package enum SignalLimits {
    package static let fieldsMax = 16
    package static let bytesMax = 2048
    package static let textBytesMax = 200
    package static let dwellSecondsMax: Float = 86_400
    /// Clocks differ; five minutes are more than they do.
    package static let aheadMillisecondsMax: Int64 = 300_000
    package static let times: Range<Int64> = 946_684_800_000..<4_102_444_800_000
    /// Signals of one HTTP request.
    package static let requestSignalsMax = 1000
}

/// What surrounds a signal when it is read.
package struct SignalReading: Sendable {
    /// The name of the city that reads; a signal that names another is refused.
    package var city: String
    /// When the signal came, for those that do not say when they happened. Milliseconds since 1970.
    package var arrival: Int64
    package var now: Int64

    package init(city: String, arrival: Int64, now: Int64) {
        self.city = city
        self.arrival = arrival
        self.now = now
    }
}
