// A moment, and the part of the week it falls into. All arithmetic is in UTC: a city's data is
// expected in its own wall-clock time, so that its evenings are evenings.

/// One of the six parts of the week in which people go out together.
@frozen package struct TimeSlot: Hashable, Comparable, Sendable {
    /// 0..<6, an index into `Taxonomy.timeSlots`.
    package let number: UInt8

    /// How many slots there are.
    package static let count = 6

    /// The slot with a number below `count`. What comes from outside goes through `init(checking:)`.
    @inlinable
    package init(number: UInt8) {
        precondition(number < 6, "a time slot is 0..<6")
        self.number = number
    }

    /// The time of day (0..<4, see `Timestamp.timeOfDay`) on weekdays; on the weekend its day (morning, afternoon) or
    /// its night (the rest).
    @inlinable
    package init(timeOfDay: Int, isWeekend: Bool) {
        number = isWeekend ? (timeOfDay < 2 ? 4 : 5) : UInt8(timeOfDay)
    }

    /// The slot of a number from outside, or nil when there is no such slot.
    package init?(checking number: UInt8) {
        guard number < Self.count else { return nil }
        self.number = number
    }

    /// The slot's word, as `weekend_night`.
    package var name: String { Taxonomy.timeSlots[Int(number)] }

    @inlinable
    package static func < (left: TimeSlot, right: TimeSlot) -> Bool { left.number < right.number }
}

/// Milliseconds since 1970-01-01 00:00 UTC.
@frozen package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    @inlinable
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    @inlinable
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The hour of the day, 0..<24.
    @inlinable
    package var hour: Int {
        let hours = Timestamp.floor(milliseconds, by: 3_600_000)
        return Int(hours &- 24 &* Timestamp.floor(hours, by: 24))
    }

    /// The day of the week, 0..<7, Monday first. 1970-01-01 was a Thursday.
    @inlinable
    package var weekday: Int {
        let days = Timestamp.floor(milliseconds, by: 86_400_000) &+ 3
        return Int(days &- 7 &* Timestamp.floor(days, by: 7))
    }

    /// 0 morning (from 6), 1 afternoon (from 12), 2 evening (from 17), 3 night (from 22).
    @inlinable
    package var timeOfDay: Int { Timestamp.timeOfDay(atHour: hour) }

    @inlinable
    static func timeOfDay(atHour hour: Int) -> Int { hour < 6 ? 3 : hour < 12 ? 0 : hour < 17 ? 1 : hour < 22 ? 2 : 3 }

    /// 0 weekday, 1 weekend (Saturday and Sunday).
    @inlinable
    package var dayOfWeek: Int { weekday >= 5 ? 1 : 0 }

    /// The part of the day, as `timeOfDay`, and whether it is weekend: both for the price of one.
    @inlinable
    package var partOfWeek: (timeOfDay: Int, isWeekend: Bool) {
        // Numbers without sign are divided at half the cost; before 1970 is for the others.
        guard milliseconds >= 0 else { return (timeOfDay, dayOfWeek == 1) }
        let hours = UInt64(milliseconds) / 3_600_000
        let days = hours / 24
        let hour = hours &- 24 &* days
        return (Timestamp.timeOfDay(atHour: Int(hour)), (days &+ 3) % 7 >= 5)
    }

    /// The part of the week in which people go out together.
    @inlinable
    package var slot: TimeSlot { TimeSlot(timeOfDay: timeOfDay, isWeekend: dayOfWeek == 1) }

    /// Division that rounds down below zero too, so that 1969 has hours like any other year.
    @usableFromInline
    static func floor(_ value: Int64, by step: Int64) -> Int64 {
        let quotient = value / step
        return value % step < 0 ? quotient - 1 : quotient
    }
}
