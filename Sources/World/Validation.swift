// What a record must obey before it may enter a shard. Decoding has already made sure that it can
// be read at all (vector sizes, counts); these are the rules of meaning.

import Basics

/// The first rule that a record breaks: which record, which field, its value, and the rule.
package struct ValidationError: Error, Equatable, CustomStringConvertible {
    /// The kind of record and its number, as `person 12`.
    package let record: String
    package let field: String
    package let value: String
    package let rule: String

    package init(record: String, field: String, value: String, rule: String) {
        self.record = record
        self.field = field
        self.value = value
        self.rule = rule
    }

    package var description: String { "\(record): \(field) is \(value), but \(rule)" }
}

extension Record {
    /// Throws the first rule that this record breaks. O(length of its vectors).
    package func validate() throws(ValidationError) {
        switch self {
        case .person(let person): try person.validate()
        case .place(let place): try place.validate()
        case .visit(let visit): try visit.validate()
        case .friendship(let friendship): try friendship.validate()
        }
    }
}

extension Person {
    /// Throws the first rule that this person breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("person", id.number)
        try rules.distribution("categoryPreference", categoryPreference, size: RecordLimits.categories)
        try rules.distribution("finePreference", finePreference, size: RecordLimits.fineTags)
        try rules.distribution("vibePreference", vibePreference, size: RecordLimits.vibes)
        if !areaFrequencies.isEmpty {
            guard areaFrequencies.count <= RecordLimits.areasPerPerson else {
                throw rules.broken(
                    "areaFrequencies", "\(areaFrequencies.count) long", "holds at most \(RecordLimits.areasPerPerson)")
            }
            let shares = areaFrequencies.map(\.weight)
            try rules.distribution("areaFrequencies", shares, size: shares.count)
            guard Set(areaFrequencies.map(\.neighborhood)).count == shares.count else {
                throw rules.broken("areaFrequencies", "repeating itself", "names each neighborhood once")
            }
        }
        try rules.atLeastZero("sessionsPerWeek", sessionsPerWeek)
        try rules.atLeastZero("viewsPerSession", viewsPerSession)
        try rules.atLeastZero("likesPerSession", likesPerSession)
        try rules.atLeastZero("savesPerSession", savesPerSession)
        try rules.atLeastZero("attendsPerMonth", attendsPerMonth)
    }
}

extension Place {
    /// Throws the first rule that this place breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("place", id.number)
        try rules.size("categories", categories.count, RecordLimits.categories)
        for (index, share) in categories.enumerated() { try rules.share("categories[\(index)]", share) }
        try rules.distribution("fineTags", fineTags, size: RecordLimits.fineTags)
        guard priceBand < Taxonomy.priceBands else {
            throw rules.broken("priceBand", priceBand, "is 0...\(Taxonomy.priceBands - 1)")
        }
        guard typicalSlot < TimeSlot.count else {
            throw rules.broken("typicalSlot", typicalSlot, "is 0...\(TimeSlot.count - 1)")
        }
        guard let popularity else { return }
        try rules.atLeastZero("popularity.base", popularity.base)
        try rules.atLeastZero("popularity.dailyVisits", popularity.dailyVisits)
        try rules.share("popularity.conversionRate", popularity.conversionRate)
        try rules.share("popularity.novelty", popularity.novelty)
    }
}

extension Visit {
    /// Throws the first rule that this visit breaks. Costs no allocation when it breaks none.
    package func validate() throws(ValidationError) {
        guard RecordLimits.times.contains(time.milliseconds) else {
            throw Rules("visit of person", person.number)
                .broken("time", time.milliseconds, "is in milliseconds between 1970 and 2100")
        }
        guard dwellSeconds.isFinite, dwellSeconds >= 0 else {
            throw Rules("visit of person", person.number)
                .broken("dwellSeconds", dwellSeconds, "is a finite number from 0 up")
        }
    }
}

extension Friendship {
    /// Throws the first rule that this friendship breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("friendship of person", first.number)
        guard first < second else {
            throw rules.broken("second", second, "is greater than first: each pair is stored once")
        }
        try rules.share("interestOverlap", interestOverlap)
        try rules.share("sharedNeighborhoods", sharedNeighborhoods)
    }
}

/// Bounds on records, in one place.
package enum RecordLimits {
    package static let categories = 6
    package static let fineTags = 100
    package static let vibes = 30
    /// Area frequencies of one person.
    package static let areasPerPerson = 64
    /// Milliseconds of a visit: from 1970 up to 2100.
    package static let times: Range<Int64> = 0..<4_102_444_800_000
    /// How far from one the sum of a distribution may be: rounding of 100 floats, and of text formats.
    package static let sumTolerance: Float = 1e-3
}

/// The rules that several records share, with the record's name for the message.
private struct Rules {
    private let kind: StaticString
    private let number: UInt64

    init(_ kind: StaticString, _ number: UInt64) {
        self.kind = kind
        self.number = number
    }

    func broken(_ field: String, _ value: some CustomStringConvertible, _ rule: String) -> ValidationError {
        ValidationError(record: "\(kind) \(number)", field: field, value: value.description, rule: "it \(rule)")
    }

    func size(_ field: String, _ count: Int, _ size: Int) throws(ValidationError) {
        guard count == 0 || count == size else {
            throw broken(field, "\(count) long", "has \(size) entries or none")
        }
    }

    /// Empty, or `size` entries from 0 up that sum to one.
    func distribution(_ field: String, _ values: [Float], size: Int) throws(ValidationError) {
        try self.size(field, values.count, size)
        if values.isEmpty { return }
        var total: Float = 0
        for (index, value) in values.enumerated() {
            guard value.isFinite, value >= 0 else {
                throw broken("\(field)[\(index)]", value, "is a finite number from 0 up")
            }
            total += value
        }
        guard abs(total - 1) <= RecordLimits.sumTolerance else {
            throw broken("sum of \(field)", total, "is 1")
        }
    }

    func atLeastZero(_ field: String, _ value: Float) throws(ValidationError) {
        guard value.isFinite, value >= 0 else { throw broken(field, value, "is a finite number from 0 up") }
    }

    func share(_ field: @autoclosure () -> String, _ value: Float) throws(ValidationError) {
        guard value >= 0, value <= 1 else { throw broken(field(), value, "is 0...1") }
    }
}
