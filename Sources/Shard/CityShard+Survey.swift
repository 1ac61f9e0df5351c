package import Basics
import Graph
import Learn
import Store
package import Wire

// What training a city will cost is measured, not modelled: some steps are taken and put back, a state is stored and
// deleted, the city is embedded once and some people are ranked. The trainer that this makes is the one the first round
// needs, so little of it is wasted.

extension CityShard {
    /// Steps before the clock counts, and the bounds of those it counts.
    private static let stepsWarm = 2
    private static let stepsMin = 3
    private static let stepsMax = 10
    private static let secondsMax = 1.5
    /// People ranked to know what ranking all costs.
    private static let peopleRanked = 256

    /// Measures. `memoryBytes` is what the worker may use. Nothing of the city changes.
    package func survey(_ order: SurveyTraining, memoryBytes: UInt64, pool: ComputePool) throws -> CitySurvey {
        try computing.withLock { state, _ in
            let asRound = TrainRound(job: order.job, round: 0, steps: 1, seed: order.seed, model: order.model)
            let weights = try initialized([], asRound)
            let trainer = try self.trainer(for: asRound, weights: weights, pool: pool, state: &state)
            let steps = timedSteps(trainer, weights: weights, pool: pool)
            let storing = try secondsOfStoring(trainer)
            let judging = secondsOfJudging(
                trainer, try configuration(from: order.model), weights: weights, pool: pool)
            let costs = trainer.costs
            let resident = UInt64(trainer.graph.bytes + costs.residentBytes)
            let working = UInt64(costs.stepBytes + 2 * costs.stateBytes + 12 * weights.count)
            return CitySurvey(
                job: order.job, samples: UInt64(costs.samples), weights: UInt32(weights.count),
                stepSeconds: steps.each, roundSeconds: steps.first + storing + judging.weights,
                indexSeconds: judging.index,
                residentBytes: resident, workingBytes: working, memoryBytes: memoryBytes,
                exchangeBytes: UInt64((trainer as? CityTrainer)?.exchangeBytes ?? 0))
        }
    }

    /// Seconds of a step, and what a round costs before its first one. A city without samples takes none.
    private func timedSteps(
        _ trainer: any ModelTrainer, weights: [Float], pool: ComputePool
    ) -> (each: Double, first: Double) {
        if trainer.costs.samples == 0 { return (0, 0) }
        let start = monotonicSeconds()
        var times: [Double] = []
        // It is called off in the end, so that it leaves no trace.
        _ = try? trainer.round(0, weights: weights, steps: Int(Int32.max), pool: pool) {
            times.append(monotonicSeconds())
            let counted = times.count - 1 - Self.stepsWarm
            let isLong = counted >= Self.stepsMin && times[times.count - 1] - start > Self.secondsMax
            return counted >= Self.stepsMax || isLong
        }
        guard times.count > Self.stepsWarm + 1 else { return (0, 0) }
        let each = (times[times.count - 1] - times[Self.stepsWarm]) / Double(times.count - 1 - Self.stepsWarm)
        return (each, max(0, times[Self.stepsWarm] - start - Double(Self.stepsWarm) * each))
    }

    private func secondsOfStoring(_ trainer: any ModelTrainer) throws -> Double {
        let start = monotonicSeconds()
        var batch = WriteBatch()
        batch.put(.model, key: ShardKeys.survey, value: trainer.state())
        try store.database.commit(batch)
        let seconds = monotonicSeconds() - start
        var undo = WriteBatch()
        undo.delete(.model, key: ShardKeys.survey)
        try store.database.commit(undo)
        return seconds
    }

    /// Seconds of judging a round's weights, and of making the city ready for the last: embedding it, and ranking who
    /// held something out.
    private func secondsOfJudging(
        _ trainer: any ModelTrainer, _ configuration: ModelConfiguration, weights: [Float], pool: ComputePool
    ) -> (weights: Double, index: Double) {
        let start = monotonicSeconds()
        _ = trainer.validation(weights: weights, pool: pool)
        let judged = monotonicSeconds()
        let embeddings = trainer.publishedEmbeddings(weights: weights, pool: pool)
        _ = trainer.friendQuality(weights: weights, pool: pool)
        let embedded = monotonicSeconds()
        let graph = trainer.graph
        let asked = (0..<UInt32(graph.residents)).filter { !graph.heldOut(of: $0).isEmpty }
        let some = Array(asked.prefix(Self.peopleRanked))
        if some.isEmpty { return (judged - start, embedded - judged) }
        _ = rankNewPlaces(
            for: some, graph: graph, embeddings: embeddings, configuration: configuration, weights: weights,
            keep: 10, pool: pool)
        let ranking = (monotonicSeconds() - embedded) * Double(asked.count) / Double(some.count)
        return (judged - start, embedded - judged + ranking)
    }
}
