package import Basics
package import Events

// The writing end of one Redis stream per city, made so that no event is lost and none stands in the
// stream twice, whoever crashes. An event's id in the stream is not Redis' choice but ours:
//
//     <epoch of the city's owner>-<sequence of the event in the city's outbox>
//
// The stream itself remembers the last id it was given, even when it has been trimmed to nothing. So one
// script, which Redis runs as one step, can tell for a batch of consecutive events:
//
//     another outbox has left its name beside the stream        FOREIGN    its numbers are not ours: stop
//     the stored epoch (or that of the last id) is above ours   FENCED     a newer owner is at work: stop
//     the first sequence is beyond last + 1                     GAP last   Redis lost its tail: send from last + 1
//     all sequences are at most last                            DUP last   written before, the answer was lost
//     otherwise                                                 DONE last  what was missing is now written
//
// Numbers say "written before" only about rows of one outbox. Two clusters that share a Redis, or a city that was lost
// and imported anew, would take each other's rows for their own and drop theirs. Hence the name beside the stream. A
// stream that stands there without one (it was deleted, or an earlier version wrote the stream) is taken over when it
// ends no later than the caller says its own rows may have come; else it is foreign.
//
// Why not Redis' own deduplication (XADD IDMP, from 8.6): it forgets after a time, and it cannot see a gap.
//
// A gap that no outbox can fill any more (the rows were acknowledged, trimmed, and then lost by Redis) must
// not stop a city for ever: the relay may then say `acceptingHole`, having told the operator.

/// Who writes a stream.
package struct StreamOwner: Equatable, Sendable {
    /// Says which outbox, among all that may ever write to this Redis.
    package var name: String
    package var epoch: Epoch
    /// A stream in which no owner has left a name is taken for ours when it ends at this sequence or before.
    package var claimedEnd: UInt64

    package init(name: String, epoch: Epoch, claimedEnd: UInt64) {
        self.name = name
        self.epoch = epoch
        self.claimedEnd = claimedEnd
    }
}

/// How a stream took a batch of events. Numbers are sequences.
package enum RelayAnswer: Equatable, Sendable {
    /// Written; the stream now ends at `last`.
    case done(last: UInt64)
    /// The whole batch was there before. A `last` beyond our own outbox means that the outbox came back
    /// from a copy older than the stream.
    case duplicate(last: UInt64)
    /// The city has a newer owner, of this epoch. Nothing was written.
    case fenced(Epoch)
    /// The stream, which ends at `last`, belongs to another outbox. Nothing was written.
    case foreign(last: UInt64)
    /// The stream ends at `last`, before the batch begins. Nothing was written; send again from `last + 1`.
    case gap(last: UInt64)
}

/// Consecutive events of one city, on their way.
package struct RelayBatch: Sendable {
    package var city: String
    package var owner: StreamOwner
    /// Of the first event, from 1.
    package var firstSequence: UInt64
    /// At most `RedisLimits.rowsPerAppendMax`.
    package var payloads: [[UInt8]]
    /// Whether the batch may begin beyond the stream's end; there is no `gap` then.
    package var acceptsHole = false

    package init(
        city: String, owner: StreamOwner, firstSequence: UInt64, payloads: [[UInt8]], acceptsHole: Bool = false
    ) {
        self.city = city
        self.owner = owner
        self.firstSequence = firstSequence
        self.payloads = payloads
        self.acceptsHole = acceptsHole
    }
}

/// One thread's way to the streams. Connects at the first call, and again at the next call after a fault.
package final class RedisStream {
    private let client: RedisClient

    /// `address` is `host:port` or the path of a Unix socket. Without a login, none is given.
    package init(address: String, login: RedisLogin?) {
        client = RedisClient(address: address, login: login)
    }

    /// The stream of a city. The braces keep a city's keys on one node of a Redis Cluster.
    package static func eventsKey(city: String) -> String { "muster:{\(city)}:events" }

    /// Where the epoch of the newest owner stands.
    package static func epochKey(city: String) -> String { "muster:{\(city)}:epoch" }

    /// Where the name of the outbox stands that the stream belongs to.
    package static func ownerKey(city: String) -> String { "muster:{\(city)}:owner" }

    /// Appends consecutive events to a city's stream in one step. With none, nothing is appended: the call leaves the
    /// owner's name and epoch and tells where the stream ends, as `gap` when it ends before `firstSequence - 1`, else
    /// as `duplicate`. Two answers, `foreign` and `fenced`, leave Redis as it was; `gap` still leaves name and epoch.
    /// After any thrown error the same call may be repeated; `isAboutOneStream` tells whether the fault is the
    /// stream's alone.
    package func append(_ batch: RelayBatch) throws(RedisError) -> RelayAnswer {
        try client.turn(to: Self.eventsKey(city: batch.city))
        let digest = try client.digest(of: RelayScript.source)
        var reply = try client.command(Self.command(digest, batch))
        if case .error(let reason) = reply, reason.hasPrefix("NOSCRIPT") {
            reply = try client.command(
                [Array("EVAL".utf8), Array(RelayScript.source.utf8)] + Self.command(digest, batch).dropFirst(2))
        }
        return try answer(reply)
    }

    /// Sends a batch ahead. It wants an `answer` afterwards, in order. Batches of one city that follow each other may
    /// be under way together: when one finds a gap, those behind it find it too, and nothing is written out of order.
    package func send(_ batch: RelayBatch) throws(RedisError) {
        try client.turn(to: Self.eventsKey(city: batch.city))
        let digest = try client.digest(of: RelayScript.source)
        try client.send([Self.command(digest, batch)])
    }

    /// What became of the oldest batch that was sent ahead.
    package func answer() throws(RedisError) -> RelayAnswer {
        let reply = try client.answer()
        if case .error(let reason) = reply, reason.hasPrefix("NOSCRIPT") {
            // Somebody flushed the scripts; those under way are lost with the connection, and sent again.
            client.disconnect()
            throw .lost(address: client.address, reason: reason)
        }
        return try answer(reply)
    }

    /// See `RedisClient.trim`.
    package func trim(city: String, below id: EntryID, keeping kept: Int) throws(RedisError) -> Int {
        try client.trim(Self.eventsKey(city: city), below: id, keeping: kept)
    }

    private static func command(_ digest: [UInt8], _ batch: RelayBatch) -> [[UInt8]] {
        precondition(batch.payloads.count <= RedisLimits.rowsPerAppendMax, "a batch has at most 512 events")
        precondition(batch.firstSequence > 0, "sequences begin at 1")
        precondition(batch.owner.epoch.number < RedisLimits.numberMax, "an epoch beyond 2^53")
        precondition(batch.owner.claimedEnd < RedisLimits.numberMax, "a sequence beyond 2^53")
        let end = RedisLimits.numberMax - UInt64(batch.payloads.count)
        precondition(batch.firstSequence < end, "a sequence beyond 2^53")
        let keys = [eventsKey(city: batch.city), epochKey(city: batch.city), ownerKey(city: batch.city)]
        let owner = batch.owner
        let words =
            ["\(keys.count)"] + keys + [
                "\(owner.epoch)", owner.name, "\(owner.claimedEnd)", "\(batch.firstSequence)",
                batch.acceptsHole ? "1" : "0",
            ]
        return [Array("EVALSHA".utf8), digest] + words.map { Array($0.utf8) } + batch.payloads
    }

    /// See `RedisClient.length`.
    package func length(of stream: String) throws(RedisError) -> Int { try client.length(of: stream) }

    /// The oldest `count` events from an id on, with their ids.
    package func first(
        _ count: Int, of stream: String, from: String = "-"
    ) throws(RedisError) -> [(id: String, payload: [UInt8])] {
        try client.turn(to: stream)
        guard case .list(let rows) = try client.accepted("XRANGE", [stream, from, "+", "COUNT", "\(count)"]) else {
            throw .unexpected(address: client.address, command: "XRANGE")
        }
        var events: [(id: String, payload: [UInt8])] = []
        for row in rows {
            guard case .list(let parts) = row, parts.count == 2, let id = parts[0].string,
                case .list(let fields) = parts[1], fields.count == 2, case .text(let payload) = fields[1]
            else { throw .unexpected(address: client.address, command: "XRANGE") }
            events.append((id, payload))
        }
        return events
    }

    private func answer(_ reply: RedisReply) throws(RedisError) -> RelayAnswer {
        let address = client.address
        if case .error(let reason) = reply { throw .refused(address: address, command: "append", reason: reason) }
        guard case .list(let parts) = reply, parts.count == 2, let verdict = parts[0].string,
            case .integer(let signed) = parts[1], let number = UInt64(exactly: signed)
        else { throw .unexpected(address: address, command: "append") }
        switch verdict {
        case "DONE": return .done(last: number)
        case "DUP": return .duplicate(last: number)
        case "FENCED": return .fenced(Epoch(number))
        case "FOREIGN": return .foreign(last: number)
        case "GAP": return .gap(last: number)
        default: throw .unexpected(address: address, command: "append")
        }
    }
}
