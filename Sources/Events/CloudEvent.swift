// The frame around every event: CloudEvents 1.0 in JSON with sorted keys, so that equal events are equal bytes. Beside
// the required attributes it has five extensions: `city`, `epoch` and `sequence` say where the event stands in the
// outbox of its city when it was committed, `causationid` says what led to it, `time` is there when that had a time.

package import Basics
import FoundationEssentials

/// Where an event stands: which cluster and city, under which owner, and as which event of the city.
package struct EventPlace: Equatable, Sendable {
    package var cluster: UInt64
    package var city: String
    package var epoch: Epoch
    package var sequence: UInt64

    package init(cluster: UInt64, city: String, epoch: Epoch, sequence: UInt64) {
        self.cluster = cluster
        self.city = city
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// An event as it leaves and as a consumer reads it.
package struct CloudEvent<Body: EventData>: Codable, Equatable, Sendable {
    package var specversion = "1.0"
    package var type = Body.type
    /// `muster/CLUSTER/CITY`, the city percent-encoded: with `id` it names the event in the whole world.
    package var source: String
    /// The type's word and what makes the event the only one of its kind, as `seed.created/17`.
    package var id: String
    /// What it is about: a seed's number, or a model's version.
    package var subject: String
    package var datacontenttype = "application/json"
    package var city: String
    package var epoch: Digits
    package var sequence: Digits
    package var causationid: String
    /// RFC 3339, UTC.
    package var time: String?
    package var data: Body
}

/// What every reader can read of every event.
package struct EventFrame: Codable, Equatable, Sendable {
    package var type: String
    package var source: String
    package var id: String
    package var subject: String
    package var city: String
    package var epoch: Digits
    package var sequence: Digits
    package var causationid: String
}

/// An event that has happened and has no place yet: that is given when it is committed.
package struct EventDraft: Sendable {
    package let type: EventType
    /// The seed whose history it belongs to; nil for events about something else.
    package let seed: SeedID?
    private let render: @Sendable (EventPlace) -> [UInt8]

    /// `key` follows the type's word in `id` and must be another one for every event of the type in the city; it begins
    /// with `subject`. `cause` names what led here: `job/7`, `signal/1700000000000-0`, `clock`. `time` is in
    /// milliseconds since 1970, of the cause; nil where it has none.
    package init(
        _ data: some EventData, about subject: UInt64, seed: SeedID?, key: String, cause: String, time: Int64? = nil
    ) {
        type = Swift.type(of: data).type
        self.seed = seed
        let word = type.word
        render = { place in
            let event = CloudEvent(
                source: "muster/\(place.cluster)/\(percentEncoded(place.city))", id: "\(word)/\(key)",
                subject: String(subject), city: place.city, epoch: Digits(place.epoch),
                sequence: Digits(place.sequence), causationid: cause,
                time: time.map {
                    LogLine.rfc3339(seconds: Int($0) / 1000, milliseconds: Int($0) % 1000)
                },
                data: data)
            return encodedJSON(event)
        }
    }

    /// The event as bytes, at its place.
    package func json(at place: EventPlace) -> [UInt8] { render(place) }
}

/// JSON with sorted keys. A value that JSON cannot hold (a number that is not finite) is our own fault.
private func encodedJSON(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(value) else { preconditionFailure("an event that JSON cannot hold") }
    return Array(bytes)
}

/// A city's name as a segment of a URI (RFC 3986: all but unreserved characters escaped).
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += "%" + (byte < 16 ? "0" : "") + digits
        }
    }
    return encoded
}

/// Four digits are more than a probability deserves, and short to read.
package func fourDigits(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
