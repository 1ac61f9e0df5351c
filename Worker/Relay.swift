import Basics
import Shard
import Store
import Transport

// Carries each city's outbox to the city's Redis stream, in order, each row once. The stream's own last id says where
// to go on, so it does not matter who died in between: the worker (rows are still in the outbox), Redis (rows it
// lost are asked for again as a gap), or the answer (what it already has is a duplicate, and skipped).
//
// A city whose stream or outbox is not as it must be is halted: its events wait, the others go on. Why is logged once;
// each check tries again, so that nothing has to be started when an operator has put it right. Only a fault of the
// connection stops all cities.

/// One thread that empties the outboxes of all cities of this worker.
final class Relay: Sendable {
    private let host: ShardHost
    private let address: String
    private let password: String?
    private let progress = Monitor(Progress())

    private struct Progress {
        var isStopping = false
        var isDone = false
    }

    /// Why a city's events wait.
    private enum Reason {
        case foreign, fenced, refused, unreadable

        var message: StaticString {
            switch self {
            case .foreign: "the stream belongs to another cluster or to a lost copy of this city; its events wait"
            case .fenced: "another owner writes this city's stream"
            case .refused: "Redis refuses a city's events; they wait"
            case .unreadable: "a city's outbox cannot be read; its events wait"
            }
        }
    }

    private struct Halt: Equatable {
        let epoch: Epoch
        let reason: Reason
    }

    private static let rowsAtOnce = 256
    private static let idleMilliseconds = 50
    /// How often a quiet stream is compared with what we believe Redis has, and a halted city is tried again.
    private static let checkSeconds = 5.0
    /// More than one connection attempt and one command may take.
    private static let stopMilliseconds = 10_000

    init(host: ShardHost, address: String, password: String?) {
        self.host = host
        self.address = address
        self.password = password
    }

    func start() {
        startThread { [self] in
            run()
            progress.withLock { progress, wake in
                progress.isDone = true
                wake()
            }
        }
    }

    /// Returns when the thread has ended: at once, or after the command to Redis that is under way.
    func stop() {
        progress.withLock { progress, wake in
            progress.isStopping = true
            wake()
        }
        _ = progress.wait(milliseconds: Self.stopMilliseconds) { $0.isDone ? .done(()) : .notYet }
    }

    private var isStopping: Bool { progress.withLock { progress, _ in progress.isStopping } }

    private func run() {
        var backoff = 1.0
        var random = SeededRandom(seed: UInt64(monotonicSeconds() * 1e6))
        var halted: [CityID: Halt] = [:]
        while !isStopping {
            do {
                try carry(over: RedisStream(address: address, password: password), &halted) { backoff = 1 }
            } catch {
                Log.warn("events wait: Redis does not answer", ["address": address, "reason": "\(error)"])
                pause(seconds: backoff * (0.75 + 0.5 * random.uniform()))
                backoff = min(backoff * 2, 32)
            }
        }
    }

    private func carry(
        over redis: RedisStream, _ halted: inout [CityID: Halt], worked: () -> Void
    ) throws(RedisError) {
        var lastCheck = -Self.checkSeconds
        while !isStopping {
            var moved = false
            let isCheck = monotonicSeconds() - lastCheck >= Self.checkSeconds
            for shard in host.all() where isCheck || halted[shard.city]?.epoch != shard.epoch {
                if isStopping { return }
                let outcome = try carry(shard, over: redis, evenIfEmpty: isCheck)
                if case .moved = outcome { moved = true }
                note(outcome, of: shard, in: &halted)
            }
            worked()
            if isCheck { lastCheck = monotonicSeconds() }
            if !moved { pause(seconds: Double(Self.idleMilliseconds) / 1000) }
        }
    }

    private enum Outcome {
        /// `idle`: the stream has all. `unasked`: there was nothing to ask Redis for.
        case moved, idle, unasked
        /// Not before the next check or another epoch of the city.
        case halted(Reason, Log.Fields)
    }

    /// Remembers who is halted, and says so when it begins, when the reason changes, and when it ends.
    private func note(_ outcome: Outcome, of shard: CityShard, in halted: inout [CityID: Halt]) {
        switch outcome {
        case .halted(let reason, let facts):
            let halt = Halt(epoch: shard.epoch, reason: reason)
            if halted.updateValue(halt, forKey: shard.city) != halt { Log.error(reason.message, facts) }
        case .moved, .idle:
            guard halted.removeValue(forKey: shard.city) != nil else { return }
            Log.info("a city's events go on", ["city": shard.name])
        case .unasked: break
        }
    }

    private func carry(
        _ shard: CityShard, over redis: RedisStream, evenIfEmpty: Bool
    ) throws(RedisError) -> Outcome {
        let store = shard.store
        let acknowledged = store.acknowledged
        guard shard.epoch.number > 0, evenIfEmpty || acknowledged < store.lastSequence else { return .unasked }
        do {
            let (rows, first) = try waitingRows(of: shard, after: acknowledged)
            let answer = try redis.append(
                city: shard.name, owner: owner(of: shard), firstSequence: first, payloads: rows,
                acceptingHole: first > acknowledged + 1)
            return try follow(answer, of: shard, acknowledged: acknowledged)
        } catch let error as RedisError {
            guard error.isAboutOneStream else { throw error }
            return .halted(.refused, ["city": shard.name, "reason": "\(error)"])
        } catch {
            return .halted(.unreadable, ["city": shard.name, "reason": "\(error)"])
        }
    }

    /// A stream without a name is ours only when this outbox knows of events there: one that was lost and begun anew
    /// has none acknowledged.
    private func owner(of shard: CityShard) -> StreamOwner {
        StreamOwner(
            name: "\(shard.cluster)/\(shard.store.outboxIdentity)", epoch: shard.epoch,
            claimedEnd: shard.store.acknowledged > 0 ? shard.store.lastSequence : 0)
    }

    private func follow(
        _ answer: RelayAnswer, of shard: CityShard, acknowledged: UInt64
    ) throws(StoreError) -> Outcome {
        switch answer {
        case .done(let last), .duplicate(let last):
            guard last <= shard.store.lastSequence else {
                try shard.store.becomeAnother()
                return foreign(shard, end: last)
            }
            try shard.store.acknowledge(through: last)
            return last > acknowledged ? .moved : .idle
        case .gap(let last):
            Log.warn("Redis lost events; sending them again", ["city": shard.name, "from": last + 1])
            try shard.store.rewind(to: last)
            return .moved
        case .fenced(let epoch):
            return .halted(.fenced, ["city": shard.name, "epoch": epoch])
        case .foreign(let last):
            return foreign(shard, end: last)
        }
    }

    private func foreign(_ shard: CityShard, end: UInt64) -> Outcome {
        .halted(
            .foreign,
            [
                "city": shard.name, "stream ends": end, "outbox ends": shard.store.lastSequence,
                "to go on": "give this cluster its own Redis, or rename these two keys",
                "stream": RedisStream.eventsKey(city: shard.name), "owner": RedisStream.ownerKey(city: shard.name),
            ])
    }

    /// The next rows and the number of the first. Rows that Redis lost after they were trimmed here are gone: that is
    /// said loudly, and the stream goes on behind the hole.
    private func waitingRows(
        of shard: CityShard, after acknowledged: UInt64
    ) throws(StoreError) -> (payloads: [[UInt8]], first: UInt64) {
        do throws(StoreError) {
            let rows = try shard.store.outboxRows(after: acknowledged, limit: Self.rowsAtOnce)
            return (rows.map { $0.payload }, acknowledged + 1)
        } catch {
            guard case .trimmed(_, _, let first) = error else { throw error }
            Log.error(
                "events are lost for good: Redis lost them after they were trimmed here",
                ["city": shard.name, "from": acknowledged + 1, "to": first - 1])
            let rows = try shard.store.outboxRows(after: first - 1, limit: Self.rowsAtOnce)
            return (rows.map { $0.payload }, first)
        }
    }

    private func pause(seconds: Double) {
        _ = progress.wait(milliseconds: Int(seconds * 1000)) { $0.isStopping ? .done(()) : .notYet }
    }
}
