import Basics
import Glibc
import Synchronization
import Testing

@testable import Learn

// Arrays, boxes and closures are objects, and the runtime asks for each of them through a function that instruments may
// replace. What a tape takes without objects its arena counts.

/// Metadata, size and alignment mask to an object. The runtime's own calling convention, which for three words and a
/// pointer is C's on this architecture.
private typealias Allocate = @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

/// The thread whose allocations are counted; 0 for none.
private let watched = Atomic<UInt>(0)
private let allocations = Atomic<Int>(0)
/// The runtime's function, as a number.
private let original = Atomic<UInt>(0)

private let counting: Allocate = { metadata, size, mask in
    if watched.load(ordering: .relaxed) == UInt(pthread_self()) { allocations.add(1, ordering: .relaxed) }
    return unsafeBitCast(original.load(ordering: .relaxed), to: Allocate.self)(metadata, size, mask)
}

/// Puts the counting function before the runtime's, for the rest of the process.
private let hook: Bool = {
    let flag = dlsym(nil, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly")
    guard let place = dlsym(nil, "_swift_allocObject"), let flag else { return false }
    let entry = place.assumingMemoryBound(to: UInt.self)
    original.store(entry.pointee, ordering: .relaxed)
    entry.pointee = unsafeBitCast(counting, to: UInt.self)
    flag.assumingMemoryBound(to: Bool.self).pointee = true
    return true
}()

/// How often `body` asks for an object on its own thread.
private func allocations(of body: () -> Void) -> Int {
    precondition(hook, "this runtime lets nobody count")
    allocations.store(0, ordering: .relaxed)
    watched.store(UInt(pthread_self()), ordering: .relaxed)
    body()
    watched.store(0, ordering: .relaxed)
    return allocations.load(ordering: .relaxed)
}

/// Serialized, since one thread at a time is watched.
@Suite(.serialized) struct AllocationTests {
    @Test func allocationsAreCounted() {
        var kept: [[Int]] = []
        let count = allocations { for size in 1...10 { kept.append([Int](repeating: size, count: 100 * size)) } }
        #expect(count >= 10 && kept.count == 10)
        let first = kept[0].count
        #expect(allocations { if first > 0 { kept[2].append(5) } } == 1)
        #expect(allocations { kept[3][5] += 1 } == 0)
    }

    @Test(arguments: [StepPlan.sampled, .whole], [false, true])
    func aTrainingStepOnAWarmTapeAllocatesNothing(plan: StepPlan, hasOwnEmbeddings: Bool) throws {
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
        var total = 0.0
        let growths = tape.growths
        let count = allocations { for batch in batches { total += trainer.step(batch, on: &tape) } }
        #expect(count == 0 && tape.growths == growths && total > 0)
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
        let needed = tape.bytes.handedOut + 3 * 4 * start.count
        for _ in 0..<3 { _ = trainer.step(batch, on: &tape) }
        #expect(tape.bytes.taken + 4 * 4 * start.count <= 2 * needed)
    }
}
