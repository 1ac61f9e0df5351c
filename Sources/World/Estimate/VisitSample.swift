import Basics

/// Some visits of one city, from which the shape of all is told.
struct VisitSample: Sendable {
    /// More visits than this tell nothing new.
    static let countMax = 500_000

    private(set) var count = 0
    private var residents = 0
    private var withSignals = 0
    private var hasSeconds = false
    private var hasFractions = false
    private var keys: [Key] = []
    private var visitors: Set<UInt64> = []

    private struct Key: Comparable {
        var person: UInt64
        var place: UInt64
        var time: UInt64

        static func < (left: Key, right: Key) -> Bool {
            (left.person, left.place, left.time) < (right.person, right.place, right.time)
        }

        /// Equal bytes at the front of two keys.
        func shared(with other: Key) -> Int {
            if person != other.person { return (person ^ other.person).leadingZeroBitCount / 8 }
            if place != other.place { return 8 + (place ^ other.place).leadingZeroBitCount / 8 }
            return 16 + min(7, (time ^ other.time).leadingZeroBitCount / 8)
        }
    }

    /// How many different people made the visits taken in.
    var people: Int { visitors.count }

    /// Takes in a visit; `isResident` says whether its person lives here.
    mutating func add(_ visit: Visit, isResident: Bool) {
        count += 1
        if isResident { residents += 1 }
        let (seconds, counters) = (visit.dwellSeconds, visit.likes | visit.saves | visit.shares)
        if seconds != 0 || counters != 0 { withSignals += 1 }
        if seconds != 0 { hasSeconds = true }
        if seconds != seconds.rounded(.towardZero) { hasFractions = true }
        guard keys.count < Self.countMax else { return }
        keys.append(
            Key(
                person: visit.person.number, place: visit.place.number,
                time: UInt64(bitPattern: visit.time.milliseconds)))
        visitors.insert(visit.person.number)
    }

    /// The shape of a city of which this is a part, with so many visits of each of its visitors.
    func shape(visitsPerVisitor: Double) -> VisitShape {
        var shape = VisitShape()
        if count == 0 { return shape }
        shape.residentShare = Double(residents) / Double(count)
        shape.signalShare = Double(withSignals) / Double(count)
        (shape.hasSeconds, shape.hasFractions) = (hasSeconds, hasFractions)
        let found = Self.meanShared(keys)
        // Where the part has only some visits of each person, its keys lie further apart than those of all. So people
        // are made up who have as many visits as they should, each to the place of a random visit. Both ways err on the
        // same side: neither knows habits that it has not seen.
        shape.sharedKeyBytes = max(found, Self.meanShared(madeUp(visitsPerVisitor)))
        return shape
    }

    private func madeUp(_ visitsPerVisitor: Double) -> [Key] {
        let each = max(1, Int(visitsPerVisitor.rounded()))
        guard !keys.isEmpty, each > 1 else { return [] }
        var random = SeededRandom(seed: 1).child("visitors")
        let people = max(1, min(20_000 / each, 2_000))
        var made: [Key] = []
        for _ in 0..<people {
            let person = keys[random.below(keys.count)].person
            for _ in 0..<each {
                var key = keys[random.below(keys.count)]
                key.person = person
                made.append(key)
            }
        }
        return made
    }

    private static func meanShared(_ keys: [Key]) -> Double {
        if keys.count < 2 { return 0 }
        let sorted = keys.sorted()
        let total = zip(sorted, sorted.dropFirst()).reduce(0) { $0 + $1.0.shared(with: $1.1) }
        return Double(total) / Double(keys.count)
    }
}
