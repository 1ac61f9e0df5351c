// Moments as text. Written: 2012-04-02T18:30:00Z, with .250 behind the seconds where there are milliseconds.
// Read as well: a date alone (its midnight), a blank in place of T, no seconds, more or fewer decimals (cut at the
// millisecond), no zone (taken as UTC), a zone as +02:00, +0200 or +02, and plain milliseconds since 1970.

package enum TimeText {
    /// The moment that a text names, or nil. Leap seconds are none.
    package static func timestamp(_ text: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        if let milliseconds = wholeNumber(text) {
            return Int64(exactly: milliseconds).map { Timestamp(milliseconds: $0) }
        }
        var clock = Clock(text: text)
        guard let year = clock.number(digits: 4), clock.take("-"), let month = clock.number(digits: 2), clock.take("-"),
            let day = clock.number(digits: 2), (1...12).contains(month),
            (1...length(ofMonth: month, year)).contains(day)
        else { return nil }
        let midnight = Int64(days(year, month, day)) * 86_400_000
        if clock.isAtEnd { return Timestamp(milliseconds: midnight) }
        guard clock.take("T") || clock.take(" ") || clock.take("t") else { return nil }
        guard let hour = clock.number(digits: 2), clock.take(":"), let minute = clock.number(digits: 2), hour < 24,
            minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        if clock.take(":") {
            guard let second = clock.number(digits: 2), second < 60 else { return nil }
            milliseconds += second * 1000
            if clock.take(".") {
                guard let fraction = clock.fraction() else { return nil }
                milliseconds += fraction
            }
        }
        guard let zone = clock.zoneMinutes(), clock.isAtEnd else { return nil }
        return Timestamp(milliseconds: midnight + Int64(milliseconds) - Int64(zone) * 60_000)
    }

    /// The text of a moment from the year 0 to 9999; `timestamp` reads it back.
    package static func text(_ time: Timestamp) -> String {
        let day = 86_400_000 as Int64
        let inDay = Int((time.milliseconds % day + day) % day)
        let (year, month, date) = civil(Int((time.milliseconds - Int64(inDay)) / day))
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let clock = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60].map { padded($0, 2) }
        let fraction = inDay % 1000 == 0 ? "" : "." + padded(inDay % 1000, 3)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(date, 2))T\(clock.joined(separator: ":"))\(fraction)Z"
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days from 1970-01-01 to a date. Years are taken to begin in March, so that leap days come last
    /// (Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date that lies so many days behind 1970-01-01: the inverse of `days`.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }
}

private struct Clock {
    let text: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

    var isAtEnd: Bool { index == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    mutating func number(digits: Int) -> Int? {
        guard index + digits <= text.count else { return nil }
        var value = 0
        for offset in 0..<digits {
            let digit = text[index + offset] &- 48
            if digit > 9 { return nil }
            value = value * 10 + Int(digit)
        }
        index += digits
        return value
    }

    /// Decimals of a second, at least one, as milliseconds.
    mutating func fraction() -> Int? {
        var (value, unit, count) = (0, 100, 0)
        while let digit = number(digits: 1) {
            value += digit * unit
            unit /= 10
            count += 1
        }
        return count > 0 ? value : nil
    }

    /// Minutes east of Greenwich; 0 where none are given.
    mutating func zoneMinutes() -> Int? {
        if isAtEnd || take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(digits: 2), hours < 24 else { return nil }
        var minutes = 0
        if take(":") || !isAtEnd {
            guard let given = number(digits: 2), given < 60 else { return nil }
            minutes = given
        }
        let total = hours * 60 + minutes
        return isWest ? -total : total
    }
}
