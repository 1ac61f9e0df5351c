package import Basics
import Events
package import Graph
package import Influence
package import Learn
package import Plans
import Store
import Synchronization
package import Wire
import World

// A plan is chosen in memory and committed at once: the new seeds, the list of the current ones, and one outbox row
// per new seed stand in a single synced batch. A seed's id is a hash of what it proposes, so planning again with
// nothing changed finds every seed already there, creates none, and emits none.

/// How many places of each person the planner looks at.
private let interestsKept = 40

/// What people would like, then the plan that fits them all: retrieval and ranking for everybody the model knows
/// (`knownPeople` nil means all), and Plans' choice. A pure function of its arguments, the pool excepted.
package func chooseSeeds(
    graph: CityGraph, influence: InfluenceGraph, embeddings: CityEmbeddings, knownPeople: [Bool]? = nil,
    unknownPlaces: [UInt32] = [], configuration: ModelConfiguration, weights: [Float], options: PlanOptions,
    pool: ComputePool
) -> [(seed: PlanSeed, reasons: PlanReasons)] {
    let asked = (0..<graph.residents).filter { knownPeople?[$0] ?? true }
    let found = Interests(
        graph: graph, embeddings: embeddings, unknownPlaces: unknownPlaces, configuration: configuration,
        weights: weights
    ).of(people: asked, candidates: CityShard.candidates, keep: interestsKept, skippingVisited: false, pool: pool)
    var interests = [PersonInterest](repeating: PersonInterest(places: [], scores: []), count: graph.residents)
    for (row, person) in asked.enumerated() { interests[person] = found[row] }
    return planCity(
        graph: graph, influence: influence, interests: interests, embeddings: embeddings,
        options: options, pool: pool)
}

extension CityShard {
    /// Chooses the city's seeds with the current model.
    package func plan(_ order: PlanCity, pool: ComputePool) throws -> Planned {
        try computing.withLock { state, _ in
            guard let model = try model(&state) else { throw ShardError.noModel(city: name) }
            // Said before the work is done, not after.
            try requireOutboxRoom()
            let graph = try currentGraph(pool: pool)
            let known = model.aligned(with: graph)
            let chosen = chooseSeeds(
                graph: graph, influence: try influenceGraph(of: graph, order.origin, pool: pool),
                embeddings: known.embeddings, knownPeople: known.people, unknownPlaces: known.unknownPlaces,
                configuration: model.configuration, weights: model.weights,
                options: PlanOptions(
                    seedsPerCity: Int(order.seedsPerCity), modelVersion: model.version,
                    seed: order.seed ^ UInt64(city.number)), pool: pool)
            let seeds = chosen.map(\.seed)
            try keep(chosen.map(\.reasons), of: seeds)
            let created = try keep(seeds, model: model.version, job: order.job)
            try serveAnew(model, graph: graph, pool: pool)
            return Planned(job: order.job, seeds: UInt32(seeds.count), created: UInt32(created))
        }
    }

    /// Keeps why each seed is what it is. Before the seeds themselves, so that no seed is without.
    private func keep(_ reasons: [PlanReasons], of seeds: [PlanSeed]) throws {
        var batch = WriteBatch()
        for (seed, reasons) in zip(seeds, reasons) {
            var writer = ByteWriter()
            reasons.encode(into: &writer)
            batch.put(.meta, key: ShardKeys.reasons(seed.id), value: writer.bytes)
        }
        _ = try store.commit(batch, events: [])
    }

    /// Why a seed is what it is; nil for a seed that was never planned here.
    package func explain(_ id: SeedID) throws -> (seed: PlanSeed, reasons: PlanReasons)? {
        guard let seedBytes = try store.database.get(.seeds, key: ShardKeys.seed(id)),
            let bytes = try store.database.get(.meta, key: ShardKeys.reasons(id))
        else { return nil }
        var (seedReader, reader) = (ByteReader(seedBytes), ByteReader(bytes))
        return (try PlanSeed(from: &seedReader), try PlanReasons(from: &reader))
    }

    /// Makes these the city's current plan. Answers how many are new; each of those leaves events, in
    /// the same batch, and begins its life.
    package func keep(_ seeds: [PlanSeed], model: ModelVersion, job: JobID) throws -> Int {
        var batch = WriteBatch()
        var events: [EventDraft] = []
        var created = 0
        let now = millisecondsNow()
        for seed in seeds {
            let key = ShardKeys.seed(seed.id)
            if try store.database.get(.seeds, key: key) == nil {
                created += 1
                let cause = EventCause.job(job)
                let (event, number) = (SeedCreated(seed, city: name, model: model), seed.id.number)
                events.append(EventDraft(event, about: number, seed: seed.id, key: String(number), cause: cause))
                events += keep(LivePlan(proposing: seed, city: name, cause: cause, now: now), in: &batch)
            }
            // A known seed keeps its name and its one event; its invitations may be better now.
            var writer = ByteWriter()
            seed.encode(into: &writer)
            batch.put(.seeds, key: key, value: writer.bytes)
        }
        var list = ByteWriter()
        list.put(array: seeds.map(\.id.number))
        batch.put(.meta, key: ShardKeys.currentPlan, value: list.bytes)
        _ = try store.commit(batch, events: outboxEvents(events))
        view.withLock { $0.seeds = seeds.count }
        return created
    }

    /// The ids of the current plan's seeds, best first.
    func currentPlan() throws -> [SeedID] {
        guard let bytes = try store.database.get(.meta, key: ShardKeys.currentPlan) else { return [] }
        var reader = ByteReader(bytes)
        return try reader.getArray(of: UInt64.self).map { SeedID($0) }
    }

    /// The best `count` seeds of the current plan.
    package func seeds(count: Int) throws -> [SeedRow] {
        try currentPlan().prefix(count).map { id in
            guard let bytes = try store.database.get(.seeds, key: ShardKeys.seed(id)) else {
                throw ShardError.unreadableState(city: name, what: "seed \(id)")
            }
            var reader = ByteReader(bytes)
            let seed = try PlanSeed(from: &reader)
            return SeedRow(seed)
        }
    }
}
