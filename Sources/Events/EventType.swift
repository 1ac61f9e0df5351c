// The names of what Muster tells the world. A name carries its version: another layout of `data` is another name, and
// a name that was published is never given another layout. `docs/schemas` holds one JSON Schema for each.

package import Basics

/// What an event is about, as it stands in the field `type`.
package enum EventType: String, CaseIterable, Codable, Sendable {
    case seedCreated = "muster.seed.created.v1"
    case seedInvited = "muster.seed.invited.v2"
    case seedAnswered = "muster.seed.answered.v1"
    case seedMomentum = "muster.seed.momentum.v1"
    case seedConfirmed = "muster.seed.confirmed.v1"
    case seedReleased = "muster.seed.released.v1"
    case seedBooked = "muster.seed.booked.v1"
    case bookingRequested = "muster.booking.requested.v1"
    case bookingCancelled = "muster.booking.cancelled.v1"
    case modelPublished = "muster.model.published.v1"

    /// The name without its frame, as `seed.created`: what ids and schema files are called after.
    package var word: String {
        String(rawValue.split(separator: ".").dropFirst().dropLast().joined(separator: "."))
    }
}

/// What an event of one type says. Its stored properties are the fields of `data`.
package protocol EventData: Codable, Equatable, Sendable {
    static var type: EventType { get }
}

/// A 64-bit number, in JSON a string of digits: many readers round numbers beyond 2^53.
package struct Digits: Codable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    package var number: UInt64

    package init(_ number: UInt64) { self.number = number }
    package init(_ identifier: some Identifier) { number = UInt64(identifier.number) }
    package init(integerLiteral number: UInt64) { self.number = number }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let number = UInt64(text), String(number) == text else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a number in digits"))
        }
        self.number = number
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(String(number))
    }
}
