// Signals in: from a Redis stream into rows of a city, durable, then visible. The floor: an entry is read (1 us in
// Redis, 0.5 us here), its five fields parsed (0.3 us), its person and place found among those known (or two lookups of
// a bloom filter and a block, 1 us), a visit staged (0.2 us); one flush of the disk serves four thousand.

import Basics
import Courier
import Events
import Glibc
import Shard
import Store
import Transport
import World

struct SignalsLoad {
    private let run: Run
    private let city: EventCity
    private let redis: PrivateRedis
    private let stream: String

    init(_ run: Run, _ city: EventCity, _ redis: PrivateRedis) {
        self.run = run
        self.city = city
        self.redis = redis
        stream = RedisConsumer.signalsKey(city: city.shard.name)
    }

    func measure() throws {
        let good = run.settings.integer("signals")
        let hostile = run.settings.integer("hostile")
        if good + hostile == 0 { return }
        let place = RedisPlace(address: redis.socket, login: nil, entriesKept: 0)
        let intake = Intake(cities: { [shard = city.shard] in [shard] }, redis: place)
        defer { intake.stop() }
        var random = SeededRandom(seed: run.seed).child("signals")
        try run.loading { try add(good) { _ in view(&random) } }
        let (_, cost) = try run.timing {
            intake.start()
            try waitUntil(600) { try city.shard.signalAccount().taken == UInt64(good) }
        }
        let delays = try visibleDelays()
        let before = try city.shard.signalAccount()
        try run.loading { try add(hostile) { index in attack(index, &random) } }
        try waitUntil(600) { try sum(city.shard.signalAccount()) == sum(before) + UInt64(hostile) }
        let after = try city.shard.signalAccount()
        try run.report(
            [
                "signals_per_second": rate(good, in: cost.wall),
                "signals_per_cpu_second": rate(good, in: cost.cpu),
                "visible_p99_seconds": .real(quantile(0.99, delays)),
                "visits": .whole(Int(city.shard.store.counts().visits)),
                "hostile": .whole(hostile), "hostile_refused": .whole(Int(after.refused - before.refused)),
                "hostile_taken": .whole(Int(after.taken - before.taken)),
                "hostile_unaccounted": .whole(Int(sum(after) - sum(before)) - hostile),
            ], as: "events-signals")
    }

    private func sum(_ account: SignalAccount) -> UInt64 { account.taken + account.refused + account.replayed }

    /// Puts entries into the stream, many sent ahead.
    private func add(_ count: Int, _ signal: (Int) -> [[UInt8]]) throws {
        let writer = RedisConsumer(address: redis.socket, login: nil, group: "bench", consumer: "bench")
        for start in stride(from: 0, to: count, by: 1000) {
            try writer.add((start..<min(start + 1000, count)).map { (nil, signal($0)) }, to: stream)
        }
    }

    private func view(_ random: inout SeededRandom) -> [[UInt8]] {
        let person = random.below(Int(EventCity.people))
        let time = 1_600_000_000_000 + random.below(100_000_000_000)
        return [
            "kind", "view", "person", "\(person)", "place", "\(random.below(Int(EventCity.places)))", "time", "\(time)",
            "dwell", "\(random.below(300))",
        ].map { Array($0.utf8) }
    }

    /// Seconds from an entry's arrival in Redis to the moment a reader of the city finds the visit.
    private func visibleDelays() throws -> [Double] {
        var delays: [Double] = []
        for number in 0..<100 {
            let before = city.shard.store.counts().visits
            let start = monotonicSeconds()
            let fields = ["kind", "attend", "person", "7", "place", "9", "time", "\(1_500_000_000_000 + number)"]
            try add(1) { _ in fields.map { Array($0.utf8) } }
            try waitUntil(10) { city.shard.store.counts().visits > before }
            delays.append(monotonicSeconds() - start)
        }
        return delays
    }

    /// What a broken or bad client sends: each of these, and each with random damage.
    private func attack(_ index: Int, _ random: inout SeededRandom) -> [[UInt8]] {
        let far = "4000000000000"
        let kinds: [[String]] = [
            ["kind", "view", "person", "one", "place", "2"], ["kind", "view", "person", "1"], ["kind", "sing"],
            ["kind", "view", "person", "999999999999", "place", "2"],
            ["kind", "save", "person", "1", "place", "2", "city", "Atlantis"],
            ["kind", "view", "person", "1", "place", "2", "time", far],
            ["kind", "view", "person", "1", "place", "2", "dwell", "1e999"],
            ["kind", "answer", "person", "1", "seed", "18446744073709551615", "answer", "yes"],
            ["kind", String(repeating: "x", count: 3000)], ["kind", "friend", "person", "1", "other", "1"],
            ["kind", "view", "kind", "view"], ["colour", "red"],
            ["kind", "booking.failed", "seed", "1", "reason", "\u{1}"],
        ]
        var fields = kinds[index % kinds.count].map { Array($0.utf8) }
        if index / kinds.count % 2 == 1 {
            let place = random.below(fields.count)
            fields[place] = (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        return fields
    }
}
