import Basics
import Cluster
import Wire

/// A job of either kind, as the loop drives it: what happened goes in, what to do comes out. A class, so that a job
/// that holds a large model is changed where it is.
final class RunningJob {
    enum Action {
        case checkpoint
        case survey(CityID)
        case train(CityID, round: Int)
        case collect(CityID, round: Int)
        case prepare(CityID)
        case fetch(CityID, from: CityID, stage: Int)
        case advance(CityID, stage: Int, from: [CityID])
        case publish(CityID)
        case goLive
        case plan(CityID)
        case finished
    }

    private(set) var training: TrainingJob?
    private(set) var planning: PlanJob?
    /// The request that started it: asked again, it starts nothing.
    let request: RequestID
    /// Seconds on the loop's clock at which this process first saw the job at that round, for what is left.
    private var seen: (round: Int, at: Double)?
    /// The bulk frame of the weights that all cities of a round are sent.
    private var frame: (number: Int, bytes: [UInt8])?

    init(job: Ledger.Job, request: RequestID) {
        self.request = request
        switch job {
        case .training(let job): training = job
        case .planning(let job): planning = job
        }
    }

    var job: Ledger.Job {
        if let training { return .training(training) }
        guard let planning else { preconditionFailure("a job of no kind") }
        return .planning(planning)
    }

    var state: JobState { training?.state ?? planning?.state ?? .queued }

    /// A training whose model can be used.
    var isTrained: Bool { training?.isTrained ?? false }

    /// The job as people see it, at that time of the loop's clock.
    func row(name: (CityID) -> String, worker: (CityID) -> String, now: Double) -> JobRow {
        guard let training else { return planning?.row(name: name) ?? planRow }
        var row = training.row(name: name, worker: worker)
        row.cost.secondsLeft = secondsLeft(training, now: now)
        return row
    }

    private var planRow: JobRow { preconditionFailure("a job of no kind") }

    /// From what the rounds took that this process saw; before, from the survey; below 0: not known.
    private func secondsLeft(_ training: TrainingJob, now: Double) -> Double {
        if training.state.isOver { return 0 }
        guard let seen, training.round > seen.round else {
            return training.expectedSeconds > 0 ? training.expectedSeconds : -1
        }
        let each = (now - seen.at) / Double(training.round - seen.round)
        return each * Double(training.roundsInAll - training.round)
    }

    /// The weights as a frame, made once; none before the first delta.
    func weightsFrame() -> [[UInt8]] {
        guard let training, !training.weights.isEmpty else { return [] }
        if let frame, frame.number == training.weightsNumber { return [frame.bytes] }
        let bytes = Envelope.bulk(of: training.weights)
        frame = (training.weightsNumber, bytes)
        return [bytes]
    }

    func start(alive: [CityID], now: Double) -> [Action] {
        seen = (training?.round ?? 0, now)
        return handle(.start(alive: alive), .start(alive: alive))
    }

    func reached(_ city: CityID) -> [Action] { handle(.reached(city), .reached(city)) }

    func lost(_ city: CityID) -> [Action] { handle(.lost(city), .lost(city)) }

    func tick(at tick: Tick) -> [Action] { handle(.tick(tick), .tick(tick)) }

    func control(_ verb: JobVerb) -> [Action] {
        switch verb {
        case .pause: handle(.pause, .pause)
        case .resume: handle(.resume, .resume)
        case .cancel: handle(.cancel, .cancel)
        }
    }

    /// What was asked of `city` could not be done. `retry`: it may go next time.
    func failed(_ city: CityID, detail: String, retry: Bool) -> [Action] {
        handle(
            .failed(city, round: training?.round ?? 0, detail: detail, retry: retry),
            .failed(city, detail: detail, retry: retry))
    }

    func handle(_ event: TrainingJob.Event) -> [Action] { handle(event, nil) }

    func handle(_ event: PlanJob.Event) -> [Action] { handle(nil, event) }

    private func handle(_ trainingEvent: TrainingJob.Event?, _ planningEvent: PlanJob.Event?) -> [Action] {
        var actions: [Action] = []
        if let trainingEvent { actions += training?.handle(trainingEvent).map { Action($0) } ?? [] }
        if let planningEvent { actions += planning?.handle(planningEvent).map { Action($0) } ?? [] }
        return actions
    }
}

extension RunningJob.Action {
    fileprivate init(_ action: TrainingJob.Action) {
        self =
            switch action {
            case .checkpoint: .checkpoint
            case .survey(let city): .survey(city)
            case .train(let city, let round): .train(city, round: round)
            case .collect(let city, let round): .collect(city, round: round)
            case .prepare(let city): .prepare(city)
            case .fetch(let city, let from, let stage): .fetch(city, from: from, stage: stage)
            case .advance(let city, let stage, let from): .advance(city, stage: stage, from: from)
            case .publish(let city): .publish(city)
            case .goLive: .goLive
            case .finished: .finished
            }
    }

    fileprivate init(_ action: PlanJob.Action) {
        self =
            switch action {
            case .checkpoint: .checkpoint
            case .plan(let city): .plan(city)
            case .finished: .finished
            }
    }
}
