package import Basics

/// Something that is announced and that people may come to, at a place and from a time on.
///
/// Unlike a visit it is an offer: who really came, the visits to its place at its time say.
package struct Gathering: Equatable, Sendable {
    /// What is offered. The raw value is its number in the data format.
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// People come to take part.
        case event = 0
        /// People come to hear or see somebody perform.
        case gig = 1
    }

    /// What became of it. The raw value is its number in the data format.
    package enum Status: UInt8, CaseIterable, Sendable {
        /// Still to come, or under way: its times tell which.
        case scheduled = 0
        /// It will not take place.
        case cancelled = 1
        /// It took place.
        case finished = 2
    }

    /// Unique within `city`.
    package var id: GatheringID
    package var city: CityID
    /// A place of `city`.
    package var place: PlaceID
    package var kind: Kind
    /// For people to read, at most 200 bytes of UTF-8; empty where unknown.
    package var title: String
    /// Who invites; nil where nobody in particular does. They may live in any city.
    package var host: PersonID?
    package var start: Timestamp
    /// After `start`; nil where open.
    package var end: Timestamp?
    /// How many people it has room for; 0 where unknown.
    package var capacity: UInt32
    /// 0 (cheapest) to 4.
    package var priceBand: UInt8
    /// How far each coarse category applies, 6 entries of 0...1; empty where unknown.
    package var categories: [Float]
    /// Weight of each fine tag, 100 entries that sum to one; empty where unknown.
    package var fineTags: [Float]
    package var status: Status

    /// A scheduled event of which nothing but place and start is known, unless more is given.
    package init(
        id: GatheringID, city: CityID, place: PlaceID, kind: Kind = .event, title: String = "",
        host: PersonID? = nil, start: Timestamp, end: Timestamp? = nil, capacity: UInt32 = 0,
        priceBand: UInt8 = 0, categories: [Float] = [], fineTags: [Float] = [], status: Status = .scheduled
    ) {
        self.id = id
        self.city = city
        self.place = place
        self.kind = kind
        self.title = title
        self.host = host
        self.start = start
        self.end = end
        self.capacity = capacity
        self.priceBand = priceBand
        self.categories = categories
        self.fineTags = fineTags
        self.status = status
    }
}

extension Gathering.Kind {
    /// As tables write it.
    package var name: String {
        switch self {
        case .event: "event"
        case .gig: "gig"
        }
    }

    /// The kind that a table means, in either case; nil for any other word.
    package init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name == name.lowercased() }) else { return nil }
        self = kind
    }
}

extension Gathering.Status {
    /// As tables write it.
    package var name: String {
        switch self {
        case .scheduled: "scheduled"
        case .cancelled: "cancelled"
        case .finished: "finished"
        }
    }

    /// The status that a table means, in either case: our names, and those of social apps, where `open` and
    /// `in_progress` are scheduled and `completed` is finished. Nil for any other word.
    package init?(name: String) {
        switch name.lowercased() {
        case "scheduled", "open", "in_progress": self = .scheduled
        case "cancelled", "canceled": self = .cancelled
        case "finished", "completed": self = .finished
        default: return nil
        }
    }
}
