import Basics
import Testing

@Suite struct LogTests {
    private func line(_ fields: [(key: String, value: any CustomStringConvertible & Sendable)]) -> LogLine {
        LogLine(
            time: "2012-04-02T01:02:03.004Z", level: .warn, program: "muster-worker", message: "city opened",
            fields: fields)
    }

    @Test func aLineForMachinesIsOneJSONObject() {
        #expect(
            line([("city", CityID(3)), ("ready", true), ("share", 0.5), ("name", "São \"P\"\n\u{1}")]).json
                == "{\"time\":\"2012-04-02T01:02:03.004Z\",\"level\":\"warn\",\"program\":\"muster-worker\","
                + "\"message\":\"city opened\",\"city\":3,\"ready\":true,\"share\":0.5,"
                + "\"name\":\"São \\\"P\\\"\\n\\u0001\"}\n")
    }

    @Test func numbersThatReadersWouldRoundTravelAsText() {
        #expect(line([("seed", SeedID(.max))]).json.contains("\"seed\":\"18446744073709551615\""))
        #expect(line([("seed", -(1 << 53))]).json.contains("\"seed\":-9007199254740992"))
        #expect(line([("seed", Int.min)]).json.contains("\"seed\":\"-9223372036854775808\""))
        #expect(line([("loss", Double.nan)]).json.contains("\"loss\":\"nan\""))
    }

    @Test func aLineForPeopleIsPlain() {
        #expect(
            line([("city", CityID(3)), ("name", "a b")]).plain
                == "01:02:03.004 warn  city opened  city=3 name=\"a b\"\n")
        #expect(line([]).plain == "01:02:03.004 warn  city opened\n")
    }

    @Test func timeIsWrittenInUTC() {
        #expect(LogLine.rfc3339(seconds: 0, milliseconds: 7) == "1970-01-01T00:00:00.007Z")
        #expect(LogLine.rfc3339(seconds: 1_330_473_599, milliseconds: 999) == "2012-02-28T23:59:59.999Z")
        #expect(LogLine.rfc3339(seconds: 1_330_473_600, milliseconds: 0) == "2012-02-29T00:00:00.000Z")
    }

    @Test func levelsAreOrderedByGravity() {
        #expect(Log.Level.allCases == Log.Level.allCases.sorted())
        #expect(Log.Level(rawValue: "warn") == .warn && Log.Level(rawValue: "loud") == nil)
    }
}
