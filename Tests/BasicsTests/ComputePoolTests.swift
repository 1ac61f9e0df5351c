import Basics
import Synchronization
import Testing

@Suite struct ComputePoolTests {
    @Test(arguments: [1, 2, 5], [0, 1, 2, 3, 1000])
    func everyIndexRunsExactlyOnce(threads: Int, count: Int) {
        let pool = ComputePool(threads: threads)
        let calls = Mutex([Int](repeating: 0, count: count))
        for _ in 0..<3 { pool.forEach(count) { index in calls.withLock { $0[index] += 1 } } }
        #expect(calls.withLock { $0 } == [Int](repeating: 3, count: count))
    }

    @Test func rangesCoverTheWholeWithoutOverlap() {
        let pool = ComputePool(threads: 2)
        let seen = Mutex([Int](repeating: 0, count: 101))
        pool.forEachRange(of: 101, pieces: 7) { range in
            seen.withLock { counts in for index in range { counts[index] += 1 } }
        }
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
    }
}
