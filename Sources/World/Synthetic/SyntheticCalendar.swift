import Basics

/// When people go out: 26 weeks from Monday 2026-01-05, mostly in evenings and on weekends, and
/// mostly when the place they go to is at its best.
struct SyntheticCalendar {
    static let start: Int64 = 1_767_571_200_000
    static let weeks = 26
    private static let hourMilliseconds: Int64 = 3_600_000
    private static let hoursPerWeek = 168
    /// How much more likely the typical slot of a place is than the rest of the week.
    private static let slotFavour = 5.0

    /// For each time slot, running sums over the hours of a week.
    private let sums: [[Double]]

    init() {
        sums = (0..<TimeSlot.count).map { slot in
            var sum = 0.0
            return (0..<Self.hoursPerWeek).map { hour in
                let time = Timestamp(milliseconds: Self.start + Int64(hour) * Self.hourMilliseconds)
                sum += Self.liveliness(time) * (Int(time.slot.number) == slot ? Self.slotFavour : 1)
                return sum
            }
        }
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

    /// A moment for a visit to a place with the given typical slot.
    func time(typicalSlot: Int, _ random: inout SeededRandom) -> Int64 {
        let week = random.below(Self.weeks)
        let hour = firstAbove(random.uniform(), in: sums[typicalSlot])
        let within = Int64(random.below(Int(Self.hourMilliseconds)))
        return Self.start + Int64(week * Self.hoursPerWeek + hour) * Self.hourMilliseconds + within
    }
}
