// Every identifier space is a type of its own, so that a person is never used as a place
// and a row of a batch never as a vertex of a city.

/// A number that names something. Ordered, hashable, and printed as the bare number.
package protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
    associatedtype Number: FixedWidthInteger & UnsignedInteger & Sendable & Codable
    var number: Number { get }
    init(_ number: Number)
}

extension Identifier {
    @inlinable
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    package var description: String { String(number) }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Number.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

/// A city: the unit of partitioning. Numbers are given by the coordinator in order of first sight.
@frozen package struct CityID: Identifier {
    package let number: UInt32
    @inlinable package init(_ number: UInt32) { self.number = number }
}

/// A person, as the social app numbers its people. Unique across cities.
@frozen package struct PersonID: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A place, as the social app numbers its places. Unique within its city.
@frozen package struct PlaceID: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A gathering (an event or a gig), as the social app numbers them. Unique within its city.
@frozen package struct GatheringID: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A worker process, stable over its restarts.
@frozen package struct WorkerID: Identifier {
    package let number: UInt32
    @inlinable package init(_ number: UInt32) { self.number = number }
}

/// How many times a city has changed its owner; fences off stale owners.
@frozen package struct Epoch: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A long-running job of the coordinator.
@frozen package struct JobID: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// One request of one requester; a retry carries the same number.
@frozen package struct RequestID: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A trained model, numbered by the coordinator. Zero: no model yet.
@frozen package struct ModelVersion: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A plan seed: a hash of what it proposes, so that the same proposal has the same name.
@frozen package struct SeedID: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

/// A heartbeat's worth of time, counted by whoever drives a state machine. Pure code has no clock.
@frozen package struct Tick: Identifier {
    package let number: UInt64
    @inlinable package init(_ number: UInt64) { self.number = number }
}

extension Tick {
    /// So many ticks after this one; wraps only where no clock gets.
    package func later(by ticks: UInt64) -> Tick { Tick(number.addingReportingOverflow(ticks).partialValue) }
}
