import Basics
import Glibc
import Wire

extension Verb {
    static let plan = Verb(
        name: "plan",
        summary: "choose the plan seeds of one city or of all",
        usage: """
            muster plan --all
            muster plan --city Bergen --count 30
            muster plan --explain 123 --city Bergen     why this venue, these people, this order
            """,
        settings: [
            Setting("city", "the city to plan", .text, scope: .call),
            Setting("all", "plan every city (the same as naming none)", .flag, scope: .call),
            Setting("count", "seeds a city, at most", .integer(1...10_000), default: "50", scope: .call),
            Setting("seed", "seed of the influence samples", .integer(0...Int.max), default: "1", scope: .call),
            influenceSetting,
            Setting("explain", "plan nothing; say why this seed is what it is", .text, scope: .call),
        ]
    ) { invocation in
        try invocation.noMoreWords()
        let settings = invocation.settings
        let session = try invocation.session()
        let name = settings.text("city")
        if !settings.text("explain").isEmpty {
            return try explain(settings.text("explain"), session, city: name, isJSON: invocation.isJSON)
        }
        if !name.isEmpty, settings.flag("all") { throw UsageError("--city and --all exclude each other") }
        let cities = name.isEmpty ? [] : [try session.city(named: name).city]
        let accepted = try session.ask(
            StartPlanning(
                cities: cities, seedsPerCity: UInt32(settings.integer("count")),
                seed: UInt64(settings.integer("seed")), origin: influenceOrigin(settings)), for: JobAccepted.self)
        try JobFollower(session, accepted.job, isJSON: invocation.isJSON).follow()
    }

    static let jobs = Verb(
        name: "jobs", summary: "list the newest jobs", usage: "muster jobs [--json]"
    ) { invocation in
        try invocation.noMoreWords()
        let jobs = StatusView(try invocation.session().ask(StatusRequest(), for: Status.self)).jobs
        if invocation.isJSON { return try printJSON(jobs) }
        print(jobs.isEmpty ? "no jobs yet: muster train, muster plan" : JobView.table(jobs))
    }

    static let job = Verb(
        name: "job",
        summary: "show one job: how far it is, its losses, what each city gave, what it costs",
        usage: """
            muster job 3
            muster job 3 --follow                until it ends; Ctrl-C stops following, the job goes on
            muster job 3 --plot loss.svg         the loss of each round as a picture
            """,
        settings: [
            Setting("follow", "wait for the job's end and show its progress", .flag, scope: .call), plotSetting,
        ]
    ) { invocation in
        let number = try invocation.job()
        let session = try invocation.session()
        let plot = invocation.settings.path("plot")
        if invocation.settings.flag("follow") {
            return try JobFollower(session, number, isJSON: invocation.isJSON, plot: plot, pausing: false).follow()
        }
        let row = try session.ask(JobRequest(job: number), for: JobReport.self).row
        if let plot { try row.plotLosses(to: plot) }
        if invocation.isJSON { return try printJSON(JobView(row)) }
        print(JobText(row, isDetailed: true).text())
    }

    static let plotSetting = Setting(
        "plot", "file for a picture of the losses (SVG)", .path, default: "", scope: .call)

    static let pause = control(.pause, "stop a job; what its cities are at now still counts")
    static let resume = control(.resume, "go on with a paused job")
    static let cancel = control(.cancel, "end a job for good")

    private static func control(_ verb: JobVerb, _ summary: String) -> Verb {
        Verb(name: verb.name, summary: summary, usage: "muster \(verb.name) JOB") { invocation in
            let number = try invocation.job()
            let session = try invocation.session()
            let report = try session.ask(ControlJob(job: number, verb: verb), for: JobReport.self)
            if verb == .resume { return try JobFollower(session, number, isJSON: invocation.isJSON).follow() }
            if invocation.isJSON { return try printJSON(JobView(report.row)) }
            print("job \(number) is \(report.row.state)")
        }
    }
}

extension Invocation {
    /// The one word: a job's number.
    fileprivate func job() throws -> JobID {
        guard words.count == 1, let number = UInt64(words[0]) else {
            throw UsageError("the number of a job is missing; muster jobs lists them")
        }
        return JobID(number)
    }
}
