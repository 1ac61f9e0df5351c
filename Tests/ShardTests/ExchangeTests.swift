import Basics
import Foundation
import Graph
import Synchronization
import Testing
import Wire
import World

@testable import Cluster
@testable import Learn
@testable import Shard

/// Three shards, the state machine of a job between them: what goes live are the rows of the union of their graphs.
@Suite struct ExchangeTests {
    private let pool = ComputePool(threads: 1)
    private static let model = ModelOrder(model: "graphrec", settings: [.init(name: "dimensions", value: "32")]).block

    /// Shards in folders of their own, which can be closed and opened again.
    private final class Shards {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        var open: [CityShard] = []

        init(_ cities: Int) throws {
            for city in 0..<cities { open.append(try shard(city)) }
        }

        private func shard(_ city: Int) throws -> CityShard {
            try CityShard(
                directory: folder.appendingPathComponent("\(city)").path, city: CityID(UInt32(city)), name: "C\(city)",
                cluster: 1, outboxIfNew: UInt64(city + 1))
        }

        func reopen(_ city: Int) throws {
            open[city].close()
            open[city] = try shard(city)
        }

        deinit {
            for shard in open { shard.close() }
            try? FileManager.default.removeItem(at: folder)
        }
    }

    /// A world whose people also visit, and have friends, elsewhere.
    private func world(_ cities: Int) -> [[Record]] {
        var random = SeededRandom(seed: 5)
        func home(_ person: Int) -> Int { person % cities }
        func person(_ number: Int) -> Record {
            .person(Person(id: PersonID(UInt64(number)), homeCity: CityID(UInt32(home(number)))))
        }
        var records = [[Record]](repeating: [], count: cities)
        for number in 0..<90 { records[home(number)].append(person(number)) }
        for place in 0..<60 {
            records[place % cities].append(
                .place(
                    Place(
                        id: PlaceID(UInt64(place)), city: CityID(UInt32(place % cities)), neighborhood: 0,
                        categories: (0..<6).map { $0 == place % 6 ? 1 : 0 },
                        fineTags: (0..<100).map { $0 == place ? 1 : 0 })))
        }
        for number in 0..<1500 {
            let (who, place) = (random.below(90), random.below(60))
            let spot = random.below(3) < 2 ? place / cities * cities + home(who) : place
            let visit = Visit(
                person: PersonID(UInt64(who)), place: PlaceID(UInt64(spot)),
                time: Timestamp(milliseconds: 1_333_324_800_000 + Int64(number) * 3_600_000), attended: true)
            records[spot % cities] += (home(who) == spot % cities ? [] : [person(who)]) + [.visit(visit)]
        }
        for _ in 0..<200 {
            let (one, other) = (random.below(90), random.below(90))
            if one == other { continue }
            let tie = Record.friendship(
                Friendship(
                    first: PersonID(UInt64(min(one, other))), second: PersonID(UInt64(max(one, other))),
                    interestOverlap: random.uniformFloat(), coAttendance: 1))
            for city in Set([home(one), home(other)]) { records[city] += [person(one), person(other), tie] }
        }
        return records
    }

    /// Everybody does what the job says at once; `before` may disturb an action.
    private func train(
        _ shards: Shards, corrections: UInt32 = 0, across: Bool = false,
        _ before: (inout TrainingJob) throws -> [TrainingJob.Action] = { _ in [] }
    ) throws -> TrainingJob {
        var policy = RoundPolicy()
        (policy.corrections, policy.across) = (corrections, across)
        let cities = shards.open.map(\.city)
        var job = TrainingJob(
            .init(
                job: JobID(4), rounds: 1, steps: 2, seed: 9, cities: cities, model: Self.model,
                policy: policy, patience: JobPatience(losses: .max)))
        var (actions, clock) = (job.handle(.start(alive: cities)), UInt64(0))
        while !job.state.isOver, clock < 1000 {
            if actions.isEmpty {
                clock += 1
                actions = job.handle(.tick(Tick(clock)))
                continue
            }
            let action = actions.removeFirst()
            actions += try before(&job)
            guard let event = try carryOut(action, job, shards) else { continue }
            actions += job.handle(event)
        }
        return job
    }

    private func carryOut(
        _ action: TrainingJob.Action, _ job: TrainingJob, _ shards: Shards
    ) throws -> TrainingJob.Event? {
        func shard(_ city: CityID) -> CityShard { shards.open[Int(city.number)] }
        do {
            switch action {
            case .train(let city, _):
                let others = job.others(of: city).map { CityHome(city: $0, worker: WorkerID(1), epoch: Epoch(0)) }
                let order = job.trainRound(of: city, others: others)
                let request = ElsewhereRequest(job: order.job, seed: order.seed, model: order.model, to: city)
                let result = try shard(city).trainRound(
                    order, weights: job.weights, pool: pool,
                    askOthers: { guests in
                        var told: [CityID: [UInt8]] = [:]
                        for other in others {
                            told[other.city] = try shard(other.city).elsewhere(request, guests: guests, pool: pool)
                        }
                        return told
                    }, isCancelled: { false })
                return .trained(
                    city, round: Int(result.round), samples: result.samples, meanLoss: result.meanLoss, seconds: 1,
                    judgement: .init(people: result.judged, ndcg: result.ndcg))
            case .collect(let city, let round):
                let (answer, frames) = try shard(city).delta(job.deltaRequest(round: round))
                return .delta(
                    city, round: round, values: answer.format.unpacked(frames[0]) ?? [],
                    base: frames.count > 1 ? answer.format.unpacked(frames[1]) ?? [] : [], bytes: 0)
            case .prepare(let city):
                let order = job.publishModel(version: ModelVersion(4))
                return event(city, try shard(city).prepare(order, weights: job.weights, pool: pool))
            case .fetch(let city, let from, let stage):
                let order = job.fetchRows(stage: stage, from: from, at: WorkerID(1), epoch: Epoch(0))
                guard try shard(city).needsRows(order) else {
                    return .took(city, from: from, stage: stage, bytes: 0)
                }
                let request = RowsRequest(job: order.job, stage: order.stage, to: city)
                guard let part = shard(from).givenRows(request) else {
                    return .missed(city, from: from, stage: stage, isGone: true)
                }
                try shard(city).take(part, order)
                return .took(city, from: from, stage: stage, bytes: UInt64(part.count))
            case .advance(let city, let stage, let from):
                return event(city, try shard(city).advance(job.advanceModel(stage: stage, from: from), pool: pool))
            default: return nil
            }
        } catch let error as ShardError {
            guard case .exchangeGone(let name) = error, let city = shards.open.first(where: { $0.name == name })?.city
            else { throw error }
            return .failed(city, round: job.round, detail: "\(error)", retry: true)
        }
    }

    private func event(_ city: CityID, _ answer: ExchangeAnswer) -> TrainingJob.Event {
        switch answer {
        case .prepared(let body): .prepared(city, homes: body.homes, layers: Int(body.layers))
        case .advanced(let body): .advanced(city, stage: Int(body.stage))
        case .published(let body): .published(city, people: body.people, values: body.values)
        }
    }

    private func shards() throws -> Shards {
        let shards = try Shards(3)
        for (shard, records) in zip(shards.open, world(3)) {
            _ = try shard.importBlock(RecordBlock(city: shard.city, records: records).encoded())
        }
        return shards
    }

    private func models(_ shards: Shards) throws -> [CityModel] {
        try shards.open.map { try #require(try $0.storedModel(ModelVersion(4))) }
    }

    @Test func whatGoesLiveAreTheRowsOfTheUnion() throws {
        let shards = try shards()
        let job = try train(shards)
        #expect(job.state == .done && job.outcomes.count == 3)
        let open = shards.open.compactMap { shard in shard.computing.withLock { state, _ in state.inference } }
        try #require(open.count == 3)
        let union = unionEmbeddings(
            of: open.map(\.trainer), weights: job.weights, ownShares: open.map(\.own.share), pool: pool)
        for (index, model) in try models(shards).enumerated() {
            let (trainer, d) = (open[index].trainer, open[index].trainer.configuration.dimensions)
            #expect(trainer.graph.people.count > trainer.graph.residents)
            var (largest, alone) = (Float(0), Float(0))
            let apart = trainer.embeddings(weights: job.weights, ownShare: open[index].own.share, pool: pool)
            func compare(_ rows: [Float], _ whole: [Float], _ cut: [Float], count: Int) {
                for row in 0..<count {
                    for column in 0..<d {
                        let truth = whole[row * d + column]
                        largest = max(largest, abs(rows[row * (d + 1) + column] - truth))
                        alone = max(alone, abs(cut[row * (d + 1) + column] - truth))
                    }
                }
            }
            let network = try #require(open[index].inference).embeddings()
            #expect(trainer.calibrated(network, by: open[index].own, pool: pool) == model.embeddings)
            compare(network.people, union[index].residents, apart.people, count: trainer.graph.residents)
            compare(network.places, union[index].places, apart.places, count: trainer.graph.places.count)
            #expect(largest < 1e-5 && alone > 1e-2, "\(largest), without the exchange \(alone)")
        }
        // The version is live: what was kept for others is gone.
        for shard in shards.open {
            try shard.keepVersion(ModelVersion(4), pool: pool)
            #expect(shard.exchange.withLock { $0 == nil })
        }
    }

    /// Workers die at any moment of it, and the bytes that go live are the same.
    @Test func aLostWorkerChangesNothing() throws {
        let quiet = try shards()
        _ = try train(quiet)
        let truth = try models(quiet)
        for seed in 0..<UInt64(6) {
            let stormy = try shards()
            var random = SeededRandom(seed: seed)
            let job = try train(stormy) { job in
                guard job.state == .indexing, random.below(12) == 0 else { return [] }
                let victim = CityID(UInt32(random.below(3)))
                try stormy.reopen(Int(victim.number))
                return job.handle(.lost(victim)) + job.handle(.reached(victim))
            }
            #expect(job.state == .done)
            for (model, twin) in zip(try models(stormy), truth) {
                #expect(model.embeddings == twin.embeddings && model.report == twin.report, "seed \(seed)")
            }
        }
    }

    /// Turns that hear other cities are others than turns that do not, and the same whoever dies meanwhile.
    @Test func turnsHearOtherCitiesWhateverIsLost() throws {
        let (alone, quiet) = (try shards(), try shards())
        let apart = try train(alone, corrections: 2)
        let truth = try train(quiet, corrections: 2, across: true)
        #expect(truth.state == .done && truth.rounds.map(\.cities) == [3, 1, 1, 1])
        #expect(truth.weights != apart.weights, "what is elsewhere says nothing")
        var kills = 0
        for seed in 0..<UInt64(6) {
            let stormy = try shards()
            var random = SeededRandom(seed: seed)
            let job = try train(stormy, corrections: 2, across: true) { job in
                guard job.state == .running, random.below(6) == 0 else { return [] }
                let victim = CityID(UInt32(random.below(3)))
                try stormy.reopen(Int(victim.number))
                kills += 1
                return job.handle(.lost(victim)) + job.handle(.reached(victim))
            }
            #expect(job.state == .done && job.weights == truth.weights, "seed \(seed)")
            #expect(try models(stormy).map(\.embeddings) == models(quiet).map(\.embeddings), "seed \(seed)")
        }
        #expect(kills > 5)
    }

    @Test func whoComputesTellsNothingAndDoesNotWait() throws {
        let shards = try shards()
        let request = ElsewhereRequest(job: JobID(4), seed: 9, model: Self.model, to: CityID(0))
        func told() throws -> [UInt8] { try shards.open[1].elsewhere(request, guests: [], pool: pool) }
        let part = try told()
        shards.open[1].computing.withLock { _, _ in
            _ = #expect(throws: ShardError.elsewhereBusy(city: "C1")) { try told() }
        }
        // A trainer that is at hand says the same as one that is made for it; of a job that is past nothing is said.
        #expect(try told() == part)
        let late = ElsewhereRequest(job: JobID(3), seed: 9, model: Self.model, to: CityID(0))
        #expect(throws: ShardError.elsewhereBusy(city: "C1")) {
            try shards.open[1].elsewhere(late, guests: [], pool: pool)
        }
    }

    /// What another city tells is asked for once, and nothing is trained on what cannot be read.
    @Test func othersAreAskedOnceForAllTurns() throws {
        let shards = try shards()
        var asked = 0
        let other = CityHome(city: CityID(1), worker: WorkerID(1), epoch: Epoch(0))
        let request = ElsewhereRequest(job: JobID(4), seed: 9, model: Self.model, to: CityID(0))
        let weights = try ModelConfiguration(ModelOrder(block: Self.model)).initialWeights(seed: 9)
        func turn(_ round: UInt32, others: [CityHome], spoilt: Bool = false) throws {
            let order = TrainRound(job: JobID(4), round: round, steps: 1, seed: 9, model: Self.model, others: others)
            _ = try shards.open[0].trainRound(
                order, weights: weights, pool: pool,
                askOthers: { guests in
                    asked += 1
                    let part = try shards.open[1].elsewhere(request, guests: guests, pool: pool)
                    return [other.city: spoilt ? Array(part.dropLast()) : part]
                }, isCancelled: { false })
        }
        #expect(throws: ShardError.unreadablePart(city: "C0", from: CityID(1))) {
            try turn(0, others: [other], spoilt: true)
        }
        for round in 0..<4 { try turn(UInt32(round), others: round == 1 ? [] : [other]) }
        #expect(asked == 2)
        let heard = shards.open[0].computing.withLock { state, _ in (state.trainer as? CityTrainer)?.across }
        #expect((heard?.messagesMore ?? 0) > 0)
    }

    @Test func aModelWithNothingToTellIsPublishedAtOnce() throws {
        let shards = try shards()
        let model = ModelOrder(model: "lightgcn", settings: [.init(name: "dimensions", value: "32")]).block
        let round = TrainRound(job: JobID(4), round: 0, steps: 1, seed: 9, model: model)
        _ = try shards.open[0].trainRound(round, weights: [], pool: pool, isCancelled: { false })
        let order = PublishModel(job: JobID(4), version: ModelVersion(4), seed: 9, model: model, rounds: 1)
        guard case .published(let report) = try shards.open[0].prepare(order, weights: [0], pool: pool) else {
            Issue.record("a light model has rows for others")
            return
        }
        #expect(report.values.count == 4)
        #expect(throws: ShardError.exchangeGone(city: "C0")) {
            try shards.open[0].advance(AdvanceModel(job: JobID(4), stage: 0, from: []), pool: pool)
        }
    }
}
