import Basics

/// Rows of tables as comma-separated text, values in the order of `TableKind.columns`. Numbers are written so that
/// reading them gives the same numbers, which the rounding of the made-up world allows: see `rounded(_:to:)`.
struct SyntheticTableText {
    private(set) var bytes: [UInt8] = []

    private static let comma = UInt8(ascii: ",")
    private static let semicolon = UInt8(ascii: ";")
    private static let newline = UInt8(ascii: "\n")

    mutating func add(_ person: Person, city: Int) {
        integer(person.id.number)
        text(SyntheticCities.name(city))
        integer(person.homeNeighborhood)
        list(person.categoryPreference)
        list(person.finePreference)
        list(person.vibePreference)
        for (index, area) in person.areaFrequencies.enumerated() {
            if index > 0 { bytes.append(Self.semicolon) }
            digits(UInt64(area.neighborhood))
            bytes.append(UInt8(ascii: ":"))
            decimal(area.weight, places: 6)
        }
        bytes.append(Self.comma)
        let rates = [
            person.sessionsPerWeek, person.viewsPerSession, person.likesPerSession, person.savesPerSession,
            person.attendsPerMonth,
        ]
        for rate in rates { number(rate, places: 3) }
        integer(person.ageGroup ?? 0)
        integer(person.gender ?? 0)
        endLine()
    }

    mutating func add(_ place: Place, city: Int) {
        integer(place.id.number)
        text(SyntheticCities.name(city))
        integer(place.neighborhood)
        list(place.categories)
        list(place.fineTags)
        integer(place.priceBand)
        integer(place.typicalSlot)
        number(place.popularity?.base ?? 0, places: 4)
        number(place.popularity?.dailyVisits ?? 0, places: 2)
        number(place.popularity?.conversionRate ?? 0, places: 6)
        number(place.popularity?.novelty ?? 0, places: 6)
        endLine()
    }

    mutating func add(_ visit: Visit, city: Int) {
        integer(visit.person.number)
        integer(visit.place.number)
        text(SyntheticCities.name(city))
        number(visit.dwellSeconds, places: 2)
        integer(visit.likes)
        integer(visit.saves)
        integer(visit.shares)
        text(visit.attended ? "true" : "false")
        moment(visit.time)
        endLine()
    }

    mutating func add(_ friendship: Friendship) {
        integer(friendship.first.number)
        integer(friendship.second.number)
        number(friendship.interestOverlap, places: 6)
        integer(friendship.coAttendance)
        number(friendship.sharedNeighborhoods, places: 6)
        endLine()
    }

    mutating func add(_ label: FriendLabel) {
        integer(label.first.number)
        integer(label.second.number)
        text(label.isCompatible ? "true" : "false")
        text(label.attends ? "true" : "false")
        endLine()
    }

    mutating func add(_ gathering: Gathering, city: Int) {
        integer(gathering.id.number)
        text(gathering.kind.name)
        text(gathering.title)
        text(SyntheticCities.name(city))
        integer(gathering.place.number)
        if let host = gathering.host { integer(host.number) } else { bytes.append(Self.comma) }
        moment(gathering.start)
        if let end = gathering.end { moment(end) } else { bytes.append(Self.comma) }
        integer(gathering.capacity)
        integer(gathering.priceBand)
        list(gathering.categories)
        list(gathering.fineTags)
        text(gathering.status.name)
        endLine()
    }
}

extension SyntheticTableText {
    /// The last comma becomes the end of the line.
    private mutating func endLine() { bytes[bytes.count - 1] = Self.newline }

    /// Words without commas, quotes or line ends.
    private mutating func text(_ words: String) {
        bytes.append(contentsOf: words.utf8)
        bytes.append(Self.comma)
    }

    private mutating func integer(_ value: some UnsignedInteger & FixedWidthInteger) {
        digits(UInt64(value))
        bytes.append(Self.comma)
    }

    private mutating func number(_ value: Float, places: Int) {
        decimal(value, places: places)
        bytes.append(Self.comma)
    }

    /// Shares, each a whole number of millionths.
    private mutating func list(_ values: [Float]) {
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(Self.semicolon) }
            decimal(value, places: 6)
        }
        bytes.append(Self.comma)
    }

    private mutating func digits(_ value: UInt64, width: Int = 1) {
        var rest = value
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        while bytes.count - start < width { bytes.append(UInt8(ascii: "0")) }
        bytes[start...].reverse()
    }

    /// A number from 0 up with at most so many digits behind the point, without zeros at the end.
    private mutating func decimal(_ value: Float, places: Int) {
        if value == 0 {
            bytes.append(UInt8(ascii: "0"))
            return
        }
        var scale: UInt64 = 1
        for _ in 0..<places { scale *= 10 }
        let whole = UInt64((Double(value) * Double(scale)).rounded())
        digits(whole / scale)
        if whole % scale == 0 { return }
        bytes.append(UInt8(ascii: "."))
        digits(whole % scale, width: places)
        while bytes[bytes.count - 1] == UInt8(ascii: "0") { bytes.removeLast() }
    }

    /// As 2026-01-05T18:30:00.250Z, the fraction only where it is not zero. Days to dates as in Hinnant,
    /// "chrono-compatible low-level date algorithms"; times before 1970 do not occur.
    private mutating func moment(_ time: Timestamp) {
        let milliseconds = UInt64(time.milliseconds)
        let shifted = milliseconds / 86_400_000 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        part(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), width: 4, "-")
        part(month, width: 2, "-")
        part(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, width: 2, "T")
        part(milliseconds / 3_600_000 % 24, width: 2, ":")
        part(milliseconds / 60_000 % 60, width: 2, ":")
        part(milliseconds / 1000 % 60, width: 2, milliseconds % 1000 == 0 ? "Z" : ".")
        if milliseconds % 1000 != 0 { part(milliseconds % 1000, width: 3, "Z") }
        bytes.append(Self.comma)
    }

    private mutating func part(_ value: UInt64, width: Int, _ after: Unicode.Scalar) {
        digits(value, width: width)
        bytes.append(UInt8(ascii: after))
    }
}
