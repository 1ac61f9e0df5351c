import CMicroHTTP
import Glibc
import Synchronization

// HTTP/1.1 by libmicrohttpd: some threads, each with an epoll of its own, each serving its share of the connections.
// A handler runs on the thread of its connection. While it blocks, the other connections of that thread wait, so
// handlers may take seconds only as long as there are more threads than such requests at a time.

/// Serves HTTP on loopback from the moment it is made until `stop`.
package final class HTTPServer: Sendable {
    /// The port, chosen by the system when 0 was asked for.
    package let port: UInt16
    /// For tests: what the callbacks work on.
    let core: ServerCore
    private let daemon: Mutex<Daemon?>

    private struct Daemon: @unchecked Sendable {
        // SAFETY: libmicrohttpd locks what its threads and the stopping thread share; only `stop` takes it out.
        let pointer: OpaquePointer
    }

    /// Binds and starts. `address` is numeric and on loopback (there are no tokens yet, so nobody else may call);
    /// `threads` at least 1. `handler` is called on any of them, with whole requests within the limits.
    package init(
        address: String, port: UInt16, threads: Int, limits: GatewayLimits = GatewayLimits(),
        handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws(GatewayError) {
        precondition(threads >= 1 && threads <= limits.connections, "a server has 1 thread to 1 per connection")
        let socket = try ListeningSocket(address: address, port: port)
        self.port = socket.port
        core = ServerCore(limits: limits, handler: handler)
        var options = muster_http_options(
            listen_socket: socket.descriptor, threads: UInt32(threads), connections: UInt32(limits.connections),
            timeout_seconds: UInt32(limits.timeoutSeconds), connection_bytes: limits.headerBytes,
            handle: { context, connection, _, method, _, data, count, exchange in
                guard let context, let connection, let method, let count, let exchange = exchange?.pointee else {
                    return .NO
                }
                // SAFETY: the context is the core, which outlives the daemon; the exchange was retained by `begin`.
                let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
                return core.proceed(
                    Unmanaged<HTTPExchange>.fromOpaque(exchange).takeUnretainedValue(),
                    Connection(pointer: connection), method: method, data: data, count: count)
            },
            begin: { context, target, _ in
                guard let context, let target else { return nil }
                let core = Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
                return Unmanaged.passRetained(core.begin(target: Array(cStringBytes(target)))).toOpaque()
            },
            complete: { context, _, exchange, _ in
                guard let context, let opaque = exchange?.pointee else { return }
                // SAFETY: balances the retain of `begin`; libmicrohttpd calls this once per request.
                let finished = Unmanaged<HTTPExchange>.fromOpaque(opaque).takeRetainedValue()
                exchange?.pointee = nil
                Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue().complete(finished)
            },
            context: Unmanaged.passUnretained(core).toOpaque())
        guard let pointer = muster_http_start(&options) else {
            let reason = String(cString: strerror(errno))
            close(socket.descriptor)
            throw .start(reason: reason)
        }
        daemon = Mutex(Daemon(pointer: pointer))
    }

    deinit { stop() }

    /// Accepts nobody any more, lets requests that are being answered finish (5 s at most; a handler that is still
    /// running then is waited for), and closes all connections. Not to be called by a handler. A second call does
    /// nothing.
    package func stop() {
        let taken = daemon.withLock { daemon in
            defer { daemon = nil }
            return daemon
        }
        guard let taken else { return }
        let listener = MHD_quiesce_daemon(taken.pointer)
        core.drain()
        MHD_stop_daemon(taken.pointer)
        // Not earlier: a server thread may look at the socket until it is stopped.
        if listener >= 0 { close(listener) }
    }
}

/// The bytes of a C string, without the zero at its end.
private func cStringBytes(_ text: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text, count: strlen(text))
}
