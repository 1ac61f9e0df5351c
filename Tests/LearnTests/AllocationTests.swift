import Basics
import Glibc
import Synchronization
import Testing

@testable import Learn

// The C library's own allocation, which the functions below stand before in this program.
@_silgen_name("__libc_malloc") private func libraryMalloc(_ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_calloc") private func libraryCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_realloc")
private func libraryRealloc(_ old: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_memalign") private func libraryAlign(_ border: Int, _ size: Int) -> UnsafeMutableRawPointer?

/// The thread whose allocations are counted; 0 for none.
private let watched = Atomic<UInt>(0)
private let allocations = Atomic<Int>(0)

private func note() {
    if watched.load(ordering: .relaxed) == UInt(pthread_self()) { allocations.add(1, ordering: .relaxed) }
}

@_cdecl("malloc") func notedMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
    note()
    return libraryMalloc(size)
}

@_cdecl("calloc") func notedCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    note()
    return libraryCalloc(count, size)
}

@_cdecl("realloc")
func notedRealloc(_ old: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    note()
    return libraryRealloc(old, size)
}

@_cdecl("aligned_alloc") func notedAlign(_ border: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    note()
    return libraryAlign(border, size)
}

@_cdecl("posix_memalign")
func notedPosixAlign(_ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ border: Int, _ size: Int) -> Int32 {
    note()
    result.pointee = libraryAlign(border, size)
    return result.pointee == nil ? ENOMEM : 0
}

/// How often `body` asks for memory on its own thread.
private func allocations(of body: () -> Void) -> Int {
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
        let count = allocations { for batch in batches { total += trainer.step(batch, on: &tape) } }
        #expect(count == 0 && total > 0)
    }
}
