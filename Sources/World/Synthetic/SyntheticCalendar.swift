import Basics

/// When people go out: 26 weeks from Monday 2026-01-05, mostly in evenings and on weekends, mostly when
/// the place they go to is at its best, and by their own habits.
struct SyntheticCalendar: Sendable {
    static let start: Int64 = 1_767_571_200_000
    static let weeks = 26
    /// The first moment after the time told of.
    static let end = start + Int64(weeks) * weekMilliseconds
    static let weekMilliseconds: Int64 = 168 * hourMilliseconds
    static let hourMilliseconds: Int64 = 3_600_000
    /// How much more likely the typical slot of a place is than the rest of the week.
    static let slotFavour: Float = 5

    /// The hours of the week of each slot, with running sums of their liveliness.
    private let hours: [[Int]]
    private let sums: [[Double]]
    /// How much of the week's going out falls into each slot; sums to one.
    let slotShares: [Float]

    init() {
        var hours = [[Int]](repeating: [], count: TimeSlot.count)
        var sums = [[Double]](repeating: [], count: TimeSlot.count)
        for hour in 0..<168 {
            let time = Timestamp(milliseconds: Self.start + Int64(hour) * Self.hourMilliseconds)
            let slot = Int(time.slot.number)
            hours[slot].append(hour)
            sums[slot].append((sums[slot].last ?? 0) + Self.liveliness(time))
        }
        let totals = sums.map { $0.last ?? 0 }
        let total = totals.reduce(0, +)
        (self.hours, self.sums) = (hours, sums)
        slotShares = totals.map { Float($0 / total) }
    }

    /// How many people are out in an hour of the week, relative to other hours.
    private static func liveliness(_ time: Timestamp) -> Double {
        let weekend = time.dayOfWeek == 1
        switch time.hour {
        case 0..<3: return weekend ? 0.9 : 0.15
        case 3..<7: return 0.05
        case 7..<11: return weekend ? 0.6 : 0.3
        case 11..<14: return weekend ? 1.6 : 0.8
        case 14..<17: return weekend ? 1.8 : 0.5
        case 17..<22: return weekend || time.weekday == 4 ? 2.6 : 1.8
        default: return weekend || time.weekday == 4 ? 1.6 : 0.6
        }
    }

    /// A moment for a visit to a place with the given typical slot, by somebody with these habits
    /// (one factor per slot, 1 is ordinary).
    func time(typicalSlot: Int, habits: SIMD8<Float>, _ random: inout SeededRandom) -> Int64 {
        let week = random.below(Self.weeks)
        return moment(week: week, slot: slot(typicalSlot, habits, &random), &random)
    }

    /// A moment in a slot of a week, the weeks counted from `start`.
    func moment(week: Int, slot: Int, _ random: inout SeededRandom) -> Int64 {
        let hour = hours[slot][firstAbove(random.uniform(), in: sums[slot])]
        let within = Int64(random.below(Int(Self.hourMilliseconds)))
        return Self.start + Int64(week) * Self.weekMilliseconds + Int64(hour) * Self.hourMilliseconds + within
    }

    private func slot(_ typicalSlot: Int, _ habits: SIMD8<Float>, _ random: inout SeededRandom) -> Int {
        var weights = SIMD8<Float>(repeating: 0)
        for slot in 0..<TimeSlot.count { weights[slot] = slotShares[slot] * habits[slot] }
        weights[typicalSlot] *= Self.slotFavour
        var remaining = random.uniformFloat() * weights.sum()
        for slot in 0..<TimeSlot.count - 1 {
            remaining -= weights[slot]
            if remaining < 0 { return slot }
        }
        return TimeSlot.count - 1
    }
}

/// The index at which running sums pass a share, 0..<1, of their total. O(log count).
func firstAbove(_ share: Double, in sums: [Double]) -> Int {
    let target = share * sums[sums.count - 1]
    var low = 0, high = sums.count - 1
    while low < high {
        let middle = (low + high) / 2
        if sums[middle] > target { high = middle } else { low = middle + 1 }
    }
    return low
}
