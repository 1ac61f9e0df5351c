import Basics
import Synchronization

// Events that leave the shard are first rows of its outbox, committed in the same batch as the state they
// tell of: either both are there after a crash, or neither. Sequences begin at 1 and have no holes,
// because one lock covers "give the next numbers" and "make them durable". Rows stay for a while after
// Redis has them, so that a Redis that lost its tail can be given them again.
//
//        first kept          acknowledged            last
//     ---[-------------------------|------------------]
//        kept for a refill           not yet in Redis
//
// Sequences of two outboxes must not meet in one stream: each would take the other's rows for its own. So an outbox has
// an identity, which the relay leaves beside the stream. A folder that is lost and filled anew has another one, and so
// has a folder brought back from a copy that lacks events, as soon as that is noticed (`becomeAnother`).

/// An event on its way into an outbox.
package struct OutboxEvent: Sendable {
    /// Whose history it belongs to; nil: nobody's.
    package let subject: UInt64?
    /// The bytes, given the sequence. Called once, while the outbox is locked.
    package let payload: @Sendable (_ sequence: UInt64) -> [UInt8]

    package init(subject: UInt64?, payload: @escaping @Sendable (_ sequence: UInt64) -> [UInt8]) {
        self.subject = subject
        self.payload = payload
    }
}

/// Where a shard's outbox begins and ends, for those who only look and for whoever acknowledges: no disk is waited for
/// under its lock. An empty outbox begins one after its last sequence.
struct OutboxMarks: Equatable {
    var identity: UInt64
    var first: UInt64
    var acknowledged: UInt64
    /// What the disk says of `acknowledged`.
    var written: UInt64
    var last: UInt64

    var waiting: UInt64 { last - min(acknowledged, last) }

    /// Found from the rows themselves: what is durable is what counts.
    init(of database: Database) throws(StoreError) {
        identity = try ShardStore.number(.outbox, in: database) ?? 0
        let marked = try ShardStore.number(.acknowledged, in: database) ?? 0
        var newest: UInt64 = 0
        if let key = try database.lastKey(.outbox) { newest = try OutboxState.sequence(key, in: database) }
        var oldest: UInt64?
        try database.walk(.outbox) { key, _ throws(StoreError) in
            oldest = try OutboxState.sequence(Array(key), in: database)
            return false
        }
        acknowledged = marked
        written = marked
        last = max(newest, marked)
        first = oldest ?? last + 1
    }
}

/// What only whoever commits events touches: held while they become durable, disk included.
struct OutboxState {
    var last: UInt64

    static func sequence(_ key: [UInt8], in database: Database) throws(StoreError) -> UInt64 {
        guard key.count == 8 else {
            throw .corrupt(
                directory: database.directory, family: Family.outbox.rawValue, reason: "a key of \(key.count) bytes")
        }
        return key.reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func key(_ sequence: UInt64) -> [UInt8] { withUnsafeBytes(of: sequence.bigEndian, Array.init) }
}

extension ShardStore {
    /// Commits a batch together with events, synced, and returns the sequences they were given, or nil when there
    /// were none. Either all of it is durable on return, or an error is thrown and none of it will be seen
    /// (unless the disk itself failed half-way: then opening the store again decides). Throws `outboxFull`, and
    /// changes nothing, when as many events wait for Redis as may.
    package func commit(_ batch: WriteBatch, events: [OutboxEvent]) throws(StoreError) -> ClosedRange<UInt64>? {
        if events.isEmpty {
            try database.commit(batch)
            return nil
        }
        let range = try outbox.withLock { (state: inout OutboxState) throws(StoreError) in
            let waiting = marks.withLock { $0.waiting }
            guard waiting < UInt64(outboxMax) else {
                throw .outboxFull(directory: database.directory, waiting: waiting)
            }
            var whole = batch
            let range = state.last + 1...state.last + UInt64(events.count)
            for (sequence, event) in zip(range, events) {
                let payload = event.payload(sequence)
                whole.put(.outbox, key: OutboxState.key(sequence), value: payload)
                if let subject = event.subject {
                    whole.put(.history, key: Self.historyKey(subject, sequence), value: payload)
                }
            }
            try database.commit(whole)
            state.last = range.upperBound
            marks.withLock { $0.last = range.upperBound }
            return range
        }
        whenCommitted.withLock { $0 }?()
        return range
    }

    /// Has `call` called after every commit of events, on the thread that committed. It must be quick.
    package func callAfterEvents(_ call: @escaping @Sendable () -> Void) { whenCommitted.withLock { $0 = call } }

    /// Whether `commit` would refuse events now.
    package var isOutboxFull: Bool { marks.withLock { $0.waiting >= UInt64(outboxMax) } }

    /// Everything that was ever committed about a subject, in order, from the event after `sequence` on.
    package func history(
        of subject: UInt64, after sequence: UInt64 = 0, limit: Int
    ) throws(StoreError) -> [(sequence: UInt64, payload: [UInt8])] {
        precondition(limit > 0, "a limit of rows is positive")
        var rows: [(sequence: UInt64, payload: [UInt8])] = []
        let from = Self.historyKey(subject, sequence == .max ? sequence : sequence + 1)
        try database.walk(.history, from: from, prefix: Array(from.prefix(8))) { key, value throws(StoreError) in
            rows.append((try OutboxState.sequence(Array(key.dropFirst(8)), in: database), Array(value)))
            return rows.count < limit
        }
        return rows
    }

    private static func historyKey(_ subject: UInt64, _ sequence: UInt64) -> [UInt8] {
        OutboxState.key(subject) + OutboxState.key(sequence)
    }

    /// Up to `limit` events that follow a sequence, in order and without a hole. Throws `trimmed`, naming the first
    /// event kept, when the one asked for is gone.
    package func outboxRows(
        after sequence: UInt64, limit: Int
    ) throws(StoreError) -> [(sequence: UInt64, payload: [UInt8])] {
        precondition(limit > 0, "a limit of rows is positive")
        precondition(sequence < .max, "no event follows the last number there is")
        var rows: [(sequence: UInt64, payload: [UInt8])] = []
        try database.walk(.outbox, from: OutboxState.key(sequence + 1)) { key, value throws(StoreError) in
            rows.append((try OutboxState.sequence(Array(key), in: database), Array(value)))
            return rows.count < limit
        }
        let first = firstSequence
        if let found = rows.first?.sequence, found != sequence + 1 {
            throw .trimmed(directory: database.directory, wanted: sequence + 1, first: found)
        }
        if rows.isEmpty, sequence + 1 < first {
            throw .trimmed(directory: database.directory, wanted: sequence + 1, first: first)
        }
        return rows
    }

    /// Notes that Redis has everything through a sequence, and removes what is older than the last `retained`
    /// acknowledged events. A sequence below the noted one changes nothing (see `rewind`). Written, not synced, once
    /// more than `behind` events were acknowledged since it was written last, and at closing: what a crash forgets of
    /// it is only sent once more. Throws `acknowledgedBeyond` for an event that never was.
    package func acknowledge(
        through sequence: UInt64, keeping retained: Int = StoreLimits.outboxRetained, writtenBehind behind: UInt64 = 0
    ) throws(StoreError) {
        precondition(retained >= 0, "a number of rows to keep is not negative")
        let isDue = try marks.withLock { (marks: inout OutboxMarks) throws(StoreError) in
            guard sequence <= marks.last else {
                throw .acknowledgedBeyond(directory: database.directory, last: marks.last, given: sequence)
            }
            if sequence <= marks.acknowledged { return false }
            marks.acknowledged = sequence
            return marks.written == 0 || sequence - min(marks.written, sequence) > behind
        }
        if isDue { try writeAcknowledged(keeping: retained) }
    }

    /// Writes down how far Redis is. Whoever commits events meanwhile is not waited for.
    func writeAcknowledged(keeping retained: Int = StoreLimits.outboxRetained) throws(StoreError) {
        try acknowledging.withLock { (_: inout Void) throws(StoreError) in
            let now = marks.withLock { $0 }
            if now.acknowledged == now.written { return }
            var batch = WriteBatch()
            batch.put(.meta, key: MetaKey.acknowledged.bytes, value: Self.encoded(now.acknowledged))
            let kept = now.acknowledged - min(now.acknowledged, UInt64(retained)) + 1
            let firstKept = max(now.first, kept)
            if firstKept > now.first {
                batch.deleteRange(.outbox, from: OutboxState.key(now.first), to: OutboxState.key(firstKept))
            }
            try database.commit(batch, synced: false)
            marks.withLock {
                $0.written = now.acknowledged
                $0.first = firstKept
            }
        }
    }

    /// Notes that Redis has lost what came after a sequence, so that it is sent again. Unsynced, as `acknowledge`.
    package func rewind(to sequence: UInt64) throws(StoreError) {
        let isEarlier = marks.withLock { marks in
            if sequence >= marks.acknowledged { return false }
            marks.acknowledged = sequence
            return true
        }
        if isEarlier { try writeAcknowledged() }
    }

    /// Gives the outbox another identity, synced, after its stream was found to be further than its last event: it came
    /// back from a copy that is older than the stream, and would give numbers again that are taken.
    package func becomeAnother() throws(StoreError) {
        try outbox.withLock { (state: inout OutboxState) throws(StoreError) in
            let next = SeededRandom(seed: outboxIdentity).child("outbox", state.last).state
            var batch = WriteBatch()
            batch.put(.meta, key: MetaKey.outbox.bytes, value: Self.encoded(next))
            try database.commit(batch)
            marks.withLock { $0.identity = next }
        }
    }

    /// Which outbox this is, among all there ever were.
    package var outboxIdentity: UInt64 { marks.withLock { $0.identity } }

    /// The last event that Redis is known to have; 0 when none.
    package var acknowledged: UInt64 { marks.withLock { $0.acknowledged } }

    /// The last event committed; 0 when there never was one.
    package var lastSequence: UInt64 { marks.withLock { $0.last } }

    /// The first event still kept; one after the last when none is.
    package var firstSequence: UInt64 { marks.withLock { $0.first } }
}
