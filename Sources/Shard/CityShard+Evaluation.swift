package import Basics
import Graph
import Learn
package import Wire

// How good is the live model, and is it better than something simple? All ways to rank meet the same people, the same
// masks and the same held-out places.

extension CityShard {
    /// The live model's ranking of all places new to each resident, beside the baselines. Costs a full ranking by
    /// each of them, and the training of those that are trained. What was imported after the training counts too.
    package func measure(_ order: EvaluationRequest, pool: ComputePool) throws -> Evaluation {
        guard !order.cutoffs.isEmpty, order.cutoffs.allSatisfy({ (1...1000).contains($0) }) else {
            throw ShardError.badCutoffs(city: name)
        }
        return try computing.withLock { state, _ in
            guard let model = try model(&state) else { throw ShardError.noModel(city: name) }
            let graph = try currentGraph(pool: pool)
            let embeddings = model.aligned(with: graph).embeddings
            let cutoffs = order.cutoffs.map { Int($0) }
            let task = RankingTask(heldOutOf: graph)
            let ranked = rankHeldOut(
                graph: graph, embeddings: embeddings, configuration: model.configuration, weights: model.weights,
                keep: cutoffs.max() ?? 0, pool: pool)
            let retrieval = EmbeddingScorer(
                users: embeddings.people, items: embeddings.places, dimensions: embeddings.dimensions)
            var ways = [
                ("model", task.quality(of: task.judged.map { ranked[Int($0)] }, at: cutoffs)),
                ("its inner product", task.quality(of: retrieval, at: cutoffs, pool: pool)),
            ]
            for baseline in Baseline.allCases {
                let quality = baseline.quality(in: graph, task, at: cutoffs, seed: order.seed, pool: pool)
                ways.append((baseline.rawValue, quality))
            }
            return Evaluation(
                version: model.version,
                rows: ways.flatMap { name, qualities in qualities.map { EvaluationRow(method: name, $0) } },
                friends: model.friends.map {
                    FriendEvaluation(
                        pairs: UInt64($0.pairs), compatible: $0.compatible, attends: $0.attends,
                        attendsIfCompatible: $0.attendsIfCompatible)
                })
        }
    }
}

extension EvaluationRow {
    fileprivate init(method: String, _ quality: RankingQuality) {
        self.init(
            method: method, cutoff: UInt32(quality.cutoff), people: UInt64(quality.users), recall: quality.recall,
            precision: quality.precision, ndcg: quality.ndcg, hitRate: quality.hitRate, coverage: quality.coverage)
    }
}
