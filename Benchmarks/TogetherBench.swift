// The embeddings that a cluster answers with beside those of one process that holds all its cities. The job is known:
// `muster train --rounds 1 --steps N`, from the same seed, so one process can train the same, and embed the union of
// all graphs. What the cluster has comes from `muster export FOLDER --format csv`.

import Basics
import Cluster
import FoundationEssentials
import Graph
import Learn
import Shard
import Wire

extension Bench {
    static let together = Bench(
        name: "together",
        summary: "hold a cluster's exported embeddings against one process with the union of all its cities",
        readsCities: true,
        settings: [
            Setting("export", "the folder that the cluster's embeddings were exported to", .path, scope: .call),
            Setting(
                "steps", "steps of each city in the cluster's one round", .integer(1...1000), default: "5",
                scope: .call),
        ] + Cities.settings(people: 3_000, places: 3_000, cities: 6, visits: 60)
    ) { run in
        guard let folder = run.settings.path("export") else { throw OptionError("--export names the export's folder") }
        let world = try ScaleOutWorld(run)
        let found = try run.loading { try ExportedRows(folder: folder, cities: world.names) }
        let steps = run.settings.integer("steps")
        let order = ModelOrder(
            model: ModelOrder.standard.model, settings: [.init(name: "fall-steps", value: String(steps))])
        let round = try run.working { try OneRound(run, world, order, steps: steps) }.result
        let own = round.trainers.map { $0.ownWeights(weights: round.weights, pool: run.pool) }
        let union = unionEmbeddings(
            of: round.trainers, weights: round.weights, ownShares: own.map(\.share), pool: run.pool)
        var (largest, without, rows) = (0.0, 0.0, 0)
        for (index, trainer) in round.trainers.enumerated() {
            let graph = trainer.graph
            let apart = trainer.embeddings(weights: round.weights, ownShare: own[index].share, pool: run.pool)
            var network = apart
            network.replace(residents: union[index].residents, places: union[index].places)
            func difference(_ rows: CityEmbeddings) -> Double {
                let truth = trainer.calibrated(rows, by: own[index], pool: run.pool)
                return max(
                    found.people(of: index, graph.people[..<graph.residents], truth),
                    found.places(of: index, graph.places[...], truth))
            }
            (largest, without) = (max(largest, difference(network)), max(without, difference(apart)))
            rows += graph.residents + graph.places.count
        }
        try run.report([
            "cities": .whole(round.trainers.count), "rows": .whole(rows), "largest_difference": .real(largest),
            "without_exchange": .real(without),
        ])
    }
}

/// All cities after one round of a job, as workers and the coordinator would have it.
private struct OneRound {
    let trainers: [CityTrainer]
    let weights: [Float]

    init(_ run: Run, _ world: ScaleOutWorld, _ order: ModelOrder, steps: Int) throws {
        let configuration = try ModelConfiguration(order)
        let trainers = try world.graphs.map { graph in
            let seed = run.seed ^ UInt64(graph.city.number)
            guard let trainer = try configuration.trainer(graph: graph, seed: seed, state: nil) as? CityTrainer else {
                throw BenchError("only GraphRec's cities tell each other anything")
            }
            return trainer
        }
        let initial = configuration.initialWeights(seed: run.seed)
        let cities = trainers.map(\.graph.city)
        var job = TrainingJob(.init(job: JobID(1), rounds: 1, steps: steps, seed: run.seed, cities: cities))
        var actions = job.handle(.start(alive: cities))
        var deltas: [CityID: [Float]] = [:]
        while !actions.isEmpty {
            switch actions.removeFirst() {
            case .train(let city, let round) where round == 0:
                let outcome = try trainers[Int(city.number)].round(
                    0, weights: initial, steps: steps, pool: run.pool, isCancelled: { false })
                deltas[city] = zip(outcome.weights, initial).map { $0 - $1 }
                actions += job.handle(
                    .trained(
                        city, round: 0, samples: UInt64(outcome.samples), meanLoss: outcome.meanLoss, seconds: 0))
            case .collect(let city, let round):
                actions += job.handle(
                    .delta(city, round: round, values: deltas[city] ?? [], base: initial, bytes: 0))
            default: continue
            }
        }
        (self.trainers, weights) = (trainers, job.weights)
    }
}

/// Embeddings as the export's tables have them, by city.
private struct ExportedRows {
    private var people: [[UInt64: [Float]]]
    private var places: [[UInt64: [Float]]]

    init(folder: String, cities: [String]) throws {
        (people, places) = (
            try Self.read("\(folder)/people_embeddings.csv", cities, column: 4),
            try Self.read("\(folder)/place_embeddings.csv", cities, column: 3)
        )
    }

    private static func read(_ path: String, _ cities: [String], column: Int) throws -> [[UInt64: [Float]]] {
        let numbers = Dictionary(uniqueKeysWithValues: zip(cities, 0...))
        var rows = [[UInt64: [Float]]](repeating: [:], count: cities.count)
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == column + 1, let number = UInt64(fields[0]), let city = numbers[String(fields[1])]
            else { throw BenchError("\(path) has a line that is no embedding: \(line.prefix(60))") }
            rows[city][number] = fields[column].split(separator: ";").compactMap { Float($0) }
        }
        return rows
    }

    /// The largest difference of any number of a city's people; infinite where one is missing.
    func people(of city: Int, _ ids: ArraySlice<PersonID>, _ truth: CityEmbeddings) -> Double {
        Self.difference(people[city], ids.map(\.number), truth.people, truth.dimensions)
    }

    func places(of city: Int, _ ids: ArraySlice<PlaceID>, _ truth: CityEmbeddings) -> Double {
        Self.difference(places[city], ids.map(\.number), truth.places, truth.dimensions)
    }

    private static func difference(
        _ found: [UInt64: [Float]], _ ids: [UInt64], _ truth: [Float], _ width: Int
    ) -> Double {
        var largest = 0.0
        for (row, id) in ids.enumerated() {
            guard let vector = found[id], vector.count == width else { return .infinity }
            for column in 0..<width {
                largest = max(largest, Double(abs(vector[column] - truth[row * width + column])))
            }
        }
        return largest
    }
}

extension CityEmbeddings {
    /// Puts other rows of the network, [rows, dimensions - 1], in the place of the first people's and of all places'.
    fileprivate mutating func replace(residents: [Float], places rows: [Float]) {
        func put(_ rows: [Float], into all: inout [Float]) {
            let width = dimensions - 1
            for row in 0..<rows.count / width {
                for column in 0..<width { all[row * dimensions + column] = rows[row * width + column] }
            }
        }
        put(residents, into: &people)
        put(rows, into: &places)
    }
}
