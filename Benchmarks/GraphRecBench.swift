// Trains GraphRec on one city in one process, and ranks what people did next: the same trainer, candidates and
// ranking as a cluster's shard, beside popularity. With `--rounds` it stops as many times to judge, a line each; the
// costs add up from line to line.
//
// The floor of training: the dense work. A triplet with fan-out 10,5 reaches some hundred distinct vertices, shared
// with the rest of its batch; each goes through an encoder (148 or 114 x 128 x 64) and two layers of three 64 x 64
// products with their messages, forward once and backward twice: about 10 MFLOP a triplet after sharing, 25,000
// triplets a second at 250 GFLOP/s. Gathers move 256 bytes a message, some 200 messages a triplet both ways: 0.1 MB,
// at 28 GB/s 4 us. What is far below that is overhead: small matrices, sampling, the optimizer's pass over moments.
// Inference gathers one row an edge and layer: two million edges are half a gigabyte a layer, 20 ms.

import Basics
import Graph
import Learn
import Shard
import World

extension Bench {
    private static let standard = GraphRecConfiguration()

    static let graphRec = Bench(
        name: "graphrec",
        summary: "train GraphRec on one city and rank what people did next",
        readsCities: true,
        settings: [
            Setting("city", "the city to train on; empty for the data's first", .text, scope: .call),
            Setting("specified", "the sizes of the specification; only the speed of steps", .flag, scope: .call),
            Setting(
                "plan", "how steps read the graph: cheapest, sampled or whole", .text, default: "cheapest",
                scope: .call),
            Setting("steps", "optimizer steps in all", .integer(0...10_000_000), default: "300", scope: .call),
            Setting("rounds", "in how many parts, each judged", .integer(1...100_000), default: "1", scope: .call),
            Setting(
                "fanout", "neighbors sampled per relation, layer by layer; empty for the model's", .text, scope: .call),
            Setting(
                "batch", "triplets of a step; 0 for the model's", .integer(0...1 << 20), default: "0", scope: .call),
            tuning("rate", "Adam's rate for the shared weights", standard.learningRate),
            tuning("own-rate", "Adam's rate for the places' own embeddings", standard.ownLearningRate),
            tuning("decay", "decay of the shared weights", standard.weightDecay),
            tuning("own-decay", "decay of the own embeddings", standard.ownDecay),
        ] + Cities.settings(people: 20_000, places: 8_000, cities: 4, visits: 60)
    ) { run in
        let configuration = try configuration(run.settings)
        let graph = try run.loading { try cityGraph(run) }
        if run.settings.flag("specified") { return try measureSteps(run, graph, configuration) }
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: run.seed, state: nil)
        var weights = SharedWeights.initial(configuration, seed: run.seed).values
        let (steps, rounds) = (run.settings.integer("steps"), run.settings.integer("rounds"))
        let clock = PhaseClock()
        var triplets = 0
        var (training, embedding, ranking) = (Cost(), Cost(), Cost())
        for round in 0..<rounds {
            trainer.probe = clock.begin
            let (outcome, trained) = try run.working {
                try trainer.round(
                    round, weights: weights, steps: (round + 1) * steps / rounds - round * steps / rounds,
                    pool: run.pool, isCancelled: { false })
            }
            clock.pause()
            trainer.probe = nil
            weights = outcome.weights
            triplets += outcome.samples
            let (embeddings, embedded) = run.working {
                trainer.calibratedEmbeddings(weights: weights, pool: run.pool).embeddings
            }
            let (ranked, searched) = run.working {
                rankHeldOut(
                    graph: graph, embeddings: embeddings, configuration: .graphRec(configuration), weights: weights,
                    keep: 10, pool: run.pool)
            }
            training += trained
            embedding += embedded
            ranking += searched
            let quality = evaluate(graph: graph, ranked: ranked)
            let friends = trainer.friendQuality(weights: weights, pool: run.pool)
            var metrics: [String: Figure] = [
                "triplets_per_second": rate(triplets, in: training.cpu), "loss": .real(outcome.meanLoss),
                "people": .whole(quality.people), "ndcg_at_10": .real(quality.ndcgAt10),
                "recall_at_10": .real(quality.recallAt10),
                "popularity_ndcg_at_10": .real(quality.popularityNDCGAt10),
                "popularity_recall_at_10": .real(quality.popularityRecallAt10),
                "candidates_kept": .real(
                    candidatesKept(graph, embeddings, .graphRec(configuration), weights, run.pool)),
                "split": .object(
                    clock.split.merging([
                        "train_cpu_seconds": .real(training.cpu), "embed_cpu_seconds": .real(embedding.cpu),
                        "rank_cpu_seconds": .real(ranking.cpu),
                    ]) { $1 }),
            ]
            metrics["auc_compat"] = friends?.compatible.map { .real($0) }
            metrics["auc_attend"] = friends?.attends.map { .real($0) }
            try run.report(metrics)
        }
    }

    private static let plans: [String: StepPlan] = ["cheapest": .cheapest, "sampled": .sampled, "whole": .whole]

    private static func tuning(_ name: String, _ help: String, _ value: Float) -> Setting {
        Setting(name, help, .number(0...1), default: "\(value)", scope: .call)
    }

    private static func configuration(_ settings: Settings) throws -> GraphRecConfiguration {
        var configuration = settings.flag("specified") ? .specified : standard
        let fanouts = settings.text("fanout").split(separator: ",").map { Int($0) }
        let chosen = try fanouts.map { fanout in
            guard let fanout, (1...1000).contains(fanout) else {
                throw OptionError("--fanout is one number from 1 to 1000 for each layer, such as 10,5")
            }
            return fanout
        }
        if !chosen.isEmpty { configuration.fanouts = chosen }
        if settings.integer("batch") > 0 { configuration.batch = settings.integer("batch") }
        guard let plan = plans[settings.text("plan")] else {
            throw OptionError("--plan is \(plans.keys.sorted().joined(separator: ", "))")
        }
        configuration.plan = plan
        configuration.learningRate = Float(settings.number("rate"))
        configuration.ownLearningRate = Float(settings.number("own-rate"))
        configuration.weightDecay = Float(settings.number("decay"))
        configuration.ownDecay = Float(settings.number("own-decay"))
        return configuration
    }

    private static func cityGraph(_ run: Run) throws -> CityGraph {
        let cities = try Cities(run)
        let city = try cities.city(named: run.settings.text("city"))
        run.data += "/\(cities.name(of: city))"
        var builder = CityGraphBuilder(city: city)
        try cities.read(emit: { at, record in if at == city { builder.add(record) } })
        return builder.build(pool: run.pool)
    }

    /// What retrieval leaves of the head's ranking: Recall@10 of the candidates that inner products retrieve, ranked by
    /// the head, over that of all places ranked by it, for at most a thousand residents. 1 where it finds nothing.
    private static func candidatesKept(
        _ graph: CityGraph, _ embeddings: CityEmbeddings, _ model: ModelConfiguration, _ weights: [Float],
        _ pool: ComputePool
    ) -> Double {
        let task = RankingTask(heldOutOf: graph).judging(atMost: 1000)
        func recall(_ candidates: Int?) -> Double {
            let ranked = rankNewPlaces(
                for: task.judged, graph: graph, embeddings: embeddings, configuration: model, weights: weights,
                candidates: candidates, keep: 10, pool: pool)
            return task.quality(of: ranked, at: [10])[0].recall
        }
        let all = recall(.max)
        return all > 0 ? recall(nil) / all : 1
    }
}
