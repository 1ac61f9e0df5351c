import Basics
import Graph
import Learn
import Nearest
import World

@testable import Plans

/// A made-up city, its records, and a model that was trained on it for a moment.
struct TrainedCity {
    let records: [Record]
    let graph: CityGraph
    let configuration: GraphRecConfiguration
    let weights: [Float]
    let state: [UInt8]
    let embeddings: CityEmbeddings
    let city: ServingCity

    private static let id = CityID(7)

    init() {
        let world = SyntheticDataSet(
            SyntheticConfiguration(
                people: 200, places: 120, cities: 1, neighborhoodsPerCity: 4, visitsPerPerson: 30, seed: 3))
        var records: [Record] = []
        do {
            let names = try world.cityNames()
            try world.read(
                cities: [names[0]: Self.id], emit: { _, record in records.append(record) }, reject: { _ in },
                progress: { _ in })
        } catch {
            preconditionFailure("the made-up world failed: \(error)")
        }
        var configuration = GraphRecConfiguration()
        configuration.dimensions = 16
        configuration.encoderHidden = 24
        configuration.headHidden = [16, 8]
        configuration.batch = 64
        configuration.validationShare = 0
        let pool = ComputePool(threads: 2)
        let graph = Self.graph(of: records)
        do {
            let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
            weights = try trainer.round(
                0, weights: SharedWeights.initial(configuration, seed: 5).values, steps: 120, pool: pool,
                isCancelled: { false }
            ).weights
            state = trainer.state()
            embeddings = trainer.embeddings(weights: weights, pool: pool)
        } catch {
            preconditionFailure("training failed: \(error)")
        }
        (self.records, self.graph, self.configuration) = (records, graph, configuration)
        city = ServingCity(
            version: ModelVersion(1), configuration: .graphRec(configuration), weights: weights, graph: graph,
            embeddings: embeddings, knownPeople: [Bool](repeating: true, count: graph.people.count), unknownPlaces: [],
            pool: pool
        ) { RowIndex(vectors: $1, dimensions: $2, pool: pool) }
    }

    static func graph(of records: [Record]) -> CityGraph {
        var builder = CityGraphBuilder(city: id)
        for record in records { builder.add(record) }
        return builder.build(pool: ComputePool(threads: 2))
    }

    var people: [Person] {
        records.compactMap { record in if case .person(let person) = record { person } else { nil } }
    }

    var places: [Place] {
        records.compactMap { record in if case .place(let place) = record { place } else { nil } }
    }

    /// What the same model makes of the city when a record is another one.
    func embeddings(with changed: Record) throws -> CityEmbeddings {
        let replaced = records.map { record -> Record in
            switch (record, changed) {
            case (.person(let old), .person(let new)) where old.id == new.id: changed
            case (.place(let old), .place(let new)) where old.id == new.id: changed
            default: record
            }
        }
        let trainer = try CityTrainer(
            graph: Self.graph(of: replaced), configuration: configuration, seed: 5, state: state)
        return trainer.embeddings(weights: weights, pool: ComputePool(threads: 2))
    }
}
