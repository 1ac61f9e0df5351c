import CZeroMQ
import Glibc

// The one place that touches ZeroMQ sockets and messages. A socket belongs to one thread at a time; it may be handed
// over, with a fence in between (starting a thread is one, a lock another).

/// What became of a message.
package enum SendResult: Equatable, Sendable {
    /// Accepted for sending; not yet delivered.
    case sent
    /// Nobody with this identity is connected.
    case unreachable
    /// The queue to this peer has no room left; nothing of the message was taken.
    case full
}

/// A raw ZeroMQ socket: options, multipart messages, and waiting.
final class MessageSocket {
    let endpoint: String
    private var handle: UnsafeMutableRawPointer?
    /// Messages dropped because they had too many frames.
    private(set) var oversized: UInt64 = 0

    init(context: ContextHandle, type: Int32, endpoint: String) throws(TransportError) {
        self.endpoint = endpoint
        handle = zmq_socket(context.pointer, type)
        guard handle != nil else {
            throw .system(operation: "open a socket for", endpoint: endpoint, reason: lastReason())
        }
    }

    deinit { close() }

    /// What was accepted is still sent, within the linger time. A second call does nothing.
    func close() {
        guard let open = handle else { return }
        zmq_close(open)
        handle = nil
    }

    var isOpen: Bool { handle != nil }

    func set(_ option: Int32, _ value: some BitwiseCopyable) throws(TransportError) {
        let result = withUnsafeBytes(of: value) { zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
        guard result == 0 else { throw failure("set option \(option) for") }
    }

    func set(_ option: Int32, bytes: [UInt8]) throws(TransportError) {
        guard zmq_setsockopt(handle, option, bytes, bytes.count) == 0 else { throw failure("set option \(option) for") }
    }

    /// Binds to `address` and answers where that is: the system may have chosen the port.
    @discardableResult
    func bind(to address: String) throws(TransportError) -> String {
        guard zmq_bind(handle, address) == 0 else { throw failure("bind to") }
        var text = [UInt8](repeating: 0, count: 512)
        var length = text.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &length) == 0 else {
            throw failure("read the address of")
        }
        return String(decoding: text[..<max(0, length - 1)], as: UTF8.self)
    }

    func connect(to address: String) throws(TransportError) {
        guard zmq_connect(handle, address) == 0 else { throw failure("connect to") }
    }

    /// Waits for a message or for `waker`, whichever is first; both false: the time is over or a signal came.
    func poll(waker: Waker, milliseconds: Int) throws(TransportError) -> (message: Bool, waker: Bool) {
        guard handle != nil else { throw .closed(endpoint: endpoint) }
        var items = (
            zmq_pollitem_t(socket: handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(socket: nil, fd: waker.descriptor, events: Int16(ZMQ_POLLIN), revents: 0)
        )
        let count = withUnsafeMutableBytes(of: &items) {
            zmq_poll($0.bindMemory(to: zmq_pollitem_t.self).baseAddress, 2, milliseconds)
        }
        if count < 0, zmq_errno() == EINTR { return (false, false) }
        guard count >= 0 else { throw failure("wait at") }
        return (items.0.revents != 0, items.1.revents != 0)
    }

    /// The frames of the next message, or nil when there is none (without `waiting`) or a signal came.
    func receive(waiting: Bool) throws(TransportError) -> [[UInt8]]? {
        guard handle != nil else { throw .closed(endpoint: endpoint) }
        var frames: [[UInt8]] = []
        var count = 0
        var hasMore = true
        while hasMore {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            guard zmq_msg_recv(&message, handle, waiting ? 0 : ZMQ_DONTWAIT) >= 0 else {
                let isInterrupted = zmq_errno() == EINTR
                // A message arrives whole or not at all, so only a signal can come between its frames.
                if count > 0, isInterrupted { continue }
                if isInterrupted || zmq_errno() == EAGAIN { return nil }
                throw failure("receive from")
            }
            count += 1
            hasMore = zmq_msg_more(&message) != 0
            if count <= TransportLimits.framesPerMessage {
                frames.append(
                    Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
            } else {
                frames = []
            }
        }
        if count > TransportLimits.framesPerMessage {
            oversized += 1
            return nil
        }
        return frames
    }

    /// Sends the frames as one message, never in part. Precondition: at least one frame.
    func send(_ frames: [[UInt8]], waiting: Bool = false) -> SendResult {
        precondition(!frames.isEmpty, "a message has at least one frame")
        guard handle != nil else { return .unreachable }
        var result = SendResult.sent
        for (index, frame) in frames.enumerated() {
            let flags = (waiting ? 0 : ZMQ_DONTWAIT) | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
            guard put(frame, flags: flags) < 0 else { continue }
            switch zmq_errno() {
            case EHOSTUNREACH, MessageSocket.terminated: return .unreachable
            case EAGAIN: result = .full
            case let code: preconditionFailure("ZeroMQ refused a frame: \(String(cString: zmq_strerror(code)))")
            }
            // Refused at the first frame, nothing was taken. When the connection breaks in the middle, ZeroMQ drops
            // what it had and everything up to the last frame, which it must therefore be given.
            if index == 0 { return result }
        }
        return result
    }

    /// Small frames are copied. Large ones are lent: the array is kept alive until ZeroMQ gives it back.
    private func put(_ frame: [UInt8], flags: Int32) -> Int32 {
        var result: Int32
        if frame.count <= TransportLimits.copiedBytes {
            repeat { result = zmq_send(handle, frame, frame.count, flags) } while result < 0 && zmq_errno() == EINTR
            return result
        }
        var message = FrameLoan.message(lending: frame)
        repeat { result = zmq_msg_send(&message, handle, flags) } while result < 0 && zmq_errno() == EINTR
        if result < 0 {
            let code = errno
            zmq_msg_close(&message)
            errno = code
        }
        return result
    }

    /// ZeroMQ's own error number for a context that is shut down (ETERM).
    private static let terminated: Int32 = ZMQ_HAUSNUMERO + 53

    private func failure(_ operation: String) -> TransportError {
        guard handle != nil else { return .closed(endpoint: endpoint) }
        return .system(operation: operation, endpoint: endpoint, reason: lastReason())
    }
}

/// Keeps an array alive while ZeroMQ's threads read it.
private final class FrameLoan {
    private let bytes: [UInt8]

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A message whose data is the array's own storage. ZeroMQ releases the loan after the last byte is written,
    /// or when the message is closed.
    static func message(lending bytes: [UInt8]) -> zmq_msg_t {
        let loan = FrameLoan(bytes)
        // SAFETY: the storage of an array lies on the heap and stays where it is as long as the loan refers to it;
        // nobody writes to it, since any writer would first copy what it shares with the loan. ZeroMQ only reads.
        let storage = loan.bytes.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress!) }
        var message = zmq_msg_t()
        let result = zmq_msg_init_data(
            &message, storage, bytes.count,
            { _, hint in Unmanaged<FrameLoan>.fromOpaque(hint!).release() },
            Unmanaged.passRetained(loan).toOpaque())
        precondition(result == 0, "no memory for a message header")
        return message
    }
}
