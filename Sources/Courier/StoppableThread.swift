import Basics
import Shard
import Store

/// A thread that sleeps until something happens, and ends when it is told to.
final class StoppableThread: Sendable {
    private struct State {
        var isStopping = false
        var isDone = false
        var hasNews = false
        /// The cities that wake us.
        var heard: Set<ObjectIdentifier> = []
    }

    private let state = Monitor(State())
    /// More than one connection attempt and one command may take.
    private static let stopMilliseconds = 10_000

    func start(_ body: @escaping @Sendable () -> Void) {
        startThread { [self] in
            body()
            state.withLock { state, wake in
                state.isDone = true
                wake()
            }
        }
    }

    func stop() {
        state.withLock { state, wake in
            state.isStopping = true
            wake()
        }
        _ = state.wait(milliseconds: Self.stopMilliseconds) { $0.isDone ? .done(()) : .notYet }
    }

    var isStopping: Bool { state.withLock { state, _ in state.isStopping } }

    /// From now on a commit of events in this city is news.
    func listen(to shard: CityShard) {
        let isNew = state.withLock { state, _ in state.heard.insert(ObjectIdentifier(shard)).inserted }
        guard isNew else { return }
        shard.store.callAfterEvents { [state] in
            state.withLock { state, wake in
                if state.hasNews { return }
                state.hasNews = true
                wake()
            }
        }
    }

    /// Returns when there is news, when the time is over, or at the end.
    func waitForNews(milliseconds: Int) {
        _ = state.wait(milliseconds: milliseconds) { state -> Monitor<State>.Progress<Void> in
            guard state.hasNews || state.isStopping else { return .notYet }
            state.hasNews = false
            return .done(())
        }
    }

    /// Sleeps, news or not, but not beyond the end.
    func sleep(seconds: Double) {
        _ = state.wait(milliseconds: Int(seconds * 1000)) { $0.isStopping ? .done(()) : .notYet }
    }
}
