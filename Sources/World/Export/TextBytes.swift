// The leaves of writing text: numbers, times and quoted words as bytes.

extension [UInt8] {
    mutating func append(decimal number: some FixedWidthInteger) {
        if number >= 0 && number < 10 { return append(UInt8(ascii: "0") + UInt8(number)) }
        let digitsMax = 20  // of any 64-bit number
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digitsMax) { digits in
            var rest = UInt64(number.magnitude)
            var start = digitsMax
            repeat {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            } while rest > 0
            if number < 0 { append(UInt8(ascii: "-")) }
            append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start..<digitsMax]))
        }
    }

    /// A number from 0 up in at least `width` digits.
    private mutating func append(padded number: Int, width: Int) {
        var bound = 10
        for _ in 1..<width {
            if number < bound { append(UInt8(ascii: "0")) }
            bound *= 10
        }
        append(decimal: number)
    }

    /// Appends the shortest decimal that reads back as the same number, where that has few decimals; else appends
    /// nothing and returns false.
    ///
    /// Fewer digits stand behind the point the greater the number is, so that floats lie closer together than these
    /// decimals: then at most one of them reads back as the number, and without the zeros at its end it is the
    /// shortest.
    /// The quotient is a double, and rounding it to a float is rounding the decimal itself: a decimal of at most six
    /// places that is not the middle of two floats is further from it, by 1 in 10^6 * 2^25, than a double can tell.
    mutating func append(short value: Float) -> Bool {
        let size = value.magnitude
        if size == 0 {
            if value.sign == .plus { append(UInt8(ascii: "0")) }
            return value.sign == .plus
        }
        if size < 16 { return append(value, scale: 1_000_000, places: 6) }
        if size < 1024 { return append(value, scale: 10_000, places: 4) }
        if size < 131_072 { return append(value, scale: 100, places: 2) }
        guard size < 1_000_000, size.rounded(.towardZero) == size else { return false }
        append(decimal: Int(value))
        return true
    }

    @inline(__always)
    private mutating func append(_ value: Float, scale: UInt64, places: Int) -> Bool {
        let size = Double(value.magnitude)
        let scaled = (size * Double(scale)).rounded()
        guard Float(scaled / Double(scale)) == value.magnitude else { return false }
        if value < 0 { append(UInt8(ascii: "-")) }
        let whole = UInt64(scaled)
        append(decimal: whole / scale)
        var (rest, width) = (whole % scale, places)
        if rest == 0 { return true }
        while rest % 10 == 0 { (rest, width) = (rest / 10, width - 1) }
        append(UInt8(ascii: "."))
        append(padded: Int(rest), width: width)
        return true
    }

    /// As 2012-04-02T18:30:00.250Z: ISO 8601 in UTC, the fraction only where it is not zero. For years from 0 on.
    mutating func append(time: Timestamp) {
        let days = Timestamp.floor(time.milliseconds, by: 86_400_000)
        let (year, month, day) = civilDate(daysSince1970: Int(days))
        let rest = Int(time.milliseconds - days * 86_400_000)
        append(padded: year, width: 4)
        append(UInt8(ascii: "-"))
        append(padded: month, width: 2)
        append(UInt8(ascii: "-"))
        append(padded: day, width: 2)
        append(UInt8(ascii: "T"))
        append(padded: rest / 3_600_000, width: 2)
        append(UInt8(ascii: ":"))
        append(padded: rest / 60_000 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(padded: rest / 1000 % 60, width: 2)
        if rest % 1000 != 0 {
            append(UInt8(ascii: "."))
            append(padded: rest % 1000, width: 3)
        }
        append(UInt8(ascii: "Z"))
    }

    /// A field between separators: in quotes, its own quotes doubled, where it could be misread without.
    mutating func append(field text: String, separator: UInt8) {
        let quote = UInt8(ascii: "\"")
        let space = UInt8(ascii: " ")
        var needsQuotes = text.isEmpty || text.utf8.first == space || text.utf8.last == space
        for byte in text.utf8 where byte == separator || byte == quote || byte == 10 || byte == 13 {
            needsQuotes = true
        }
        guard needsQuotes else { return append(contentsOf: text.utf8) }
        append(quote)
        for byte in text.utf8 {
            if byte == quote { append(quote) }
            append(byte)
        }
        append(quote)
    }

    /// A JSON string.
    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<32:
                let digits = Array<UInt8>("0123456789abcdef".utf8)
                append(contentsOf: "\\u00".utf8)
                append(digits[Int(byte >> 4)])
                append(digits[Int(byte & 15)])
            default:
                append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}

/// The date of a day of the Gregorian calendar, by eras of 400 years that begin on a first of March, so that the
/// leap day is the last of a year (H. Hinnant, "chrono-compatible low-level date algorithms").
private func civilDate(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let daysPerEra = 146_097
    let shifted = daysSince1970 + 719_468  // from 0000-03-01
    let era = (shifted >= 0 ? shifted : shifted - daysPerEra + 1) / daysPerEra
    let dayOfEra = shifted - era * daysPerEra
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
}
