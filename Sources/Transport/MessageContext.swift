import CZeroMQ
import Glibc
import Synchronization

/// A ZeroMQ context as it may be handed from thread to thread.
struct ContextHandle: @unchecked Sendable {
    // SAFETY: a context, unlike a socket, may be used by any thread at any time (zmq_ctx_new).
    let pointer: UnsafeMutableRawPointer
}

/// What all links of a process share: ZeroMQ's input/output thread and the gate that lets clients in.
/// One per process is enough. Links keep it alive.
package final class MessageContext: Sendable {
    let handle: ContextHandle
    let gate: AdmissionGate
    private let openLinks = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)

    package init() throws(TransportError) {
        guard let pointer = zmq_ctx_new() else {
            throw .system(operation: "start", endpoint: "ZeroMQ", reason: lastReason())
        }
        handle = ContextHandle(pointer: pointer)
        gate = AdmissionGate()
    }

    deinit { close() }

    /// Waits until what closed links had accepted is sent, at most the linger time (1 s), and frees everything.
    /// All links must be closed; a second call does nothing.
    package func close() {
        precondition(openLinks.load(ordering: .acquiring) == 0, "close the links before their context")
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        zmq_ctx_shutdown(handle.pointer)
        while zmq_ctx_term(handle.pointer) != 0, zmq_errno() == EINTR {}
    }

    func linkOpened() {
        precondition(!isClosed.load(ordering: .acquiring), "the context is closed")
        openLinks.add(1, ordering: .acquiringAndReleasing)
    }

    func linkClosed() { openLinks.subtract(1, ordering: .acquiringAndReleasing) }
}
