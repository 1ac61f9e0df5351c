import Basics
import Events
import Glibc
package import Shard
import Store
import Transport

// Brings the signals of each city's stream into the city. The place up to which they have had their effect is stored in
// the city, in the same write as the effect; the stream's group `muster` is told afterwards, so that others see it.
// What is refused goes into the stream of dead letters first, under its own id, so that it stands there once however
// often it is read.
//
// Reads are bounded, and the next one waits until the last is durable: a producer that is faster than the disk finds
// its signals waiting in Redis, not in our memory.

/// One thread that reads the signals of all cities of this worker.
package final class Intake: Sendable {
    /// The name of Muster's group in each stream of signals.
    package static let group = "muster"

    private let cities: @Sendable () -> [CityShard]
    private let redis: RedisPlace
    private let thread = StoppableThread()

    private static let entriesAtOnce = 4096
    /// How long one read waits for a signal. A city that is opened meanwhile is read after that.
    private static let waitMilliseconds = 250
    private static let checkSeconds = 5.0

    package init(cities: @escaping @Sendable () -> [CityShard], redis: RedisPlace) {
        self.cities = cities
        self.redis = redis
    }

    package func start() { thread.start { [self] in run() } }

    /// Returns when the thread has ended, after what it is at.
    package func stop() { thread.stop() }

    private func run() {
        var pause = RedisPause(seed: UInt64(monotonicSeconds() * 1e6) + 1)
        while !thread.isStopping {
            do {
                try read { pause.reset() }
            } catch {
                Log.warn("signals wait", ["address": redis.address, "reason": "\(error)"])
                thread.sleep(seconds: pause.next())
            }
        }
    }

    /// Throws where all cities must wait.
    private func read(worked: () -> Void) throws {
        let consumer = RedisConsumer(
            address: redis.address, login: redis.login, group: Self.group, consumer: Self.group)
        var joined: Set<String> = []
        /// Until when a city is left alone that could not take its signals.
        var resting: [CityID: Double] = [:]
        var lastCheck = monotonicSeconds()
        while !thread.isStopping {
            let now = monotonicSeconds()
            var places: [String: EntryID] = [:]
            var shards: [String: CityShard] = [:]
            for shard in cities() where shard.epoch.number > 0 && resting[shard.city, default: 0] <= now {
                let stream = RedisConsumer.signalsKey(city: shard.name)
                if joined.insert(stream).inserted { try consumer.join(stream) }
                places[stream] = try shard.signalAccount().offset
                shards[stream] = shard
            }
            if places.isEmpty {
                thread.sleep(seconds: Double(Self.waitMilliseconds) / 1000)
                continue
            }
            let found = try consumer.read(
                after: places, count: Self.entriesAtOnce, waitingMilliseconds: Self.waitMilliseconds)
            worked()
            for (stream, entries) in found.sorted(by: { $0.key < $1.key }) {
                guard let shard = shards[stream] else { continue }
                do {
                    try take(entries, of: stream, into: shard, consumer)
                } catch let error as RedisError {
                    throw error
                } catch {
                    // The city's own trouble (its disk, a full outbox): its signals wait in Redis.
                    Log.warn("a city cannot take its signals; they wait", ["city": shard.name, "reason": "\(error)"])
                    resting[shard.city] = now + 1
                }
            }
            if now - lastCheck >= Self.checkSeconds {
                lastCheck = now
                try trim(shards, consumer)
            }
        }
    }

    private func take(
        _ entries: [StreamEntry], of stream: String, into shard: CityShard, _ consumer: RedisConsumer
    ) throws {
        var tickets: [(id: EntryID, ticket: SignalTicket)] = []
        tickets.reserveCapacity(entries.count)
        for entry in entries {
            let fields: Result<SignalFields, SignalFault>
            do throws(SignalFault) { fields = .success(try SignalFields(entry.fields)) } catch {
                fields = .failure(error)
            }
            let ticket = SignalTicket(
                fields: fields, arrival: Int64(clamping: entry.id.milliseconds), id: "\(entry.id)")
            tickets.append((entry.id, ticket))
        }
        try shard.take(entries: tickets, now: Self.now) { refusals in
            let dead = RedisConsumer.deadLettersKey(city: shard.name)
            for refusal in refusals {
                let entry = entries[refusal.index]
                var fields = [Array("reason".utf8), Array(refusal.fault.rawValue.utf8)]
                for text in entry.fields.prefix(2 * SignalLimits.fieldsMax) {
                    fields.append(Array(text.prefix(SignalLimits.textBytesMax)))
                }
                if fields.count % 2 == 1 { fields.append([]) }
                try consumer.add(fields, to: dead, id: entry.id, keeping: RedisLimits.deadLettersMax)
            }
        }
        try consumer.mark(stream, through: entries[entries.count - 1].id)
    }

    private func trim(_ shards: [String: CityShard], _ consumer: RedisConsumer) throws {
        guard redis.entriesKept > 0 else { return }
        for (stream, shard) in shards {
            var next = try shard.signalAccount().offset
            if next.sequence < .max { next.sequence += 1 }
            _ = try consumer.trim(stream, below: next, keeping: redis.entriesKept)
        }
    }

    /// Milliseconds since 1970.
    package static var now: Int64 {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return Int64(moment.tv_sec) * 1000 + Int64(moment.tv_nsec) / 1_000_000
    }
}
