// A light model as one city's part of a job. The rows of people and places are the city's own, with Adam's moments; of
// the model only SocialLGN's fusion says nothing of single vertices, so that alone is averaged. LightGCN shares
// nothing: its cities learn side by side.
//
// People and places are the city's, the halo included: a guest's visits here say what resembles what here.

package import Basics
package import Graph

/// Trains a light model on one city.
package final class CityLightTrainer: ModelTrainer {
    package let graph: CityGraph
    package let configuration: LightConfiguration
    private let trainer: LightTrainer
    private let validation: ValidationVisits

    /// Of each resident's training visits the last share is kept back to choose checkpoints by, as GraphRec does.
    private static let keptBack: Float = 0.1

    /// A trainer at the beginning, or where `state` left off. `seed` starts the rows and draws batches.
    package init(
        graph: CityGraph, configuration: LightConfiguration, seed: UInt64, state: [UInt8]?
    ) throws(LearnError) {
        if let problem = configuration.problem { throw .setting(name: "light model", reason: problem) }
        self.graph = graph
        self.configuration = configuration
        validation = ValidationVisits(graph, share: Self.keptBack)
        let interactions = Self.interactions(graph, configuration, without: validation.pairs)
        var fresh = configuration
        // A stored state follows: the spectrum would be computed for nothing.
        if state != nil { fresh.start = .normal(deviation: 0.1) }
        trainer = LightTrainer(interactions, fresh, seed: seed, pool: ComputePool(threads: 1))
        if let state { try restore(state) }
    }

    private static func interactions(
        _ graph: CityGraph, _ configuration: LightConfiguration, without excluded: Set<UInt64> = []
    ) -> InteractionGraph {
        let people = graph.people.count
        let friends = (0..<UInt32(people)).flatMap { person in
            graph.socialNeighbors[graph.friends(of: person)].map { (user: person, item: $0) }
        }
        return InteractionGraph(
            DistinctVisits(graph, without: excluded).lists,
            friends: ItemLists(users: people, items: people, pairs: friends),
            linksFriends: configuration.fusion == .links)
    }

    package func round(
        _ round: Int, weights: [Float], steps: Int, pool: ComputePool, isCancelled: () -> Bool
    ) throws(LearnError) -> RoundOutcome {
        let need = ModelConfiguration.light(configuration).sharedCount
        guard weights.count == need else { throw .weights(city: graph.city, have: weights.count, need: need) }
        if !trainer.canLearn || steps <= 0 { return RoundOutcome(weights: weights, samples: 0, meanLoss: 0) }
        let before = trainer.state
        use(weights)
        var total = 0.0
        for step in 0..<steps {
            let loss = isCancelled() ? nil : trainer.step(configuration.schedule, pool)
            if let loss, loss.isFinite {
                total += loss
                continue
            }
            trainer.restore(before, pool: pool)
            guard let loss else { throw .cancelled(city: graph.city, round: round) }
            throw .diverged(city: graph.city, round: round, step: step, loss: loss, part: "the light model")
        }
        let shared = trainer.encoder.shared
        return RoundOutcome(
            weights: shared.isEmpty ? weights : shared, samples: steps * samplesPerStep,
            meanLoss: total / Double(steps))
    }

    private func use(_ weights: [Float]) {
        if configuration.fusionCount > 0 { trainer.encoder.shared = weights }
    }

    package var costs: TrainerCosts {
        let table = 4 * configuration.dimensions * (graph.people.count + graph.places.count)
        var step = 4 * configuration.dimensions * samplesPerStep
        if case .softmax = configuration.loss { step += 8 * samplesPerStep * graph.places.count }
        // Rows with their moments, and what each layer makes of them, there and back.
        return TrainerCosts(
            samples: graph.visitPlaces.count,
            residentBytes: table * (3 + 2 * (configuration.layers + 1)) + 16 * graph.visitPlaces.count,
            stepBytes: step, stateBytes: 3 * table)
    }

    /// Visits, or people, that a step is about.
    private var samplesPerStep: Int {
        switch configuration.loss {
        case .pairs(let batch): batch
        case .softmax(let users, _, _, _): users
        }
    }

    package func validation(weights: [Float], pool: ComputePool) -> ValidationQuality? {
        let task = validation.task(in: graph)
        if task.judged.isEmpty { return nil }
        use(weights)
        return ValidationQuality(
            people: task.judged.count, ndcg: task.quality(of: trainer.embeddings(pool), at: [10], pool: pool)[0].ndcg)
    }

    /// The last column is no popularity, as GraphRec's is: lengths tell it already.
    package func publishedEmbeddings(weights: [Float], pool: ComputePool) -> CityEmbeddings {
        use(weights)
        let found = trainer.embeddings(on: Self.interactions(graph, configuration), pool)
        func widened(_ rows: [Float], _ last: Float) -> [Float] {
            stride(from: 0, to: rows.count, by: found.dimensions).flatMap {
                rows[$0..<$0 + found.dimensions] + [last]
            }
        }
        return CityEmbeddings(
            dimensions: found.dimensions + 1, people: widened(found.users, 1), places: widened(found.items, 0))
    }

    package func friendQuality(weights: [Float], pool: ComputePool) -> FriendQuality? { nil }
}

// The state as bytes. Rows carry their vertices' identifiers, so that it also fits a graph built after people and
// places came or went: who is new starts fresh, who is gone is dropped.
//
// | bytes | field |
// | --- | --- |
// | 4 | "MLGT" |
// | 2 | version 1 |
// | 4 | dimensions |
// | 8 | steps taken |
// | 4 + 4n, twice | first and second moments of what is shared |
// | 4 + 8n | person ids |
// | 4 + 4n, three times | values, first, second moments of the people's rows, [n, dimensions] |
// | 4 + 8n | place ids |
// | 4 + 4n, three times | of the places' rows, likewise |
extension CityLightTrainer {
    private static let magic: UInt32 = 0x5447_4C4D
    private static let version: UInt16 = 1

    package func state() -> [UInt8] {
        let state = trainer.state
        var writer = ByteWriter(capacity: 12 * (state.users.values.count + state.items.values.count) + 4096)
        writer.put(Self.magic)
        writer.put(Self.version)
        writer.put(UInt32(configuration.dimensions))
        writer.put(UInt64(state.steps))
        writer.put(array: state.sharedMoments.first)
        writer.put(array: state.sharedMoments.second)
        writer.put(array: graph.people.map(\.number))
        state.users.encode(into: &writer)
        writer.put(array: graph.places.map(\.number))
        state.items.encode(into: &writer)
        return writer.bytes
    }

    private func restore(_ bytes: [UInt8]) throws(LearnError) {
        do throws(ByteError) {
            try read(bytes)
        } catch {
            throw .state(city: graph.city, reason: error.description)
        }
    }

    private func read(_ bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        guard try reader.get(UInt32.self) == Self.magic else { throw .invalid("not a light model's state") }
        let version = try reader.get(UInt16.self)
        guard version == Self.version else { throw .invalid("light state version \(version)") }
        let dimensions = Int(try reader.get(UInt32.self))
        guard dimensions == configuration.dimensions else {
            throw .invalid("\(dimensions) dimensions where the model has \(configuration.dimensions)")
        }
        let taken = try reader.get(UInt64.self)
        guard taken <= UInt64(Int32.max) else { throw .invalid("\(taken) steps") }
        var state = trainer.state
        state.steps = Int(taken)
        let shared = (try reader.getArray(of: Float.self), try reader.getArray(of: Float.self))
        guard shared.0.count == configuration.fusionCount, shared.1.count == shared.0.count else {
            throw .invalid("moments of another model")
        }
        (state.sharedMoments.first, state.sharedMoments.second) = shared
        let people = try reader.getArray(of: UInt64.self).map { graph.localPerson(PersonID($0)) }
        try state.users.decode(from: &reader, rows: people, columns: dimensions)
        let places = try reader.getArray(of: UInt64.self).map { graph.localPlace(PlaceID($0)) }
        try state.items.decode(from: &reader, rows: places, columns: dimensions)
        try reader.finish()
        trainer.restore(state, pool: ComputePool(threads: 1))
    }
}

extension LightRows {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.put(array: values)
        writer.put(array: first)
        writer.put(array: second)
    }

    /// Stored row i becomes row `rows[i]`; nil is dropped.
    fileprivate mutating func decode(
        from reader: inout ByteReader, rows: [UInt32?], columns: Int
    ) throws(ByteError) {
        let stored = try (
            reader.getArray(of: Float.self), reader.getArray(of: Float.self), reader.getArray(of: Float.self)
        )
        guard [stored.0, stored.1, stored.2].allSatisfy({ $0.count == rows.count * columns }) else {
            throw .invalid("a table of \(stored.0.count) numbers for \(rows.count) vertices")
        }
        for (index, row) in rows.enumerated() {
            guard let row else { continue }
            let (from, to) = (index * columns..<(index + 1) * columns, Int(row) * columns)
            values.replaceSubrange(to..<to + columns, with: stored.0[from])
            first.replaceSubrange(to..<to + columns, with: stored.1[from])
            second.replaceSubrange(to..<to + columns, with: stored.2[from])
        }
    }
}
