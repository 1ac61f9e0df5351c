import Basics
import Glibc
import Wire

extension Verb {
    static let move = Verb(
        name: "move",
        summary: "let a city live on another worker, with all it has; requests wait for its last part",
        usage: """
            muster move Bergen worker-2
            muster move Bergen                   to the worker that carries least
            muster move --from worker-1          all cities of a worker, one after the other
            muster move --list                   moves under way, and the last that ended
            """,
        settings: [
            Setting("from", "move all cities of this worker", .text, scope: .call),
            Setting("list", "only list moves", .flag, scope: .call),
            Setting("detach", "do not wait for the end", .flag, scope: .call),
        ]
    ) { invocation in
        let session = try invocation.session()
        let (settings, words) = (invocation.settings, invocation.words)
        if settings.flag("list") {
            try invocation.noMoreWords()
            return try MoveFollower.show(session.ask(MovesRequest(), for: Moves.self).rows, isJSON: invocation.isJSON)
        }
        let status = try session.ask(StatusRequest(), for: Status.self)
        let from = settings.text("from")
        let (cities, target) = try chosen(words, from: from, in: status)
        var rows: [MoveRow] = []
        for city in cities {
            let moves = try session.ask(MoveCity(worker: target), city: city.city, for: Moves.self).rows
            guard let begun = moves.first(where: { $0.city == city.city && !$0.isOver }) else {
                complain("\(city.name) is there already")
                continue
            }
            rows.append(settings.flag("detach") ? begun : try MoveFollower(session, begun).follow())
        }
        try MoveFollower.show(rows, isJSON: invocation.isJSON)
        if rows.contains(where: { $0.phase == MoveRow.givenUp }) { throw CommandError("not all have moved") }
    }

    /// Which cities, and where to; nil: wherever there is most room.
    private static func chosen(
        _ words: [String], from: String, in status: Status
    ) throws -> (cities: [CityRow], target: WorkerID?) {
        func worker(_ name: String) throws -> WorkerID {
            if let row = status.workers.first(where: { $0.name == name }) { return row.worker }
            let known = status.workers.map(\.name).joined(separator: ", ")
            throw UsageError("there is no worker '\(name)'; there are: \(known)")
        }
        if !from.isEmpty {
            guard words.count <= 1 else { throw UsageError("with --from say one worker to move to, or none") }
            let left = try worker(from)
            return (status.cities.filter { $0.worker == left }, try words.first.map { try worker($0) })
        }
        guard let name = words.first, words.count <= 2 else {
            throw UsageError("say which city, and where to: muster move Bergen worker-2")
        }
        guard let city = status.cities.first(where: { $0.name == name }) else {
            throw UsageError("there is no city '\(name)'; muster status lists them")
        }
        return ([city], try words.dropFirst().first.map { try worker($0) })
    }
}

/// Watches a move until it ends. Ctrl-C ends the watching; the move goes on.
struct MoveFollower {
    private let session: Session
    private let begun: MoveRow
    /// How long the former owner is waited for, once the city is where it should be.
    private static let deletingSeconds = 10.0

    init(_ session: Session, _ begun: MoveRow) { (self.session, self.begun) = (session, begun) }

    func follow() throws -> MoveRow {
        var bar = ProgressBar("\(begun.name) to \(begun.to)")
        defer { bar.finish() }
        var deleting: Double?
        while true {
            let rows = try session.ask(MovesRequest(), seconds: 120, for: Moves.self).rows
            guard let row = rows.first(where: { $0.city == begun.city && !$0.isOver }) else {
                // The coordinator remembers how moves ended until it is started anew.
                if let ended = rows.last(where: { $0.city == begun.city && $0.epoch == begun.epoch }) { return ended }
                throw CommandError("the coordinator was started anew; muster status shows where \(begun.name) is")
            }
            let steps = ["copying", "draining", "releasing", "fetching", "opening", "dropping"]
            let step = steps.firstIndex(of: row.phase) ?? 0
            bar.update(Double(step) / Double(steps.count), "\(row.phase), \(grouped(row.bytes)) bytes  \(row.detail)")
            if row.phase == "dropping" || row.phase == "discarding" {
                // The city works; whoever is to delete its files may be away for long.
                let since = deleting ?? monotonicSeconds()
                if monotonicSeconds() - since > Self.deletingSeconds { return row }
                deleting = since
            }
            usleep(50_000)
        }
    }

    static func show(_ rows: [MoveRow], isJSON: Bool) throws {
        if isJSON { return try printJSON(rows.map { MoveView($0) }) }
        var table = TextTable([
            ("city", .left), ("from", .left), ("to", .left), ("phase", .left), ("bytes", .right), ("", .left),
        ])
        for row in rows { table.add([row.name, row.from, row.to, row.phase, grouped(row.bytes), row.detail]) }
        print(rows.isEmpty ? "no city moves" : table.text())
    }
}
