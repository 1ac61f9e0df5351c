// A planning job: every city is asked once for its plan. The small brother of `TrainingJob`: the same roster, the
// same rules about loss, silence and restart, no rounds and no weights. A city plans the same seeds when it is asked
// again, so asking twice makes nothing twice.

package import Basics
package import Wire

/// The state machine of one planning job.
package struct PlanJob: Equatable, Sendable {
    /// What was ordered.
    package struct Configuration: Equatable, Sendable {
        /// Its number.
        package var job: JobID
        /// How many seeds a city may have at most.
        package var seedsPerCity: UInt32
        /// All randomness of the work follows from it.
        package var seed: UInt64
        /// Where the chances come from with which friends bring each other.
        package var origin: InfluenceOrigin
        /// In any order; a city named twice is one city.
        package var cities: [CityID]
        /// How long the job waits for the absent and the silent.
        package var patience: JobPatience

        package init(
            job: JobID, seedsPerCity: UInt32, seed: UInt64, origin: InfluenceOrigin = .weightedCascade,
            cities: [CityID], patience: JobPatience = JobPatience()
        ) {
            self.job = job
            self.seedsPerCity = seedsPerCity
            self.seed = seed
            self.origin = origin
            self.cities = Set(cities).sorted()
            self.patience = patience
        }
    }

    /// What happened; see `TrainingJob.Event`.
    package enum Event: Equatable, Sendable {
        case start(alive: [CityID])
        case reached(CityID)
        case lost(CityID)
        case planned(CityID, seeds: UInt32, created: UInt32)
        case failed(CityID, detail: String, retry: Bool)
        case pause
        case resume
        case cancel
        case tick(Tick)
    }

    /// What to do, in this order; see `TrainingJob.Action`.
    package enum Action: Equatable, Sendable {
        case checkpoint
        case plan(CityID)
        case finished
    }

    /// What a city's plan came to.
    package struct Outcome: Equatable, Sendable {
        /// The city it is about.
        package var city: CityID
        /// Seeds of the plan.
        package var seeds: UInt32
        /// Of them, new ones.
        package var created: UInt32
    }

    /// What was ordered; never changes.
    package let configuration: Configuration
    /// Ascending by city.
    package private(set) var outcomes: [Outcome] = []
    /// Answers that changed nothing: a city's second, a stranger's, those after the end.
    package private(set) var ignored: UInt64 = 0
    private var phase = JobState.queued
    private var isPaused = false
    private var roster: Roster

    /// A queued job; give it `.start`.
    package init(_ configuration: Configuration) {
        self.configuration = configuration
        roster = Roster(cities: configuration.cities, patience: configuration.patience)
    }

    /// Never `.estimating` or `.indexing`.
    package var state: JobState { isPaused && !phase.isOver ? .paused : phase }
    /// Seeds of all plans so far.
    package var seeds: UInt64 { outcomes.reduce(0) { $0 + UInt64($1.seeds) } }

    /// Tells the job what happened. Events that cannot be meant for its state change nothing. O(cities).
    package mutating func handle(_ event: Event) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .start(let alive): actions = start(alive)
        case .reached(let city): roster.reached(city)
        case .lost(let city): roster.lost(city)
        case .planned(let city, let seeds, let created):
            actions = accept(Outcome(city: city, seeds: seeds, created: created))
        case .failed(let city, let detail, let retry):
            if phase != .queued { roster.fail(city, detail: detail, retry: retry) }
        case .pause: actions = setPaused(true)
        case .resume: actions = setPaused(false)
        case .cancel: actions = phase.isOver ? [] : end(.cancelled)
        case .tick(let tick): roster.tick(at: tick)
        }
        return actions + proceed()
    }

    private mutating func start(_ alive: [CityID]) -> [Action] {
        roster.assemble(home: alive)
        guard phase == .queued else { return [] }
        guard !configuration.cities.isEmpty else { return end(.failed("there is no city to plan: import data first")) }
        phase = .running
        return [.checkpoint]
    }

    private mutating func setPaused(_ paused: Bool) -> [Action] {
        guard !phase.isOver, isPaused != paused else { return [] }
        isPaused = paused
        return [.checkpoint]
    }

    private mutating func accept(_ outcome: Outcome) -> [Action] {
        guard phase == .running, roster.index(of: outcome.city) != nil,
            !outcomes.contains(where: { $0.city == outcome.city })
        else {
            ignored += 1
            return []
        }
        let place = outcomes.firstIndex { $0.city > outcome.city } ?? outcomes.endIndex
        outcomes.insert(outcome, at: place)
        roster.settle(outcome.city)
        return [.checkpoint]
    }

    private mutating func proceed() -> [Action] {
        guard !isPaused, phase == .running else { return [] }
        guard roster.isComplete else { return roster.ask().map { .plan($0) } }
        guard !outcomes.isEmpty else { return end(.failed("no city gave a plan")) }
        return end(.done)
    }

    private mutating func end(_ state: JobState) -> [Action] {
        phase = state
        return [.checkpoint, .finished]
    }
}

extension PlanJob {
    /// The body that asks a city for its plan.
    package var planCity: PlanCity {
        PlanCity(
            job: configuration.job, seedsPerCity: configuration.seedsPerCity, seed: configuration.seed,
            origin: configuration.origin)
    }

    /// The job as people see it; a city's values are seeds and new seeds. `name` gives a city's name.
    package func row(name: (CityID) -> String) -> JobRow {
        var detail = [roster.complaint(name: name)]
        if case .failed(let reason) = phase { detail.insert(reason, at: 0) }
        return JobRow(
            job: configuration.job, kind: "planning", state: state.word, round: 0, rounds: 0,
            doneCities: UInt32(clamping: roster.settledCount), cities: UInt32(clamping: roster.seats.count),
            losses: [], detail: detail.filter { !$0.isEmpty }.joined(separator: ": "),
            reports: outcomes.map {
                CityOutcome(city: $0.city, name: name($0.city), values: [Double($0.seeds), Double($0.created)])
            })
    }
}

extension PlanJob {
    private static let format: UInt8 = 2
    /// The one before, without origin: weighted cascade was the only one.
    private static let formatWithoutOrigin: UInt8 = 1

    /// The durable bytes, little-endian: format u8; job u64, seeds per city u32, seed u64, origin u8, cities u32 list;
    /// phase, paused flag; outcomes as a list of city u32, seeds u32, created u32; ignored u64; the roster as in a
    /// training job.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(Self.format)
        writer.put(configuration.job.number)
        writer.put(configuration.seedsPerCity)
        writer.put(configuration.seed)
        writer.put(configuration.origin.rawValue)
        writer.put(array: configuration.cities.map(\.number))
        phase.encode(into: &writer)
        writer.put(isPaused)
        writer.put(UInt32(outcomes.count))
        for outcome in outcomes {
            writer.put(outcome.city.number)
            writer.put(outcome.seeds)
            writer.put(outcome.created)
        }
        writer.put(ignored)
        roster.encode(into: &writer)
        return writer.bytes
    }

    /// Reads what `encoded` wrote. After a restart give the job `.start` before anything else.
    package init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        let isOld = bytes.first == Self.formatWithoutOrigin
        try reader.checkFormat(isOld ? Self.formatWithoutOrigin : Self.format, of: "planning job")
        let job = JobID(try reader.get())
        let seedsPerCity = try reader.get(UInt32.self)
        let seed = try reader.get(UInt64.self)
        let origin = isOld ? .weightedCascade : try InfluenceOrigin(from: &reader)
        let cities = try reader.getArray(of: UInt32.self).map { CityID($0) }
        phase = try JobState(from: &reader)
        isPaused = try reader.getBool()
        for _ in 0..<(try reader.get(UInt32.self)) {
            outcomes.append(
                Outcome(city: CityID(try reader.get()), seeds: try reader.get(), created: try reader.get()))
        }
        ignored = try reader.get()
        roster = try Roster(from: &reader)
        try reader.finish()
        configuration = Configuration(
            job: job, seedsPerCity: seedsPerCity, seed: seed, origin: origin, cities: cities,
            patience: roster.patience)
        guard roster.seats.map(\.city) == configuration.cities else { throw .invalid("other cities than ordered") }
        guard ![.paused, .estimating, .indexing].contains(phase) else {
            throw .invalid("a planning job that is \(phase.word)")
        }
    }
}
