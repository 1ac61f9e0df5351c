import CZeroMQ
import Glibc
import Synchronization

/// Ends another thread's wait for messages. Any thread may call `wake()`; wakes that come before the waiting thread
/// looks count as one, so what is to be done belongs in a queue, not in the wake.
package final class Waker: Sendable {
    /// Readable for poll while a wake is pending.
    let descriptor: Int32
    /// Whether somebody has woken the thread since it last looked: then nobody needs to ask the system again.
    private let isPending = Atomic(false)

    package init() throws(TransportError) {
        descriptor = muster_event_descriptor()
        guard descriptor >= 0 else {
            throw .system(operation: "make", endpoint: "a waker", reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// Never blocks and never fails: a counter at its limit is a pending wake as well.
    package func wake() {
        if isPending.exchange(true, ordering: .acquiringAndReleasing) { return }
        var one: UInt64 = 1
        while write(descriptor, &one, MemoryLayout<UInt64>.size) < 0, errno == EINTR {}
    }

    /// Waits for a wake, at most so long, where there is no link to wait at.
    package func wait(milliseconds: Int) {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&item, 1, Int32(clamping: milliseconds)) > 0 { _ = reset() }
    }

    /// Takes back all pending wakes; whether there were any. What was queued before such a wake is there to be taken
    /// afterwards. In this order: a wake between the two finds one pending, and its queue is looked at after both.
    func reset() -> Bool {
        defer { _ = isPending.exchange(false, ordering: .acquiringAndReleasing) }
        var count: UInt64 = 0
        while true {
            let length = read(descriptor, &count, MemoryLayout<UInt64>.size)
            if length < 0, errno == EINTR { continue }
            return length == MemoryLayout<UInt64>.size
        }
    }
}
