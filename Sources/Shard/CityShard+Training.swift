package import Basics
import Events
import Graph
import Learn
import Plans
import Store
import Synchronization
package import Wire

// A training job visits a city once a round: shared weights in, their change out. The places' own embeddings and
// the optimizer's moments stay here, and are stored after each round before the answer leaves, and with them the answer
// and the change of the weights (`RoundRecord`), which is fetched on its own. So a round can be asked again at any
// time, after a lost answer or a killed worker, and gives the same bytes: what was done is answered from the store,
// what was not starts from what was stored after the round before.

extension CityShard {
    /// How many of a person's retrieved places the place head ranks again.
    static let candidates = 200

    /// Judges `weights` by the kept-back visits, then runs one round from them, keeps what became of it, and says that
    /// it is done. Without weights it is the first round of all, and there is nothing to judge. A round of no steps
    /// only judges. `askOthers` brings what the order's other cities tell of this one's people, given its guests.
    package func trainRound(
        _ order: TrainRound, weights: [Float], pool: ComputePool,
        askOthers: (_ guests: [PersonID]) throws -> [CityID: [UInt8]] = { _ in [:] }, isCancelled: () -> Bool
    ) throws -> RoundResult {
        try computing.withLock { state, _ in
            if let record = try record(job: order.job, round: order.round), record.format == order.format {
                return record.result
            }
            let start = monotonicSeconds()
            let weights = try initialized(weights, order)
            let trainer = try trainer(for: order, weights: weights, pool: pool, state: &state)
            let judged = order.round == 0 || !order.judges ? nil : trainer.validation(weights: weights, pool: pool)
            var result = RoundResult(
                job: order.job, round: order.round, samples: 0, meanLoss: 0, judged: UInt64(judged?.people ?? 0),
                ndcg: judged?.ndcg ?? 0)
            if order.steps == 0 { return result }
            try listen(to: order, trainer, &state, askOthers)
            let outcome = try trainer.round(
                Int(order.round), weights: weights, steps: Int(order.steps), pool: pool, isCancelled: isCancelled)
            (result.samples, result.meanLoss) = (UInt64(outcome.samples), outcome.meanLoss)
            result.seconds = monotonicSeconds() - start
            let former = try lastRound(of: order.job, before: order.round, ShardKeys.rounds)?.bytes
            let record = RoundRecord(
                result, before: weights, after: outcome.weights,
                lost: try former.map { try RoundRecord(decoding: $0).residue } ?? [], as: order.format)
            var batch = WriteBatch()
            batch.put(.model, key: ShardKeys.trainer(order.job, round: order.round), value: trainer.state())
            batch.put(.model, key: ShardKeys.round(order.job, round: order.round), value: record.encoded())
            for key in try staleRounds(order) { batch.delete(.model, key: key) }
            try store.database.commit(batch)
            state.trainerRound = order.round
            return result
        }
    }

    /// The change of the shared weights in a round that was done: the bulk frames of the answer. Quick: it waits for
    /// no computing.
    package func delta(_ request: DeltaRequest) throws -> (answer: Delta, frames: [[UInt8]]) {
        guard let record = try record(job: request.job, round: request.round) else {
            throw ShardError.noRound(city: name, job: request.job, round: request.round)
        }
        let answer = Delta(job: request.job, round: request.round, format: record.format)
        let base = record.base.isEmpty ? [] : [DeltaFormat.float32.packed(record.base)]
        return (answer, [record.delta] + base)
    }

    private func record(job: JobID, round: UInt32) throws -> RoundRecord? {
        try store.database.get(.model, key: ShardKeys.round(job, round: round)).map { try RoundRecord(decoding: $0) }
    }

    /// Embeds the whole city with the job's final weights, by itself, and keeps that as a version, which answers once
    /// it is switched to. Asked again for the same version, it answers what it answered.
    package func publish(_ order: PublishModel, weights: [Float], pool: ComputePool) throws -> Published {
        try computing.withLock { state, _ in
            try publishAlone(order, weights: weights, pool: pool, state: &state)
        }
    }

    func publishAlone(
        _ order: PublishModel, weights: [Float], pool: ComputePool, state: inout Computing
    ) throws -> Published {
        if let model = try storedModel(order.version) { return model.report }
        let trainer = try trainer(forPublishing: order, weights: weights, pool: pool, state: &state)
        return try finish(
            order, trainer.publishedEmbeddings(weights: weights, pool: pool), of: trainer, weights: weights,
            pool: pool, state: &state)
    }

    /// As it stood after the rounds that the order names.
    func trainer(
        forPublishing order: PublishModel, weights: [Float], pool: ComputePool, state: inout Computing
    ) throws -> any ModelTrainer {
        let asRound = TrainRound(job: order.job, round: order.rounds, steps: 0, seed: order.seed, model: order.model)
        return try trainer(for: asRound, weights: weights, pool: pool, state: &state)
    }

    /// Measures how embeddings rank held-out visits, and keeps them as a version.
    func finish(
        _ order: PublishModel, _ embeddings: CityEmbeddings, of trainer: any ModelTrainer, weights: [Float],
        pool: ComputePool, state: inout Computing
    ) throws -> Published {
        let (graph, configuration) = (trainer.graph, try configuration(from: order.model))
        let ranking = rankHeldOut(
            graph: graph, embeddings: embeddings, configuration: configuration, weights: weights, keep: 10,
            pool: pool)
        let quality = evaluate(graph: graph, ranked: ranking)
        let report = Published(
            job: order.job, people: UInt64(quality.people),
            values: [
                quality.recallAt10, quality.ndcgAt10, quality.popularityRecallAt10, quality.popularityNDCGAt10,
            ])
        let model = CityModel(
            version: order.version, configuration: configuration, weights: weights, people: graph.people,
            places: graph.places, embeddings: embeddings, report: report,
            friends: trainer.friendQuality(weights: weights, pool: pool))
        try keep(model, job: order.job)
        state.trainer = nil
        try serve(model, isLive: false, pool: pool)
        return report
    }

    /// Versions that are kept beside the current one.
    private static let modelsKept = 3

    private func keep(_ model: CityModel, job: JobID) throws {
        var versions: [ModelVersion] = []
        try store.database.scan(.model, from: ShardKeys.models, prefix: ShardKeys.models) { key, _ in
            versions.append(try ShardKeys.modelVersion(key))
            return true
        }
        var batch = WriteBatch()
        let current = view.withLock { $0.modelVersion }
        for version in versions.sorted().dropLast(Self.modelsKept - 1) where version != current {
            batch.delete(.model, key: ShardKeys.model(version))
            for indexed in ServingCity.Indexed.allCases {
                batch.delete(.model, key: ShardKeys.index(indexed, of: version))
            }
        }
        batch.put(.model, key: ShardKeys.model(model.version), value: model.encoded())
        let published = ModelPublished(
            city: name, model: Digits(model.version), people: Int(model.report.people),
            recallAt10: model.report.values[0], ndcgAt10: model.report.values[1])
        let number = model.version.number
        let draft = EventDraft(
            published, about: number, seed: nil, key: String(number), cause: EventCause.job(job))
        _ = try store.commit(batch, events: outboxEvents([draft]))
    }

    /// Answers with a version that was published here from now on, in this process: what has begun ends with the
    /// version it began with. Quick; `keepVersion` makes it last.
    package func switchModel(to version: ModelVersion) throws {
        guard try store.database.get(.model, key: ShardKeys.model(version)) != nil else {
            throw ShardError.noVersion(city: name, version: version)
        }
        view.withLock { $0.modelVersion = version }
        serving.withLock { if $0.other?.version == version { ($0.live, $0.other) = ($0.other, $0.live) } }
    }

    /// The same, durably, and with indexes made anew where they are not at hand.
    package func keepVersion(_ version: ModelVersion, pool: ComputePool) throws {
        try switchModel(to: version)
        try computing.withLock { state, _ in
            if state.inference?.order.version == version { dropExchange(&state) }
            try choose(version)
            guard serving.withLock({ $0.live?.version }) != version, let model = try model(&state) else { return }
            try serve(model, pool: pool)
        }
    }

    /// Makes a stored model the current one.
    func choose(_ version: ModelVersion) throws {
        var batch = WriteBatch()
        batch.put(.meta, key: ShardKeys.currentModel, value: ShardKeys.value(of: version))
        try store.database.commit(batch)
        view.withLock { $0.modelVersion = version }
    }

    /// The city's current model, from memory or from the store; nil when there is none.
    func model(_ state: inout Computing) throws -> CityModel? {
        let version = view.withLock { $0.modelVersion }
        if let model = state.model, model.version == version { return model }
        state.model = try storedModel(version)
        return state.model
    }

    func storedModel(_ version: ModelVersion) throws -> CityModel? {
        guard let bytes = try store.database.get(.model, key: ShardKeys.model(version)) else { return nil }
        do {
            return try CityModel(decoding: bytes)
        } catch {
            throw ShardError.unreadableState(city: name, what: "model \(version)")
        }
    }

    /// The trainer as it stood after the last round before `order.round`: the one in memory when it is that one,
    /// else from what the store kept, else a fresh one (the first round, or a city that missed the rounds before).
    func trainer(
        for order: TrainRound, weights: [Float], pool: ComputePool, state: inout Computing
    ) throws -> any ModelTrainer {
        let count = try configuration(from: order.model).sharedCount
        guard weights.count == count else { throw ShardError.wrongWeights(expected: count, got: weights.count) }
        return try trainer(for: order, pool: pool, state: &state)
    }

    /// The same for who has no weights.
    func trainer(for order: TrainRound, pool: ComputePool, state: inout Computing) throws -> any ModelTrainer {
        let stored = try lastRound(of: order.job, before: order.round, ShardKeys.trainers)
        if let trainer = state.trainer, state.trainerJob == order.job, stored?.round == state.trainerRound {
            return trainer
        }
        if state.inference?.order.job != order.job { dropExchange(&state) }
        let trainer = try configuration(from: order.model).trainer(
            graph: currentGraph(pool: pool), seed: order.seed ^ UInt64(city.number), state: stored?.bytes)
        state.trainer = trainer
        state.trainerJob = order.job
        state.trainerRound = stored?.round
        return trainer
    }

    /// The weights of the first round are drawn from the job's seed, the same in every city.
    func initialized(_ weights: [Float], _ order: TrainRound) throws -> [Float] {
        if !weights.isEmpty { return weights }
        return try configuration(from: order.model).initialWeights(seed: order.seed)
    }

    func configuration(from block: [UInt8]) throws -> ModelConfiguration {
        do {
            return try ModelConfiguration(ModelOrder(block: block))
        } catch let error as ByteError {
            throw ShardError.badModel(reason: "its order \(error)")
        }
    }

    /// What is stored under `prefix` for the last round before.
    private func lastRound(
        of job: JobID, before round: UInt32, _ prefix: [UInt8]
    ) throws -> (round: UInt32, bytes: [UInt8])? {
        var last: (round: UInt32, bytes: [UInt8])?
        try store.database.scan(.model, from: prefix, prefix: prefix) { key, value in
            let found = try ShardKeys.jobAndRound(key, after: prefix)
            if found.job == job, found.round < round { last = (found.round, value) }
            return true
        }
        return last
    }

    /// Keys of what nobody can ask for any more: other jobs' (one training runs at a time), and this job's before the
    /// round that the order's started from, but for the trainer of the best so far.
    private func staleRounds(_ order: TrainRound) throws -> [[UInt8]] {
        let base = try lastRound(of: order.job, before: order.round, ShardKeys.trainers)?.round ?? 0
        // A city that missed the best round goes back to its last one before it.
        let best = order.kept == 0 ? nil : try lastRound(of: order.job, before: order.kept, ShardKeys.trainers)?.round
        var stale: [[UInt8]] = []
        for prefix in [ShardKeys.trainers, ShardKeys.rounds] {
            try store.database.scan(.model, from: prefix, prefix: prefix) { key, _ in
                let found = try ShardKeys.jobAndRound(key, after: prefix)
                let isKept = prefix == ShardKeys.trainers && found.round == best
                if found.job != order.job || found.round < base && !isKept { stale.append(key) }
                return true
            }
        }
        return stale
    }
}
