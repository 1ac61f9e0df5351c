import Glibc
import Synchronization

// A bounded queue between threads. Full is an answer, not a wait: whoever offers decides what a
// full queue means. Waiting is only ever for something to take, and always with a limit.

/// First in, first out, for any number of threads.
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element?] = []
        var head = 0
        var isClosed = false
    }

    package enum Offer: Equatable, Sendable { case accepted, full, closed }

    private let capacity: Int
    private let monitor = Monitor<State>(State())

    package init(capacity: Int) {
        precondition(capacity > 0, "a queue holds at least one element")
        self.capacity = capacity
    }

    package func offer(_ element: Element) -> Offer {
        monitor.withLock { state, wake in
            if state.isClosed { return .closed }
            if state.elements.count - state.head >= capacity { return .full }
            state.elements.append(element)
            wake()
            return .accepted
        }
    }

    /// The oldest element, or nil when none came within the time or the queue is closed and empty.
    package func take(waitingMilliseconds: Int) -> Element? {
        monitor.wait(milliseconds: waitingMilliseconds) { state in
            if state.head < state.elements.count {
                let element = state.elements[state.head]
                state.elements[state.head] = nil  // Nobody keeps what was taken.
                state.head += 1
                if state.head == state.elements.count || state.head > 1024 {
                    state.elements.removeFirst(state.head)
                    state.head = 0
                }
                return .done(element)
            }
            return state.isClosed ? .done(nil) : .notYet
        } ?? nil
    }

    /// The oldest of those elements that `isWanted`, at most `count`, without waiting; the others keep their order.
    package func take(_ count: Int, where isWanted: (Element) -> Bool) -> [Element] {
        monitor.withLock { state, _ in
            var taken: [Element] = []
            var left: [Element?] = []
            for case let element? in state.elements[state.head...] {
                if taken.count < count && isWanted(element) { taken.append(element) } else { left.append(element) }
            }
            (state.elements, state.head) = (left, 0)
            return taken
        }
    }

    /// No more offers; what is in the queue can still be taken.
    package func close() {
        monitor.withLock { state, wake in
            state.isClosed = true
            wake()
        }
    }

    package var isClosed: Bool { monitor.withLock { state, _ in state.isClosed } }

    package var count: Int { monitor.withLock { state, _ in state.elements.count - state.head } }
}
