import Basics
import Events
import FoundationEssentials
import Glibc
import Wire

extension Verb {
    static let events = Verb(
        name: "events",
        summary: "show a city's events as its store has them, and how many wait for Redis",
        usage: """
            muster events tail --city Bergen             the newest events, one line of JSON each
            muster events tail --from 1-200 --follow     those after an id, and those to come, until Ctrl-C
            muster events lag                            how many wait, for how long, and why

            Reads the cities' own stores, so it works without Redis as well.
            """,
        settings: [
            Setting("city", "only this city", .text, scope: .call),
            Setting(
                "from", "tail: the id (EPOCH-SEQUENCE, or the sequence alone) after which to begin", .text,
                scope: .call),
            Setting(
                "count", "tail: how many of the newest, without --from", .integer(1...1000), default: "10", scope: .call
            ),
            Setting("follow", "tail: wait for more", .flag, scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords(after: 1)
        let name = invocation.settings.text("city")
        let session = try invocation.session()
        let cities = name.isEmpty ? try session.citiesAtHome() : [try session.city(named: name)]
        switch invocation.words.first {
        case "tail": try EventTail(session, cities, invocation.settings).run()
        case "lag": try showLag(session, cities, isJSON: invocation.isJSON)
        default: throw UsageError("muster events tail, or muster events lag")
        }
    }

    static let seed = Verb(
        name: "seed",
        summary: "show everything that ever happened to one plan seed, in order",
        usage: "muster seed 10660251512250386793 --history [--city Bergen]",
        settings: [
            Setting("history", "its events, from the city's own store", .flag, scope: .call),
            Setting("city", "the seed's city, where it is known", .text, scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords(after: 1)
        guard let word = invocation.words.first, let number = UInt64(word) else {
            throw UsageError("which seed? its number, as muster seeds shows it")
        }
        guard invocation.settings.flag("history") else { throw UsageError("--history is what there is to show") }
        let name = invocation.settings.text("city")
        let session = try invocation.session()
        let cities = name.isEmpty ? try session.citiesAtHome() : [try session.city(named: name)]
        var rows: [EventRow] = []
        for city in cities where rows.isEmpty { rows = try session.history(of: SeedID(number), in: city) }
        if rows.isEmpty { throw CommandError("no city here knows a seed \(number)") }
        if invocation.isJSON {
            for row in rows { print(String(decoding: row.payload, as: UTF8.self)) }
            return
        }
        var table = TextTable([("id", .left), ("time", .left), ("event", .left), ("because of", .left)])
        for row in rows { table.add(try EventLine(row).columns) }
        print(table.text())
    }

    private static func showLag(_ session: Session, _ cities: [CityRow], isJSON: Bool) throws {
        var lags: [EventLag] = []
        for city in cities {
            let answer = try session.ask(
                EventsRequest(after: 0, count: 0), city: city.city, homelessSeconds: 5, for: EventRows.self)
            lags.append(EventLag(answer, city: city.name))
        }
        if isJSON { return try printJSON(lags) }
        var table = TextTable([
            ("city", .left), ("committed", .right), ("in Redis", .right), ("waiting", .right), ("for", .right),
            ("kept from", .right), ("state", .left),
        ])
        for lag in lags {
            table.add([
                lag.city, grouped(lag.committed), grouped(lag.delivered), grouped(lag.waiting),
                lag.waiting == 0 ? "-" : "\(fixed(lag.waitingSeconds, 1)) s", grouped(lag.keptFrom), lag.state,
            ])
        }
        print(table.text())
    }
}

extension Session {
    /// All events of a seed's history.
    fileprivate func history(of seed: SeedID, in city: CityRow) throws -> [EventRow] {
        var rows: [EventRow] = []
        while true {
            let order = EventsRequest(seed: seed, after: rows.last?.sequence ?? 0, count: 1000)
            let more = try ask(order, city: city.city, homelessSeconds: 5, for: EventRows.self).rows
            if more.isEmpty { return rows }
            rows += more
        }
    }
}

/// How a city's outbox stands.
private struct EventLag: Encodable {
    var city: String
    var committed: UInt64
    var delivered: UInt64
    var waiting: UInt64
    var waitingSeconds: Double
    /// The first event that can still be read or sent again.
    var keptFrom: UInt64
    var state: String

    init(_ answer: EventRows, city: String) {
        self.city = city
        committed = answer.last
        delivered = answer.acknowledged
        waiting = answer.last - min(answer.acknowledged, answer.last)
        waitingSeconds = Double(answer.waitingMilliseconds) / 1000
        keptFrom = answer.first
        state = answer.state
    }
}

/// An event in one line for people.
private struct EventLine {
    private struct Timed: Decodable { var time: String? }

    let columns: [String]

    init(_ row: EventRow) throws {
        let data = Data(row.payload)
        let frame = try JSONDecoder().decode(EventFrame.self, from: data)
        let time = try JSONDecoder().decode(Timed.self, from: data).time
        columns = ["\(frame.epoch.number)-\(frame.sequence.number)", time ?? "-", frame.id, frame.causationid]
    }
}

/// Events as they are, in the order of each city.
private struct EventTail {
    private let session: Session
    private let cities: [CityRow]
    private let settings: Settings

    init(_ session: Session, _ cities: [CityRow], _ settings: Settings) {
        self.session = session
        self.cities = cities
        self.settings = settings
    }

    func run() throws {
        var seen: [UInt64] = []
        for city in cities { seen.append(try start(in: city)) }
        repeat {
            var isQuiet = true
            for (index, city) in cities.enumerated() {
                while case let rows = try page(city, after: seen[index], count: 1000).rows, let last = rows.last {
                    for row in rows { print(String(decoding: row.payload, as: UTF8.self)) }
                    fflush(nil)
                    seen[index] = last.sequence
                    isQuiet = false
                }
            }
            if isQuiet, settings.flag("follow") { usleep(200_000) }
        } while settings.flag("follow")
    }

    private func start(in city: CityRow) throws -> UInt64 {
        let text = settings.text("from")
        if text.isEmpty {
            let last = try page(city, after: 0, count: 0).last
            return last - min(last, UInt64(settings.integer("count")))
        }
        guard let number = text.split(separator: "-", maxSplits: 1).last.flatMap({ UInt64($0) }) else {
            throw UsageError("--from is an id like 1-200, or the 200 alone")
        }
        return number
    }

    private func page(_ city: CityRow, after: UInt64, count: UInt32) throws -> EventRows {
        try session.ask(
            EventsRequest(after: after, count: count), city: city.city, homelessSeconds: 5, for: EventRows.self)
    }
}
