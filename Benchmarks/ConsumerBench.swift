// What any consumer of the events must survive, whoever wrote it. The command is started with three variables:
//
//     MUSTER_REDIS       path of a Redis socket, with the streams of some cities
//     MUSTER_WEBHOOK     where to POST each seed.created event, the seed's id as Idempotency-Key
//     CONSUMER_DATA      a folder of its own
//
// It is killed and started again while events come; events come twice (their group is set back, as a Redis does that
// fell back to an older state); an entry is no event; the service fails before and after it has booked. In the end
// every seed must be booked, none after its result was on disk and told, every entry acknowledged, every result told.

import Basics
import Events
import FoundationEssentials
import Glibc
import Shard
import Store
import Transport

extension Bench {
    static let consumer = Bench(
        name: "consumer",
        summary: "run a consumer of events through what it must survive",
        isParallel: false,
        settings: [
            Setting(
                "command", "the consumer, run by /bin/sh; empty: our own muster-booking", .text, scope: .call),
            Setting("group", "the consumer group that it uses", .text, default: "booking", scope: .call),
            Setting("seeds", "how many are to be booked", .integer(10...100_000), default: "5000", scope: .call),
            Setting("kills", "times that it is killed", .integer(0...10_000), default: "20", scope: .call),
            ShardFolder.setting,
        ]
    ) { run in
        let scratch = try ScratchFolder(in: run.settings.text("scratch"))
        try ConsumerTrial(run, in: scratch.path).measure()
    }
}

private struct ConsumerTrial {
    private let run: Run
    private let folder: String
    private let seeds: Int
    private static let city = "City-0"

    init(_ run: Run, in folder: String) {
        self.run = run
        self.folder = folder
        seeds = run.settings.integer("seeds")
    }

    func measure() throws {
        let redis = try PrivateRedis(in: folder, fsync: "always")
        let service = try BookingService(seed: run.seed)
        let city = try EventCity(folder)
        defer { city.shard.close() }
        let events = RedisStream.eventsKey(city: Self.city)
        let group = run.settings.text("group")
        let tools = RedisClient(address: redis.socket, login: nil)
        let writer = RedisConsumer(address: redis.socket, login: nil, group: "bench", consumer: "bench")
        try writer.add([(nil, ["event", "no event"].map { Array($0.utf8) })], to: events)
        let consumer = try Child(words(redis, service), log: "\(folder)/consumer.log")
        var random = SeededRandom(seed: run.seed).child("consumer")
        let kills = run.settings.integer("kills")
        let (_, cost) = try run.working {
            for part in 0...kills {
                let (first, last) = (seeds * part / (kills + 1), seeds * (part + 1) / (kills + 1))
                let entries = (first..<last).map { number in
                    let place = EventPlace(cluster: 1, city: Self.city, epoch: Epoch(1), sequence: UInt64(number) + 1)
                    return [Array("event".utf8), city.draft(of: UInt64(number)).json(at: place)]
                }
                try writer.add(entries.map { (nil, $0) }, to: events)
                usleep(UInt32(random.below(200_000)))
                if part == kills { break }
                consumer.kill()
                if part % 5 == 4 { _ = try? tools.say("XGROUP", "SETID", events, group, "0") }
                try consumer.start()
            }
            try waitUntil(300) { service.booked == seeds }
            try waitUntil(60) { try tools.pending(events, group) == 0 }
        }
        let repeatsBefore = service.repeatedCalls
        // All over again: nothing may be booked that was booked before.
        _ = try tools.say("XGROUP", "SETID", events, group, "0")
        usleep(3_000_000)
        try waitUntil(60) { try tools.pending(events, group) == 0 }
        let told = try toldSeeds(redis)
        consumer.kill()
        try run.report([
            "seeds": .whole(seeds), "kills": .whole(kills), "booked": .whole(service.booked),
            "unbooked": .whole(seeds - service.booked), "repeated_calls": .whole(repeatsBefore),
            "booked_again_when_read_again": .whole(service.repeatedCalls - repeatsBefore),
            "results_missing": .whole(seeds - told), "seeds_per_second": rate(seeds, in: cost.wall),
        ])
        service.stop()
    }

    private func words(_ redis: PrivateRedis, _ service: BookingService) -> [String] {
        let webhook = "http://127.0.0.1:\(service.port)/book"
        let given = run.settings.text("command")
        let own =
            "exec '\(Child.sibling("muster-booking"))' --redis \"$MUSTER_REDIS\" --webhook \"$MUSTER_WEBHOOK\" "
            + "--data \"$CONSUMER_DATA\" --book-on seed.created --claim-after 500 --log-level error"
        return [
            "/usr/bin/env", "MUSTER_REDIS=\(redis.socket)", "MUSTER_WEBHOOK=\(webhook)",
            "CONSUMER_DATA=\(folder)/consumer", "/bin/sh", "-c", given.isEmpty ? own : given,
        ]
    }

    /// How many different seeds there is a result of.
    private func toldSeeds(_ redis: PrivateRedis) throws -> Int {
        let reader = RedisConsumer(address: redis.socket, login: nil, group: "bench", consumer: "bench")
        let stream = RedisConsumer.signalsKey(city: Self.city)
        var seeds: Set<[UInt8]> = []
        var last = EntryID.zero
        while case let found = try reader.read(after: [stream: last], count: 4096, waitingMilliseconds: 0),
            let entries = found[stream], let end = entries.last?.id
        {
            for entry in entries {
                let name = entry.fields.firstIndex { $0.elementsEqual("seed".utf8) }
                if let name { seeds.insert(Array(entry.fields[name + 1])) }
            }
            last = end
        }
        return seeds.count
    }
}
