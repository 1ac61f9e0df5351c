// One thread's connections to Redis: made at the first command, and again at the next one after a fault. How long to
// wait in between is the caller's affair (`RedisPause`). One Redis has one; of a Redis Cluster each node that is asked
// has one, and `turn` says which key the next commands are about.

import Basics
import Events

/// Who talks to Redis. Belongs to one thread.
package final class RedisClient {
    let address: String
    private let login: RedisLogin?
    private var connections: [String: RedisConnection] = [:]
    /// nil: one Redis alone, or nothing is known yet.
    private var cluster: RedisCluster?
    /// Whom the next command goes to.
    private var node: String
    /// Redis' names for scripts, by node and source; asked for once per connection.
    private var digests: [String: [String: [UInt8]]] = [:]

    /// `address` is `host:port` or the path of a Unix socket.
    package init(address: String, login: RedisLogin?) {
        self.address = address
        self.login = login
        node = address
    }

    /// The next commands are about this key, or others of the same slot.
    func turn(to key: String) throws(RedisError) {
        if connections.isEmpty { try using { _ in } }
        node = cluster?.node(of: key) ?? address
    }

    /// Whether the keys are spread over nodes.
    var isCluster: Bool { cluster != nil }

    /// Carries something out at each node that has keys.
    func atEachNode(_ body: () throws(RedisError) -> Void) throws(RedisError) {
        try turn(to: "")
        for node in cluster?.nodes ?? [address] {
            self.node = node
            try body()
        }
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
        try turn(to: stream)
        guard case .integer(let count) = try accepted("XLEN", [stream]) else {
            throw .unexpected(address: address, command: "XLEN")
        }
        return Int(count)
    }

    /// How many entries of a stream a group was given and has not acknowledged.
    package func pending(_ stream: String, _ group: String) throws(RedisError) -> Int {
        try turn(to: stream)
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

    /// Follows the nodes of a cluster to the one that has the key.
    func command(_ words: [[UInt8]]) throws(RedisError) -> RedisReply {
        var reply = try using { connection throws(RedisError) in try connection.command(words) }
        for _ in 0..<RedisLimits.redirectionsMax {
            guard case .error(let reason) = reply, let redirection = noted(reason) else { break }
            let before = node
            node = redirection.node
            reply = try using { connection throws(RedisError) in
                if redirection.isOnce { _ = try connection.command([Array("ASKING".utf8)]) }
                return try connection.command(words)
            }
            if redirection.isOnce { node = before }
        }
        return reply
    }

    /// The node that an error names, remembered when it is for good; nil: it names none.
    private func noted(_ reason: String) -> RedisRedirection? {
        guard let base = try? RedisAddress(address), let redirection = RedisRedirection(reason, base: base) else {
            return nil
        }
        if !redirection.isOnce { cluster?.note(redirection) }
        return redirection
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
        let reply = try using { connection throws(RedisError) in try connection.answer() }
        if case .error(let reason) = reply { try requireHere(reason) }
        return reply
    }

    /// What was sent ahead to a node that no longer has the key is lost with the connection, and sent again.
    private func requireHere(_ reason: String) throws(RedisError) {
        guard noted(reason) != nil else { return }
        let asked = node
        disconnect()
        throw .lost(address: asked, reason: reason)
    }

    /// `answer`, as it stood on the wire, with an error that Redis answers thrown.
    func flatAnswer(to name: String) throws(RedisError) -> FlatReply {
        let reply = try using { connection throws(RedisError) in try connection.flatAnswer() }
        guard let reason = reply.refusal else { return reply }
        try requireHere(reason)
        throw .refused(address: address, command: name, reason: reason)
    }

    /// The name under which Redis runs a script.
    func digest(of script: String) throws(RedisError) -> [UInt8] {
        if let known = digests[node]?[script] { return known }
        guard case .text(let digest) = try accepted("SCRIPT", ["LOAD", script]) else {
            throw .unexpected(address: address, command: "SCRIPT LOAD")
        }
        digests[node, default: [:]][script] = digest
        return digest
    }

    /// Removes the oldest entries of a stream, all of which are below `id`, as long as `kept` entries stay and every
    /// consumer group has been given and has acknowledged them. A stream that nobody has registered a group for is left
    /// alone. Answers how many entries went. Redis 6.2 and later.
    func trim(_ stream: String, below id: EntryID, keeping kept: Int) throws(RedisError) -> Int {
        try turn(to: stream)
        let words = ["EVAL", TrimScript.source, "1", stream, "\(id.milliseconds)", "\(id.sequence)", "\(kept)"]
        let reply = try command(words)
        if case .error(let reason) = reply { throw .refused(address: address, command: "trim", reason: reason) }
        guard case .integer(let count) = reply else { throw .unexpected(address: address, command: "trim") }
        return Int(count)
    }

    /// The next command connects anew.
    func disconnect() { (connections, cluster, digests, node) = ([:], nil, [:], address) }

    /// Connects if need be. A fault drops all connections: whoever was sent something answers nobody.
    private func using<Made>(_ body: (RedisConnection) throws(RedisError) -> Made) throws(RedisError) -> Made {
        do {
            return try body(try connect())
        } catch {
            disconnect()
            throw error
        }
    }

    /// The connection to the node; the first of all asks whether there are others.
    private func connect() throws(RedisError) -> RedisConnection {
        if let open = connections[node] { return open }
        let place = try RedisAddress(node)
        let open = try RedisConnection(to: place, login: login)
        if connections.isEmpty {
            cluster = RedisCluster(try open.command(["CLUSTER", "SLOTS"].map { Array($0.utf8) }), base: place)
        }
        connections[node] = open
        return open
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
