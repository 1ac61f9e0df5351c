import Basics
import CAllocations
import Testing

@testable import Learn

@Suite struct StepMemoryTests {
    @Test(arguments: [StepPlan.sampled, .whole], [false, true])
    func aTrainingStepOnAWarmTapeAsksForNoMemory(plan: StepPlan, hasOwnEmbeddings: Bool) throws {
        var configuration = smallConfiguration()
        (configuration.plan, configuration.dimensions, configuration.dropout) = (plan, 64, 0.1)
        (configuration.hasOwnEmbeddings, configuration.aggregation) = (hasOwnEmbeddings, .attention)
        let trainer = try CityTrainer(graph: smallCity(), configuration: configuration, seed: 5, state: nil)
        let start = SharedWeights.initial(configuration, seed: 5).values
        var tape = Tape<Float>(parameters: start, pool: ComputePool(threads: 1), precision: .half)
        let batches = (0..<3).map { trainer.batch(ofStep: $0) }
        for _ in 0..<2 {
            for batch in batches { #expect(trainer.step(batch, on: &tape).isFinite) }
        }
        let growths = tape.growths
        for batch in batches {
            var loss = 0.0
            count_allocations(1)
            loss = trainer.step(batch, on: &tape)
            count_allocations(0)
            #expect(loss > 0)
            #expect(allocations_counted() == 0, "a warm step asks for no memory at all")
        }
        #expect(tape.growths == growths)
    }

    @Test func allocationsAreCounted() {
        var memory: [UnsafeMutableRawPointer] = []
        memory.reserveCapacity(3)
        count_allocations(1)
        memory.append(.allocate(byteCount: 64, alignment: 16))
        memory.append(.allocate(byteCount: 64, alignment: 64))
        count_allocations(0)
        #expect(allocations_counted() == 2)
        memory.append(.allocate(byteCount: 64, alignment: 16))
        #expect(allocations_counted() == 2)
        for piece in memory { piece.deallocate() }
    }

    /// What a batch needs is what its forward pass leaves for the way back.
    @Test(arguments: [StepPlan.sampled, .whole])
    func aStepTakesAtMostTwiceItsParametersMomentsAndBatch(plan: StepPlan) throws {
        var configuration = smallConfiguration()
        (configuration.plan, configuration.dimensions, configuration.encoderHidden) = (plan, 64, 128)
        let graph = smallCity(people: 400, places: 200)
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: 5, state: nil)
        let start = SharedWeights.initial(configuration, seed: 5).values
        var tape = Tape<Float>(parameters: start, pool: ComputePool(threads: 1), precision: .half)
        let batch = trainer.batch(ofStep: 0)
        let leaves = OwnLeaves(batch, trainer.own, on: &tape)
        let rows = trainer.model.embed(batch.neighborhood, trainer.inputs, own: leaves.rows, on: &tape)
        _ = trainer.model.score(batch.triplets.pairs, rows, bias: leaves.biases, on: &tape)
        _ = trainer.model.judge(batch.triplets.friends, people: rows.people, on: &tape)
        let needed = tape.bytes.handedOut + 3 * 4 * start.count
        for _ in 0..<3 { _ = trainer.step(batch, on: &tape) }
        #expect(tape.bytes.taken + 4 * 4 * start.count <= 2 * needed)
    }
}
