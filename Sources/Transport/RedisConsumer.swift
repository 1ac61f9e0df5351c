// The reading end of streams. A consumer of a group is given entries and acknowledges them; Redis remembers both
// (`read`, `pending`, `claim`, `acknowledge`). A reader whose own memory counts, because its place is stored with the
// effect, reads from there and tells the group afterwards (`read(after:)`, `mark`): a former owner that still reads
// takes nothing away from its successor.

package import Events
import Glibc

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
    /// The reads that want an answer, each of some streams.
    private var underWay: [[String]] = []
    /// How long to rest when none of them finds anything.
    private var restMilliseconds = 0

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
        try client.turn(to: stream)
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
        try ask(ids.keys.sorted(), count: count, waitingMilliseconds: milliseconds) { streams, limits in
            ["XREAD"] + limits + ["STREAMS"] + streams + streams.map { "\(ids[$0] ?? .zero)" }
        }
    }

    /// What was asked for.
    package func asked() throws(RedisError) -> [String: [StreamEntry]] { try asked("XREAD") }

    /// `ask`, and what comes of it.
    package func read(
        after ids: [String: EntryID], count: Int, waitingMilliseconds milliseconds: Int
    ) throws(RedisError) -> [String: [StreamEntry]] {
        try ask(after: ids, count: count, waitingMilliseconds: milliseconds)
        return try asked()
    }

    /// The first entry behind an id; nil: there is none.
    package func first(of stream: String, after id: EntryID) throws(RedisError) -> EntryID? {
        try client.turn(to: stream)
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
        try client.turn(to: stream)
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
        if streams.isEmpty { return [:] }
        try ask(streams, count: count, waitingMilliseconds: milliseconds) { streams, limits in
            ["XREADGROUP", "GROUP", group, consumer] + limits + ["STREAMS"] + streams + streams.map { _ in ">" }
        }
        return try asked("XREADGROUP")
    }

    /// Sends a read of streams. One Redis gets one command, and waits itself. Nodes of a cluster get one for each
    /// stream: a command there may name one slot, and none can wait for entries of several.
    private func ask(
        _ streams: [String], count: Int, waitingMilliseconds milliseconds: Int,
        _ words: (_ streams: [String], _ limits: [String]) -> [String]
    ) throws(RedisError) {
        precondition((1...RedisLimits.entriesPerReadMax).contains(count), "1 to 4096 entries at once")
        precondition(milliseconds < RedisLimits.commandSeconds * 1000, "a wait ends before the command does")
        precondition(!streams.isEmpty, "a read of streams names some")
        try client.turn(to: streams[0])
        let isSpread = client.isCluster && streams.count > 1
        let limits = ["COUNT", "\(count)"] + (milliseconds > 0 && !isSpread ? ["BLOCK", "\(milliseconds)"] : [])
        underWay = isSpread ? streams.map { [$0] } : [streams]
        restMilliseconds = isSpread ? min(milliseconds, RedisLimits.clusterPollMilliseconds) : 0
        for part in underWay {
            try client.turn(to: part[0])
            try client.send([words(part, limits).map { Array($0.utf8) }])
        }
    }

    private func asked(_ name: String) throws(RedisError) -> [String: [StreamEntry]] {
        var found: [String: [StreamEntry]] = [:]
        for part in underWay {
            try client.turn(to: part[0])
            found.merge(try StreamReply(client.flatAnswer(to: name), client.address).streams()) { first, _ in first }
        }
        if found.isEmpty, restMilliseconds > 0 { usleep(UInt32(restMilliseconds * 1000)) }
        return found
    }

    /// What this consumer was given and has not acknowledged, from the entry after `id` on.
    package func pending(_ stream: String, after id: EntryID, count: Int) throws(RedisError) -> [StreamEntry] {
        try entries(of: stream, "\(id)", count: count)
    }

    private func entries(of stream: String, _ from: String, count: Int) throws(RedisError) -> [StreamEntry] {
        let words = ["XREADGROUP", "GROUP", group, consumer, "COUNT", "\(count)", "STREAMS", stream, from]
        return try StreamReply(flat("XREADGROUP", words, of: stream), client.address).streams()[stream] ?? []
    }

    /// Takes over what other consumers of the group were given at least `milliseconds` ago and have not acknowledged.
    /// Redis 6.2 and later.
    package func claim(
        _ stream: String, idleMilliseconds milliseconds: Int, count: Int
    ) throws(RedisError) -> [StreamEntry] {
        let words = ["XAUTOCLAIM", stream, group, consumer, "\(milliseconds)", "0", "COUNT", "\(count)"]
        return try StreamReply(flat("XAUTOCLAIM", words, of: stream), client.address).claimed()
    }

    /// The group need not give these again.
    package func acknowledge(_ ids: [EntryID], of stream: String) throws(RedisError) {
        if ids.isEmpty { return }
        try client.turn(to: stream)
        _ = try client.accepted("XACK", [stream, group] + ids.map { "\($0)" })
    }

    /// Adds entries, sent together, each under an id of the caller's or (nil) of Redis' choice; one at whose id the
    /// stream is already, or beyond, is there. `keeping` is about how many of the newest entries stay; nil: all.
    package func add(
        _ entries: [(id: EntryID?, fields: [[UInt8]])], to stream: String, keeping: Int? = nil
    ) throws(RedisError) {
        let head = (["XADD", stream] + (keeping.map { ["MAXLEN", "~", "\($0)"] } ?? [])).map { Array($0.utf8) }
        for start in stride(from: 0, to: entries.count, by: RedisLimits.entriesPerSendMax) {
            try client.turn(to: stream)
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
        try client.atEachNode { () throws(RedisError) in
            var cursor = "0"
            repeat {
                let words = [cursor, "MATCH", "\(prefix)*\(suffix)", "COUNT", "1000"]
                guard case .list(let parts) = try client.accepted("SCAN", words), parts.count == 2,
                    let next = parts[0].string, case .list(let names) = parts[1]
                else { throw .unexpected(address: client.address, command: "SCAN") }
                for name in names { if let text = name.string { found.insert(text) } }
                cursor = next
            } while cursor != "0"
        }
        return found.sorted()
    }

    /// One command about a stream, and its answer as it stood on the wire.
    private func flat(_ name: String, _ words: [String], of stream: String) throws(RedisError) -> FlatReply {
        try client.turn(to: stream)
        try client.send([words.map { Array($0.utf8) }])
        return try client.flatAnswer(to: name)
    }
}
