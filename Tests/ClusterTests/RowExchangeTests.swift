import Basics
import Testing
import Wire

@testable import Cluster

/// A job whose training is over, under a seed: what cities make of each other's parts is a pure function of all of
/// them, so what each must have in the end is known whatever is lost, late, doubled or begun anew on the way.
private struct ExchangeStorm {
    /// What a worker knows of a city.
    struct Memory {
        /// Of stages done; the first is what it knows by itself.
        var rows: [UInt64]
        var taken: [Int: [UInt8]] = [:]
    }

    static let layers = 2
    let cities: Int
    let homes: [[Int]]
    var random: SeededRandom
    var job: TrainingJob
    var durable: [UInt8] = []
    var home: Set<Int> = []
    var memory: [Int: Memory] = [:]
    var underway: [TrainingJob.Event] = []
    var clock: UInt64 = 0
    var isFinished = false
    /// Whether workers fail to reach each other now and then.
    var isWindy = true

    init(seed: UInt64, patience: JobPatience) {
        var random = SeededRandom(seed: seed)
        let count = 1 + random.below(6)
        cities = count
        var homes: [[Int]] = []
        for city in 0..<count { homes.append((0..<count).filter { $0 != city && random.below(2) == 0 }) }
        (self.homes, self.random) = (homes, random)
        job = TrainingJob(
            .init(
                job: JobID(seed), rounds: 1, steps: 1, seed: seed, cities: (0..<count).map { CityID(UInt32($0)) },
                patience: patience))
        home = Set(0..<count)
        tell(.start(alive: alive))
        for city in 0..<count {
            tell(.trained(CityID(UInt32(city)), round: 0, samples: 1, meanLoss: 0, seconds: 1))
        }
        while job.state == .running, !underway.isEmpty { deliver(keeping: false) }
    }

    var alive: [CityID] { home.sorted().map { CityID(UInt32($0)) } }

    func neighbors(_ city: Int) -> [Int] {
        (0..<cities).filter { $0 != city && (homes[city].contains($0) || homes[$0].contains(city)) }
    }

    /// What a city makes of its rows and what it was told.
    static func next(_ city: Int, _ rows: [UInt64], _ taken: [Int: [UInt8]]) -> UInt64 {
        var hash = SeededRandom(seed: rows[rows.count - 1]).child("city", UInt64(city))
        for (other, part) in taken.sorted(by: { $0.key < $1.key }) {
            hash = hash.child("part of", UInt64(other))
            for byte in part { hash = hash.child("byte", UInt64(byte)) }
        }
        return hash.state
    }

    static func part(_ row: UInt64, to city: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: row >> (8 * $0)) } + [UInt8(city)]
    }

    /// What all have in the end when nothing goes wrong.
    func truth() -> [Double] {
        var rows = (0..<cities).map { [UInt64($0)] }
        for stage in 0...Self.layers {
            let before = rows
            for city in 0..<cities {
                var taken: [Int: [UInt8]] = [:]
                for other in neighbors(city) { taken[other] = Self.part(before[other][stage], to: city) }
                rows[city].append(Self.next(city, before[city], taken))
            }
        }
        return rows.map { Self.value(of: $0) }
    }

    static func value(of rows: [UInt64]) -> Double { Double(rows[layers + 1] >> 12) }

    mutating func tell(_ event: TrainingJob.Event) {
        for action in job.handle(event) {
            switch action {
            case .checkpoint: durable = job.encoded()
            case .finished: isFinished = true
            case .goLive: #expect(job.state == .done)
            case .survey: Issue.record("nobody ordered a survey")
            case .train: break
            case .collect(let city, let round):
                underway.append(.delta(city, round: round, values: [1], base: [0], bytes: 8))
            case .publish(let city): underway.append(.published(city, people: 1, values: [0]))
            case .prepare(let city):
                let number = Int(city.number)
                #expect(home.contains(number))
                if memory[number] == nil { memory[number] = Memory(rows: [UInt64(number)]) }
                underway.append(
                    .prepared(city, homes: homes[number].map { CityID(UInt32($0)) }, layers: Self.layers))
            case .fetch(let city, let from, let stage): fetch(city, from, stage)
            case .advance(let city, let stage, let from): advance(city, stage, from.map { Int($0.number) })
            }
        }
    }

    private mutating func refuse(_ city: CityID) {
        underway.append(.failed(city, round: 1, detail: "it knows nothing", retry: true))
    }

    private mutating func fetch(_ city: CityID, _ from: CityID, _ stage: Int) {
        let (number, other) = (Int(city.number), Int(from.number))
        guard let known = memory[number], stage < known.rows.count else { return refuse(city) }
        func miss(_ isGone: Bool) -> TrainingJob.Event {
            .missed(city, from: from, stage: stage, isGone: isGone)
        }
        if !home.contains(other) || isWindy && random.below(4) == 0 { return underway.append(miss(false)) }
        guard let there = memory[other], stage < there.rows.count else { return underway.append(miss(true)) }
        if stage == known.rows.count - 1 {
            memory[number]?.taken[other] = Self.part(there.rows[stage], to: number)
        }
        underway.append(.took(city, from: from, stage: stage, bytes: 9))
    }

    private mutating func advance(_ city: CityID, _ stage: Int, _ from: [Int]) {
        let number = Int(city.number)
        guard var known = memory[number], stage < known.rows.count else { return refuse(city) }
        if stage == known.rows.count - 1 {
            guard from.allSatisfy({ known.taken[$0] != nil }) else { return refuse(city) }
            known.rows.append(Self.next(number, known.rows, known.taken.filter { from.contains($0.key) }))
            known.taken = [:]
            memory[number] = known
        }
        underway.append(
            stage == Self.layers
                ? .published(city, people: 1, values: [Self.value(of: known.rows)]) : .advanced(city, stage: stage))
    }

    mutating func step() {
        switch random.below(24) {
        case 0..<12: deliver(keeping: false)
        case 12: deliver(keeping: true)
        case 13: if !underway.isEmpty { underway.remove(at: random.below(underway.count)) }
        case 14, 15:
            let city = random.below(cities)
            guard home.remove(city) != nil else { return }
            // A worker that is only out of reach still knows what it knew.
            if random.below(2) == 0 { memory[city] = nil }
            tell(.lost(CityID(UInt32(city))))
        case 16..<20:
            let city = random.below(cities)
            if home.insert(city).inserted { tell(.reached(CityID(UInt32(city)))) }
        case 20: tell(random.below(2) == 0 ? .pause : .resume)
        case 21: crash()
        default: tick()
        }
    }

    mutating func deliver(keeping: Bool) {
        guard !underway.isEmpty else { return }
        let index = random.below(underway.count)
        tell(keeping ? underway[index] : underway.remove(at: index))
    }

    mutating func tick() {
        clock += 1
        tell(.tick(Tick(clock)))
    }

    mutating func crash() {
        guard let read = try? TrainingJob(decoding: durable) else {
            Issue.record("the durable bytes cannot be read")
            return
        }
        job = read
        isFinished = job.state.isOver
        tell(.start(alive: alive))
    }

    mutating func calm() {
        isWindy = false
        tell(.resume)
        for city in 0..<cities where home.insert(city).inserted { tell(.reached(CityID(UInt32(city)))) }
        for _ in 0..<10_000 where !isFinished {
            if underway.isEmpty { tick() } else { deliver(keeping: false) }
        }
    }
}

@Suite struct RowExchangeTests {
    @Test func inAnyWeatherCitiesEndWithWhatTheyMakeOfEachOther() {
        for seed in 0..<UInt64(400) {
            var storm = ExchangeStorm(seed: seed, patience: JobPatience(absence: .max, answer: 5, losses: .max))
            for _ in 0..<200 where !storm.isFinished { storm.step() }
            storm.calm()
            #expect(storm.job.state == .done, "seed \(seed): \(storm.job.state)")
            #expect(storm.job.outcomes.map { $0.values[0] } == storm.truth(), "seed \(seed)")
        }
    }

    /// With little patience the job goes on without the absent.
    @Test func whoStaysAwayIsNotWaitedForForEver() {
        var without = 0
        for seed in 0..<UInt64(400) {
            var storm = ExchangeStorm(seed: seed, patience: JobPatience(absence: 1, answer: 3, losses: 3))
            for _ in 0..<200 where !storm.isFinished { storm.step() }
            storm.calm()
            guard storm.job.state == .done else {
                // All were given up before any had its version.
                #expect(storm.job.state.isOver && storm.job.outcomes.isEmpty, "seed \(seed): \(storm.job.state)")
                continue
            }
            if storm.job.outcomes.map({ $0.values[0] }) != storm.truth() { without += 1 }
        }
        #expect(without > 0, "no storm was strong enough to test anything")
    }

    /// However many cities there are, no worker has more fetches waiting than it can take.
    @Test func fewPartsAreUnderWay() {
        let (cities, layers) = (40, 2)
        var exchange = RowExchange(seats: cities)
        for city in 0..<cities {
            let isTaken = exchange.prepared(city, homes: (0..<cities).filter { $0 != city }, layers: layers)
            #expect(isTaken)
        }
        var (orders, parts, most) = (exchange.orders { _ in false }, 0, 0)
        while let order = orders.popLast() {
            switch order {
            case .fetch(let to, let from, let stage):
                most = max(most, 1 + orders.count { if case .fetch = $0 { true } else { false } })
                parts += 1
                let isTaken = exchange.took(to, from: from, stage: stage)
                #expect(isTaken)
            case .advance(let city, let stage, let from):
                #expect(from.count == cities - 1)
                let isTaken = exchange.advanced(city, stage: stage)
                #expect(isTaken)
            }
            orders += exchange.orders { _ in false }
        }
        #expect(!exchange.isOpen && parts == (layers + 1) * cities * (cities - 1) && most <= 64)
    }
}
