import Basics
import Events
package import Shard
import Store
import Transport

// Brings the signals of each city's stream into the city. The place up to which they have had their effect is stored in
// the city, in the same write as the effect; the stream's group `muster` is told afterwards, so that others see it.
// What is refused goes into the stream of dead letters first, under its own id, so that it stands there once however
// often it is read.
//
// Reads are bounded, and at most one is under way while the last becomes durable: a producer that is faster than the
// disk finds its signals waiting in Redis, not in our memory. Reading ahead takes for granted that what was read before
// will be taken; where a city did not take it, what was read ahead is dropped and read again.

/// One thread that reads the signals of all cities of this worker.
package final class Intake: Sendable {
    /// The name of Muster's group in each stream of signals.
    package static let group = "muster"

    private let cities: @Sendable () -> [CityShard]
    private let redis: RedisPlace
    private let thread = StoppableThread()

    private static let entriesAtOnce = RedisLimits.entriesPerReadMax
    /// How long one read waits for a signal. A city that is opened meanwhile is read after that.
    private static let waitMilliseconds = 250
    /// How often it is looked how far behind each city is.
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
        let group = Self.group
        let (reader, writer) = (
            RedisConsumer(address: redis.address, login: redis.login, group: group, consumer: group),
            RedisConsumer(address: redis.address, login: redis.login, group: group, consumer: group)
        )
        var turns = IntakeTurns()
        var asked: [String: IntakeTurns.Turn] = [:]
        var lastCheck = -Double.infinity
        while !thread.isStopping {
            if asked.isEmpty {
                asked = try turns.next(of: cities(), writer)
                if asked.isEmpty {
                    thread.sleep(seconds: Double(Self.waitMilliseconds) / 1000)
                    continue
                }
                try ask(reader, asked)
            }
            let (reading, found) = (asked, try reader.asked())
            worked()
            asked = try turns.next(of: cities(), writer, behind: found, of: reading)
            if !asked.isEmpty { try ask(reader, asked) }
            for (stream, entries) in found.sorted(by: { $0.key < $1.key }) {
                guard let turn = reading[stream] else { continue }
                do {
                    try take(entries, of: stream, at: turn, writer)
                } catch let error as RedisError {
                    throw error
                } catch {
                    // The city's own trouble (its disk, a full outbox): its signals wait in Redis.
                    let city = turn.shard.city
                    Log.warn(
                        "a city cannot take its signals; they wait",
                        ["city": turn.shard.name, "reason": "\(error)"])
                    turns.rest(city)
                }
            }
            if monotonicSeconds() - lastCheck >= Self.checkSeconds {
                lastCheck = monotonicSeconds()
                for (stream, turn) in asked { try look(after: turn.shard, stream, writer) }
            }
        }
    }

    private func ask(_ reader: RedisConsumer, _ turns: [String: IntakeTurns.Turn]) throws(RedisError) {
        try reader.ask(
            after: turns.mapValues(\.after), count: Self.entriesAtOnce, waitingMilliseconds: Self.waitMilliseconds)
    }

    private func take(
        _ entries: [StreamEntry], of stream: String, at turn: IntakeTurns.Turn, _ writer: RedisConsumer
    ) throws {
        let shard = turn.shard
        // Else what was read before was not taken, and these must not overtake it.
        guard try shard.signalAccount().offset == turn.after, let last = entries.last?.id else { return }
        let now = millisecondsNow()
        let signals = entries.map { entry in
            let reading = SignalReading(
                city: shard.name, arrival: Int64(clamping: entry.id.milliseconds), now: now)
            return SignalEntry(id: entry.id, signal: Signal.read(entry.fields, reading))
        }
        try shard.take(signals) { refusals in
            let dead = refusals.map { (id: Optional(entries[$0.index].id), fields: letter(entries[$0.index], $0)) }
            try writer.add(
                dead, to: RedisConsumer.deadLettersKey(city: shard.name), keeping: RedisLimits.deadLettersMax)
        }
        try writer.mark(stream, through: last)
    }

    /// What is left of a refused entry: why, and what it said, shortened.
    private func letter(_ entry: StreamEntry, _ refusal: SignalRefusal) -> [[UInt8]] {
        var fields = [Array("reason".utf8), Array(refusal.fault.rawValue.utf8)]
        for text in entry.fields.prefix(2 * SignalLimits.fieldsMax) {
            fields.append(Array(text.prefix(SignalLimits.textBytesMax)))
        }
        if fields.count % 2 == 1 { fields.append([]) }
        return fields
    }

    /// Notes how far behind a city is, and shortens its stream.
    private func look(after shard: CityShard, _ stream: String, _ consumer: RedisConsumer) throws {
        let offset = try shard.signalAccount().offset
        let waiting = try consumer.first(of: stream, after: offset)
        let dead = try consumer.length(of: RedisConsumer.deadLettersKey(city: shard.name))
        shard.note {
            $0.signalsSince = waiting.map { Int64(clamping: $0.milliseconds) }
            $0.deadLetters = dead
        }
        guard redis.entriesKept > 0 else { return }
        var next = offset
        if next.sequence < .max { next.sequence += 1 }
        _ = try consumer.trim(stream, below: next, keeping: redis.entriesKept)
    }
}
