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
/// (`knownPeople` nil means all), and Plans' choice. `resting` are places, local, that local people are left alone with
/// for now, `apart` who must not meet. A pure function of its arguments, the pool excepted.
package func chooseSeeds(
    graph: CityGraph, influence: InfluenceGraph, embeddings: CityEmbeddings, knownPeople: [Bool]? = nil,
    unknownPlaces: [UInt32] = [], configuration: ModelConfiguration, weights: [Float],
    recent: RecentInterest = .none, resting: [Int: Set<UInt32>] = [:], apart: PeopleApart = PeopleApart(),
    options: PlanOptions, pool: ComputePool
) -> [PlannedSeed] {
    let asked = (0..<graph.residents).filter { knownPeople?[$0] ?? true }
    let found = Interests(
        graph: graph, embeddings: embeddings, unknownPlaces: unknownPlaces, configuration: configuration,
        weights: weights
    ).of(people: asked, candidates: CityShard.candidates, keep: interestsKept, skippingVisited: false, pool: pool)
    var interests = [PersonInterest](repeating: PersonInterest(places: [], scores: []), count: graph.residents)
    for (row, person) in asked.enumerated() {
        interests[person] = resting[person].map { found[row].without($0) } ?? found[row]
    }
    return planCity(
        graph: graph, influence: influence, interests: interests, recent: recent.without(resting),
        embeddings: embeddings, apart: apart, options: options, pool: pool)
}

extension CityShard {
    /// Chooses the city's seeds with the current model. `now`, in milliseconds since 1970, is when their lives begin.
    package func plan(_ order: PlanCity, pool: ComputePool, now: Int64 = millisecondsNow()) throws -> Planned {
        try computing.withLock { state, _ in
            guard let model = try model(&state) else { throw ShardError.noModel(city: name) }
            // Said before the work is done, not after.
            try requireOutboxRoom()
            let graph = try currentGraph(pool: pool)
            let known = model.aligned(with: graph)
            try prepareJudge(of: model, graph, seed: order.seed ^ UInt64(city.number), pool: pool)
            let answers = try keptAnswers()
            try learnCardWeights(answers)
            let options = PlanOptions(
                seedsPerCity: Int(order.seedsPerCity) * Self.plansPerSeed, modelVersion: model.version,
                willingness: Self.willingness(answers), seed: order.seed ^ UInt64(city.number))
            let chosen = chooseSeeds(
                graph: graph, influence: try influenceGraph(of: graph, order.origin, pool: pool),
                embeddings: known.embeddings, knownPeople: known.people, unknownPlaces: known.unknownPlaces,
                configuration: model.configuration, weights: model.weights,
                recent: try recentInterest(graph, pool: pool), resting: try resting(answers, graph, now: now),
                apart: apart.withLock { $0 }, options: options, pool: pool)
            let builder = RosterBuilder(
                chosen, answers: Self.local(answers, in: graph), graph: graph, embeddings: known.embeddings,
                isKnown: known.people, seed: options.seed, pool: pool)
            let rosters = chosen.map { builder.roster(of: $0, model: model.version) }
            let kept = Self.likeliest(rosters, count: Int(order.seedsPerCity), minimum: policy.minimum)
            let seeds = kept.map { chosen[$0].seed }
            try keep(kept.map { chosen[$0] }, rosters: kept.map { rosters[$0] })
            let created = try keep(seeds, model: model.version, job: order.job, now: now)
            try forgetOldSeeds(now: now)
            try serveAnew(model, graph: graph, pool: pool)
            return Planned(job: order.job, seeds: UInt32(seeds.count), created: UInt32(created))
        }
    }

    /// Twice as many plans are drawn up as are wanted: which of them gather people is better told by how people answer
    /// invitations, once it is known whom each would ask, than by what they like.
    package static let plansPerSeed = 2

    /// The `count` rosters, in their order, that promise the most people for an invitation; `minimum` are wanted.
    package static func likeliest(_ rosters: [Roster], count: Int, minimum: Int) -> [Int] {
        let promises = rosters.map { $0.promise(minimum: minimum) }
        return rosters.indices.sorted { (promises[$0], $1) > (promises[$1], $0) }.prefix(count).sorted()
    }

    /// Keeps why each seed is what it is, and whom it may ask. Before the seeds themselves, so that no seed is without.
    private func keep(_ planned: [PlannedSeed], rosters: [Roster]) throws {
        var batch = WriteBatch()
        for (planned, roster) in zip(planned, rosters) {
            var (reasons, people) = (ByteWriter(), ByteWriter())
            planned.reasons.encode(into: &reasons)
            roster.encode(into: &people)
            batch.put(.meta, key: ShardKeys.reasons(planned.seed.id), value: reasons.bytes)
            batch.put(.signals, key: ShardKeys.signal("roster/", planned.seed.id.number), value: people.bytes)
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
    package func keep(
        _ seeds: [PlanSeed], model: ModelVersion, job: JobID, now: Int64 = millisecondsNow()
    ) throws -> Int {
        // Reads all lives of the past, which do not change: no signal waits for that.
        let pace = try acceptancePace(LivesDesk(self, now: now))
        return try signals.withLock { _ in
            var batch = WriteBatch()
            var events: [EventDraft] = []
            var created = 0
            let desk = LivesDesk(self, now: now)
            for seed in seeds {
                let key = ShardKeys.seed(seed.id)
                if try store.database.get(.seeds, key: key) == nil {
                    created += 1
                    let cause = EventCause.job(job)
                    let (event, number) = (SeedCreated(seed, city: name, model: model), seed.id.number)
                    events.append(EventDraft(event, about: number, seed: seed.id, key: String(number), cause: cause))
                    events += keep(try LivePlan(proposing: seed, pace: pace, cause: cause, desk: desk), in: &batch)
                }
                // A known seed keeps its name and its one event; its invitations may be better now.
                var writer = ByteWriter()
                seed.encode(into: &writer)
                batch.put(.seeds, key: key, value: writer.bytes)
            }
            desk.write(into: &batch)
            var list = ByteWriter()
            list.put(array: seeds.map(\.id.number))
            batch.put(.meta, key: ShardKeys.currentPlan, value: list.bytes)
            _ = try store.commit(batch, events: outboxEvents(events))
            view.withLock { $0.seeds = seeds.count }
            return created
        }
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
