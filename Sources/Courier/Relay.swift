import Basics
import Events
package import Shard
import Store
package import Transport

// Carries each city's outbox to the city's Redis stream, in order, each row once. The stream's own last id says where
// to go on, so it does not matter who died in between: the worker (rows are still in the outbox), Redis (rows it
// lost are asked for again as a gap), or the answer (what it already has is a duplicate, and skipped).
//
// Batches are sent ahead of their answers: while Redis works on one, the next is read from the store. A commit of
// events wakes the relay; once in a while it looks unasked, so that a Redis that lost something is noticed.
//
// A city whose stream or outbox is not as it must be is halted: its events wait, the others go on. Why is logged once;
// each check tries again, so that nothing has to be started when an operator has put it right. Only a fault of the
// connection stops all cities.

/// Where events go and signals come from.
package struct RedisPlace: Sendable {
    package var address: String
    package var login: RedisLogin?
    /// Newest entries of each stream that stay, also when every consumer group has acknowledged them; 0: nothing is
    /// ever removed.
    package var entriesKept: Int

    package init(address: String, login: RedisLogin?, entriesKept: Int) {
        self.address = address
        self.login = login
        self.entriesKept = entriesKept
    }
}

/// One thread that empties the outboxes of all cities of this worker.
package final class Relay: Sendable {
    private let cities: @Sendable () -> [CityShard]
    private let redis: RedisPlace?
    private let thread = StoppableThread()

    /// How often a quiet stream is compared with what we believe Redis has, and a halted city is tried again.
    private static let checkSeconds = 5.0
    /// The longest sleep: a city that has just been opened has nobody to wake us.
    private static let idleMilliseconds = 200

    /// `cities` is asked again and again. Without a Redis, events count as delivered as soon as they are committed:
    /// whoever wants them reads the outbox.
    package init(cities: @escaping @Sendable () -> [CityShard], redis: RedisPlace?) {
        self.cities = cities
        self.redis = redis
    }

    package func start() { thread.start { [self] in run() } }

    /// Returns when the thread has ended: at once, or after the command to Redis that is under way.
    package func stop() { thread.stop() }

    private func run() {
        guard let redis else { return keepLocally() }
        var pause = RedisPause(seed: UInt64(monotonicSeconds() * 1e6))
        var halted: [CityID: Halt] = [:]
        while !thread.isStopping {
            do {
                let stream = RedisStream(address: redis.address, login: redis.login)
                try carry(over: stream, redis, &halted) { pause.reset() }
            } catch {
                Log.warn("events wait: Redis does not answer", ["address": redis.address, "reason": "\(error)"])
                for shard in cities() {
                    shard.note {
                        $0.state = "Redis does not answer: \(error)"
                        if $0.waitingSince == nil, shard.hasWaiting { $0.waitingSince = monotonicSeconds() }
                    }
                }
                thread.sleep(seconds: pause.next())
            }
        }
    }

    private func keepLocally() {
        while !thread.isStopping {
            for shard in cities() {
                thread.listen(to: shard)
                shard.note { $0.state = "local: events are read from the outbox" }
                do { try shard.store.acknowledge(through: shard.store.lastSequence) } catch {
                    Log.error("a city's outbox cannot be read; its events wait", ["city": shard.name])
                }
            }
            thread.waitForNews(milliseconds: Self.idleMilliseconds)
        }
    }

    private func carry(
        over stream: RedisStream, _ redis: RedisPlace, _ halted: inout [CityID: Halt], worked: () -> Void
    ) throws(RedisError) {
        var lastCheck = -Self.checkSeconds
        while !thread.isStopping {
            var moved = false
            let isCheck = monotonicSeconds() - lastCheck >= Self.checkSeconds
            for shard in cities() where isCheck || halted[shard.city]?.epoch != shard.epoch {
                if thread.isStopping { return }
                thread.listen(to: shard)
                let outcome = try OutboxRun(shard, over: stream).carry(evenIfEmpty: isCheck)
                if case .moved = outcome { moved = true }
                note(outcome, of: shard, in: &halted)
                if isCheck, redis.entriesKept > 0 { try trim(shard, stream, keeping: redis.entriesKept) }
            }
            worked()
            if isCheck { lastCheck = monotonicSeconds() }
            if !moved { thread.waitForNews(milliseconds: Self.idleMilliseconds) }
        }
    }

    private func trim(_ shard: CityShard, _ stream: RedisStream, keeping kept: Int) throws(RedisError) {
        let acknowledged = shard.store.acknowledged
        guard shard.epoch.number > 0, acknowledged > UInt64(kept) else { return }
        let first = EntryID(milliseconds: shard.epoch.number, sequence: acknowledged - UInt64(kept) + 1)
        do throws(RedisError) {
            let count = try stream.trim(city: shard.name, below: first, keeping: kept)
            if count > 0 { Log.debug("entries removed that every group has", ["city": shard.name, "entries": count]) }
        } catch {
            guard case .refused(_, let command, let reason) = error, command == "trim" else { throw error }
            Log.debug("a stream cannot be trimmed", ["city": shard.name, "reason": reason])
        }
    }

    /// Remembers who is halted, and says so when it begins, when the reason changes, and when it ends.
    private func note(_ outcome: OutboxRun.Outcome, of shard: CityShard, in halted: inout [CityID: Halt]) {
        shard.note {
            switch outcome {
            case .halted(let reason, _): $0.state = "\(reason.message)"
            case .moved, .idle, .unasked: $0.state = "flows"
            }
            $0.waitingSince = shard.hasWaiting ? $0.waitingSince ?? monotonicSeconds() : nil
        }
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
}

/// Why a city's events wait, and under which epoch.
struct Halt: Equatable {
    enum Reason {
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

    let epoch: Epoch
    let reason: Reason
}

extension CityShard {
    var hasWaiting: Bool { store.lastSequence > store.acknowledged }
}
