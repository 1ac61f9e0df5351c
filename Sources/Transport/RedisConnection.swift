import CHiredis
import Glibc

// One blocking connection to Redis over hiredis. Commands go out as arrays of bytes, so nothing has to
// be quoted and an event may hold any byte. Every wait has an end: one second to connect, five for an
// answer. After a wait that ended without an answer, the connection is useless (the answer may still
// come and would be taken for the next one), so the owner throws it away.
//
// Commands may be sent ahead: `send`, `send`, `flush`, then an `answer` for each, in order.

/// An open connection. Belongs to one thread.
final class RedisConnection {
    private let context: UnsafeMutablePointer<redisContext>
    private let reader: ReplyReader
    private let address: String
    private var tls: RedisTLS?

    /// Connects and, given a login, authenticates.
    init(to address: RedisAddress, login: RedisLogin?) throws(RedisError) {
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
        reader = ReplyReader(of: opened)
        if opened.pointee.err != 0 { throw .unreachable(address: address.text, reason: fault()) }
        let patience = timeval(tv_sec: RedisLimits.commandSeconds, tv_usec: 0)
        guard redisSetTimeout(opened, patience) == REDIS_OK else {
            throw .unreachable(address: address.text, reason: fault())
        }
        if case .host(let host, _) = address.place {
            redisEnableKeepAlive(opened)
            if address.isEncrypted {
                tls = try RedisTLS(
                    over: opened.pointee.fd, to: host, login?.trust ?? RedisTrust(), address: address.text)
            }
        }
        guard let login, let password = login.password else { return }
        let words = ["AUTH"] + (login.user.map { [$0] } ?? []) + [password]
        if case .error(let reason) = try command(words.map { Array($0.utf8) }) {
            throw .refused(address: address.text, command: "AUTH", reason: reason)
        }
    }

    deinit {
        tls = nil
        redisFree(context)
    }

    /// Writing to a connection that the other side has closed must be an error, not the end of the process.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Sends one command and waits for its answer. An error that Redis answers with is an answer; `lost` is
    /// thrown when there is none, and this connection must not be used again.
    func command(_ arguments: [[UInt8]]) throws(RedisError) -> RedisReply {
        try send(arguments)
        return try answer()
    }

    /// Puts a command behind those that are to be sent.
    func send(_ arguments: [[UInt8]]) throws(RedisError) {
        var sizes: [Int] = []
        sizes.reserveCapacity(arguments.count)
        var total = 1
        for argument in arguments {
            sizes.append(argument.count)
            total += argument.count
        }
        var joined: [UInt8] = []
        joined.reserveCapacity(total)
        for argument in arguments { joined.append(contentsOf: argument) }
        joined.append(0)
        let result = joined.withUnsafeBytes { bytes -> Int32 in
            var next = bytes.bindMemory(to: CChar.self).baseAddress
            var starts: [UnsafePointer<CChar>?] = []
            starts.reserveCapacity(sizes.count)
            for size in sizes {
                starts.append(next)
                next = next.map { $0 + size }
            }
            return redisAppendCommandArgv(context, Int32(sizes.count), &starts, sizes)
        }
        guard result == REDIS_OK else { throw .lost(address: address, reason: fault()) }
    }

    /// Hands everything that is to be sent to the system.
    func flush() throws(RedisError) {
        if let tls, let waiting = context.pointee.obuf {
            try tls.write(UnsafeRawBufferPointer(start: waiting, count: sdslen(waiting)))
            sdsclear(waiting)
            return
        }
        var isDone: Int32 = 0
        while isDone == 0 {
            guard redisBufferWrite(context, &isDone) == REDIS_OK else {
                throw .lost(address: address, reason: fault())
            }
        }
    }

    /// The answer to the oldest command without one, sent now if it is still to be sent.
    func answer() throws(RedisError) -> RedisReply { try flatAnswer().tree }

    /// `answer`, as it stood on the wire.
    func flatAnswer() throws(RedisError) -> FlatReply {
        var answer: UnsafeMutableRawPointer?
        if let tls {
            try flush()
            while answer == nil { answer = try next(from: tls) }
        } else {
            guard redisGetReply(context, &answer) == REDIS_OK, answer != nil else {
                throw .lost(address: address, reason: fault())
            }
        }
        return reader.take()
    }

    /// The next answer if it is there whole; else takes some more bytes in.
    private func next(from tls: RedisTLS) throws(RedisError) -> UnsafeMutableRawPointer? {
        var answer: UnsafeMutableRawPointer?
        guard redisReaderGetReply(context.pointee.reader, &answer) == REDIS_OK else {
            throw .unexpected(address: address, command: "a command")
        }
        if answer != nil { return answer }
        let bytes = try tls.read()
        let start = bytes.bindMemory(to: CChar.self).baseAddress
        guard redisReaderFeed(context.pointee.reader, start, bytes.count) == REDIS_OK else {
            throw .lost(address: address, reason: "no memory for an answer")
        }
        return nil
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
