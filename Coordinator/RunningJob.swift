import Basics
import Cluster
import Wire

/// A job of either kind, as the loop drives it: what happened goes in, what to do comes out.
struct RunningJob {
    enum Action {
        case checkpoint
        case train(CityID, round: Int)
        case publish(CityID)
        case plan(CityID)
        case finished
    }

    private(set) var job: Ledger.Job
    /// The request that started it: asked again, it starts nothing.
    let request: RequestID

    init(job: Ledger.Job, request: RequestID) {
        self.job = job
        self.request = request
    }

    var state: JobState {
        switch job {
        case .training(let training): training.state
        case .planning(let planning): planning.state
        }
    }

    /// A training whose model is live.
    var isTrained: Bool {
        guard case .training(let training) = job else { return false }
        return training.state == .done
    }

    func row(name: (CityID) -> String) -> JobRow {
        switch job {
        case .training(let training): training.row(name: name)
        case .planning(let planning): planning.row(name: name)
        }
    }

    mutating func start(alive: [CityID]) -> [Action] { handle(.start(alive: alive), .start(alive: alive)) }

    mutating func reached(_ city: CityID) -> [Action] { handle(.reached(city), .reached(city)) }

    mutating func lost(_ city: CityID) -> [Action] { handle(.lost(city), .lost(city)) }

    mutating func tick(at tick: Tick) -> [Action] { handle(.tick(tick), .tick(tick)) }

    mutating func control(_ verb: JobVerb) -> [Action] {
        switch verb {
        case .pause: handle(.pause, .pause)
        case .resume: handle(.resume, .resume)
        case .cancel: handle(.cancel, .cancel)
        }
    }

    /// What was asked of `city` could not be done. `retry`: it may go next time.
    mutating func failed(_ city: CityID, detail: String, retry: Bool) -> [Action] {
        guard case .training(let training) = job else {
            return handle(.tick(Tick(0)), .failed(city, detail: detail, retry: retry))
        }
        return handle(.failed(city, round: training.round, detail: detail, retry: retry), nil)
    }

    mutating func handle(_ event: TrainingJob.Event) -> [Action] { handle(event, nil) }

    mutating func handle(_ event: PlanJob.Event) -> [Action] { handle(nil, event) }

    private mutating func handle(_ training: TrainingJob.Event?, _ planning: PlanJob.Event?) -> [Action] {
        switch job {
        case .training(var value):
            guard let training else { return [] }
            let actions = value.handle(training)
            job = .training(value)
            return actions.map { action in
                switch action {
                case .checkpoint: .checkpoint
                case .train(let city, let round): .train(city, round: round)
                case .publish(let city): .publish(city)
                case .finished: .finished
                }
            }
        case .planning(var value):
            guard let planning else { return [] }
            let actions = value.handle(planning)
            job = .planning(value)
            return actions.map { action in
                switch action {
                case .checkpoint: .checkpoint
                case .plan(let city): .plan(city)
                case .finished: .finished
                }
            }
        }
    }
}
