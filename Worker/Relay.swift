import Basics
import Shard
import Store
import Synchronization
import Transport

// Carries each city's outbox to the city's Redis stream, in order, each row once. The stream's own last id says where
// to go on, so it does not matter who died in between: the worker (rows are still in the outbox), Redis (rows it
// lost are asked for again as a gap), or the answer (what it already has is a duplicate, and skipped).

/// One thread that empties the outboxes of all cities of this worker.
final class Relay: Sendable {
    private let host: ShardHost
    private let address: String
    private let password: String?
    private let stopped = Atomic<Bool>(false)
    private let done = Monitor<Bool>(false)

    private static let rowsAtOnce = 256
    private static let idleMilliseconds = 50
    /// How often a quiet stream is compared with what we believe Redis has.
    private static let checkSeconds = 5.0

    init(host: ShardHost, address: String, password: String?) {
        self.host = host
        self.address = address
        self.password = password
    }

    func start() {
        startThread { [self] in
            run()
            done.withLock { isDone, wake in
                isDone = true
                wake()
            }
        }
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        _ = done.wait(milliseconds: 10_000) { $0 ? .done(()) : .notYet }
    }

    private func run() {
        var backoff = 1.0
        var random = SeededRandom(seed: UInt64(monotonicSeconds() * 1e6))
        while !stopped.load(ordering: .relaxed) {
            do {
                try carry(over: RedisStream(address: address, password: password)) { backoff = 1 }
            } catch {
                Log.warn("events wait: Redis does not answer", ["address": address, "reason": "\(error)"])
                pause(seconds: backoff * (0.75 + 0.5 * random.uniform()))
                backoff = min(backoff * 2, 32)
            }
        }
    }

    private func carry(over redis: RedisStream, worked: () -> Void) throws {
        var fenced: Set<CityID> = []
        var lastCheck = -Self.checkSeconds
        while !stopped.load(ordering: .relaxed) {
            var moved = false
            let isCheck = monotonicSeconds() - lastCheck >= Self.checkSeconds
            for shard in host.all() where !fenced.contains(shard.city) {
                switch try carry(shard, over: redis, evenIfEmpty: isCheck) {
                case .moved: moved = true
                case .idle: break
                case .fenced(let epoch):
                    fenced.insert(shard.city)
                    Log.error("another owner writes this city's stream", ["city": shard.name, "epoch": epoch])
                }
            }
            worked()
            if isCheck { lastCheck = monotonicSeconds() }
            if !moved { pause(seconds: Double(Self.idleMilliseconds) / 1000) }
        }
    }

    private enum Outcome { case moved, idle, fenced(Epoch) }

    private func carry(_ shard: CityShard, over redis: RedisStream, evenIfEmpty: Bool) throws -> Outcome {
        let store = shard.store
        let acknowledged = store.acknowledged
        guard shard.epoch.number > 0, evenIfEmpty || acknowledged < store.lastSequence else { return .idle }
        let (rows, first) = try waitingRows(of: shard, after: acknowledged)
        let answer = try redis.append(
            stream: RedisStream.eventsKey(city: shard.name), epoch: shard.epoch, firstSequence: first,
            payloads: rows, acceptingHole: first > acknowledged + 1)
        switch answer {
        case .done(let last), .duplicate(let last), .gap(let last):
            let known = min(last, store.lastSequence)
            if known == acknowledged { return .idle }
            if known < acknowledged {
                Log.warn("Redis lost events; sending them again", ["city": shard.name, "from": known + 1])
            }
            try store.acknowledge(through: known)
            return .moved
        case .fenced(let epoch):
            return .fenced(epoch)
        }
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
        _ = done.wait(milliseconds: Int(seconds * 1000)) { _ in
            stopped.load(ordering: .relaxed) ? .done(()) : .notYet
        }
    }
}
