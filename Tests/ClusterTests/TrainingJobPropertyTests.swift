import Basics
import Testing
import Wire

@testable import Cluster

/// A little cluster under a seed: workers that come and go, messages that are lost, doubled and late, a coordinator
/// that crashes back to its last checkpoint. What a city learns is a pure function, so the truth is known.
private struct Storm {
    let cities: Int
    let rounds: Int
    var random: SeededRandom
    var job: TrainingJob
    /// What a crash of the coordinator goes back to.
    var durable: [UInt8]
    var home: Set<Int> = []
    /// Answers on their way, in no order.
    var underway: [TrainingJob.Event] = []
    /// What cities keep of the rounds they have done, by city and round.
    var kept: [[Int]: (base: [Float], delta: [Float])] = [:]
    var clock: UInt64 = 0
    var isFinished = false

    init(seed: UInt64, patience: JobPatience, policy: RoundPolicy = RoundPolicy()) {
        random = SeededRandom(seed: seed)
        cities = 1 + random.below(6)
        rounds = 1 + random.below(4)
        job = TrainingJob(
            .init(
                job: JobID(seed), rounds: rounds, steps: 1, seed: seed,
                cities: (0..<cities).map { CityID(UInt32($0)) }, policy: policy, patience: patience))
        durable = job.encoded()
    }

    /// What a city makes of weights: the same whenever it is asked.
    static func learn(_ city: CityID, round: Int, from weights: [Float]) -> (base: [Float], delta: [Float]) {
        let start = weights.isEmpty ? [0.5, -0.5, 0.25] : weights
        return (start, start.map { -$0 * 0.1 + Float(city.number + 1) * 0.1 + Float(round) * 0.01 })
    }

    /// What a round with all cities makes of weights, summed in their order.
    static func average(_ weights: [Float], round: Int, cities: Int) -> [Float] {
        let given = (0..<cities).map { learn(CityID(UInt32($0)), round: round, from: weights) }
        return given[0].base.indices.map { index in
            var (sum, total) = (Float(0), UInt64(0))
            for city in 0..<cities {
                let samples = samples(CityID(UInt32(city)))
                sum += Float(samples) * given[city].delta[index]
                total += samples
            }
            return given[0].base[index] + sum / Float(total)
        }
    }

    /// A bit of its own for each city: the sum tells who was counted, and that nobody was counted twice.
    static func samples(_ city: CityID) -> UInt64 { 1 << UInt64(city.number) }

    mutating func tell(_ event: TrainingJob.Event) {
        for action in job.handle(event) {
            switch action {
            case .checkpoint: durable = job.encoded()
            case .train(let city, let round):
                #expect(round == job.round && home.contains(Int(city.number)))
                checkOthers(of: city)
                let key = [Int(city.number), round]
                // Done once, it is answered from what is kept.
                if kept[key] == nil { kept[key] = Self.learn(city, round: round, from: job.weights) }
                underway.append(
                    .trained(
                        city, round: round, samples: Self.samples(city), meanLoss: Double(city.number), seconds: 1))
            case .survey: Issue.record("nobody ordered a survey")
            case .collect(let city, let round):
                #expect(home.contains(Int(city.number)))
                let (base, delta) = kept[[Int(city.number), round]]!
                underway.append(.delta(city, round: round, values: delta, base: round == 0 ? base : [], bytes: 12))
            case .prepare(let city), .publish(let city):
                underway.append(.published(city, people: 1, values: [Double(city.number)]))
            case .fetch, .advance: Issue.record("nobody has anything to tell")
            case .goLive: #expect(job.state == .done)
            case .finished:
                #expect(!isFinished, "finished comes once")
                isFinished = true
            }
        }
    }

    /// A turn that hears others hears those that are here; where nobody is given up, all.
    private func checkOthers(of city: CityID) {
        let others = job.others(of: city).map { Int($0.number) }
        guard job.hearsOthers else { return #expect(others.isEmpty) }
        #expect(others == home.subtracting([Int(city.number)]).sorted())
        let isPatient = job.configuration.patience.absence == .max
        #expect(!isPatient || others.count == cities - 1, "a city that was away for a moment was not waited for")
    }

    /// One step of bad or good luck.
    mutating func step() {
        switch random.below(20) {
        case 0..<8: deliver(keeping: false)
        case 8: deliver(keeping: true)
        case 9: if !underway.isEmpty { underway.remove(at: random.below(underway.count)) }
        case 10, 11: lose()
        case 12..<15: find()
        case 15: tell(.pause)
        case 16: tell(.resume)
        case 17: checkDurable()
        case 18: crash()
        default: tick()
        }
    }

    mutating func deliver(keeping: Bool) {
        guard !underway.isEmpty else { return }
        let index = random.below(underway.count)
        let event = keeping ? underway[index] : underway.remove(at: index)
        tell(event)
    }

    mutating func lose() {
        let city = random.below(cities)
        guard home.remove(city) != nil else { return }
        tell(.lost(CityID(UInt32(city))))
    }

    mutating func find() {
        let city = random.below(cities)
        guard home.insert(city).inserted else { return }
        tell(.reached(CityID(UInt32(city))))
    }

    mutating func tick() {
        clock += 1
        tell(.tick(Tick(clock)))
    }

    var alive: [CityID] { home.sorted().map { CityID(UInt32($0)) } }

    /// The coordinator dies and comes back with what it wrote last; answers on their way arrive at the new life.
    mutating func crash() {
        guard let read = try? TrainingJob(decoding: durable) else {
            Issue.record("the durable bytes cannot be read")
            return
        }
        job = read
        isFinished = job.state.isOver
        tell(.start(alive: alive))
    }

    /// Reading back gives an equal job, but for the open round.
    func checkDurable() {
        var reopened = job
        reopened.forgetOpenRound()
        let read = try? TrainingJob(decoding: job.encoded())
        #expect(read == reopened)
    }

    /// The weather clears: everybody is here, every answer arrives, time goes on.
    mutating func calm() {
        tell(.resume)
        for city in 0..<cities where home.insert(city).inserted { tell(.reached(CityID(UInt32(city)))) }
        for _ in 0..<2_000 where !isFinished {
            if underway.isEmpty { tick() } else { deliver(keeping: false) }
        }
    }
}

@Suite struct TrainingJobPropertyTests {
    private func storm(
        seed: UInt64, patience: JobPatience, steps: Int, policy: RoundPolicy = RoundPolicy()
    ) -> Storm {
        var storm = Storm(seed: seed, patience: patience, policy: policy)
        storm.home = Set(0..<storm.cities)
        storm.tell(.start(alive: storm.alive))
        for _ in 0..<steps { storm.step() }
        storm.calm()
        return storm
    }

    @Test func everyStormEndsDoneWithEveryCityCountedOncePerRound() {
        let endless = JobPatience(absence: .max, answer: 5, losses: .max)
        for seed in 0..<UInt64(400) {
            let storm = storm(seed: seed, patience: endless, steps: 150)
            #expect(storm.job.state == .done, "seed \(seed): \(storm.job.state)")
            var weights: [Float] = []
            for round in 0..<storm.rounds {
                weights = Storm.average(weights, round: round, cities: storm.cities)
            }
            #expect(storm.job.weights == weights, "seed \(seed): the weights depend on the storm")
            #expect(storm.job.rounds.count == storm.rounds)
            for round in storm.job.rounds {
                #expect(round.cities == storm.cities && round.samples == (1 << UInt64(storm.cities)) - 1)
            }
            #expect(storm.job.outcomes.map(\.city.number) == Array(0..<UInt32(storm.cities)), "seed \(seed)")
        }
    }

    @Test func withLittlePatienceRoundsGoOnWithoutTheAbsentAndCountNobodyTwice() {
        var missed = 0
        for seed in 0..<UInt64(400) {
            let storm = storm(seed: seed, patience: JobPatience(absence: 0, answer: 2, losses: 3), steps: 150)
            guard storm.job.state == .done else {
                // All were away before the first result: then the reason must be said.
                guard case .failed(let reason) = storm.job.state else {
                    Issue.record("seed \(seed) ends \(storm.job.state)")
                    continue
                }
                #expect(storm.job.round < storm.rounds && reason.contains("city "), "seed \(seed): \(reason)")
                continue
            }
            for round in storm.job.rounds {
                #expect(round.cities == round.samples.nonzeroBitCount && round.cities > 0, "seed \(seed)")
                missed += storm.cities - round.cities
            }
            for record in storm.job.records {
                #expect(Int(record.rounds + record.late) <= storm.rounds, "seed \(seed): counted twice")
            }
        }
        #expect(missed > 0, "no storm was strong enough to test anything")
    }

    /// Average, a turn of each city from where the one before left off, average, ...: whatever the weather.
    @Test(arguments: [false, true])
    func turnsGoOnFromEachOtherInTheOrderOfTheCities(across: Bool) {
        let endless = JobPatience(absence: .max, answer: 5, losses: .max)
        var policy = RoundPolicy()
        (policy.corrections, policy.across) = (2, across)
        for seed in 0..<UInt64(300) {
            let storm = storm(seed: seed, patience: endless, steps: 300, policy: policy)
            #expect(storm.job.state == .done, "seed \(seed): \(storm.job.state)")
            var (weights, round): ([Float], Int) = ([], 0)
            for _ in 0..<storm.rounds {
                weights = Storm.average(weights, round: round, cities: storm.cities)
                for city in 0..<storm.cities {
                    let learned = Storm.learn(CityID(UInt32(city)), round: round + 1 + city, from: weights)
                    for index in weights.indices { weights[index] += learned.delta[index] }
                }
                round += 1 + storm.cities
            }
            #expect(storm.job.weights == weights, "seed \(seed): the weights depend on the storm")
            #expect(storm.job.losses.count == storm.rounds && storm.job.rounds.count == round)
        }
    }

    /// With little patience turns that hear others are taken without the absent, or not at all, and every job ends.
    @Test func turnsThatHearOthersDoNotWaitForever() {
        var policy = RoundPolicy()
        (policy.corrections, policy.across) = (2, true)
        var (taken, skipped) = (0, 0)
        for seed in 0..<UInt64(300) {
            let patience = JobPatience(absence: 2, answer: 2, losses: 3)
            let storm = storm(seed: seed, patience: patience, steps: 300, policy: policy)
            guard storm.job.state == .done else {
                guard case .failed = storm.job.state else {
                    Issue.record("seed \(seed) ends \(storm.job.state)")
                    continue
                }
                continue
            }
            let turns = storm.job.rounds.enumerated().filter { $0.offset % (1 + storm.cities) > 0 }
            taken += turns.count { $0.element.cities == 1 }
            skipped += turns.count { $0.element.cities == 0 }
        }
        #expect(taken > 0 && skipped > 0, "\(taken), \(skipped)")
    }

    /// Slow cities are left behind by the deadline, and what they bring later counts once, in the next round.
    @Test func withADeadlineTheSlowCountLaterAndOnce() {
        var policy = RoundPolicy()
        (policy.quorum, policy.deadlineSeconds) = (0.5, 2)
        var late = 0
        for seed in 0..<UInt64(400) {
            let patience = JobPatience(absence: 3, answer: 2, losses: .max)
            let storm = storm(seed: seed, patience: patience, steps: 200, policy: policy)
            guard storm.job.state == .done else { continue }
            late += storm.job.rounds.reduce(0) { $0 + $1.late }
            for (city, record) in storm.job.records.enumerated() {
                #expect(Int(record.rounds + record.late) <= storm.rounds, "seed \(seed): city \(city) counted twice")
            }
            let isFinite = storm.job.weights.allSatisfy { $0.isFinite }
            #expect(isFinite)
        }
        #expect(late > 0, "nothing ever came late")
    }

    @Test func theAverageDoesNotDependOnTheOrderOfArrival() {
        var random = SeededRandom(seed: 11)
        let base = [Float](repeating: 0.25, count: 33)
        let deltas = (0..<7).map { _ in base.map { _ in random.uniformFloat() - 0.5 } }
        let words = (0..<7).map { city in
            TrainingJob.Event.trained(
                CityID(UInt32(city)), round: 0, samples: 1 + UInt64(random.below(1000)), meanLoss: random.uniform(),
                seconds: 1)
        }
        let configuration = TrainingJob.Configuration(
            job: JobID(1), rounds: 1, steps: 1, seed: 1, cities: (0..<7).map { CityID($0) })
        var first: TrainingJob?
        for _ in 0..<50 {
            var job = TrainingJob(configuration)
            var actions = job.handle(.start(alive: configuration.cities))
            var asked: [Int] = []
            for word in words.shuffled(using: &random) {
                actions += job.handle(word)
                repeat {
                    for action in actions {
                        if case .collect(let city, _) = action { asked.append(Int(city.number)) }
                    }
                    actions = []
                    #expect(asked.count <= 2, "more deltas under way than the coordinator may hold")
                    asked.shuffle(using: &random)
                    if let city = asked.popLast() {
                        actions = job.handle(
                            .delta(CityID(UInt32(city)), round: 0, values: deltas[city], base: base, bytes: 132))
                    }
                } while !asked.isEmpty || actions.contains { if case .collect = $0 { true } else { false } }
            }
            #expect(job.round == 1)
            #expect(job == first ?? job)
            first = job
        }
    }

    @Test func aJobReadBackAtAnyStepGoesOnAsIfNothingHadBeen() {
        for seed in 0..<UInt64(60) {
            var random = SeededRandom(seed: seed)
            var storm = Storm(seed: seed, patience: JobPatience(absence: 2, answer: 3, losses: 2))
            storm.home = Set(0..<storm.cities)
            var twin = storm.job
            var events: [TrainingJob.Event] = [.start(alive: storm.alive)]
            for _ in 0..<120 {
                let city = CityID(UInt32(random.below(storm.cities)))
                let round = random.below(storm.rounds + 1)
                events.append(
                    [
                        .lost(city), .reached(city), .tick(Tick(UInt64(random.below(40)))), .pause, .resume,
                        .published(city, people: 1, values: [0.5]),
                        .failed(city, round: round, detail: "busy", retry: random.below(2) == 0),
                        .trained(city, round: round, samples: 3, meanLoss: 0.5, seconds: 1),
                        .trained(city, round: round, samples: 0, meanLoss: 0, seconds: 1),
                        .delta(city, round: round, values: [1, 2], base: [0, 1], bytes: 16),
                        .delta(city, round: round, values: [2, 1], base: [], bytes: 8),
                    ][random.below(11)])
            }
            for event in events {
                #expect(storm.job.handle(event) == twin.handle(event), "seed \(seed)")
                #expect(storm.job == twin)
                guard let read = try? TrainingJob(decoding: twin.encoded()) else {
                    Issue.record("seed \(seed): unreadable")
                    break
                }
                twin.forgetOpenRound()
                #expect(read == twin)
                // Sometimes both die.
                if random.below(8) == 0 { storm.job = read } else { twin = storm.job }
            }
        }
    }
}
