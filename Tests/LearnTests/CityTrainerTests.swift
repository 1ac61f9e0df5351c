import Basics
import Graph
import Testing

@testable import Learn

@Suite struct CityTrainerTests {
    private let graph = smallCity()
    private let configuration = smallConfiguration()

    private func trainer(_ state: [UInt8]? = nil) throws -> CityTrainer {
        try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: state)
    }

    private var start: [Float] { SharedWeights.initial(configuration, seed: 5).values }

    private func run(
        _ trainer: CityTrainer, _ round: Int, _ weights: [Float], steps: Int = 6, threads: Int = 1
    ) throws -> RoundOutcome {
        try trainer.round(
            round, weights: weights, steps: steps, pool: ComputePool(threads: threads), isCancelled: { false })
    }

    @Test(arguments: [StepPlan.sampled, .whole])
    func theNumberOfThreadsChangesNoBit(plan: StepPlan) throws {
        var configuration = configuration
        (configuration.plan, configuration.dimensions) = (plan, 32)
        let start = SharedWeights.initial(configuration, seed: 5).values
        func trainer() throws -> CityTrainer {
            try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        }
        let (alone, together) = (try trainer(), try trainer())
        let first = try run(alone, 0, start)
        let second = try run(together, 0, start, threads: 2)
        #expect(first.weights == second.weights)
        #expect(first.weights != start)
        #expect(first.meanLoss == second.meanLoss)
        #expect(first.samples == 6 * configuration.batch)
        #expect(alone.state() == together.state())
        let pools = (ComputePool(threads: 1), ComputePool(threads: 2))
        #expect(
            alone.embeddings(weights: first.weights, pool: pools.0)
                == together.embeddings(weights: first.weights, pool: pools.1))
    }

    @Test func aRestoredTrainerGoesOnBitIdentically() throws {
        let through = try trainer()
        let first = try run(through, 0, start)
        let stored = through.state()
        let restored = try trainer(stored)
        #expect(restored.state() == stored)
        let next = try run(through, 1, first.weights)
        let again = try run(restored, 1, first.weights)
        #expect(next.weights == again.weights)
        #expect(through.state() == restored.state())
        #expect(through.state() != stored)
    }

    @Test func theWayARoundIsCutIntoStepsDoesNotMatter() throws {
        let (whole, parts) = (try trainer(), try trainer())
        let expected = try run(whole, 0, start, steps: 7)
        let half = try run(parts, 0, start, steps: 3)
        #expect(try run(parts, 1, half.weights, steps: 4).weights == expected.weights)
    }

    @Test func aCancelledRoundLeavesNoTrace() throws {
        let trainer = try trainer()
        let before = trainer.state()
        var asked = 0
        #expect(throws: LearnError.cancelled(city: CityID(7), round: 2)) {
            try trainer.round(2, weights: start, steps: 40, pool: ComputePool(threads: 1)) {
                asked += 1
                return asked > 2
            }
        }
        #expect(asked == 3)
        #expect(trainer.state() == before)
    }

    @Test func aLossThatIsNoNumberNamesCityRoundAndStep() throws {
        let trainer = try trainer()
        let before = trainer.state()
        var broken = start
        for index in trainer.model.layout.layers[1].people.weights.range { broken[index] = .nan }
        let error = #expect(throws: LearnError.self) { try run(trainer, 3, broken) }
        guard case .diverged(city: CityID(7), round: 3, step: 0, loss: let loss, part: "the second layer") = error
        else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(loss.isNaN)
        #expect(error?.description.contains("city 7 diverged in round 3 at step 0") == true)
        #expect(error?.description.contains("first in the second layer") == true)
        #expect(trainer.state() == before)
    }

    @Test func weightsOfAnotherConfigurationAreRefused() throws {
        let trainer = try trainer()
        #expect(throws: LearnError.weights(city: CityID(7), have: 3, need: start.count)) {
            try run(trainer, 0, [1, 2, 3])
        }
    }

    @Test func aBrokenStateIsAnErrorAndNeverATrap() throws {
        let trainer = try trainer()
        _ = try run(trainer, 0, start, steps: 1)
        let state = trainer.state()
        for length in [0, 3, 4, 5, 17, 18, 19, state.count / 3, state.count / 2, state.count - 1] {
            #expect(throws: LearnError.self) { try self.trainer(Array(state[..<length])) }
        }
        #expect(throws: LearnError.self) { try self.trainer(state + [0]) }
        for bit in 0..<18 * 8 where bit / 8 < 10 {
            var bytes = state
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: LearnError.self) { try self.trainer(bytes) }
        }
        var other = configuration
        other.dimensions = 12
        #expect(throws: LearnError.self) {
            try CityTrainer(graph: graph, configuration: other, seed: 5, state: state)
        }
    }

    @Test func aStateFitsAGraphWithNewPlaces() throws {
        let small = try trainer()
        _ = try run(small, 0, start)
        let larger = smallCity(people: 61, places: 43, seed: 4)
        let restored = try CityTrainer(graph: larger, configuration: configuration, seed: 5, state: small.state())
        let (known, unknown) = (PlaceID(graph.places[0].number), larger.places.filter { !graph.places.contains($0) })
        #expect(!unknown.isEmpty)
        let (row, d) = (Int(larger.localPlace(known)!), configuration.dimensions)
        #expect(restored.own.places.values[row * d..<(row + 1) * d] == small.own.places.values[0..<d])
        let stranger = Int(larger.localPlace(unknown[0])!) * d
        let drawn = OwnTables.initial(
            larger, DistinctVisits(larger), configuration, seed: restored.seed, isFresh: false)
        #expect(
            restored.own.places.values[stranger..<stranger + d] == drawn.places.values[stranger..<stranger + d])
    }

    @Test(arguments: [false, true])
    func layerWiseInferenceEqualsAStepThatReadsEverything(isWhole: Bool) throws {
        var configuration = configuration
        configuration.fanouts = [100_000, 100_000]
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let weights = try run(trainer, 0, start, steps: 3).weights
        let embeddings = trainer.embeddings(weights: weights, pool: ComputePool(threads: 1))
        var random = SeededRandom(seed: 1)
        let (people, places): ([UInt32], [UInt32]) = ([3, 0, 17], [5, 21])
        let subgraph = NeighborSampler(graph: graph, fanouts: configuration.fanouts).sample(
            people: people, places: places, excluding: [], random: &random)
        var tape = Tape<Float>(parameters: weights, pool: ComputePool(threads: 1))
        var triplets = Triplets()
        (triplets.people, triplets.places) = (people, places)
        let order = VertexOrder(byVisitsOf: graph, pool: ComputePool(threads: 1))
        let whole = WholeCity(graph, trainer.inputs, order: order).neighborhood(
            people: people, places: places, excluding: [], layers: 2)
        let batch = Batch(
            triplets: triplets, neighborhood: isWhole ? whole : Neighborhood(subgraph, trainer.inputs))
        let own = OwnLeaves(batch, trainer.own, on: &tape)
        let rows = trainer.model.embed(batch.neighborhood, trainer.inputs, own: own.rows, on: &tape)
        let d = configuration.dimensions
        for (row, person) in people.enumerated() {
            for column in 0..<d {
                let sampled = tape.node(rows.people).value[row * d + column]
                #expect(abs(sampled - embeddings.people[Int(person) * (d + 1) + column]) < 1e-4)
            }
            #expect(embeddings.people[Int(person) * (d + 1) + d] == 1)
        }
        for (row, place) in places.enumerated() {
            for column in 0..<d {
                let sampled = tape.node(rows.places).value[row * d + column]
                #expect(abs(sampled - embeddings.places[Int(place) * (d + 1) + column]) < 1e-4)
            }
        }
    }

    @Test func aCityWithoutVisitsHandsTheWeightsBack() throws {
        let empty = CityGraphBuilder(city: CityID(1)).build(pool: ComputePool(threads: 1))
        let trainer = try CityTrainer(graph: empty, configuration: configuration, seed: 5, state: nil)
        let outcome = try run(trainer, 0, start)
        #expect(outcome.weights == start && outcome.samples == 0)
        #expect(trainer.embeddings(weights: start, pool: ComputePool(threads: 1)).people.isEmpty)
    }
}

@Suite struct TrainingQualityTests {
    @Test func aFewHundredStepsBeatPopularityInTheMadeUpWorld() throws {
        let graph = smallCity(people: 300, places: 150, visitsPerPerson: 60)
        var configuration = smallConfiguration()
        configuration.dimensions = 16
        configuration.batch = 128
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 1, state: nil)
        let pool = ComputePool(threads: 1)
        let start = SharedWeights.initial(configuration, seed: 1).values
        let before = evaluate(graph: graph, ranked: retrieve(graph, trainer.embeddings(weights: start, pool: pool)))
        let outcome = try trainer.round(0, weights: start, steps: 300, pool: pool, isCancelled: { false })
        let after = evaluate(
            graph: graph, ranked: retrieve(graph, trainer.embeddings(weights: outcome.weights, pool: pool)))
        #expect(after.people > 100)
        #expect(after.ndcgAt10 > 1.15 * after.popularityNDCGAt10, "\(before) \(after)")
    }
}
