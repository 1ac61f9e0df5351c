// Events out: from the outbox of a city, in RocksDB, to a Redis stream on the same machine.
//
// The floor: an event is one entry of half a kilobyte. Redis itself takes 1 to 2 us of CPU for an XADD that comes in a
// pipeline; `floor_events_per_second` is what its own benchmark program reaches with the same entries just before, and
// `share_of_floor` what of that is left when each entry also gets its own id, passes the fence, is read from the store
// and acknowledged there. The delay from a commit to the stream is two system calls, one wake-up and a script.
//
// With --kills, --truncations or --flushes another run follows: see EventsChaos. With --fences, stale owners: see
// EventsFence. With --outage, a Redis that is away for so long.

import Basics
import Courier
import Events
import FoundationEssentials
import Glibc
import Shard
import Store
import Transport
import World

extension Bench {
    static let events = Bench(
        name: "events",
        summary: "carry events to Redis and signals back, through kills if wanted",
        isParallel: false,
        settings: [
            Setting(
                "rate", "events a second while the delay is measured", .integer(1...100_000), default: "1000",
                scope: .call),
            Setting(
                "events", "events of the throughput run", .integer(1000...10_000_000), default: "300000", scope: .call),
            Setting(
                "signals", "signals of the throughput run", .integer(0...10_000_000), default: "300000", scope: .call),
            Setting("hostile", "malformed signals", .integer(0...10_000_000), default: "100000", scope: .call),
            Setting("kills", "processes killed at random", .integer(0...100_000), default: "0", scope: .call),
            Setting(
                "truncations", "times that Redis loses up to 64 KiB of its log", .integer(0...10_000), default: "0",
                scope: .call),
            Setting("flushes", "times that Redis loses everything", .integer(0...1000), default: "0", scope: .call),
            Setting("seeds", "seeds of the run with kills", .integer(100...1_000_000), default: "100000", scope: .call),
            Setting("fences", "stale owners that try to write", .integer(0...10_000), default: "0", scope: .call),
            Setting("outage", "seconds without Redis, under load", .integer(0...7200), default: "0", scope: .call),
            Setting("only", "the runs beside throughput only", .flag, scope: .call),
            ShardFolder.setting,
        ]
    ) { run in
        Log.start(program: "muster-bench", level: .error)
        let settings = run.settings
        let scratch = try ScratchFolder(in: settings.text("scratch"))
        let hasFaults = settings.integer("kills") + settings.integer("truncations") + settings.integer("flushes") > 0
        if !settings.flag("only") { try EventsThroughput(run, in: scratch.path).measure() }
        if settings.integer("outage") > 0 { try EventsOutage(run, in: scratch.path).measure() }
        if settings.integer("fences") > 0 { try EventsFence(run, in: scratch.path).measure() }
        if hasFaults { try EventsChaos(run, in: scratch.path).measure() }
    }
}

/// A city with some people and places, and events to put into its outbox.
struct EventCity {
    let shard: CityShard
    static let people: UInt64 = 100_000
    static let places: UInt64 = 5_000

    /// Opens it, with so many people and places unless it has some. Epochs only rise.
    init(_ folder: String, number: UInt32 = 0, epoch: UInt64 = 1, people: UInt64 = 0) throws {
        let city = CityID(number)
        shard = try CityShard(
            directory: "\(folder)/city-\(number)", city: city, name: "City-\(number)", cluster: 1,
            outboxIfNew: UInt64(number) + 1)
        if people > 0, shard.store.counts().people == 0 {
            let residents = (0..<people).map { Record.person(Person(id: PersonID($0), homeCity: city)) }
            let places = (0..<Self.places).map { Record.place(Place(id: PlaceID($0), city: city)) }
            _ = try shard.store.write(RecordBlock(city: city, records: residents + places))
        }
        try shard.store.setEpoch(max(Epoch(epoch), shard.epoch))
    }

    /// A seed's event as planning makes it.
    func draft(of number: UInt64) -> EventDraft {
        let created = SeedCreated(
            city: shard.name, venue: Digits(number % 5000), starters: [1, 2, 3], slot: "evening", conversion: 0.4321,
            expectedTurnout: 7.6543, invites: [11, 12, 13, 14, 15, 16, 17, 18], model: 3)
        return EventDraft(created, about: number, seed: SeedID(number), key: String(number), cause: "job/1")
    }

    /// Commits the events of some seeds in one synced step, the seeds with them.
    func commit(_ numbers: some Collection<UInt64>) throws {
        var batch = WriteBatch()
        for number in numbers {
            batch.put(.seeds, key: withUnsafeBytes(of: number.bigEndian, Array.init), value: [])
        }
        _ = try shard.store.commit(batch, events: shard.outboxEvents(numbers.map { draft(of: $0) }))
    }
}

/// How fast, and how soon.
struct EventsThroughput {
    private let run: Run
    private let folder: String
    private static let floorEvents = 300_000

    init(_ run: Run, in folder: String) {
        self.run = run
        self.folder = folder
    }

    func measure() throws {
        let redis = try PrivateRedis(in: folder)
        let city = try run.loading {
            let city = try EventCity(folder, people: EventCity.people)
            let count = UInt64(run.settings.integer("events"))
            for start in stride(from: 0, to: count, by: 1000) { try city.commit(start..<min(start + 1000, count)) }
            return city
        }
        defer { city.shard.close() }
        let floor = try run.loading { try redisFloor(redis, city) }
        let idle = redis.cpuSeconds
        let place = RedisPlace(address: redis.socket, login: nil, entriesKept: 0)
        let relay = Relay(cities: { [shard = city.shard] in [shard] }, redis: place)
        let count = city.shard.store.lastSequence
        let cost = try run.working {
            relay.start()
            try waitUntil(600) { city.shard.store.acknowledged == count }
        }.cost
        let carried = (redis.cpuSeconds - idle) / Double(count)
        let delays = try delays(city, redis)
        relay.stop()
        let check = try StreamCheck(redis.socket, city: city.shard.name, through: city.shard.store.lastSequence)
        let rate = Double(count) / cost.wall
        try run.report([
            "events_per_second": .real(rate), "p99_seconds": .real(quantile(0.99, delays)),
            "p50_seconds": .real(quantile(0.5, delays)), "lost": .whole(check.lost),
            "duplicated": .whole(check.duplicated), "reordered": .whole(check.reordered),
            "floor_events_per_second": .real(floor.rate), "share_of_floor": .real(rate / floor.rate),
            "redis_seconds_per_event": .real(carried), "floor_redis_seconds_per_event": .real(floor.seconds),
        ])
        try SignalsLoad(run, city, redis).measure()
    }

    /// What Redis' own program reaches with such entries, in a stream of their own.
    private func redisFloor(
        _ redis: PrivateRedis, _ city: EventCity
    ) throws -> (rate: Double, seconds: Double) {
        let before = redis.cpuSeconds
        let payload = try city.shard.store.outboxRows(after: 0, limit: 1)[0].payload
        let text = try Child.output(
            [
                "redis-benchmark", "-s", redis.socket, "-P", "64", "-n", "\(Self.floorEvents)", "-q", "XADD", "floor",
                "*", "event", String(decoding: payload, as: UTF8.self),
            ], in: folder)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let index = words.lastIndex(of: "requests"), index > 0, let rate = Double(words[index - 1]) else {
            throw BenchError("redis-benchmark says no rate: \(text.suffix(200))")
        }
        let seconds = (redis.cpuSeconds - before) / Double(Self.floorEvents)
        _ = try RedisClient(address: redis.socket, login: nil).say("DEL", "floor")
        return (rate, seconds)
    }

    /// Seconds from each commit to the moment at which a reader has its events.
    private func delays(_ city: EventCity, _ redis: PrivateRedis) throws -> [Double] {
        let rate = Double(run.settings.integer("rate"))
        let reader = RedisConsumer(address: redis.socket, login: nil, group: "bench", consumer: "bench")
        let stream = RedisStream.eventsKey(city: city.shard.name)
        let before = city.shard.store.lastSequence
        let total = Int(rate * 5)
        let committed = Monitor([Double](repeating: 0, count: total))
        startThread {
            let start = monotonicSeconds()
            var done = 0
            while done < total {
                let due = min(Int((monotonicSeconds() - start) * rate), total)
                if due == done {
                    usleep(200)
                    continue
                }
                // A commit that fails shows as events that never come.
                try? city.commit((0..<UInt64(due - done)).map { before + UInt64(done) + $0 })
                let now = monotonicSeconds()
                committed.withLock { times, _ in for index in done..<due { times[index] = now } }
                done = due
            }
        }
        var delays: [Double] = []
        var last = EntryID(milliseconds: 1, sequence: before)
        let end = monotonicSeconds() + 60
        while delays.count < total, monotonicSeconds() < end {
            let found = try reader.read(after: [stream: last], count: 1000, waitingMilliseconds: 1000)[stream] ?? []
            let now = monotonicSeconds()
            committed.withLock { times, _ in
                for entry in found {
                    let time = times[Int(entry.id.sequence - before) - 1]
                    // Read before the commit had returned: no delay at all.
                    delays.append(time == 0 ? 0 : max(now - time, 0))
                }
            }
            last = found.last?.id ?? last
        }
        guard delays.count == total else { throw BenchError("\(total - delays.count) events did not arrive") }
        return delays
    }
}

/// What a stream holds, against what it must.
struct StreamCheck {
    private(set) var lost = 0
    private(set) var duplicated = 0
    private(set) var reordered = 0
    private(set) var subjects: [UInt64: Int] = [:]

    /// Sequences 1 to `last` must each be there once, in order.
    init(_ address: String, city: String, through last: UInt64) throws {
        let stream = RedisStream(address: address, login: nil)
        let key = RedisStream.eventsKey(city: city)
        var seen: Set<UInt64> = []
        var from = "-"
        var before: UInt64 = 0
        while case let rows = try stream.first(5000, of: key, from: from), let end = rows.last {
            for row in rows {
                guard let id = EntryID(row.id), let subject = Self.subject(of: row.payload) else {
                    throw BenchError("an entry that is no event: \(row.id)")
                }
                if !seen.insert(id.sequence).inserted { duplicated += 1 }
                if id.sequence <= before { reordered += 1 }
                before = id.sequence
                subjects[subject, default: 0] += 1
            }
            from = "(\(end.id)"
        }
        lost = Int(last) - seen.count { $0 <= last }
        duplicated += subjects.values.reduce(0) { $0 + $1 - 1 }
    }

    /// The digits behind `"subject":"`; faster than reading a hundred thousand objects.
    static func subject(of payload: [UInt8]) -> UInt64? {
        let mark = Array("\"subject\":\"".utf8)
        // Near the end: what stands there is sorted by name.
        for start in stride(from: payload.count - mark.count, through: 0, by: -1)
        where payload[start..<start + mark.count].elementsEqual(mark) {
            let digits = payload[(start + mark.count)...].prefix { $0 != UInt8(ascii: "\"") }
            return UInt64(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }
}

/// The value below which this share of the values lies; 0 of none.
func quantile(_ share: Double, _ values: [Double]) -> Double {
    if values.isEmpty { return 0 }
    let sorted = values.sorted()
    return sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
}

/// Returns when it is so; throws when it is not in time.
func waitUntil(_ seconds: Double, _ condition: () throws -> Bool) throws {
    let end = monotonicSeconds() + seconds
    while try !condition() {
        guard monotonicSeconds() < end else { throw BenchError("not within \(Int(seconds)) s") }
        usleep(1000)
    }
}
