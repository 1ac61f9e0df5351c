import Glibc

/// State behind a lock that threads can wait on: a POSIX mutex and its condition variable.
/// Never use it from async code; a waiting thread is blocked.
package final class Monitor<State>: @unchecked Sendable {
    // SAFETY: `state` is touched only between pthread_mutex_lock and _unlock of `mutex`.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package enum Progress<Result> { case done(Result), notYet }

    package init(_ state: sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        precondition(pthread_mutex_init(mutex, nil) == 0)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        precondition(pthread_cond_init(condition, &attributes) == 0)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone; `wake` wakes every waiter once the lock is free again.
    package func withLock<Result>(_ body: (inout State, _ wake: () -> Void) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state) { pthread_cond_broadcast(condition) }
    }

    /// The same where nobody has the lock at this moment; else nil, at once.
    package func withLockIfFree<Result>(
        _ body: (inout State, _ wake: () -> Void) throws -> Result
    ) rethrows -> Result? {
        guard pthread_mutex_trylock(mutex) == 0 else { return nil }
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state) { pthread_cond_broadcast(condition) }
    }

    /// Asks `body` again after each wake-up until it is done; nil when the time is over first.
    package func wait<Result>(milliseconds: Int, until body: (inout State) -> Progress<Result>) -> Result? {
        // No time at all is a look, for which the system must not be asked: it would put the thread to sleep.
        if milliseconds <= 0 {
            return withLock { state, _ in
                if case .done(let result) = body(&state) { return result }
                return nil
            }
        }
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + (milliseconds % 1000) * 1_000_000
        deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if case .done(let result) = body(&state) { return result }
            if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
                if case .done(let result) = body(&state) { return result }
                return nil
            }
        }
    }
}
