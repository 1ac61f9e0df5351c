import Basics
import Glibc
import Graph
import Learn
import Linalg
import Nearest
import World

/// Trains GraphRec on one city, of a Foursquare folder or made up, and prints a line before training and one for
/// each round: speed, loss, and how it ranks what residents do next beside how popularity ranks it.
struct GraphRecBenchmark {
    let options: BenchmarkOptions
    let core: String

    func run() throws {
        let pool = ComputePool(threads: options.integer("threads", 1))
        let start = monotonicSeconds()
        let graph = try load(pool)
        let seconds = monotonicSeconds() - start
        let configuration = configuration()
        let seed = UInt64(options.integer("seed", 1))
        let steps = options.integer("steps", 100)
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: seed, state: nil)
        var weights = SharedWeights.initial(configuration, seed: seed).values
        var line = BenchmarkLine()
        report(&line, graph, trainer, weights, pool, round: -1, load: seconds)
        for round in 0..<options.integer("rounds", 4) {
            let (wall, processor) = (monotonicSeconds(), processCPUSeconds())
            let outcome = try trainer.round(round, weights: weights, steps: steps, pool: pool, isCancelled: { false })
            let (spent, worked) = (monotonicSeconds() - wall, processCPUSeconds() - processor)
            weights = outcome.weights
            line = BenchmarkLine()
            line.fields = [("cpu_seconds", "\(worked)"), ("wall_seconds", "\(spent)")]
            line.metrics = [
                ("loss", outcome.meanLoss), ("steps_per_second", Double(steps) / spent),
                ("positives_per_cpu_second", Double(outcome.samples) / worked),
                ("triplets_per_second", Double(outcome.samples * configuration.negatives) / spent),
            ]
            report(&line, graph, trainer, weights, pool, round: round, load: seconds)
        }
    }

    private func configuration() -> GraphRecConfiguration {
        var configuration = GraphRecConfiguration()
        configuration.batch = options.integer("batch", configuration.batch)
        configuration.negatives = options.integer("negatives", configuration.negatives)
        if let fanout = options.text("fanout") {
            configuration.fanouts = fanout.split(separator: ",").compactMap { Int($0) }
        }
        configuration.learningRate = options.number("rate", configuration.learningRate)
        configuration.headLearningRate = options.number("head-rate", configuration.headLearningRate)
        configuration.ownLearningRate = options.number("own-rate", configuration.ownLearningRate)
        configuration.ownDecay = options.number("own-decay", configuration.ownDecay)
        return configuration
    }

    private func load(_ pool: ComputePool) throws -> CityGraph {
        let source: any DataSet
        if let folder = options.text("data") {
            source = FoursquareDataSet(directory: folder)
        } else {
            source = SyntheticDataSet(
                SyntheticConfiguration(
                    people: options.integer("people", 2000), places: options.integer("places", 1000), cities: 1,
                    seed: 1))
        }
        let names = try source.cityNames()
        var cities: [String: CityID] = [:]
        for (number, name) in names.enumerated() { cities[name] = CityID(UInt32(number)) }
        let wanted = options.text("city") ?? names[0]
        guard let city = cities[wanted] else { throw ImportError.unknownCity(wanted) }
        var builder = CityGraphBuilder(city: city)
        try source.read(
            cities: cities, emit: { at, record in if at == city { builder.add(record) } }, reject: { _ in },
            progress: { _ in })
        return builder.build(pool: pool)
    }

    private func report(
        _ line: inout BenchmarkLine, _ graph: CityGraph, _ trainer: CityTrainer, _ weights: [Float],
        _ pool: ComputePool, round: Int, load: Double
    ) {
        let configuration = configuration()
        let embeddings = trainer.embeddings(weights: weights, pool: pool)
        let retrieved = retrieve(graph, embeddings, pool)
        let head = PlaceHead(configuration: configuration, weights: weights)
        let scores = head.scores(
            people: (0..<UInt32(graph.residents)).map { $0 }, candidates: retrieved, embeddings: embeddings,
            context: PlaceContext.vector(slot: nil, configuration: configuration), pool: pool)
        let ranked = zip(retrieved, scores).map { places, scores in
            zip(places, scores).sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
        }
        let first = evaluate(graph: graph, ranked: retrieved)
        let final = evaluate(graph: graph, ranked: ranked)
        line.fields = [
            ("name", "\"graphrec\""), ("data", "\"\(options.text("data") == nil ? "synthetic" : "foursquare")\""),
            ("city", "\"\(options.text("city") ?? "")\""), ("core", "\"\(core)\""),
            ("threads", "\(pool.threads)"), ("seed", "\(options.integer("seed", 1))"), ("round", "\(round)"),
            ("load_seconds", "\(load)"), ("peak_bytes", "\(BenchmarkLine.peakBytes)"),
        ] + line.fields
        line.metrics += [
            ("people", Double(final.people)), ("ndcg_at_10", final.ndcgAt10), ("recall_at_10", final.recallAt10),
            ("retrieval_ndcg_at_10", first.ndcgAt10), ("retrieval_recall_at_10", first.recallAt10),
            ("popularity_ndcg_at_10", final.popularityNDCGAt10),
            ("popularity_recall_at_10", final.popularityRecallAt10),
        ]
        print(line.printed())
        fflush(nil)
    }

    private func retrieve(_ graph: CityGraph, _ embeddings: CityEmbeddings, _ pool: ComputePool) -> [[UInt32]] {
        let index = ExactIndex(vectors: embeddings.places, dimensions: embeddings.dimensions)
        let found = index.search(
            queries: embeddings.people.span.extracting(0..<graph.residents * embeddings.dimensions), count: 200,
            excluding: { person in Set(graph.visitPlaces[graph.visits(of: UInt32(person))]).sorted() }, pool: pool)
        return found.map { neighbors in neighbors.map(\.row) }
    }
}
