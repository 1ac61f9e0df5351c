import Basics
import CMicroHTTP
import Glibc
import Synchronization

/// What is known of one request while it arrives. Used by its connection's thread only.
final class HTTPExchange {
    let target: [UInt8]
    /// Whether the headers have been seen.
    var hasStarted = false
    var body: [UInt8] = []
    /// Bytes of the body so far, whether kept or not.
    var bodyBytes = 0

    init(target: [UInt8]) { self.target = target }
}

/// Answers requests as libmicrohttpd brings them: headers first, then the body in pieces, then its end.
final class ServerCore: Sendable {
    private struct Load {
        /// Requests between their first line and the last byte of their answer.
        var open = 0
        /// Those of them whose headers have arrived.
        var answering = 0
    }

    private let limits: GatewayLimits
    private let handler: @Sendable (HTTPRequest) -> HTTPResponse
    private let load = Monitor<Load>(Load())
    private let isDraining = Atomic<Bool>(false)

    init(limits: GatewayLimits, handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse) {
        self.limits = limits
        self.handler = handler
    }

    /// The first line of a request has arrived.
    func begin(target: [UInt8]) -> HTTPExchange {
        load.withLock { load, _ in load.open += 1 }
        return HTTPExchange(target: target)
    }

    /// Requests that are arriving or being answered.
    var openRequests: Int { load.withLock { load, _ in load.open } }

    /// One step of a request; `count` is in: bytes of body at `data`, out: bytes not taken.
    func proceed(
        _ exchange: HTTPExchange, _ connection: Connection, method: UnsafePointer<CChar>,
        data: UnsafePointer<CChar>?, count: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        if !exchange.hasStarted {
            exchange.hasStarted = true
            load.withLock { load, _ in load.answering += 1 }
            return isHopeless(connection) ? connection.send(bodyTooLarge, isLast: true) : .YES
        }
        if count.pointee > 0 {
            let piece = UnsafeRawBufferPointer(start: data, count: count.pointee)
            count.pointee = 0
            exchange.bodyBytes += piece.count
            if exchange.bodyBytes <= limits.bodyBytes {
                exchange.body.append(contentsOf: piece)
            } else {
                exchange.body = []
            }
            return exchange.bodyBytes <= limits.discardedBytes ? .YES : .NO
        }
        let response = answer(exchange, connection, method: String(cString: method))
        return connection.send(response, isLast: isDraining.load(ordering: .relaxed))
    }

    /// The last byte of the answer is sent, or the connection is gone.
    func complete(_ exchange: HTTPExchange) {
        load.withLock { load, wake in
            load.open -= 1
            load.answering -= exchange.hasStarted ? 1 : 0
            wake()
        }
    }

    /// From now on each answer is its connection's last; returns when none is under way or the time is over.
    func drain() {
        isDraining.store(true, ordering: .relaxed)
        _ = load.wait(milliseconds: limits.drainMilliseconds) { $0.answering == 0 ? .done(()) : .notYet }
    }

    private func answer(_ exchange: HTTPExchange, _ connection: Connection, method: String) -> HTTPResponse {
        guard exchange.bodyBytes <= limits.bodyBytes else { return bodyTooLarge }
        guard let target = String(validating: exchange.target, as: UTF8.self) else {
            return badTarget(.badText)
        }
        do throws(TargetError) {
            let request = try HTTPRequest(
                method: method, target: target, headers: connection.headers(), body: exchange.body)
            exchange.body = []
            return handler(request)
        } catch {
            return badTarget(error)
        }
    }

    /// Whether the announced body will not be read: it is too large, and the client waits for our word (`Expect`)
    /// or means to send more than we would throw away.
    private func isHopeless(_ connection: Connection) -> Bool {
        guard let announced = connection.header("Content-Length").flatMap({ Int($0) }) else { return false }
        return announced > limits.discardedBytes
            || (announced > limits.bodyBytes && connection.header("Expect") != nil)
    }

    private var bodyTooLarge: HTTPResponse {
        .problem(
            status: 413, title: "Body too large",
            detail: "a request body may have \(limits.bodyBytes) bytes; send the rows in several requests")
    }

    private func badTarget(_ error: TargetError) -> HTTPResponse {
        .problem(status: 400, title: "Bad request", detail: error.description)
    }
}

/// A client's connection, valid during one call of libmicrohttpd.
struct Connection {
    let pointer: OpaquePointer

    func header(_ name: String) -> String? {
        MHD_lookup_connection_value(pointer, .HEADER_KIND, name).map { String(cString: $0) }
    }

    /// Names in lower case; bytes that are not UTF-8 become replacement characters.
    func headers() -> [String: String] {
        var headers: [String: String] = [:]
        withUnsafeMutablePointer(to: &headers) { headers in
            _ = MHD_get_connection_values(
                pointer, .HEADER_KIND,
                { context, _, name, value in
                    guard let context, let name else { return .YES }
                    let headers = context.assumingMemoryBound(to: [String: String].self)
                    let key = String(cString: name).lowercased()
                    let text = value.map { String(cString: $0) } ?? ""
                    headers.pointee[key] = headers.pointee[key].map { "\($0), \(text)" } ?? text
                    return .YES
                }, headers)
        }
        return headers
    }

    /// Queues the answer; libmicrohttpd leaves the body out for `HEAD`. A header that breaks its line is left out.
    func send(_ response: HTTPResponse, isLast: Bool) -> MHD_Result {
        precondition((200...599).contains(response.status), "status \(response.status) is not an answer")
        let queued = response.body.withUnsafeBytes { body in
            MHD_create_response_from_buffer(
                body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
        }
        guard let queued else { return .NO }
        defer { MHD_destroy_response(queued) }
        MHD_add_response_header(queued, "Content-Type", response.contentType)
        for (name, value) in response.headers.sorted(by: { $0.key < $1.key }) {
            MHD_add_response_header(queued, name, value)
        }
        if isLast { MHD_add_response_header(queued, "Connection", "close") }
        return MHD_queue_response(pointer, UInt32(response.status), queued)
    }
}
