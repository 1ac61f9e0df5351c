import Basics
import Cluster
import Graph
import Learn
import Shard
import Wire

/// One row: a model trained one way, and judged in every city.
final class ScaleOutTrial {
    private let run: Run
    private let world: ScaleOutWorld
    private let row: ScaleOutRow
    private let configuration = GraphRecConfiguration()
    /// What trains.
    private var trainers: [CityTrainer]
    /// What each hears of the others' cities where it does.
    private var across: [CityAcross] = []
    private var weights: [Float]
    private var losses: [Double] = []
    private var samples = 0
    private var bytes = 0
    /// CPU seconds by round and part, of averaging, and of what is done by one machine alone.
    private var partSeconds: [[Double]] = []
    private var averageSeconds = 0.0
    private var serialSeconds = 0.0

    init(_ run: Run, _ world: ScaleOutWorld, _ row: ScaleOutRow) throws {
        (self.run, self.world, self.row) = (run, world, row)
        weights = SharedWeights.initial(configuration, seed: run.seed).values
        let (seed, configuration) = (run.seed, configuration)
        trainers = try run.loading {
            let graphs =
                switch row {
                case .random: world.randomParts(seed: seed)
                case .cityWithoutHalo: world.withoutHalo()
                default: world.graphs
                }
            return try Self.trainers(graphs, configuration, seed: seed)
        }
        if row == .random {
            // Own embeddings start in the axes of their cities, or those of one city would not fit together.
            let cities = try Self.trainers(world.graphs, configuration, seed: seed)
            for trainer in trainers { trainer.takeOver(placesOf: cities) }
        }
        if row.hearsAcross {
            across = run.loading { trainers.map { CityAcross($0, among: trainers) } }
            if row.isSynchronous { for (trainer, across) in zip(trainers, across) { trainer.across = across } }
        }
    }

    private static func trainers(
        _ graphs: [CityGraph], _ configuration: GraphRecConfiguration, seed: UInt64
    ) throws -> [CityTrainer] {
        try graphs.map {
            try CityTrainer(
                graph: $0, configuration: configuration, seed: seed ^ UInt64($0.city.number), state: nil)
        }
    }

    func report() throws {
        let (rounds, steps) = (run.settings.integer("rounds"), run.settings.integer("steps"))
        let before = run.work
        if row.isSynchronous {
            for round in 0..<rounds { try takeTurns(round, steps: steps) }
        } else {
            try average(rounds: rounds, steps: steps)
        }
        let cpu = run.work.cpu - before.cpu
        let quality = try judge()
        let simulation = RoundSimulation(
            parts: partSeconds, weightBytes: 4 * weights.count, averageSeconds: averageSeconds,
            serialSeconds: serialSeconds, run.settings)
        let workers = run.settings.integer("workers")
        let critical = row.isSynchronous ? nil : simulation.outcome(workers: workers)
        var metrics: [String: Figure] = [
            "partition": .word(row.partition), "row": .word(row.rawValue), "samples": .whole(samples),
            "rounds": .whole(row.isSynchronous ? 0 : rounds), "bytes": .whole(bytes), "loss": .real(losses.last ?? 0),
            "cpu_seconds": .real(cpu), "critical_path_seconds": .real(critical?.seconds ?? cpu),
            "workers": .whole(row.isSynchronous ? 1 : workers),
        ]
        metrics.merge(quality) { $1 }
        if let critical {
            metrics["split"] = .object([
                "compute": .real(critical.compute), "wait": .real(critical.wait), "wire": .real(critical.wire),
                "average": .real(critical.average),
            ])
            metrics["by_workers"] = .object(simulation.byWorkers(upTo: workers))
            if row == .city { metrics["simulated"] = .object(simulation.larger(seed: run.seed)) }
        }
        try run.report(metrics)
    }

    /// One optimizer, one set of weights, one city after the other.
    private func takeTurns(_ round: Int, steps: Int) throws {
        var last: CityTrainer?
        var loss = 0.0
        for _ in 0..<steps {
            for trainer in trainers {
                if let last, last !== trainer { trainer.takeOver(optimizerOf: last) }
                let outcome = try run.working {
                    try trainer.round(round, weights: weights, steps: 1, pool: run.pool, isCancelled: { false })
                }.result
                weights = outcome.weights
                samples += outcome.samples
                loss += outcome.meanLoss
                if outcome.samples > 0 { last = trainer }
            }
        }
        if let last, let first = trainers.first, last !== first { first.takeOver(optimizerOf: last) }
        losses.append(loss / Double(steps * trainers.count))
    }

    /// Rounds as the coordinator's state machine makes them, with the trainers in the place of workers.
    private func average(rounds: Int, steps: Int) throws {
        var policy = RoundPolicy()
        policy.balance = run.settings.number("balance")
        if policy.balance > 0 { policy.survey = .before }
        policy.outerRate = Float(run.settings.number("outer-rate"))
        if row == .cityNesterov { (policy.outerRate, policy.outerMomentum) = (0.7, 0.9) }
        // Of the samples of a round turns take their part.
        let corrections = row.isCorrected ? min(run.settings.integer("corrections"), steps - 1) : 0
        policy.corrections = UInt32(corrections)
        let cities = trainers.indices.map { CityID(UInt32($0)) }
        var job = TrainingJob(
            .init(
                job: JobID(1), rounds: rounds, steps: steps - corrections, seed: run.seed, cities: cities,
                policy: policy))
        var actions = job.handle(.start(alive: cities))
        var deltas = [[Float]](repeating: [], count: cities.count)
        let initial = weights
        while !actions.isEmpty {
            let action = actions.removeFirst()
            switch action {
            case .survey(let city):
                actions += job.handle(
                    .surveyed(city, worker: WorkerID(1), place: "", survey(of: trainers[Int(city.number)])))
            case .train(let city, let round):
                weights = job.weights.isEmpty ? initial : job.weights
                let order = job.trainRound(of: city)
                let trainer = trainers[Int(city.number)]
                if !across.isEmpty { trainer.across = order.judges ? nil : across[Int(city.number)] }
                let (outcome, cost) = try run.working {
                    try trainer.round(
                        round, weights: weights, steps: Int(order.steps), pool: run.pool, isCancelled: { false })
                }
                // Only averages are judged; a turn is done by one city alone.
                if order.judges {
                    if city == cities[0] { partSeconds.append([Double](repeating: 0, count: cities.count)) }
                    partSeconds[partSeconds.count - 1][Int(city.number)] = cost.cpu
                } else {
                    serialSeconds += cost.cpu
                }
                samples += outcome.samples
                deltas[Int(city.number)] = zip(outcome.weights, weights).map { $0 - $1 }
                actions += job.handle(
                    .trained(
                        city, round: round, samples: UInt64(outcome.samples), meanLoss: outcome.meanLoss,
                        seconds: cost.cpu))
            case .collect(let city, let round):
                let (delta, base) = (deltas[Int(city.number)], round == 0 ? initial : [])
                let (more, cost) = run.working {
                    job.handle(
                        .delta(city, round: round, values: delta, base: base, bytes: 4 * (delta.count + base.count)))
                }
                averageSeconds += cost.cpu
                actions += more
            case .prepare: actions = []
            case .checkpoint, .fetch, .advance, .publish, .goLive, .finished: break
            }
        }
        (weights, losses) = (job.weights, job.losses)
        bytes = job.rounds.reduce(0) { $0 + Int($1.bytes) }
    }
}

extension ScaleOutTrial {
    private func survey(of trainer: CityTrainer) -> CitySurvey {
        CitySurvey(
            job: JobID(1), samples: UInt64(trainer.costs.samples), weights: UInt32(weights.count), stepSeconds: 0,
            roundSeconds: 0, indexSeconds: 0, residentBytes: 0, workingBytes: 0, memoryBytes: 0)
    }

    /// The mean over all cities' judged residents, each city ranked with its whole graph.
    private func judge() throws -> [String: Figure] {
        let (seed, configuration) = (run.seed, configuration)
        let judges = try run.loading {
            row.isCutOtherwise ? try Self.trainers(world.graphs, configuration, seed: seed) : trainers
        }.filter { !$0.graph.places.isEmpty && $0.graph.residents > 0 }
        if row.isCutOtherwise { for judge in judges { judge.takeOver(placesOf: trainers) } }
        let own = judges.map { $0.ownWeights(weights: weights, pool: run.pool) }
        var exchange = UnionExchange(trainers: judges, workers: 1)
        let union = exchange.embed(weights: weights, shares: own.map(\.share), pool: run.pool)
        var (people, apart, ndcg, recall) = (0, 0.0, 0.0, 0.0)
        var areas: [Double] = []
        for (index, judge) in judges.enumerated() {
            let task = RankingTask(heldOutOf: judge.graph)
            let count = Double(task.judged.count)
            func quality(of rows: CityEmbeddings) -> RankingQuality {
                let ranked = rankNewPlaces(
                    for: task.judged, graph: judge.graph,
                    embeddings: judge.calibrated(rows, by: own[index], pool: run.pool),
                    configuration: .graphRec(configuration), weights: weights, keep: 10, pool: run.pool)
                return task.quality(of: ranked, at: [10])[0]
            }
            let alone = quality(
                of: judge.embeddings(weights: weights, ownShare: own[index].share, pool: run.pool))
            people += task.judged.count
            apart += alone.ndcg * count
            recall += alone.recall * count
            ndcg += quality(of: union[index]).ndcg * count
            if let area = judge.friendQuality(weights: weights, pool: run.pool)?.compatible { areas.append(area) }
        }
        let count = Double(max(people, 1))
        var metrics: [String: Figure] = [
            "ndcg_at_10": .real(apart / count), "ndcg_at_10_union": .real(ndcg / count),
            "recall_at_10": .real(recall / count), "people": .whole(people),
        ]
        if !areas.isEmpty { metrics["auc_compat"] = .real(areas.reduce(0, +) / Double(areas.count)) }
        return metrics
    }
}
