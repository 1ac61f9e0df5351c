import Testing
import World

@Suite struct TimeTests {
    private static let hour: Int64 = 3_600_000

    /// Hours since Monday 2026-01-05 00:00 UTC.
    private func time(_ hours: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_767_571_200_000 + hours * Self.hour)
    }

    @Test(arguments: [
        (0, 3, "night"), (5, 3, "night"), (6, 0, "morning"), (11, 0, "morning"), (12, 1, "afternoon"),
        (16, 1, "afternoon"), (17, 2, "evening"), (21, 2, "evening"), (22, 3, "night"), (23, 3, "night"),
    ])
    func aMondayGoesThroughTheFourPartsOfTheDay(hour: Int64, part: Int, slot: String) {
        #expect(time(hour).timeOfDay == part)
        #expect(time(hour).slot.name == slot)
        #expect(time(hour).weekday == 0 && time(hour).dayOfWeek == 0)
    }

    @Test(arguments: [
        (119, 0, "night"), (120, 1, "weekend_night"), (132, 1, "weekend_day"),
        (160, 1, "weekend_day"), (161, 1, "weekend_night"), (168, 0, "night"),
    ])
    func saturdayAndSundayAreTheWeekend(hours: Int64, day: Int, slot: String) {
        #expect(time(hours).dayOfWeek == day)
        #expect(time(hours).slot.name == slot)
    }

    @Test func thePartOfTheWeekIsTimeOfDayAndDayOfWeek() {
        for hours in stride(from: Int64(-3_000_000), to: 3_000_000, by: 977) {
            let time = Timestamp(milliseconds: hours * Self.hour + hours % 1000)
            let part = time.partOfWeek
            #expect(part.timeOfDay == time.timeOfDay && part.isWeekend == (time.dayOfWeek == 1), "hour \(hours)")
        }
    }

    @Test func timeBefore1970HasHoursToo() {
        let before = Timestamp(milliseconds: -1)  // Wednesday 1969-12-31 23:59:59.999
        #expect(before.hour == 23 && before.weekday == 2)
        #expect(Timestamp(milliseconds: 0).weekday == 3 && Timestamp(milliseconds: 0).hour == 0)
    }

    @Test func theEndsOfTimeDoNotTrap() {
        for milliseconds in [Int64.min, .max] {
            let time = Timestamp(milliseconds: milliseconds)
            #expect((0..<24).contains(time.hour) && (0..<7).contains(time.weekday))
        }
    }

    @Test func thereIsNoSeventhSlot() {
        #expect(TimeSlot(checking: 5)?.name == "weekend_night")
        #expect(TimeSlot(checking: 6) == nil)
    }
}
