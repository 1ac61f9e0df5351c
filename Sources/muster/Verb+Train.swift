import Basics
import Learn
import Shard
import Wire

extension Verb {
    static let train = Verb(
        name: "train",
        summary: "train a graph model on all cities, and publish it",
        usage: """
            muster train --rounds 10             each round: steps on every city, then one average
            muster train --rounds 40 --patience 3 --schedule cosine
            muster train sociallgn               or lightgcn; without a word it is graphrec
            muster train --set rate=0.001,dropout=0.1,clip=1
            muster train --estimate              time, memory of each worker and bytes, measured; nothing is trained
            muster train --quorum 0.8 --deadline 30          go on without the slow; what comes late counts next round
            muster train --outer-rate 0.7 --outer-momentum 0.9    DiLoCo's outer step instead of the plain average
            muster train --compress bfloat16     half the bytes upwards; what is lost is sent with the next round
            muster resume JOB                    goes on with a paused job

            The round whose weights rank the visits kept back from training best goes live. Ctrl-C pauses the job after
            its last finished round. --json prints a line for each round, and the job last; --plot FILE draws the loss
            of each round as SVG.
            """,
        settings: [
            Setting("rounds", "rounds of training", .integer(1...10_000), default: "10", scope: .call),
            Setting("steps", "local steps of each city in a round", .integer(1...100_000), default: "40", scope: .call),
            Setting(
                "seed", "seed of weights, samples and negatives", .integer(0...Int.max), default: "1", scope: .call),
            Setting(
                "patience", "rounds without a better ranking after which training ends; 0: never",
                .integer(0...10_000), default: "0", scope: .call),
            Setting(
                "schedule", "how learning rates fall over the steps",
                .choice(["standard"] + RateSchedule.Fall.allCases.map(\.rawValue)), default: "standard", scope: .call),
            Setting("set", "settings of the model, as name=value, with commas between", .text, scope: .call),
            Setting("detach", "do not wait for the end", .flag, scope: .call),
            Setting("estimate", "measure what it will cost, and train nothing", .flag, scope: .call),
            Setting("no-survey", "start at once, without measuring whether it fits", .flag, scope: .call),
            plotSetting,
        ] + roundSettings
    ) { invocation in
        try invocation.noMoreWords(after: 1)
        let settings = invocation.settings
        let order = try invocation.modelOrder()
        let policy = try RoundPolicy(settings)
        if policy.across, order.model != ModelOrder.standard.model {
            throw UsageError("--across is for \(ModelOrder.standard.model): cities of other models share no axes")
        }
        let session = try invocation.session()
        let accepted = try session.ask(
            StartTraining(
                rounds: UInt32(settings.integer("rounds")), steps: UInt32(settings.integer("steps")),
                seed: UInt64(settings.integer("seed")), model: order.block,
                patience: UInt32(settings.integer("patience")), policy: policy),
            for: JobAccepted.self)
        if settings.flag("detach") {
            if invocation.isJSON { return try printJSON(StartedJob(job: accepted.job.number)) }
            return print("job \(accepted.job) is running; muster job \(accepted.job) shows how far it is")
        }
        try JobFollower(
            session, accepted.job, isJSON: invocation.isJSON, plot: settings.path("plot")
        ).follow()
    }

    /// How rounds are made.
    private static let roundSettings = [
        Setting(
            "quorum", "share of the cities that may close a round after its deadline", .number(0...1), default: "1",
            scope: .call),
        Setting(
            "deadline", "seconds after which a round waits for the quorum only; 0: it waits for all",
            .integer(0...86_400), default: "0", scope: .call),
        Setting(
            "staleness", "rounds that a delta may come late by and still count", .integer(0...1), default: "1",
            scope: .call),
        Setting("outer-rate", "rate of the outer step", .number(0...16), default: "1", scope: .call),
        Setting(
            "outer-momentum", "Nesterov momentum of the outer step; 0: none", .number(0...0.999), default: "0",
            scope: .call),
        Setting("growth", "factor of the local steps from round to round", .number(1...16), default: "1", scope: .call),
        Setting(
            "steps-max", "local steps that growth stops at", .integer(1...100_000), default: "100000", scope: .call),
        Setting(
            "balance", "0: all cities take equally many steps; 1: as many as their visits ask for", .number(0...1),
            default: "0", scope: .call),
        Setting(
            "corrections",
            "steps that each city takes by turns after every average, from where the one before left off",
            .integer(0...100_000), default: "0", scope: .call),
        Setting(
            "across", "those steps hear what the city's people do in other cities", .flag, scope: .call),
        Setting(
            "compress", "how deltas travel", .choice(DeltaFormat.allCases.map(\.name)), default: "float32",
            scope: .call),
        Setting(
            "memory", "what each worker may use, in MiB; 0: what it says itself", .integer(0...1 << 30), default: "0",
            scope: .call),
    ]
}

extension Invocation {
    /// The model that was named, with what was set. Rates that fall do so over the steps of the whole job.
    fileprivate func modelOrder() throws -> ModelOrder {
        var order = ModelOrder(model: words.first ?? ModelOrder.standard.model, settings: [])
        let steps = settings.integer("rounds") * (settings.integer("steps") + settings.integer("corrections"))
        order.settings.append(.init(name: "fall-steps", value: String(min(steps, 1 << 24))))
        if settings.text("schedule") != "standard" {
            order.settings.append(.init(name: "schedule", value: settings.text("schedule")))
        }
        for pair in settings.text("set").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw UsageError("--set takes name=value, for example rate=0.001") }
            order.settings.append(.init(name: String(parts[0]), value: String(parts[1])))
        }
        do {
            _ = try ModelConfiguration(order)
        } catch {
            throw UsageError("\(error)")
        }
        return order
    }
}

extension RoundPolicy {
    /// As they were typed.
    fileprivate init(_ settings: Settings) throws {
        self.init()
        quorum = settings.number("quorum")
        deadlineSeconds = UInt32(settings.integer("deadline"))
        staleness = UInt32(settings.integer("staleness"))
        outerRate = Float(settings.number("outer-rate"))
        outerMomentum = Float(settings.number("outer-momentum"))
        growth = settings.number("growth")
        stepsMax = UInt32(settings.integer("steps-max"))
        balance = settings.number("balance")
        (corrections, across) = (UInt32(settings.integer("corrections")), settings.flag("across"))
        format = DeltaFormat.allCases.first { $0.name == settings.text("compress") } ?? .float32
        memoryBytesMax = UInt64(settings.integer("memory")) << 20
        if quorum < 1, deadlineSeconds == 0 { throw UsageError("--quorum counts after a --deadline; give both") }
        if across, corrections == 0 { throw UsageError("--across is about --corrections; give both") }
        let isEstimate = settings.flag("estimate")
        if isEstimate, settings.flag("no-survey") { throw UsageError("--estimate and --no-survey exclude each other") }
        survey = isEstimate ? .only : settings.flag("no-survey") ? .none : .before
        if survey == .none, balance > 0 {
            throw UsageError("--balance needs the survey, which says how large cities are")
        }
    }
}

/// A job that nobody waits for.
private struct StartedJob: Encodable {
    var job: UInt64
}
