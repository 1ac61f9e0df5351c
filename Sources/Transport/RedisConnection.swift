import CHiredis
import Glibc

// One blocking connection to Redis over hiredis. Commands go out as arrays of bytes, so nothing has to
// be quoted and an event may hold any byte. Every wait has an end: one second to connect, five for an
// answer. After a wait that ended without an answer, the connection is useless (the answer may still
// come and would be taken for the next one), so the owner throws it away.

/// An answer of Redis, copied out of hiredis.
enum RedisReply: Equatable {
    case integer(Int64)
    case text([UInt8])
    case list([RedisReply])
    case none
    case error(String)

    /// The text of a status or a string that is UTF-8.
    var string: String? {
        if case .text(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil }
    }
}

/// An open connection. Belongs to one thread.
final class RedisConnection {
    private let context: UnsafeMutablePointer<redisContext>
    private let address: String

    /// Connects and, given a password, authenticates.
    init(to address: RedisAddress, password: String?) throws(RedisError) {
        Self.ignoreBrokenPipes
        self.address = address.text
        let limit = timeval(tv_sec: RedisLimits.connectSeconds, tv_usec: 0)
        let opened =
            switch address.place {
            case .socket(let path): redisConnectUnixWithTimeout(path, limit)
            case .host(let host, let port): redisConnectWithTimeout(host, Int32(port), limit)
            }
        guard let opened else { throw .unreachable(address: address.text, reason: "no memory") }
        context = opened
        if opened.pointee.err != 0 { throw .unreachable(address: address.text, reason: fault()) }
        let patience = timeval(tv_sec: RedisLimits.commandSeconds, tv_usec: 0)
        guard redisSetTimeout(opened, patience) == REDIS_OK else {
            throw .unreachable(address: address.text, reason: fault())
        }
        if case .host = address.place { redisEnableKeepAlive(opened) }
        if let password, case .error(let reason) = try command([Array("AUTH".utf8), Array(password.utf8)]) {
            throw .refused(address: address.text, command: "AUTH", reason: reason)
        }
    }

    deinit { redisFree(context) }

    /// Writing to a connection that the other side has closed must be an error, not the end of the process.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Sends one command and waits for its answer. An error that Redis answers with is an answer; `lost` is
    /// thrown when there is none, and this connection must not be used again.
    func command(_ arguments: [[UInt8]]) throws(RedisError) -> RedisReply {
        let sizes = arguments.map(\.count)
        let joined = Array(arguments.joined()) + [0]
        let answer = joined.withUnsafeBytes { bytes -> UnsafeMutableRawPointer? in
            var next = bytes.bindMemory(to: CChar.self).baseAddress
            var starts: [UnsafePointer<CChar>?] = []
            starts.reserveCapacity(sizes.count)
            for size in sizes {
                starts.append(next)
                next = next.map { $0 + size }
            }
            return redisCommandArgv(context, Int32(sizes.count), &starts, sizes)
        }
        guard let answer else { throw .lost(address: address, reason: fault()) }
        defer { freeReplyObject(answer) }
        return Self.copy(answer.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private static func copy(_ reply: redisReply) -> RedisReply {
        switch reply.type {
        case REDIS_REPLY_INTEGER: return .integer(Int64(reply.integer))
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS:
            return .text(Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len)))
        case REDIS_REPLY_ERROR:
            let bytes = UnsafeRawBufferPointer(start: reply.str, count: reply.len)
            return .error(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            return .list((0..<reply.elements).map { reply.element[$0].map { copy($0.pointee) } ?? .none })
        default: return .none
        }
    }

    /// Why hiredis gave up, in words.
    private func fault() -> String {
        let reason = withUnsafeBytes(of: &context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        // What the system says when a receive time-out has passed.
        return reason == "Resource temporarily unavailable"
            ? "no answer within \(RedisLimits.commandSeconds) s" : reason
    }
}
