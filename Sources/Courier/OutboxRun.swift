import Basics
import Shard
import Store
import Transport

/// One city's turn: its waiting rows are sent, some batches ahead of their answers, until none waits or others must
/// have theirs.
struct OutboxRun {
    enum Outcome {
        /// `idle`: the stream has all. `unasked`: there was nothing to ask Redis for.
        case moved, idle, unasked
        /// Not before the next check or another epoch of the city.
        case halted(Halt.Reason, Log.Fields)
    }

    private let shard: CityShard
    private let stream: RedisStream

    private static let rowsAtOnce = 256
    private static let batchesAhead = 8
    private static let rowsPerTurn = 1 << 15
    /// Acknowledged events that a crash may forget: they are offered once more, and known.
    private static let writtenBehind: UInt64 = 8192

    init(_ shard: CityShard, over stream: RedisStream) {
        self.shard = shard
        self.stream = stream
    }

    /// Throws what stops all cities; what is this city's alone is an outcome.
    func carry(evenIfEmpty: Bool) throws(RedisError) -> Outcome {
        let store = shard.store
        let acknowledged = store.acknowledged
        guard shard.epoch.number > 0, evenIfEmpty || acknowledged < store.lastSequence else { return .unasked }
        var (sent, through, underWay, rowsLeft) = (acknowledged, acknowledged, 0, Self.rowsPerTurn)
        var decided: Outcome?
        var isFirst = true
        while true {
            while decided == nil, underWay < Self.batchesAhead, rowsLeft > 0, isFirst || sent < store.lastSequence {
                isFirst = false
                let batch: RelayBatch
                do throws(StoreError) { batch = try self.batch(after: sent) } catch {
                    decided = .halted(.unreadable, ["city": shard.name, "reason": "\(error)"])
                    break
                }
                try stream.send(batch)
                sent = batch.firstSequence - 1 + UInt64(batch.payloads.count)
                rowsLeft -= max(batch.payloads.count, 1)
                underWay += 1
            }
            if underWay == 0 { break }
            underWay -= 1
            let outcome = try outcome(of: &through)
            if decided == nil { decided = outcome }
        }
        return finish(decided, acknowledged: acknowledged, through: through)
    }

    private func finish(_ decided: Outcome?, acknowledged: UInt64, through: UInt64) -> Outcome {
        do throws(StoreError) {
            if through > acknowledged {
                try shard.store.acknowledge(through: through, writtenBehind: Self.writtenBehind)
            }
        } catch {
            return .halted(.unreadable, ["city": shard.name, "reason": "\(error)"])
        }
        return decided ?? (through > acknowledged ? .moved : .idle)
    }

    /// The next batch, possibly without rows. Rows that Redis lost after they were trimmed here are gone: that is said
    /// loudly, and the stream goes on behind the hole.
    private func batch(after sequence: UInt64) throws(StoreError) -> RelayBatch {
        var first = sequence + 1
        var rows: [(sequence: UInt64, payload: [UInt8])]
        do throws(StoreError) {
            rows = try shard.store.outboxRows(after: sequence, limit: Self.rowsAtOnce)
        } catch {
            guard case .trimmed(_, _, let kept) = error else { throw error }
            Log.error(
                "events are lost for good: Redis lost them after they were trimmed here",
                ["city": shard.name, "from": first, "to": kept - 1])
            first = kept
            rows = try shard.store.outboxRows(after: first - 1, limit: Self.rowsAtOnce)
        }
        return RelayBatch(
            city: shard.name, owner: owner, firstSequence: first, payloads: rows.map(\.payload),
            acceptsHole: first > sequence + 1)
    }

    /// A stream without a name is ours only when this outbox knows of events there: one that was lost and begun anew
    /// has none acknowledged.
    private var owner: StreamOwner {
        StreamOwner(
            name: "\(shard.cluster)/\(shard.store.outboxIdentity)", epoch: shard.epoch,
            claimedEnd: shard.store.acknowledged > 0 ? shard.store.lastSequence : 0)
    }

    /// What became of the oldest batch under way; nil: it is in the stream, which now ends at `through`.
    private func outcome(of through: inout UInt64) throws(RedisError) -> Outcome? {
        let answer: RelayAnswer
        do throws(RedisError) { answer = try stream.answer() } catch {
            guard error.isAboutOneStream else { throw error }
            return .halted(.refused, ["city": shard.name, "reason": "\(error)"])
        }
        do throws(StoreError) {
            switch answer {
            case .done(let last), .duplicate(let last):
                guard last <= shard.store.lastSequence else {
                    try shard.store.becomeAnother()
                    return foreign(end: last)
                }
                through = max(through, last)
                return nil
            case .gap(let last):
                Log.warn("Redis lost events; sending them again", ["city": shard.name, "from": last + 1])
                try shard.store.rewind(to: last)
                return .moved
            case .fenced(let epoch): return .halted(.fenced, ["city": shard.name, "epoch": epoch])
            case .foreign(let last): return foreign(end: last)
            }
        } catch {
            return .halted(.unreadable, ["city": shard.name, "reason": "\(error)"])
        }
    }

    private func foreign(end: UInt64) -> Outcome {
        .halted(
            .foreign,
            [
                "city": shard.name, "stream ends": end, "outbox ends": shard.store.lastSequence,
                "to go on": "give this cluster its own Redis, or rename these two keys",
                "stream": RedisStream.eventsKey(city: shard.name), "owner": RedisStream.ownerKey(city: shard.name),
            ])
    }
}
