// A training job: perhaps a survey of what it will cost; then rounds of "everybody trains a little from the same
// weights, then the average becomes the weights"; at last every city embeds itself, and the version goes live in all at
// once. It is told what happened and answers with what to do; it has no clock and no socket, and weights are numbers to
// it, nothing else.
//
// What makes it safe to drive:
// - A city's word counts when it is of the open round and its city has given none yet, wherever and however late it
//   comes from; one of an earlier round counts in this one if the policy allows. Everything else is counted and
//   dropped. So asking twice is harmless, and the job does ask twice: after a loss, after a long silence, after a
//   restart of the coordinator.
// - Deltas are summed in the order of the cities' numbers, not as they arrive (`RoundSum`).
// - Losing a worker costs time, and after `patience.absence` ticks its contribution to the round, never the job.
//   Only a job to which no city ever gave anything fails, and says why. Later, a round with nobody waits for
//   somebody to come back. Slowness costs a contribution too, where the policy has a deadline and a quorum.
// - Paused, it still takes what comes; it asks nothing and closes no round.
// - Weights are judged by cities as they get them for the next round, so the last average is judged by a round of no
//   steps. The best average goes live, not the last one, and a few rounds without a better one end the training.
// - In the end cities embed themselves together, and tell each other what they need (`RowExchange`).
// - The durable bytes are everything but the open round, which is asked for again: cities keep what they gave. They
//   are due at `.checkpoint`; a job read back and given `.start` asks again whoever has not answered.
//
// The owner carries out actions in their order: what follows a checkpoint must not happen before it is on disk.

package import Basics
package import Wire

/// The state machine of one training job.
package struct TrainingJob: Equatable, Sendable {
    /// What was ordered.
    package struct Configuration: Equatable, Sendable {
        /// Its number.
        package var job: JobID
        /// At least 1, as `steps`.
        package var rounds: Int
        /// Local steps per city in the first round.
        package var steps: Int
        /// All randomness of the work follows from it.
        package var seed: UInt64
        /// In any order; a city named twice is one city.
        package var cities: [CityID]
        /// The model's configuration, opaque here; empty: the default.
        package var model: [UInt8]
        /// So many averages in a row that are judged no better than the best end the training; 0: none do.
        package var stopping: Int
        /// How rounds are made.
        package var policy: RoundPolicy
        /// How long the job waits for the absent and the silent.
        package var patience: JobPatience

        package init(
            job: JobID, rounds: Int, steps: Int, seed: UInt64, cities: [CityID], model: [UInt8] = [],
            stopping: Int = 0, policy: RoundPolicy = RoundPolicy(), patience: JobPatience = JobPatience()
        ) {
            self.job = job
            self.rounds = rounds
            self.steps = steps
            self.seed = seed
            self.cities = Set(cities).sorted()
            self.model = model
            self.stopping = stopping
            self.policy = policy
            self.patience = patience
        }
    }

    /// What happened.
    package enum Event: Equatable, Sendable {
        /// The first event, and again after reading the job back: these cities have a worker now.
        /// A done job goes on to publish to cities that missed it, so of those only the newest may get events.
        case start(alive: [CityID])
        /// The city was opened by its worker, which knows nothing of what was asked before.
        case reached(CityID)
        case lost(CityID)
        /// The city measured its cost; `place` names it and its worker for people.
        case surveyed(CityID, worker: WorkerID, place: String, CitySurvey)
        /// The city has done its part and keeps its delta.
        case trained(
            CityID, round: Int, samples: UInt64, meanLoss: Double, seconds: Double, judgement: Judgement = .none)
        /// Its delta, and of the first round the weights before it; `bytes` came over the wire.
        case delta(CityID, round: Int, values: [Float], base: [Float], bytes: Int)
        /// The city is ready to embed itself together with others: the homes of its guests, and layers to come.
        case prepared(CityID, homes: [CityID], layers: Int)
        /// The city has another one's part; `bytes` came over the wire.
        case took(CityID, from: CityID, stage: Int, bytes: UInt64)
        /// It could not get it: the other's worker was not reached, or keeps no such part, and is to prepare again.
        case missed(CityID, from: CityID, stage: Int, isGone: Bool)
        case advanced(CityID, stage: Int)
        /// `people` weigh this city in averages of `values`.
        case published(CityID, people: UInt64, values: [Double])
        /// What was asked for this round (publishing counts as round `rounds`) was refused. With `retry` it is asked
        /// again after the next tick; without, the city sits the round out. Also for a message that could not be sent.
        case failed(CityID, round: Int, detail: String, retry: Bool)
        case pause
        case resume
        case cancel
        case tick(Tick)
    }

    /// What to do, in this order.
    package enum Action: Equatable, Sendable {
        /// Write the durable bytes before going on.
        case checkpoint
        /// Ask the city's worker what training it will cost.
        case survey(CityID)
        /// Ask the city's worker to train this round from `weights`.
        case train(CityID, round: Int)
        /// Ask the city's worker for the delta of that round.
        case collect(CityID, round: Int)
        /// Ask the city's worker to get ready to embed the city with `weights`, together with the others.
        case prepare(CityID)
        /// Ask the city's worker to fetch what another city has for it.
        case fetch(CityID, from: CityID, stage: Int)
        /// All parts of the stage are there: the city's worker is to go on.
        case advance(CityID, stage: Int, from: [CityID])
        /// Ask the city's worker to embed the city with `weights`, by itself.
        case publish(CityID)
        /// All that are here have embedded themselves: the version is to be used everywhere from now on.
        case goLive
        /// The job is over: `state` says how. Comes once.
        case finished
    }

    /// How well a city ranks what no step has seen, with the weights it was given.
    package struct Judgement: Equatable, Sendable {
        /// People judged: the city's weight in the mean. 0 where nobody was.
        package var people: UInt64
        package var ndcg: Double

        package init(people: UInt64, ndcg: Double) { (self.people, self.ndcg) = (people, ndcg) }

        package static let none = Judgement(people: 0, ndcg: 0)
    }

    /// One finished round.
    package struct Round: Equatable, Sendable {
        /// Cities averaged, and deltas of earlier rounds beside them.
        package var cities: Int
        package var late: Int
        /// Training samples of those cities.
        package var samples: UInt64
        /// Mean over the cities, weighted by samples.
        package var meanLoss: Double
        /// Weights, deltas and parts that went over the wire.
        package var bytes: UInt64
    }

    /// What a city reported when the model went live.
    package struct Outcome: Equatable, Sendable {
        /// The city it is about.
        package var city: CityID
        /// Its weight in averages of the values.
        package var people: UInt64
        /// As they came; opaque here.
        package var values: [Double]
    }

    /// What a city did in finished rounds.
    package struct Record: Equatable, Sendable {
        package var rounds: UInt32 = 0
        package var late: UInt32 = 0
        package var samples: UInt64 = 0
        package var seconds = 0.0
        /// The last round whose average it is part of.
        var last: Int?
    }

    /// Words and deltas that changed nothing, by why.
    package struct Ignored: Equatable, Sendable {
        /// Of a round too long closed, or after the rounds.
        package var late: UInt64 = 0
        /// The city's word of this round is here already.
        package var duplicate: UInt64 = 0
        /// Of a stranger, of a round that has not begun, or not asked for.
        package var unexpected: UInt64 = 0
    }

    /// What was ordered; never changes.
    package let configuration: Configuration
    /// The current average. Empty until the first delta comes: train from the initial weights, which follow from the
    /// seed.
    package internal(set) var weights: [Float] = []
    /// Which average is the best so far, by the number of rounds behind it.
    var stopping: EarlyStopping
    /// How good each average was, -1 where nobody said.
    package internal(set) var validations: [Double] = []
    /// The best average; empty until one was judged.
    var bestWeights: [Float] = []
    /// Whether the open round takes no steps: the last average is judged.
    var isJudging = false
    /// Of the outer step; empty for a plain average.
    var momentum: [Float] = []
    /// The open round, from 0, turns among them; `roundsInAll` when there is none to come.
    package var round: Int { rounds.count }
    /// The finished rounds.
    package internal(set) var rounds: [Round] = []
    /// Ascending by city.
    package internal(set) var outcomes: [Outcome] = []
    /// By seat of the roster.
    package internal(set) var records: [Record]
    /// What cities measured before the first round, by seat.
    package internal(set) var surveys: [Survey?]
    /// What did not count.
    package internal(set) var ignored = Ignored()
    /// Never `.paused`: what it pauses from.
    var phase = JobState.queued
    var isPaused = false
    var roster: Roster
    /// The open round.
    var open: RoundSum
    var openBytes: UInt64 = 0
    /// While indexing: how far cities are.
    var exchange: RowExchange
    /// Since when the round is open; nil: the next tick will say.
    var opened: Tick?
    /// How often the turn could not be taken.
    var refusals: UInt64 = 0

    /// A queued job; give it `.start`.
    package init(_ configuration: Configuration) {
        self.configuration = configuration
        stopping = EarlyStopping(patience: configuration.stopping)
        roster = Roster(cities: configuration.cities, patience: configuration.patience)
        open = RoundSum(seats: roster.seats.count)
        exchange = RowExchange(seats: roster.seats.count)
        records = Array(repeating: Record(), count: roster.seats.count)
        surveys = Array(repeating: nil, count: roster.seats.count)
    }

    /// Where the job is.
    package var state: JobState { isPaused && !phase.isOver ? .paused : phase }
    /// Another number whenever the weights are others. The best average takes the place of the last one without a
    /// round between.
    package var weightsNumber: Int { phase == .running ? round : round + 1 }
    /// Mean loss of each round that was averaged.
    package var losses: [Double] { averaged.map(\.meanLoss) }
    /// Whether the open round only waits for deltas.
    package var isAveraging: Bool { phase == .running && roster.isComplete && roster.settledCount > 0 }
    /// Whether it ended with a model.
    package var isTrained: Bool { phase == .done && configuration.policy.survey != .only }

    /// Tells the job what happened. Events that cannot be meant for its state change nothing.
    /// O(cities), and O(weights) for a delta and when a round closes.
    package mutating func handle(_ event: Event) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .start(let alive): actions = start(alive)
        case .reached(let city): reached(city)
        case .lost(let city): lose(city)
        case .surveyed(let city, let worker, let place, let survey):
            accept(Survey(worker: worker, place: place, costs: survey), from: city)
        case .trained(let city, let round, let samples, let meanLoss, let seconds, let judgement):
            accept(
                Pledge(round: round, samples: samples, meanLoss: meanLoss, seconds: seconds, judgement: judgement),
                from: city)
        case .delta(let city, let round, let values, let base, let bytes):
            openBytes += UInt64(bytes)
            take(values, base: base, from: city, round: round)
        case .prepared(let city, let homes, let layers): prepared(city, homes: homes, layers: layers)
        case .took(let city, let from, let stage, let bytes): took(city, from: from, stage: stage, bytes: bytes)
        case .missed(let city, let from, let stage, let isGone):
            missed(city, from: from, stage: stage, isGone: isGone)
        case .advanced(let city, let stage): advanced(city, stage: stage)
        case .published(let city, let people, let values):
            actions = accept(Outcome(city: city, people: people, values: values))
        case .failed(let city, let round, let detail, let retry):
            if phase != .queued, round == self.round {
                fail(city, detail: detail, retry: retry && mayTryAgain())
            }
        case .pause: actions = setPaused(true)
        case .resume: actions = setPaused(false)
        case .cancel: actions = phase.isOver ? [] : end(.cancelled)
        case .tick(let tick): self.tick(tick)
        }
        return actions + proceed()
    }

    private mutating func start(_ alive: [CityID]) -> [Action] {
        roster.assemble(home: alive)
        guard phase == .queued else { return [] }
        guard configuration.rounds > 0, configuration.steps > 0 else {
            return end(.failed("training needs at least one round and one step"))
        }
        guard !configuration.cities.isEmpty else {
            return end(.failed("there is no city to train: import data first"))
        }
        phase = configuration.policy.survey == .none ? .running : .estimating
        return [.checkpoint]
    }

    private mutating func setPaused(_ paused: Bool) -> [Action] {
        guard !phase.isOver, isPaused != paused else { return [] }
        isPaused = paused
        exchange.forgetMisses()
        return [.checkpoint]
    }

    mutating func end(_ state: JobState) -> [Action] {
        phase = state
        forgetOpenRound()
        return [.checkpoint, .finished]
    }

    /// What is not durable: cities are asked again, and answer from what they keep.
    mutating func forgetOpenRound() {
        open = RoundSum(seats: roster.seats.count)
        exchange = RowExchange(seats: roster.seats.count)
        openBytes = 0
        (opened, refusals) = (nil, 0)
        if phase == .running || phase == .indexing { roster.reopen() }
    }
}
