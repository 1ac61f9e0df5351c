// The reading end of streams. A consumer of a group is given entries and acknowledges them; Redis remembers both
// (`read`, `pending`, `claim`, `acknowledge`). A reader whose own memory counts, because its place is stored with the
// effect, reads from there and tells the group afterwards (`read(after:)`, `mark`): a former owner that still reads
// takes nothing away from its successor.

package import Events

/// An entry as it was read.
package struct StreamEntry: Sendable {
    package let id: EntryID
    /// Name, value, name, value, ... Empty: the entry was removed from the stream before it was acknowledged.
    package let fields: EntryFields
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

    /// Asks for entries of several streams that follow the given ids, `count` of each at most, whatever the group was
    /// given. Redis waits up to `milliseconds` when there are none. Wants `asked` afterwards; Redis reads meanwhile.
    package func ask(
        after ids: [String: EntryID], count: Int, waitingMilliseconds milliseconds: Int
    ) throws(RedisError) {
        precondition((1...RedisLimits.entriesPerReadMax).contains(count), "1 to 4096 entries at once")
        precondition(milliseconds < RedisLimits.commandSeconds * 1000, "a wait ends before the command does")
        let streams = ids.keys.sorted()
        let wait = milliseconds > 0 ? ["BLOCK", "\(milliseconds)"] : []
        let words =
            ["XREAD", "COUNT", "\(count)"] + wait + ["STREAMS"] + streams + streams.map { "\(ids[$0] ?? .zero)" }
        try client.send([words.map { Array($0.utf8) }])
    }

    /// What was asked for.
    package func asked() throws(RedisError) -> [String: [StreamEntry]] {
        try StreamReply(client.flatAnswer(to: "XREAD"), client.address).streams()
    }

    /// `ask`, and what comes of it.
    package func read(
        after ids: [String: EntryID], count: Int, waitingMilliseconds milliseconds: Int
    ) throws(RedisError) -> [String: [StreamEntry]] {
        try ask(after: ids, count: count, waitingMilliseconds: milliseconds)
        return try asked()
    }

    /// The first entry behind an id; nil: there is none.
    package func first(of stream: String, after id: EntryID) throws(RedisError) -> EntryID? {
        guard case .list(let rows) = try client.accepted("XRANGE", [stream, "(\(id)", "+", "COUNT", "1"]) else {
            throw .unexpected(address: client.address, command: "XRANGE")
        }
        guard case .list(let parts)? = rows.first else { return nil }
        return parts.first?.string.flatMap { EntryID($0) }
    }

    /// See `RedisClient.length`.
    package func length(of stream: String) throws(RedisError) -> Int { try client.length(of: stream) }

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
        return try StreamReply(flat("XREADGROUP", words), client.address).streams()
    }

    /// What this consumer was given and has not acknowledged, from the entry after `id` on.
    package func pending(_ stream: String, after id: EntryID, count: Int) throws(RedisError) -> [StreamEntry] {
        try entries(of: stream, "\(id)", count: count)
    }

    private func entries(of stream: String, _ from: String, count: Int) throws(RedisError) -> [StreamEntry] {
        let words = ["XREADGROUP", "GROUP", group, consumer, "COUNT", "\(count)", "STREAMS", stream, from]
        return try StreamReply(flat("XREADGROUP", words), client.address).streams()[stream] ?? []
    }

    /// Takes over what other consumers of the group were given at least `milliseconds` ago and have not acknowledged.
    /// Redis 6.2 and later.
    package func claim(
        _ stream: String, idleMilliseconds milliseconds: Int, count: Int
    ) throws(RedisError) -> [StreamEntry] {
        let words = ["XAUTOCLAIM", stream, group, consumer, "\(milliseconds)", "0", "COUNT", "\(count)"]
        return try StreamReply(flat("XAUTOCLAIM", words), client.address).claimed()
    }

    /// The group need not give these again.
    package func acknowledge(_ ids: [EntryID], of stream: String) throws(RedisError) {
        if ids.isEmpty { return }
        _ = try client.accepted("XACK", [stream, group] + ids.map { "\($0)" })
    }

    /// Adds entries, sent together, each under an id of the caller's or (nil) of Redis' choice; one at whose id the
    /// stream is already, or beyond, is there. `keeping` is about how many of the newest entries stay; nil: all.
    package func add(
        _ entries: [(id: EntryID?, fields: [[UInt8]])], to stream: String, keeping: Int? = nil
    ) throws(RedisError) {
        let head = (["XADD", stream] + (keeping.map { ["MAXLEN", "~", "\($0)"] } ?? [])).map { Array($0.utf8) }
        for start in stride(from: 0, to: entries.count, by: RedisLimits.entriesPerSendMax) {
            let some = entries[start..<min(start + RedisLimits.entriesPerSendMax, entries.count)]
            try client.send(some.map { head + [Array(($0.id.map { "\($0)" } ?? "*").utf8)] + $0.fields })
            for entry in some {
                guard case .error(let reason) = try client.answer() else { continue }
                if entry.id != nil, reason.contains("equal or smaller") { continue }
                // The other answers are not waited for.
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

    /// One command, and its answer as it stood on the wire.
    private func flat(_ name: String, _ words: [String]) throws(RedisError) -> FlatReply {
        try client.send([words.map { Array($0.utf8) }])
        return try client.flatAnswer(to: name)
    }
}
