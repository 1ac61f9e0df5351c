import Basics
import Glibc
import Wire

extension Verb {
    static let train = Verb(
        name: "train",
        summary: "train the graph model on all cities, and publish it",
        usage: """
            muster train --rounds 10             each round: steps on every city, then one average
            muster train --rounds 10 --steps 40 --seed 7
            muster resume JOB                    goes on with a paused job

            Ctrl-C pauses the job after its last finished round.
            """,
        settings: [
            Setting("rounds", "rounds of training", .integer(1...10_000), default: "10", scope: .call),
            Setting("steps", "local steps of each city in a round", .integer(1...100_000), default: "40", scope: .call),
            Setting(
                "seed", "seed of weights, samples and negatives", .integer(0...Int.max), default: "1", scope: .call),
            Setting("detach", "do not wait for the end", .flag, scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let settings = invocation.settings
        let session = try invocation.session()
        let accepted = try session.ask(
            StartTraining(
                rounds: UInt32(settings.integer("rounds")), steps: UInt32(settings.integer("steps")),
                seed: UInt64(settings.integer("seed")), model: []), for: JobAccepted.self)
        if settings.flag("detach") {
            if invocation.isJSON { return try printJSON(StartedJob(job: accepted.job.number)) }
            return print("job \(accepted.job) is running; muster status shows it")
        }
        try JobFollower(session: session, job: accepted.job, isJSON: invocation.isJSON).follow()
    }

    static let plan = Verb(
        name: "plan",
        summary: "choose the plan seeds of one city or of all",
        usage: """
            muster plan --all
            muster plan --city Bergen --count 30
            """,
        settings: [
            Setting("city", "the city to plan", .text, scope: .call),
            Setting("all", "plan every city (the same as naming none)", .flag, scope: .call),
            Setting("count", "seeds a city, at most", .integer(1...10_000), default: "50", scope: .call),
            Setting("seed", "seed of the influence samples", .integer(0...Int.max), default: "1", scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let settings = invocation.settings
        let session = try invocation.session()
        let name = settings.text("city")
        if !name.isEmpty, settings.flag("all") { throw UsageError("--city and --all exclude each other") }
        let cities = name.isEmpty ? [] : [try session.city(named: name).city]
        let accepted = try session.ask(
            StartPlanning(
                cities: cities, seedsPerCity: UInt32(settings.integer("count")),
                seed: UInt64(settings.integer("seed"))), for: JobAccepted.self)
        try JobFollower(session: session, job: accepted.job, isJSON: invocation.isJSON).follow()
    }

    static let pause = control(.pause, "stop a job; what its cities are at now still counts")
    static let resume = control(.resume, "go on with a paused job")
    static let cancel = control(.cancel, "end a job for good")

    private static func control(_ verb: JobVerb, _ summary: String) -> Verb {
        Verb(name: verb.name, summary: summary, usage: "muster \(verb.name) JOB") { invocation in
            guard invocation.words.count == 1, let number = UInt64(invocation.words[0]) else {
                throw UsageError("\(verb.name) needs the number of a job; muster status lists them")
            }
            let session = try invocation.session()
            let report = try session.ask(ControlJob(job: JobID(number), verb: verb), for: JobReport.self)
            if verb == .resume {
                return try JobFollower(session: session, job: JobID(number), isJSON: invocation.isJSON).follow()
            }
            if invocation.isJSON { return try printJSON(JobView(report.row)) }
            print("job \(number) is \(report.row.state)")
        }
    }
}

/// Watches a job until it ends, draws its progress, and prints what came out.
struct JobFollower {
    let session: Session
    let job: JobID
    let isJSON: Bool

    func follow() throws {
        // Ctrl-C is noted instead of obeyed at once; the second one ends the command.
        let interrupted = StopFlag()
        onTermination { signal in
            if !interrupted.raise() { exit(128 + signal) }
        }
        var bar = ProgressBar("job \(job)")
        while true {
            let row = try session.ask(JobRequest(job: job), seconds: 120, for: JobReport.self).row
            if row.isOver {
                bar.finish()
                return try conclude(row)
            }
            let part = row.cities == 0 ? 0 : Double(row.doneCities) / Double(row.cities)
            let whole = row.rounds == 0 ? part : (Double(row.round) + part) / Double(row.rounds)
            let loss = row.losses.last.map { "loss \(fixed($0, 4))" } ?? ""
            bar.update(whole, "\(row.state), \(row.round) of \(row.rounds) rounds done  \(loss)")
            if interrupted.isRaised {
                bar.finish()
                let paused = try session.ask(ControlJob(job: job, verb: .pause), for: JobReport.self).row
                complain(
                    "job \(job) is \(paused.state) after \(paused.round) of \(paused.rounds) rounds; "
                        + "go on: muster resume \(job)"
                )
                exit(130)
            }
            usleep(50_000)
        }
    }

    private func conclude(_ row: JobRow) throws {
        if isJSON { try printJSON(JobView(row)) } else { print(JobText(row).text()) }
        switch row.state {
        case "failed": throw CommandError("job \(row.job) failed: \(row.detail)")
        case "cancelled": throw CommandError("job \(row.job) was cancelled")
        default:
            // What it did is there to be used; the cities it did without are no success.
            guard row.detail.isEmpty else {
                throw CommandError("job \(row.job) is \(row.state), but not all went well: \(row.detail)")
            }
        }
    }
}

extension JobRow {
    var isOver: Bool { ["done", "failed", "cancelled", "paused"].contains(state) }
}

/// A job that nobody waits for.
private struct StartedJob: Encodable {
    var job: UInt64
}
