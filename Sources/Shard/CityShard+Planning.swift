package import Basics
import Events
import Graph
import Influence
import Learn
import Plans
import Store
import Synchronization
package import Wire
import World

// A plan is chosen in memory and committed at once: the new seeds, the list of the current ones, and one outbox row
// per new seed stand in a single synced batch. A seed's id is a hash of what it proposes, so planning again with
// nothing changed finds every seed already there, creates none, and emits none.

extension CityShard {
    /// How many places of each person the planner looks at.
    static let interestsKept = 40

    /// Chooses the city's seeds with the current model.
    package func plan(_ order: PlanCity, pool: ComputePool) throws -> Planned {
        try computing.withLock { state, _ in
            guard let model = try model(&state) else { throw ShardError.noModel(city: name) }
            // Said before the work is done, not after.
            try requireOutboxRoom()
            let graph = try currentGraph(pool: pool)
            let known = model.aligned(with: graph)
            let asked = (0..<graph.residents).filter { known.people[$0] }
            let found = Interests(
                graph: graph, embeddings: known.embeddings, unknownPlaces: known.unknownPlaces,
                configuration: model.configuration, weights: model.weights
            ).of(
                people: asked, candidates: Self.candidates, keep: Self.interestsKept, skippingVisited: false,
                pool: pool)
            var interests = [PersonInterest](
                repeating: PersonInterest(places: [], scores: []), count: graph.residents)
            for (row, person) in asked.enumerated() { interests[person] = found[row] }
            let seeds = planCity(
                graph: graph, influence: .weightedCascade(of: graph), interests: interests,
                embeddings: known.embeddings,
                options: PlanOptions(
                    seedsPerCity: Int(order.seedsPerCity), modelVersion: model.version,
                    seed: order.seed ^ UInt64(city.number)), pool: pool)
            let created = try commit(seeds, model: model.version, job: order.job)
            try serveAnew(model, graph: graph, pool: pool)
            return Planned(job: order.job, seeds: UInt32(seeds.count), created: UInt32(created))
        }
    }

    private func commit(_ seeds: [PlanSeed], model: ModelVersion, job: JobID) throws -> Int {
        var batch = WriteBatch()
        var events: [EventDraft] = []
        for seed in seeds {
            let key = ShardKeys.seed(seed.id)
            if try store.database.get(.seeds, key: key) == nil {
                let created = SeedCreated(seed, city: name, model: model)
                let number = seed.id.number
                events.append(
                    EventDraft(
                        created, about: number, seed: seed.id, key: String(number), cause: EventCause.job(job)))
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
        return events.count
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
            return SeedRow(
                id: seed.id, city: seed.city, venue: seed.venue, starters: seed.starters, slot: seed.slot.name,
                conversion: seed.conversion, expectedTurnout: seed.expectedTurnout, score: seed.score,
                invites: seed.invites)
        }
    }

    /// The people who, asked first, bring the most others, under independent cascade with weighted-cascade odds.
    package func influencers(_ order: InfluencersRequest, pool: ComputePool) throws -> Influencers {
        try computing.withLock { _, _ in
            let graph = try currentGraph(pool: pool)
            let result = maximizeInfluence(
                SetSampler(.weightedCascade(of: graph), threads: pool.threads),
                options: try InfluenceOptions(budget: Int(order.count), epsilon: order.epsilon, seed: order.seed),
                pool: pool)
            let rows = zip(result.seeds, result.marginal).map {
                InfluencerRow(person: graph.people[Int($0)], marginal: $1)
            }
            return Influencers(
                people: Array(rows), spread: result.spread, certifiedRatio: result.certifiedRatio,
                confidence: result.confidence, epsilon: result.epsilon, sets: UInt64(result.sets))
        }
    }
}
