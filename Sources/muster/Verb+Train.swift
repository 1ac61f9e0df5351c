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
            plotSetting,
        ]
    ) { invocation in
        try invocation.noMoreWords(after: 1)
        let settings = invocation.settings
        let order = try invocation.modelOrder()
        let session = try invocation.session()
        let accepted = try session.ask(
            StartTraining(
                rounds: UInt32(settings.integer("rounds")), steps: UInt32(settings.integer("steps")),
                seed: UInt64(settings.integer("seed")), model: order.block,
                patience: UInt32(settings.integer("patience"))), for: JobAccepted.self)
        if settings.flag("detach") {
            if invocation.isJSON { return try printJSON(StartedJob(job: accepted.job.number)) }
            return print("job \(accepted.job) is running; muster status shows it")
        }
        try JobFollower(
            session, accepted.job, isJSON: invocation.isJSON, plot: settings.path("plot")
        ).follow()
    }
}

extension Invocation {
    /// The model that was named, with what was set. Rates that fall do so over the steps of the whole job.
    fileprivate func modelOrder() throws -> ModelOrder {
        var order = ModelOrder(model: words.first ?? ModelOrder.standard.model, settings: [])
        let steps = settings.integer("rounds") * settings.integer("steps")
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

/// A job that nobody waits for.
private struct StartedJob: Encodable {
    var job: UInt64
}
