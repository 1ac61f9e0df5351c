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
        case .friendLabel(let label): try label.validate()
        case .gathering(let gathering): try gathering.validate()
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
        if let ageGroup { try rules.below(RecordLimits.ageGroups, "ageGroup", ageGroup) }
        if let gender { try rules.below(RecordLimits.genders, "gender", gender) }
    }
}

extension Place {
    /// Throws the first rule that this place breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("place", id.number)
        try rules.size("categories", categories.count, RecordLimits.categories)
        for (index, share) in categories.enumerated() { try rules.share("categories[\(index)]", share) }
        try rules.distribution("fineTags", fineTags, size: RecordLimits.fineTags)
        try rules.below(Taxonomy.priceBands, "priceBand", priceBand)
        try rules.below(TimeSlot.count, "typicalSlot", typicalSlot)
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
        let rules = Rules("visit of person", person.number, "to place", place.number)
        try rules.time("time", time)
        try rules.atLeastZero("dwellSeconds", dwellSeconds)
    }
}

extension Friendship {
    /// Throws the first rule that this friendship breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("friendship of person", first.number, "and person", second.number)
        try rules.pair(first, second)
        try rules.share("interestOverlap", interestOverlap)
        try rules.share("sharedNeighborhoods", sharedNeighborhoods)
    }
}

extension FriendLabel {
    /// Throws the first rule that this label breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("friend label of person", first.number, "and person", second.number)
        try rules.pair(first, second)
        guard isCompatible || !attends else {
            throw rules.broken("attends", attends, "is true for compatible people only")
        }
    }
}

extension Gathering {
    /// Throws the first rule that this gathering breaks.
    package func validate() throws(ValidationError) {
        let rules = Rules("gathering", id.number)
        guard title.utf8.count <= RecordLimits.titleBytes else {
            throw rules.broken("title", "\(title.utf8.count) bytes long", "has at most \(RecordLimits.titleBytes)")
        }
        try rules.time("start", start)
        if let end {
            try rules.time("end", end)
            guard end > start else {
                throw rules.broken("end", end.milliseconds, "is after start, \(start.milliseconds)")
            }
        }
        try rules.below(Taxonomy.priceBands, "priceBand", priceBand)
        try rules.size("categories", categories.count, RecordLimits.categories)
        for (index, share) in categories.enumerated() { try rules.share("categories[\(index)]", share) }
        try rules.distribution("fineTags", fineTags, size: RecordLimits.fineTags)
    }
}

/// Bounds on records, in one place.
package enum RecordLimits {
    package static let categories = 6
    package static let fineTags = 100
    package static let vibes = 30
    /// Area frequencies of one person.
    package static let areasPerPerson = 64
    /// Milliseconds of a visit or a gathering: from 1970 up to 2100.
    package static let times: Range<Int64> = 0..<4_102_444_800_000
    /// Bands of age, and numbers for a gender.
    package static let ageGroups = 6
    package static let genders = 3
    /// Bytes of UTF-8 in the title of a gathering.
    package static let titleBytes = 200
    /// How far from one the sum of a distribution may be, exclusive (specification 2.7). Sums are taken in
    /// double precision: the rounding of a hundred floats is a hundred times less.
    package static let sumTolerance = 1e-5
}
