// Quality of GraphRec: one model trained on all cities in rounds, as a cluster does, then every city ranked for what
// its residents did next, beside simple rankings of the same people under the same masks; then the same with parts of
// the graph left out. Whether retrieval agrees with ranking is measured on some residents whose places the head ranks
// all.
//
// Splits: `last` holds out the last tenth of each resident's visits, `global` everything after the first four fifths of
// all visits of the city by time; what is to be found are places new to the person. No setting is chosen by them: what
// is chosen while training (how much popularity counts) is chosen by the end of the training visits.
//
// The floor: a step computes every person and place of a city once, there and back, some 0.2 MFLOP each, and one
// softmax over all pairs of people asked and places: 6 · 64 operations a pair. A city of 3,000 and 3,000 is 5 GFLOP a
// step.

import Basics
import Graph
import Learn
import Shard
import World

extension Bench {
    static let quality = Bench(
        name: "quality",
        summary: "train GraphRec on all cities together and rank what people did next, beside simple rankings",
        readsCities: true,
        settings: [
            Setting("city", "only this city", .text, scope: .call),
            Setting("split", "what is held out: last or global", .text, default: "last", scope: .call),
            Setting("steps", "steps of each city in all", .integer(0...1_000_000), default: "150", scope: .call),
            Setting("rounds", "in how many rounds", .integer(1...100_000), default: "5", scope: .call),
            Setting("drop", "what is left out: social, visits or graph", .text, scope: .call),
            Setting("baselines", "rank the simple ways too", .flag, scope: .call),
            number("rate", "Adam's rate for the shared weights", GraphRecConfiguration().learningRate),
            number("own-rate", "Adam's rate for the places' embeddings", GraphRecConfiguration().ownLearningRate),
            number("bias-rate", "Adam's rate for the places' biases", GraphRecConfiguration().biasLearningRate),
            number("own-decay", "decay of the places' embeddings", GraphRecConfiguration().ownDecay),
            number(
                "own-dropout", "share of the places' embeddings that a step does without",
                GraphRecConfiguration().ownDropout),
            number("hidden", "share of positives that a step hides", GraphRecConfiguration().hiddenShare),
            number("power", "power of a person's activity", GraphRecConfiguration().activityPower),
            number("ranking", "weight of the head's loss", GraphRecConfiguration().rankingWeight),
            number("rating", "least rating of a positive", GraphRecConfiguration().positiveRating),
            Setting(
                "steady", "steps after which rates fall", .integer(1...1 << 24),
                default: "\(GraphRecConfiguration().schedule.steadySteps)", scope: .call),
            Setting("width", "width of embeddings", .integer(4...512), default: "64", scope: .call),
        ] + Cities.settings(people: 10_000, places: 10_000, cities: 8, visits: 125)
    ) { run in
        let trial = try QualityTrial(run)
        try trial.train()
        try trial.report()
    }

    private static func number(_ name: String, _ help: String, _ value: Float) -> Setting {
        Setting(name, help, .number(0...100), default: "\(value)", scope: .call)
    }
}

/// One city of a trial.
private struct QualityCity {
    let name: String
    let trainer: CityTrainer
    let task: RankingTask
}

/// A model in training on some cities, and what it is judged by.
private final class QualityTrial {
    private let run: Run
    private let configuration: GraphRecConfiguration
    private var cities: [QualityCity] = []
    private var weights: [Float]
    private var losses: [Double] = []
    private var validations: [Double] = []
    /// After the round whose kept-back visits were ranked best.
    private var best: (weights: [Float], states: [[UInt8]])?

    private var stopping = EarlyStopping(patience: 3)

    init(_ run: Run) throws {
        self.run = run
        configuration = try Self.configuration(run.settings)
        weights = SharedWeights.initial(configuration, seed: run.seed).values
        let (configuration, seed) = (configuration, run.seed)
        cities = try run.loading {
            try Self.splitCities(run).map { name, graph, task in
                let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: seed, state: nil)
                return QualityCity(name: name, trainer: trainer, task: task)
            }
        }
    }

    /// Rounds as a cluster makes them: every city from the same weights, then their average by samples. The best round
    /// counts, and a few without a better one are the end.
    func train() throws {
        let (steps, rounds) = (run.settings.integer("steps"), run.settings.integer("rounds"))
        for round in 0..<rounds {
            let count = (round + 1) * steps / rounds - round * steps / rounds
            let (outcomes, _) = try run.working {
                try cities.map {
                    try $0.trainer.round(
                        round, weights: weights, steps: count, pool: run.pool, isCancelled: { false })
                }
            }
            let total = outcomes.reduce(0) { $0 + $1.samples }
            if total == 0 { continue }
            weights = weights.indices.map { index in
                outcomes.reduce(Float(0)) { $0 + $1.weights[index] * Float($1.samples) / Float(total) }
            }
            losses.append(outcomes.reduce(0) { $0 + $1.meanLoss * Double($1.samples) } / Double(total))
            let found = cities.compactMap { $0.trainer.validation(weights: weights, pool: run.pool) }
            let people = found.reduce(0) { $0 + $1.people }
            let sum = found.reduce(0.0) { $0 + $1.ndcg * Double($1.people) }
            validations.append(sum / Double(max(people, 1)))
            if stopping.judge(round, score: validations[validations.count - 1]) {
                best = (weights, cities.map { $0.trainer.state() })
            }
            if stopping.isOver { break }
        }
        guard let best else { return }
        weights = best.weights
        let (seed, configuration) = (run.seed, configuration)
        cities = try zip(cities, best.states).map { city, state in
            let trainer = try CityTrainer(
                graph: city.trainer.graph, configuration: configuration, seed: seed, state: state)
            return QualityCity(name: city.name, trainer: trainer, task: city.task)
        }
    }

    /// A line for each city, and one for all.
    func report() throws {
        var all: [(people: Int, values: [String: Double])] = []
        for city in cities {
            let values = measure(city)
            all.append((city.task.judged.count, values))
            try report(values, of: city.name, people: city.task.judged.count)
        }
        if cities.count < 2 { return }
        let people = all.reduce(0) { $0 + $1.people }
        var together: [String: Double] = [:]
        for name in all[0].values.keys {
            let sum = all.reduce(0.0) { $0 + ($1.values[name] ?? 0) * Double($1.people) }
            together[name] = sum / Double(max(people, 1))
        }
        try report(together, of: "all", people: people)
    }

    private func report(_ values: [String: Double], of city: String, people: Int) throws {
        var metrics = values.mapValues { Figure.real($0) }
        metrics["people"] = .whole(people)
        metrics["loss"] = .real(losses.last ?? 0)
        let data = run.data
        defer { run.data = data }
        run.data += "/\(city)"
        for (round, ndcg) in validations.enumerated() { metrics["validation_\(round)"] = .real(ndcg) }
        try run.report(metrics)
    }

    private func measure(_ city: QualityCity) -> [String: Double] {
        let (graph, task, pool) = (city.trainer.graph, city.task, run.pool)
        let ((embeddings, own), _) = run.working {
            city.trainer.calibratedEmbeddings(weights: weights, pool: pool)
        }
        func ranked(_ people: [UInt32], _ candidates: Int?) -> [[UInt32]] {
            rankNewPlaces(
                for: people, graph: graph, embeddings: embeddings, configuration: .graphRec(configuration),
                weights: weights,
                candidates: candidates, keep: 10, pool: pool)
        }
        let quality = task.quality(of: ranked(task.judged, nil), at: [10])[0]
        var values = [
            "ndcg_at_10": quality.ndcg, "recall_at_10": quality.recall, "hit_rate": quality.hitRate,
            "coverage": quality.coverage, "popularity_base": Double(own.popularity.base),
            "popularity_doubt": Double(own.popularity.doubt), "own_share": Double(own.share),
            "taste_strength": Double(own.taste.strength ?? 0), "spectrum_weight": Double(own.taste.spectrum),
        ]
        let users = Array(embeddings.people[..<(graph.residents * embeddings.dimensions)])
        let product = EmbeddingScorer(users: users, items: embeddings.places, dimensions: embeddings.dimensions)
        values["product_ndcg_at_10"] = task.quality(of: product, at: [10], pool: pool)[0].ndcg
        let some = task.judging(atMost: 300)
        values["some_recall_retrieved"] = some.quality(of: ranked(some.judged, nil), at: [10])[0].recall
        values["some_recall_all_ranked"] = some.quality(of: ranked(some.judged, .max), at: [10])[0].recall
        let friends = city.trainer.friendQuality(weights: weights, pool: pool)
        values["friend_pairs"] = Double(friends?.pairs ?? 0)
        values["auc_compat"] = friends?.compatible
        values["auc_attend"] = friends?.attends
        values["auc_attend_if_compat"] = friends?.attendsIfCompatible
        values["auc_attend_if_compat_by_edge"] = friends?.attendsByEdge
        if run.settings.flag("baselines") {
            for baseline in Baseline.allCases {
                let found = baseline.quality(in: graph, task, at: [10], seed: run.seed, pool: pool)[0]
                values["\(baseline)_ndcg_at_10"] = found.ndcg
                values["\(baseline)_recall_at_10"] = found.recall
            }
        }
        return values
    }

    private static func configuration(_ settings: Settings) throws -> GraphRecConfiguration {
        var configuration = GraphRecConfiguration()
        configuration.dimensions = settings.integer("width")
        configuration.schedule.steadySteps = settings.integer("steady")
        configuration.learningRate = Float(settings.number("rate"))
        configuration.ownLearningRate = Float(settings.number("own-rate"))
        configuration.biasLearningRate = Float(settings.number("bias-rate"))
        configuration.ownDropout = Float(settings.number("own-dropout"))
        configuration.ownDecay = Float(settings.number("own-decay"))
        configuration.hiddenShare = Float(settings.number("hidden"))
        configuration.activityPower = Float(settings.number("power"))
        configuration.rankingWeight = Float(settings.number("ranking"))
        configuration.positiveRating = Float(settings.number("rating"))
        switch settings.text("drop") {
        case "": break
        case "social": configuration.relations.remove(.social)
        case "visits": configuration.relations = .social
        case "graph": configuration.relations = []
        default: throw OptionError("--drop is social, visits or graph")
        }
        return configuration
    }

    /// Every city's graph and what is to be found in it.
    private static func splitCities(_ run: Run) throws -> [(String, CityGraph, RankingTask)] {
        let cities = try Cities(run)
        let isGlobal = run.settings.text("split") == "global"
        guard isGlobal || run.settings.text("split") == "last" else { throw OptionError("--split is last or global") }
        let only = run.settings.text("city")
        var records = [[Record]](repeating: [], count: cities.names.count)
        try cities.read(emit: { city, record in records[Int(city.number)].append(record) })
        return cities.names.indices.filter { only.isEmpty || cities.names[$0] == only }.map { number in
            let city = CityID(UInt32(number))
            if isGlobal {
                let (graph, task) = globalSplit(records[number], city, run.pool)
                return (cities.names[number], graph, task)
            }
            var builder = CityGraphBuilder(city: city)
            for record in records[number] { builder.add(record) }
            let graph = builder.build(pool: run.pool)
            return (cities.names[number], graph, RankingTask(heldOutOf: graph))
        }
    }

    /// The first four fifths of the visits by time make the graph.
    private static func globalSplit(
        _ records: [Record], _ city: CityID, _ pool: ComputePool
    ) -> (CityGraph, RankingTask) {
        let times = records.compactMap { record -> Int64? in
            if case .visit(let visit) = record { visit.time.milliseconds } else { nil }
        }.sorted()
        let end = times.isEmpty ? 0 : times[times.count * 4 / 5]
        var builder = CityGraphBuilder(city: city, heldOutShare: 0)
        var later: [Visit] = []
        for record in records {
            if case .visit(let visit) = record, visit.time.milliseconds >= end {
                later.append(visit)
            } else {
                builder.add(record)
            }
        }
        let graph = builder.build(pool: pool)
        let known = RankingTask(heldOutOf: graph).known
        let wanted = later.compactMap { visit -> (user: UInt32, item: UInt32)? in
            guard let person = graph.localPerson(visit.person), Int(person) < graph.residents,
                let place = graph.localPlace(visit.place), !known[Int(person)].contains(place)
            else { return nil }
            return (person, place)
        }
        let lists = ItemLists(users: graph.residents, items: graph.places.count, pairs: wanted)
        return (graph, RankingTask(known: known, wanted: lists))
    }
}
