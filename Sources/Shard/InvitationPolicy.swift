package import Basics
import World

/// How people are asked: settings of the worker.
package struct InvitationPolicy: Equatable, Sendable {
    /// People without whom a plan is not confirmed; never fewer than start it.
    package var minimum = 2
    /// Invitations of one plan that wait for an answer at the same time, its starters' aside.
    package var wave = 3
    /// Seconds after which an invitation without an answer makes room for the next.
    package var silence: UInt64 = 12 * 3600
    /// Invitations one person may get in seven days, of all plans of a city.
    package var perWeek = 4
    /// Days for which it is remembered what came of a seed that is over.
    package var daysKept = 180
    /// Hours of the day in which nobody is asked: from the first, and until the second is reached.
    package struct QuietHours: Equatable, Sendable {
        package var from: Int
        package var until: Int
    }

    package var quiet: QuietHours?
    /// Minutes by which the clocks of cities are ahead of UTC, by name.
    package var clocks: [String: Int] = [:]
    /// The least chance, as the group scorer sees it, with which a group is confirmed.
    package var fitBar = 0.25

    package init() {}

    /// From the settings of a worker. Errors: `SettingsError.invalid`.
    package init(_ settings: Settings) throws(SettingsError) {
        minimum = settings.integer("minimum")
        wave = settings.integer("wave")
        silence = UInt64(settings.integer("silence")) * 3600
        perWeek = settings.integer("invitations-per-week")
        daysKept = settings.integer("days-kept")
        fitBar = settings.number("fit-bar")
        quiet = try Self.quietHours(settings)
        clocks = try Self.cityClocks(settings)
    }

    private static func quietHours(_ settings: Settings) throws(SettingsError) -> QuietHours? {
        let text = settings.text("quiet-hours")
        if text.isEmpty { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let from = parts[0], let until = parts[1], (0..<24).contains(from),
            (0..<24).contains(until), from != until
        else {
            throw .invalid(
                name: "quiet-hours", value: text, origin: settings.origin("quiet-hours"),
                expected: "two different hours of 0 to 23, as 22-8")
        }
        return QuietHours(from: from, until: until)
    }

    private static func cityClocks(_ settings: Settings) throws(SettingsError) -> [String: Int] {
        var clocks: [String: Int] = [:]
        for pair in settings.text("city-clocks").split(separator: ",") {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let minutes = Int(parts[1]), abs(minutes) <= 14 * 60,
                case let name = String(parts[0]).trimmed, !name.isEmpty
            else {
                throw .invalid(
                    name: "city-clocks", value: String(pair), origin: settings.origin("city-clocks"),
                    expected: "CITY=MINUTES with minutes of -840 to 840, as Oslo=60")
            }
            clocks[name] = minutes
        }
        return clocks
    }

    /// When a city's quiet hours are over that hold at a moment, both in seconds since 1970; nil when none hold.
    package func quietUntil(in city: String, at now: UInt64) -> UInt64? {
        guard let quiet else { return nil }
        let local = Int64(now) + Int64((clocks[city] ?? 0) * 60)
        let hour = Timestamp(milliseconds: local * 1000).hour
        let isQuiet =
            quiet.from < quiet.until
            ? quiet.from <= hour && hour < quiet.until : quiet.from <= hour || hour < quiet.until
        guard isQuiet else { return nil }
        let hours = (quiet.until - hour + 24) % 24
        let begun = local - (local % 3600 + 3600) % 3600
        return UInt64(max(Int64(now) + begun + Int64(hours) * 3600 - local, 0))
    }
}

extension String {
    fileprivate var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
