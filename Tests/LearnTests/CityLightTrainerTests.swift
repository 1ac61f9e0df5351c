import Basics
import Graph
import Testing

@testable import Learn

@Suite struct CityLightTrainerTests {
    private let graph = smallCity(people: 120, places: 60)

    private static func model(_ name: String) throws -> ModelConfiguration {
        try ModelConfiguration(
            named: name, settings: [("dimensions", "32"), ("fall-steps", "40"), ("schedule", "cosine")])
    }

    private func run(
        _ trainer: any ModelTrainer, _ round: Int, _ weights: [Float], steps: Int = 5, threads: Int = 1
    ) throws -> RoundOutcome {
        try trainer.round(
            round, weights: weights, steps: steps, pool: ComputePool(threads: threads), isCancelled: { false })
    }

    @Test(arguments: ["graphrec", "lightgcn", "sociallgn"]) func roundsLearnWhateverTheModel(name: String) throws {
        let model = try Self.model(name)
        let trainer = try model.trainer(graph: graph, seed: 3, state: nil)
        var weights = model.initialWeights(seed: 3)
        #expect(weights.count == model.sharedCount && !weights.isEmpty)
        let pool = ComputePool(threads: 1)
        let before = try #require(trainer.validation(weights: weights, pool: pool))
        var losses: [Double] = []
        for round in 0..<6 {
            let outcome = try run(trainer, round, weights)
            (weights, losses) = (outcome.weights, losses + [outcome.meanLoss])
            #expect(outcome.samples > 0 && weights.count == model.sharedCount)
        }
        #expect(losses[5] < losses[0], "\(losses)")
        let after = try #require(trainer.validation(weights: weights, pool: pool))
        #expect(after.people == before.people && after.people > 50)
        let live = trainer.publishedEmbeddings(weights: weights, pool: pool)
        #expect(live.people.count == graph.people.count * live.dimensions && live.dimensions == 33)
        #expect(live.places.count == graph.places.count * live.dimensions)
        #expect((model.placeHead(weights: weights) == nil) == (name != "graphrec"))
        // Held-out places are found better than by chance.
        let scorer = EmbeddingScorer(
            users: Array(live.people[..<(graph.residents * live.dimensions)]), items: live.places,
            dimensions: live.dimensions)
        let quality = RankingTask(heldOutOf: graph).quality(of: scorer, at: [10], pool: pool)[0]
        #expect(quality.recall > 1.3 * 10 / Double(graph.places.count), "\(quality)")
    }

    @Test(arguments: ["lightgcn", "sociallgn"]) func aRestoredTrainerGoesOnBitIdentically(name: String) throws {
        let model = try Self.model(name)
        let through = try model.trainer(graph: graph, seed: 3, state: nil)
        let first = try run(through, 0, model.initialWeights(seed: 3))
        let stored = through.state()
        let restored = try model.trainer(graph: graph, seed: 3, state: stored)
        #expect(restored.state() == stored)
        let (next, again) = (try run(through, 1, first.weights), try run(restored, 1, first.weights, threads: 2))
        #expect(next.weights == again.weights && next.meanLoss == again.meanLoss)
        #expect(through.state() == restored.state() && through.state() != stored)
    }

    @Test func onlyTheFusionLeavesTheCity() throws {
        #expect(try Self.model("lightgcn").sharedCount == 1)
        let model = try Self.model("sociallgn")
        #expect(model.sharedCount == 4 * 32 * 32 + 32)
        let trainer = try model.trainer(graph: graph, seed: 3, state: nil)
        let start = model.initialWeights(seed: 3)
        #expect(try run(trainer, 0, start).weights != start, "the fusion learns")
        let error = #expect(throws: LearnError.self) { try run(trainer, 0, [1, 2]) }
        #expect(error == .weights(city: graph.city, have: 2, need: model.sharedCount))
    }

    @Test func aCancelledRoundLeavesNoTrace() throws {
        let model = try Self.model("sociallgn")
        let trainer = try model.trainer(graph: graph, seed: 3, state: nil)
        let before = trainer.state()
        var asked = 0
        #expect(throws: LearnError.cancelled(city: graph.city, round: 2)) {
            try trainer.round(2, weights: model.initialWeights(seed: 3), steps: 9, pool: ComputePool(threads: 1)) {
                asked += 1
                return asked > 2
            }
        }
        #expect(trainer.state() == before)
    }

    @Test func aDamagedStateIsRefused() throws {
        let model = try Self.model("lightgcn")
        let stored = try model.trainer(graph: graph, seed: 3, state: nil).state()
        for bad in [[], Array(stored.dropLast()), [0] + stored.dropFirst()] {
            #expect(throws: LearnError.self) { try model.trainer(graph: graph, seed: 3, state: bad) }
        }
    }

    @Test(arguments: ModelConfiguration.names) func configurationsTravelAsBytes(name: String) throws {
        let model = try Self.model(name)
        var writer = ByteWriter()
        model.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try ModelConfiguration(from: &reader) == model)
        try reader.finish()
        for length in 0..<writer.bytes.count {
            var short = ByteReader(Array(writer.bytes.prefix(length)))
            #expect(throws: ByteError.self) { try ModelConfiguration(from: &short) }
        }
    }

    @Test func whatCannotBeSetIsNamed() {
        func fault(_ name: String, _ setting: String, _ value: String) -> String {
            do {
                _ = try ModelConfiguration(named: name, settings: [(setting, value)])
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(fault("graphrek", "rate", "1").hasPrefix("graphrek: there is no such model"))
        #expect(fault("graphrec", "layers", "2").hasPrefix("layers: there is no such setting"))
        #expect(fault("lightgcn", "layers", "many") == "layers: many is no number from 0 to 8")
        #expect(fault("lightgcn", "dimensions", "33").contains("multiple of 32"))
        let spiral = fault("graphrec", "schedule", "spiral")
        #expect(spiral == "schedule: spiral is none of constant, root, line, cosine, step")
        #expect(fault("graphrec", "clip", "0.5") == "")
    }
}
