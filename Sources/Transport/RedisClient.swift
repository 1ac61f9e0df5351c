// One thread's connection to Redis: made at the first command, and again at the next one after a fault. How long to
// wait in between is the caller's affair (`RedisPause`).

import Basics
import Events

/// Who talks to Redis. Belongs to one thread.
package final class RedisClient {
    let address: String
    private let login: RedisLogin?
    private var connection: RedisConnection?
    /// Redis' names for scripts, by their source; asked for once per connection.
    private var digests: [String: [UInt8]] = [:]

    /// `address` is `host:port` or the path of a Unix socket.
    package init(address: String, login: RedisLogin?) {
        self.address = address
        self.login = login
    }

    /// One command of a tool, and what Redis says to it: a text, or a number in digits; empty for anything else.
    package func say(_ words: String...) throws(RedisError) -> String {
        switch try accepted(words[0], Array(words.dropFirst())) {
        case .text(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .integer(let number): return String(number)
        default: return ""
        }
    }

    /// How many entries a stream holds; one that does not exist holds none.
    package func length(of stream: String) throws(RedisError) -> Int {
        guard case .integer(let count) = try accepted("XLEN", [stream]) else {
            throw .unexpected(address: address, command: "XLEN")
        }
        return Int(count)
    }

    /// How many entries of a stream a group was given and has not acknowledged.
    package func pending(_ stream: String, _ group: String) throws(RedisError) -> Int {
        guard case .list(let parts) = try accepted("XPENDING", [stream, group]), case .integer(let count)? = parts.first
        else { throw .unexpected(address: address, command: "XPENDING") }
        return Int(count)
    }

    /// `command`, with an error that Redis answers thrown.
    func accepted(_ name: String, _ arguments: [String]) throws(RedisError) -> RedisReply {
        let reply = try command([name] + arguments)
        if case .error(let reason) = reply { throw .refused(address: address, command: name, reason: reason) }
        return reply
    }

    func command(_ words: [String]) throws(RedisError) -> RedisReply {
        try command(words.map { Array($0.utf8) })
    }

    func command(_ words: [[UInt8]]) throws(RedisError) -> RedisReply {
        try using { connection throws(RedisError) in try connection.command(words) }
    }

    /// Hands several commands to the system, without waiting for answers.
    func send(_ commands: [[[UInt8]]]) throws(RedisError) {
        try using { connection throws(RedisError) in
            for command in commands { try connection.send(command) }
            try connection.flush()
        }
    }

    /// The answer to the oldest command that was sent and not answered.
    func answer() throws(RedisError) -> RedisReply {
        try using { connection throws(RedisError) in try connection.answer() }
    }

    /// `answer`, as it stood on the wire, with an error that Redis answers thrown.
    func flatAnswer(to name: String) throws(RedisError) -> FlatReply {
        let reply = try using { connection throws(RedisError) in try connection.flatAnswer() }
        if let reason = reply.refusal { throw .refused(address: address, command: name, reason: reason) }
        return reply
    }

    /// The name under which Redis runs a script.
    func digest(of script: String) throws(RedisError) -> [UInt8] {
        if connection != nil, let known = digests[script] { return known }
        guard case .text(let digest) = try accepted("SCRIPT", ["LOAD", script]) else {
            throw .unexpected(address: address, command: "SCRIPT LOAD")
        }
        digests[script] = digest
        return digest
    }

    /// Removes the oldest entries of a stream, all of which are below `id`, as long as `kept` entries stay and every
    /// consumer group has been given and has acknowledged them. A stream that nobody has registered a group for is left
    /// alone. Answers how many entries went. Redis 6.2 and later.
    func trim(_ stream: String, below id: EntryID, keeping kept: Int) throws(RedisError) -> Int {
        let words = ["EVAL", TrimScript.source, "1", stream, "\(id.milliseconds)", "\(id.sequence)", "\(kept)"]
        let reply = try command(words)
        if case .error(let reason) = reply { throw .refused(address: address, command: "trim", reason: reason) }
        guard case .integer(let count) = reply else { throw .unexpected(address: address, command: "trim") }
        return Int(count)
    }

    /// The next command connects anew.
    func disconnect() { connection = nil }

    /// Connects if need be. A fault drops the connection.
    private func using<Made>(_ body: (RedisConnection) throws(RedisError) -> Made) throws(RedisError) -> Made {
        let open: RedisConnection
        if let connection {
            open = connection
        } else {
            open = try RedisConnection(to: RedisAddress(address), login: login)
            connection = open
            digests = [:]
        }
        do {
            return try body(open)
        } catch {
            connection = nil
            throw error
        }
    }
}

/// How long to wait between two attempts: about 0.1 s, 0.2 s, 0.4 s, ... up to 12.8 s, each a quarter more or less, so
/// that many processes do not come back at the same moment, and none later than 16 s after Redis.
package struct RedisPause {
    private var seconds = 0.1
    private var random: SeededRandom

    package init(seed: UInt64) { random = SeededRandom(seed: seed) }

    package mutating func next() -> Double {
        defer { seconds = min(seconds * 2, 12.8) }
        return seconds * (0.75 + 0.5 * random.uniform())
    }

    /// It worked.
    package mutating func reset() { seconds = 0.1 }
}
