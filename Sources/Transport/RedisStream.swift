package import Basics

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

/// One thread's connection to Redis. Connects at the first call, and again at the next call after a fault;
/// how long to wait in between is the caller's affair.
package final class RedisStream {
    private let address: String
    private let password: String?
    private var connection: RedisConnection?
    /// Redis' name for `RelayScript.source`, asked for once per connection.
    private var scriptDigest: [UInt8] = []

    /// `address` is `host:port` or the path of a Unix socket. Without a password, none is given.
    package init(address: String, password: String?) {
        self.address = address
        self.password = password
    }

    /// The stream of a city. The braces keep a city's keys on one node of a Redis Cluster.
    package static func eventsKey(city: String) -> String { "muster:{\(city)}:events" }

    /// Where the epoch of the newest owner stands.
    package static func epochKey(city: String) -> String { "muster:{\(city)}:epoch" }

    /// Where the name of the outbox stands that the stream belongs to.
    package static func ownerKey(city: String) -> String { "muster:{\(city)}:owner" }

    /// Appends consecutive events to a city's stream in one step. `payloads` holds at most
    /// `RedisLimits.rowsPerAppendMax` events, the first of sequence `firstSequence` (from 1). With none, nothing is
    /// appended: the call leaves the owner's name and epoch and tells where the stream ends, as `gap` when it ends
    /// before `firstSequence - 1`, else as `duplicate`. `acceptingHole` lets the batch begin beyond the stream's end;
    /// there is no `gap` then. Two answers, `foreign` and `fenced`, leave Redis as it was; `gap` still leaves name and
    /// epoch. After any thrown error the same call may be repeated; `isAboutOneStream` tells whether the fault is the
    /// stream's alone.
    package func append(
        city: String, owner: StreamOwner, firstSequence: UInt64, payloads: [[UInt8]], acceptingHole: Bool = false
    ) throws(RedisError) -> RelayAnswer {
        precondition(payloads.count <= RedisLimits.rowsPerAppendMax, "a batch has at most 512 events")
        precondition(firstSequence > 0, "sequences begin at 1")
        precondition(owner.epoch.number < RedisLimits.numberMax, "an epoch beyond 2^53")
        precondition(owner.claimedEnd < RedisLimits.numberMax, "a sequence beyond 2^53")
        precondition(firstSequence < RedisLimits.numberMax - UInt64(payloads.count), "a sequence beyond 2^53")
        let keys = [Self.eventsKey(city: city), Self.epochKey(city: city), Self.ownerKey(city: city)]
        let numbers = ["\(owner.claimedEnd)", "\(firstSequence)", acceptingHole ? "1" : "0"]
        let head = ["\(keys.count)"] + keys + ["\(owner.epoch)", owner.name] + numbers
        let arguments = head.map { Array($0.utf8) } + payloads
        var reply = try command("EVALSHA", [try digest()] + arguments)
        if case .error(let reason) = reply, reason.hasPrefix("NOSCRIPT") {
            reply = try command("EVAL", [Array(RelayScript.source.utf8)] + arguments)
        }
        return try answer(reply)
    }

    /// How many events the stream holds; a stream that does not exist holds none.
    package func length(of stream: String) throws(RedisError) -> Int {
        guard case .integer(let count) = try accepted("XLEN", [Array(stream.utf8)]) else {
            throw .unexpected(address: address, command: "XLEN")
        }
        return Int(count)
    }

    /// The oldest `count` events with their ids.
    package func first(_ count: Int, of stream: String) throws(RedisError) -> [(id: String, payload: [UInt8])] {
        let arguments = [stream, "-", "+", "COUNT", "\(count)"].map { Array($0.utf8) }
        guard case .list(let rows) = try accepted("XRANGE", arguments) else {
            throw .unexpected(address: address, command: "XRANGE")
        }
        var events: [(id: String, payload: [UInt8])] = []
        for row in rows {
            guard case .list(let parts) = row, parts.count == 2, let id = parts[0].string,
                case .list(let fields) = parts[1], fields.count == 2, case .text(let payload) = fields[1]
            else { throw .unexpected(address: address, command: "XRANGE") }
            events.append((id, payload))
        }
        return events
    }

    private func answer(_ reply: RedisReply) throws(RedisError) -> RelayAnswer {
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

    private func digest() throws(RedisError) -> [UInt8] {
        if connection == nil || scriptDigest.isEmpty {
            let arguments = [Array("LOAD".utf8), Array(RelayScript.source.utf8)]
            guard case .text(let digest) = try accepted("SCRIPT", arguments) else {
                throw .unexpected(address: address, command: "SCRIPT LOAD")
            }
            scriptDigest = digest
        }
        return scriptDigest
    }

    /// `command`, with an error that Redis answers thrown.
    private func accepted(_ name: String, _ arguments: [[UInt8]]) throws(RedisError) -> RedisReply {
        let reply = try command(name, arguments)
        if case .error(let reason) = reply { throw .refused(address: address, command: name, reason: reason) }
        return reply
    }

    /// Sends one command, connecting first if need be. A fault drops the connection.
    private func command(_ name: String, _ arguments: [[UInt8]]) throws(RedisError) -> RedisReply {
        if connection == nil { connection = try RedisConnection(to: RedisAddress(address), password: password) }
        guard let connection else { preconditionFailure("connected above") }
        do {
            return try connection.command([Array(name.utf8)] + arguments)
        } catch {
            self.connection = nil
            throw error
        }
    }
}
