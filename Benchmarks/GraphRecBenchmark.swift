import Basics
import Foundation
import Graph
import Learn
import Linalg
import Nearest
import World

/// Trains GraphRec on one city and prints a line per round: speed, loss and ranking quality beside popularity.
struct GraphRecBenchmark {
    let options: [String: String]
    let core: String

    private func number(_ name: String, _ standard: Int) -> Int { options[name].flatMap { Int($0) } ?? standard }
    private func real(_ name: String, _ standard: Float) -> Float { options[name].flatMap { Float($0) } ?? standard }

    func run() throws {
        let pool = ComputePool(threads: number("threads", 1))
        let start = monotonicSeconds()
        let graph = try load(pool)
        let loaded = monotonicSeconds() - start
        var configuration = GraphRecConfiguration()
        configuration.batch = number("batch", configuration.batch)
        if let fanout = options["fanout"] {
            configuration.fanouts = fanout.split(separator: ",").compactMap { Int($0) }
        }
        configuration.learningRate = real("rate", configuration.learningRate)
        configuration.ownLearningRate = real("own-rate", configuration.ownLearningRate)
        configuration.ownDecay = real("own-decay", configuration.ownDecay)
        configuration.weightDecay = real("decay", configuration.weightDecay)
        configuration.negatives = number("negatives", configuration.negatives)
        let seed = UInt64(number("seed", 1))
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: seed, state: nil)
        var weights = SharedWeights.initial(configuration, seed: seed).values
        print(
            "people \(graph.people.count) residents \(graph.residents) places \(graph.places.count) "
                + "visits \(graph.visitPlaces.count) friendships \(graph.socialNeighbors.count / 2) core \(core) "
                + "load \(loaded)")
        report(graph, configuration, weights, trainer, pool, round: -1)
        let every = number("every", 1)
        for round in 0..<number("rounds", 10) {
            let (wall, processor) = (monotonicSeconds(), processCPUSeconds())
            let outcome = try trainer.round(
                round, weights: weights, steps: number("steps", 100), pool: pool, isCancelled: { false })
            weights = outcome.weights
            let (seconds, cpu) = (monotonicSeconds() - wall, processCPUSeconds() - processor)
            print(
                "round \(round) loss \(outcome.meanLoss) steps/s \(Double(number("steps", 100)) / seconds) "
                    + "triplets/cpu-s \(Double(outcome.samples) / cpu)")
            if (round + 1) % every == 0 { report(graph, configuration, weights, trainer, pool, round: round) }
        }
    }

    private func load(_ pool: ComputePool) throws -> CityGraph {
        let source: any DataSet
        if let folder = options["data"] {
            source = FoursquareDataSet(directory: folder)
        } else {
            source = SyntheticDataSet(
                SyntheticConfiguration(people: number("people", 2000), places: number("places", 1000), cities: 1,
                    seed: 1))
        }
        let names = try source.cityNames()
        let wanted = options["city"] ?? names[0]
        var cities: [String: CityID] = [:]
        for (index, name) in names.enumerated() { cities[name] = CityID(UInt32(index)) }
        guard let city = cities[wanted] else { fatalError("cities: \(names)") }
        var builder = CityGraphBuilder(city: city)
        try source.read(
            cities: cities, emit: { at, record in if at == city { builder.add(record) } }, reject: { _ in },
            progress: { _ in })
        return builder.build(pool: pool)
    }

    private func report(
        _ graph: CityGraph, _ configuration: GraphRecConfiguration, _ weights: [Float], _ trainer: CityTrainer,
        _ pool: ComputePool, round: Int
    ) {
        let start = processCPUSeconds()
        let embeddings = trainer.embeddings(weights: weights, pool: pool)
        let embedded = processCPUSeconds()
        let retrieved = retrieve(graph, embeddings, pool)
        let searched = processCPUSeconds()
        let head = PlaceHead(configuration: configuration, weights: weights)
        let people = (0..<UInt32(graph.residents)).map { $0 }
        let scores = head.scores(
            people: people, candidates: retrieved, embeddings: embeddings,
            context: PlaceContext.vector(slot: nil, configuration: configuration), pool: pool)
        let reranked = zip(retrieved, scores).map { places, scores in
            zip(places, scores).sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
        }
        let ranked = processCPUSeconds()
        let first = evaluate(graph: graph, ranked: retrieved)
        let second = evaluate(graph: graph, ranked: reranked)
        print(
            "  eval people \(first.people) popularity ndcg \(first.popularityNDCGAt10) recall "
                + "\(first.popularityRecallAt10) | retrieval ndcg \(first.ndcgAt10) recall \(first.recallAt10) | head ndcg "
                + "\(second.ndcgAt10) recall \(second.recallAt10) | embed \(embedded - start) search "
                + "\(searched - embedded) head \(ranked - searched)")
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
