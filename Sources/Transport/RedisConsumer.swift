// The reading end of streams. A consumer of a group is given entries and acknowledges them; Redis remembers both
// (`read`, `pending`, `claim`, `acknowledge`). A reader whose own memory counts, because its place is stored with the
// effect, reads from there and tells the group afterwards (`read(after:)`, `mark`): a former owner that still reads
// takes nothing away from its successor.

package import Events

/// An entry as it was read.
package struct StreamEntry: Equatable, Sendable {
    package var id: EntryID
    /// Name, value, name, value, ... Empty: the entry was removed from the stream before it was acknowledged.
    package var fields: [[UInt8]]
}

/// One consumer's connection. Belongs to one thread; connects again at the next call after a fault.
package final class RedisConsumer {
    private let client: RedisClient
    private let group: String
    private let consumer: String

    package init(address: String, login: RedisLogin?, group: String, consumer: String) {
        client = RedisClient(address: address, login: login)
        self.group = group
        self.consumer = consumer
    }

    /// The stream of a city's signals.
    package static func signalsKey(city: String) -> String { "muster:{\(city)}:signals" }

    /// Where signals go that were refused, each under its own id, with the reason.
    package static func deadLettersKey(city: String) -> String { "muster:{\(city)}:signals:dead" }

    /// Makes the group, and the stream, where they are missing; a new group begins with the first entry.
    package func join(_ stream: String) throws(RedisError) {
        let reply = try client.command(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"])
        if case .error(let reason) = reply, !reason.hasPrefix("BUSYGROUP") {
            throw .refused(address: client.address, command: "XGROUP CREATE", reason: reason)
        }
    }

    /// Entries of several streams that follow the given ids, `count` of each at most, whatever the group was given.
    /// Waits up to `milliseconds` when there are none.
    package func read(
        after ids: [String: EntryID], count: Int, waitingMilliseconds milliseconds: Int
    ) throws(RedisError) -> [String: [StreamEntry]] {
        precondition((1...RedisLimits.entriesPerReadMax).contains(count), "1 to 4096 entries at once")
        precondition(milliseconds < RedisLimits.commandSeconds * 1000, "a wait ends before the command does")
        let streams = ids.keys.sorted()
        let wait = milliseconds > 0 ? ["BLOCK", "\(milliseconds)"] : []
        let words =
            ["XREAD", "COUNT", "\(count)"] + wait + ["STREAMS"] + streams + streams.map { "\(ids[$0] ?? .zero)" }
        return try Self.streams(try accepted("XREAD", words), client.address)
    }

    /// Says that the group has taken everything through an entry. For a group of one consumer that keeps its place
    /// itself: so others see how far it is, and nothing is trimmed before its time.
    package func mark(_ stream: String, through id: EntryID) throws(RedisError) {
        let words = ["XGROUP", "SETID", stream, group, "\(id)"]
        if case .error(let reason) = try client.command(words) {
            // The stream was deleted since.
            guard reason.hasPrefix("NOGROUP") || reason.contains("requires the key to exist") else {
                throw .refused(address: client.address, command: "XGROUP SETID", reason: reason)
            }
            try join(stream)
        }
    }

    /// What comes next in each of the streams, `count` entries of each at most. Waits up to `milliseconds` (0: not at
    /// all, else below the limit of a command) when there is nothing.
    package func read(
        _ streams: [String], count: Int, waitingMilliseconds milliseconds: Int
    ) throws(RedisError) -> [String: [StreamEntry]] {
        precondition((1...RedisLimits.entriesPerReadMax).contains(count), "1 to 4096 entries at once")
        precondition(milliseconds < RedisLimits.commandSeconds * 1000, "a wait ends before the command does")
        if streams.isEmpty { return [:] }
        let wait = milliseconds > 0 ? ["BLOCK", "\(milliseconds)"] : []
        let words =
            ["XREADGROUP", "GROUP", group, consumer, "COUNT", "\(count)"] + wait + ["STREAMS"] + streams
            + streams.map { _ in ">" }
        return try Self.streams(try accepted("XREADGROUP", words), client.address)
    }

    /// What this consumer was given and has not acknowledged, from the entry after `id` on.
    package func pending(_ stream: String, after id: EntryID, count: Int) throws(RedisError) -> [StreamEntry] {
        try entries(of: stream, "\(id)", count: count)
    }

    private func entries(of stream: String, _ from: String, count: Int) throws(RedisError) -> [StreamEntry] {
        let words = ["XREADGROUP", "GROUP", group, consumer, "COUNT", "\(count)", "STREAMS", stream, from]
        return try Self.streams(try accepted("XREADGROUP", words), client.address)[stream] ?? []
    }

    /// Takes over what other consumers of the group were given at least `milliseconds` ago and have not acknowledged.
    /// Redis 6.2 and later.
    package func claim(
        _ stream: String, idleMilliseconds milliseconds: Int, count: Int
    ) throws(RedisError) -> [StreamEntry] {
        let words = ["XAUTOCLAIM", stream, group, consumer, "\(milliseconds)", "0", "COUNT", "\(count)"]
        guard case .list(let parts) = try accepted("XAUTOCLAIM", words), parts.count >= 2 else {
            throw .unexpected(address: client.address, command: "XAUTOCLAIM")
        }
        return try Self.entries(parts[1], client.address)
    }

    /// The group need not give these again.
    package func acknowledge(_ ids: [EntryID], of stream: String) throws(RedisError) {
        if ids.isEmpty { return }
        _ = try client.accepted("XACK", [stream, group] + ids.map { "\($0)" })
    }

    /// Adds an entry, under an id of the caller's or (nil) of Redis' choice. False: the stream is at this id already,
    /// or beyond. `keeping` is about how many of the newest entries stay; nil: all.
    @discardableResult
    package func add(
        _ fields: [[UInt8]], to stream: String, id: EntryID? = nil, keeping: Int? = nil
    ) throws(RedisError) -> Bool {
        let bound = keeping.map { ["MAXLEN", "~", "\($0)"] } ?? []
        let words = ["XADD", stream] + bound + [id.map { "\($0)" } ?? "*"]
        let reply = try client.command(words.map { Array($0.utf8) } + fields)
        guard case .error(let reason) = reply else { return true }
        if id != nil, reason.contains("equal or smaller") { return false }
        throw .refused(address: client.address, command: "XADD", reason: reason)
    }

    /// Adds entries under ids of Redis' choice, sent together.
    package func add(_ entries: [[[UInt8]]], to stream: String) throws(RedisError) {
        let head = ["XADD", stream, "*"].map { Array($0.utf8) }
        try client.send(entries.map { head + $0 })
        for _ in entries {
            if case .error(let reason) = try client.answer() {
                client.disconnect()
                throw .refused(address: client.address, command: "XADD", reason: reason)
            }
        }
    }

    /// See `RedisClient.trim`.
    package func trim(_ stream: String, below id: EntryID, keeping kept: Int) throws(RedisError) -> Int {
        try client.trim(stream, below: id, keeping: kept)
    }

    /// Keys that begin and end with these texts.
    package func keys(prefix: String, suffix: String) throws(RedisError) -> [String] {
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let words = [cursor, "MATCH", "\(prefix)*\(suffix)", "COUNT", "1000"]
            guard case .list(let parts) = try client.accepted("SCAN", words), parts.count == 2,
                let next = parts[0].string, case .list(let names) = parts[1]
            else { throw .unexpected(address: client.address, command: "SCAN") }
            for name in names { if let text = name.string { found.insert(text) } }
            cursor = next
        } while cursor != "0"
        return found.sorted()
    }

    private func accepted(_ name: String, _ words: [String]) throws(RedisError) -> RedisReply {
        let reply = try client.command(words)
        if case .error(let reason) = reply {
            throw .refused(address: client.address, command: name, reason: reason)
        }
        return reply
    }

    private static func streams(_ reply: RedisReply, _ address: String) throws(RedisError) -> [String: [StreamEntry]] {
        guard case .list(let list) = reply else { return [:] }
        var found: [String: [StreamEntry]] = [:]
        for stream in list {
            guard case .list(let parts) = stream, parts.count == 2, let name = parts[0].string else {
                throw .unexpected(address: address, command: "XREADGROUP")
            }
            found[name] = try entries(parts[1], address)
        }
        return found
    }

    private static func entries(_ reply: RedisReply, _ address: String) throws(RedisError) -> [StreamEntry] {
        guard case .list(let rows) = reply else { throw .unexpected(address: address, command: "XREADGROUP") }
        var entries: [StreamEntry] = []
        entries.reserveCapacity(rows.count)
        for row in rows {
            if row == .none { continue }
            guard case .list(let parts) = row, parts.count == 2, let id = parts[0].string.flatMap({ EntryID($0) })
            else { throw .unexpected(address: address, command: "XREADGROUP") }
            var fields: [[UInt8]] = []
            if case .list(let texts) = parts[1] {
                fields.reserveCapacity(texts.count)
                for text in texts { if case .text(let bytes) = text { fields.append(bytes) } }
            }
            entries.append(StreamEntry(id: id, fields: fields))
        }
        return entries
    }
}
