// A fixed set of threads for compute. `forEach` is a blocking parallel-for: the caller works too,
// and returns when all indices are done. Which thread runs an index is left to chance; so that
// results never depend on it, an index writes only to what belongs to that index.

/// Threads that share out loops over disjoint pieces of work.
package final class ComputePool: Sendable {
    private struct Job {
        var body: @Sendable (Int) -> Void
        var count: Int
        var next = 0
        var running = 0
    }

    private struct State {
        var job: Job?
        var isClosed = false
    }

    private let monitor = Monitor<State>(State())
    /// Serializes callers: one loop at a time.
    private let turn = Monitor<Bool>(false)

    /// Longer than any loop; a wait needs some number. 31 years.
    private static let forever = 1_000_000_000_000

    /// How many threads work on a loop, the caller included.
    package let threads: Int

    package init(threads: Int) {
        precondition(threads > 0, "a pool has at least the calling thread")
        self.threads = threads
        let monitor = monitor
        for _ in 1..<threads { startThread { Self.serve(monitor) } }
    }

    deinit {
        monitor.withLock { state, wake in
            state.isClosed = true
            wake()
        }
    }

    /// Calls `body` once for each index in 0..<count, in any order, on up to `threads` threads.
    /// Not reentrant: `body` must not call `forEach` of the same pool.
    package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
        if count <= 0 { return }
        if threads == 1 || count == 1 {
            for index in 0..<count { body(index) }
            return
        }
        _ = turn.wait(milliseconds: Self.forever) { busy -> Monitor<Bool>.Progress<Void> in
            if busy { return .notYet }
            busy = true
            return .done(())
        }
        withoutActuallyEscaping(body) { escaping in
            monitor.withLock { state, wake in
                state.job = Job(body: escaping, count: count)
                wake()
            }
            Self.work(monitor)
            _ = monitor.wait(milliseconds: Self.forever) { state -> Monitor<State>.Progress<Void> in
                guard let job = state.job, job.next >= job.count, job.running == 0 else {
                    return state.job == nil ? .done(()) : .notYet
                }
                state.job = nil
                return .done(())
            }
        }
        turn.withLock { busy, wake in
            busy = false
            wake()
        }
    }

    /// Splits 0..<total into at most `pieces` ranges of near-equal length and runs them.
    package func forEachRange(of total: Int, pieces: Int? = nil, _ body: @Sendable (Range<Int>) -> Void) {
        let count = min(max(pieces ?? threads, 1), max(total, 1))
        forEach(count) { index in
            let range = index * total / count..<(index + 1) * total / count
            if !range.isEmpty { body(range) }
        }
    }

    private static func serve(_ monitor: Monitor<State>) {
        while true {
            let goOn = monitor.wait(milliseconds: forever) { state in
                if state.isClosed { return .done(false) }
                if let job = state.job, job.next < job.count { return .done(true) }
                return .notYet
            }
            if goOn == false { return }
            work(monitor)
        }
    }

    private static func work(_ monitor: Monitor<State>) {
        while runOne(monitor) {
            monitor.withLock { state, wake in
                state.job?.running -= 1
                if let job = state.job, job.running == 0, job.next >= job.count { wake() }
            }
        }
    }

    /// Runs the next index, if there is one. Not inlined: its copy of the loop's body must be gone before the
    /// index counts as done, since from then on `forEach` may return and check that nobody holds the body.
    @inline(never)
    private static func runOne(_ monitor: Monitor<State>) -> Bool {
        let claim = monitor.withLock { state, _ -> (body: @Sendable (Int) -> Void, index: Int)? in
            guard let job = state.job, job.next < job.count else { return nil }
            state.job?.next += 1
            state.job?.running += 1
            return (job.body, job.next)
        }
        guard let claim else { return false }
        claim.body(claim.index)
        return true
    }
}
