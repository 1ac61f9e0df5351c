package import Basics
import Events
import Graph
import Learn
import Plans
import Store
import Synchronization
package import Wire

// A training job visits a city once a round: shared weights in, shared weights out. The places' own embeddings and
// the optimizer's moments stay here, and are stored after each round before the answer leaves. So a round can be asked
// again at any time, after a lost answer or a killed worker, and gives the same bytes: it starts from what was
// stored after the round before.

extension CityShard {
    /// How many of a person's retrieved places the place head ranks again.
    static let candidates = 200

    /// Judges `weights` by the kept-back visits, then runs one round from them and answers with the new ones. Without
    /// weights it is the first round of all, and there is nothing to judge. A round of no steps judges, and answers no
    /// weights.
    package func trainRound(
        _ order: TrainRound, weights: [Float], pool: ComputePool, isCancelled: () -> Bool
    ) throws -> (result: RoundResult, weights: [Float]) {
        try computing.withLock { state, _ in
            let isFirst = weights.isEmpty
            let weights = try initialized(weights, order)
            let trainer = try trainer(for: order, weights: weights, pool: pool, state: &state)
            let judged = isFirst ? nil : trainer.validation(weights: weights, pool: pool)
            var result = RoundResult(
                job: order.job, round: order.round, samples: 0, meanLoss: 0, judged: UInt64(judged?.people ?? 0),
                ndcg: judged?.ndcg ?? 0)
            if order.steps == 0 { return (result, []) }
            let outcome = try trainer.round(
                Int(order.round), weights: weights, steps: Int(order.steps), pool: pool, isCancelled: isCancelled)
            var batch = WriteBatch()
            batch.put(.model, key: ShardKeys.trainer(order.job, round: order.round), value: trainer.state())
            for key in try staleTrainers(order) { batch.delete(.model, key: key) }
            try store.database.commit(batch)
            state.trainerRound = order.round
            (result.samples, result.meanLoss) = (UInt64(outcome.samples), outcome.meanLoss)
            return (result, outcome.weights)
        }
    }

    /// Embeds the whole city with the job's final weights, measures the ranking of held-out visits, and makes the
    /// model the city's current one. Asked again for the same version, it answers what it answered.
    package func publish(_ order: PublishModel, weights: [Float], pool: ComputePool) throws -> Published {
        try computing.withLock { state, _ in
            if let model = try model(&state), model.version >= order.version {
                guard model.version == order.version else {
                    throw ShardError.oldModel(city: name, asked: order.version, here: model.version)
                }
                return model.report
            }
            let asRound = TrainRound(
                job: order.job, round: order.rounds, steps: 0, seed: order.seed, model: order.model)
            let trainer = try trainer(for: asRound, weights: weights, pool: pool, state: &state)
            let (graph, configuration) = (trainer.graph, try configuration(from: order.model))
            let embeddings = trainer.publishedEmbeddings(weights: weights, pool: pool)
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
            state.model = model
            state.trainer = nil
            try serve(model, pool: pool)
            return report
        }
    }

    /// Stores a model and makes it the current one. The one that was current until now stays beside it.
    private func keep(_ model: CityModel, job: JobID) throws {
        let before = try ShardKeys.currentModelVersion(in: store.database)
        var batch = WriteBatch()
        try store.database.scan(.model, from: ShardKeys.models, prefix: ShardKeys.models) { key, _ in
            if key != ShardKeys.model(before) { batch.delete(.model, key: key) }
            return true
        }
        batch.put(.model, key: ShardKeys.model(model.version), value: model.encoded())
        batch.put(.meta, key: ShardKeys.currentModel, value: ShardKeys.value(of: model.version))
        let published = ModelPublished(
            city: name, model: Digits(model.version), people: Int(model.report.people),
            recallAt10: model.report.values[0], ndcgAt10: model.report.values[1])
        let number = model.version.number
        let draft = EventDraft(
            published, about: number, seed: nil, key: String(number), cause: EventCause.job(job))
        _ = try store.commit(batch, events: outboxEvents([draft]))
        view.withLock { $0.modelVersion = model.version }
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
        if let model = state.model { return model }
        let version = try ShardKeys.currentModelVersion(in: store.database)
        guard let bytes = try store.database.get(.model, key: ShardKeys.model(version)) else { return nil }
        do {
            state.model = try CityModel(decoding: bytes)
        } catch {
            throw ShardError.unreadableState(city: name, what: "model \(version)")
        }
        return state.model
    }

    /// The trainer as it stood after the last round before `order.round`: the one in memory when it is that one,
    /// else from what the store kept, else a fresh one (the first round, or a city that missed the rounds before).
    private func trainer(
        for order: TrainRound, weights: [Float], pool: ComputePool, state: inout Computing
    ) throws -> any ModelTrainer {
        let stored = try lastTrainer(job: order.job, before: order.round)
        if let trainer = state.trainer, state.trainerJob == order.job, stored?.round == state.trainerRound {
            return trainer
        }
        let configuration = try configuration(from: order.model)
        guard weights.count == configuration.sharedCount else {
            throw ShardError.wrongWeights(expected: configuration.sharedCount, got: weights.count)
        }
        let trainer = try configuration.trainer(
            graph: currentGraph(pool: pool), seed: order.seed ^ UInt64(city.number), state: stored?.bytes)
        state.trainer = trainer
        state.trainerJob = order.job
        state.trainerRound = stored?.round ?? 0
        return trainer
    }

    /// The weights of the first round are drawn from the job's seed, the same in every city.
    private func initialized(_ weights: [Float], _ order: TrainRound) throws -> [Float] {
        if !weights.isEmpty { return weights }
        return try configuration(from: order.model).initialWeights(seed: order.seed)
    }

    private func configuration(from block: [UInt8]) throws -> ModelConfiguration {
        do {
            return try ModelConfiguration(ModelOrder(block: block))
        } catch let error as ByteError {
            throw ShardError.badModel(reason: "its order \(error)")
        }
    }

    private func lastTrainer(job: JobID, before round: UInt32) throws -> (round: UInt32, bytes: [UInt8])? {
        var last: (round: UInt32, bytes: [UInt8])?
        try store.database.scan(.model, from: ShardKeys.trainer(job, round: 0), prefix: ShardKeys.trainers) {
            key, value in
            let found = try ShardKeys.trainerKey(key)
            guard found.job == job, found.round < round else { return false }
            last = (found.round, value)
            return true
        }
        return last
    }

    /// Keys of trainer states nobody can ask for any more: other jobs' (one training runs at a time), and this job's
    /// before the one that the round started from, but for the best so far.
    private func staleTrainers(_ order: TrainRound) throws -> [[UInt8]] {
        let base = try lastTrainer(job: order.job, before: order.round)?.round ?? 0
        // A city that missed the best round goes back to its last one before it.
        let best = order.kept == 0 ? nil : try lastTrainer(job: order.job, before: order.kept)?.round
        var stale: [[UInt8]] = []
        try store.database.scan(.model, from: ShardKeys.trainers, prefix: ShardKeys.trainers) { key, _ in
            let found = try ShardKeys.trainerKey(key)
            if found.job != order.job || found.round < base && found.round != best { stale.append(key) }
            return true
        }
        return stale
    }
}
