package import Basics
import Graph
import Learn
import Nearest
import Plans
import Store
import Synchronization
package import World

// Recommendations. What a city answers from (`ServingCity`) is made aside, by whoever holds `computing`: after a
// training, after a plan that met new rows, and when a worker starts. It is measured, and put in place by one
// assignment. So a question never waits for a graph or a training, and sees one version throughout. People and places
// that are imported are appended at once; their trained rows come with the next training.
//
// The version before stays beside the live one: it can be asked by name, and switched back to.

extension CityShard {
    /// What answers recommendations, and what it does not know yet.
    struct Serving {
        var live: ServingCity?
        var other: ServingCity?
        /// People and places that were imported since the graph of `live` was begun, oldest first; they are appended to
        /// whatever takes its place.
        var recent: [(generation: UInt64, record: Record)] = []
        /// More than this many wait for the next graph.
        static let recentMax = 100_000

        /// Notes rows that are durable: they can be found by the next question.
        mutating func append(_ records: [Record], generation: UInt64) {
            for record in records {
                switch record {
                case .person(let person):
                    live?.append(person)
                    other?.append(person)
                case .place(let place):
                    live?.append(place)
                    other?.append(place)
                default: continue
                }
                if recent.count < Self.recentMax { recent.append((generation, record)) }
            }
        }

        /// Puts a city in place that was made from the graph of `generation`.
        mutating func put(_ made: ServingCity, generation: UInt64) {
            recent.removeAll { $0.generation <= generation }
            if let live, live.version != made.version { other = live }
            live = made
            for (_, record) in recent {
                if case .person(let person) = record { live?.append(person) }
                if case .place(let place) = record { live?.append(place) }
            }
        }

        /// Puts a city beside the live one, to take its place later.
        mutating func putAside(_ made: ServingCity, generation: UInt64) {
            other = made
            for (born, record) in recent where born > generation {
                if case .person(let person) = record { other?.append(person) }
                if case .place(let place) = record { other?.append(place) }
            }
        }

        /// The city of one version, 0 standing for the live one.
        func city(_ version: ModelVersion) -> ServingCity? {
            version.number == 0 ? live : [live, other].compactMap(\.self).first { $0.version == version }
        }
    }

    /// An index that finds less than this share of the ten best is not put in place.
    private static let recallFloor = 0.95

    /// Makes what answers recommendations from the stored model, if there is one. For a worker that starts: until then
    /// questions are told to come again.
    package func prepareServing(pool: ComputePool) throws {
        try computing.withLock { state, _ in
            guard serving.withLock({ $0.live }) == nil, let model = try model(&state) else { return }
            try serve(model, pool: pool)
        }
    }

    /// Puts a model in place, or beside the live one, with all that is stored now. Called by who holds `computing`.
    func serve(_ model: CityModel, isLive: Bool = true, pool: ComputePool) throws {
        let graph = try currentGraph(pool: pool)
        let generation = view.withLock { $0.graphGeneration }
        let known = model.aligned(with: graph)
        var made = try ServingCity(
            version: model.version, configuration: model.configuration, weights: model.weights, graph: graph,
            embeddings: known.embeddings, knownPeople: known.people, unknownPlaces: known.unknownPlaces, pool: pool
        ) { indexed, rows, dimensions in
            try index(of: indexed, model.version, rows: rows, dimensions: dimensions, pool: pool)
        }
        made.measureRecall(pool: pool)
        let facts: Log.Fields = ["city": name, "model": model.version, "recall at 10": made.recall]
        guard made.recall >= Self.recallFloor else {
            return Log.error("an index finds too little and is not put in place", facts)
        }
        serving.withLock { [made] in
            if isLive { $0.put(made, generation: generation) } else { $0.putAside(made, generation: generation) }
        }
        Log.info("recommendations are ready", facts)
    }

    /// The index that is kept, when it is of these rows and whole; else one that is made anew and kept.
    func index(
        of indexed: ServingCity.Indexed, _ version: ModelVersion, rows: [Float], dimensions: Int, pool: ComputePool
    ) throws -> RowIndex {
        let key = ShardKeys.index(indexed, of: version)
        if let bytes = try store.database.get(.model, key: key) {
            do {
                return try RowIndex(decoding: bytes, vectors: rows, dimensions: dimensions, pool: pool)
            } catch {
                Log.info("an index is made anew", ["city": name, "of": indexed.rawValue, "kept": error])
            }
        }
        let made = RowIndex(vectors: rows, dimensions: dimensions, pool: pool)
        if let bytes = made.encoded(vectors: rows) {
            var batch = WriteBatch()
            batch.put(.model, key: key, value: bytes)
            try store.database.commit(batch)
        }
        return made
    }

    /// The same after a plan, which may have met rows that the served graph lacks.
    func serveAnew(_ model: CityModel, graph: CityGraph, pool: ComputePool) throws {
        let isCurrent = serving.withLock { $0.live.map { $0.version == model.version && $0.isMade(from: graph) } }
        if isCurrent != true { try serve(model, pool: pool) }
    }

    /// The record of a person who lives here; nil when none does.
    package func resident(_ person: PersonID) throws -> Person? {
        guard let found = try store.person(person), found.homeCity == city else { return nil }
        return found
    }
}
