import CZeroMQ
import Glibc

/// Ends another thread's wait for messages. Any thread may call `wake()`; wakes that come before the waiting thread
/// looks count as one, so what is to be done belongs in a queue, not in the wake.
package final class Waker: Sendable {
    /// Readable for poll while a wake is pending.
    let descriptor: Int32

    package init() throws(TransportError) {
        descriptor = muster_event_descriptor()
        guard descriptor >= 0 else {
            throw .system(operation: "make", endpoint: "a waker", reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// Never blocks and never fails: a counter at its limit is a pending wake as well.
    package func wake() {
        var one: UInt64 = 1
        while write(descriptor, &one, MemoryLayout<UInt64>.size) < 0, errno == EINTR {}
    }

    /// Waits for a wake, at most so long, where there is no link to wait at.
    package func wait(milliseconds: Int) {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&item, 1, Int32(clamping: milliseconds)) > 0 { _ = reset() }
    }

    /// Takes back all pending wakes; whether there were any.
    func reset() -> Bool {
        var count: UInt64 = 0
        while true {
            let length = read(descriptor, &count, MemoryLayout<UInt64>.size)
            if length < 0, errno == EINTR { continue }
            return length == MemoryLayout<UInt64>.size
        }
    }
}
