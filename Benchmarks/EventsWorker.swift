import Basics
import Courier
import FoundationEssentials
import Glibc
import Shard
import Store
import Transport

extension Bench {
    /// What EventsChaos and EventsFence start and kill: some cities with their relay and intake, as in a worker, and
    /// somebody who makes seeds. What is committed is noted in a file outside, after the commit and never before.
    static let eventsWorker = Bench(
        name: "events-worker",
        summary: "a part of the bench events",
        isParallel: false,
        settings: [
            Setting("folder", "where the cities are", .path, scope: .call),
            Setting("redis", "path of a socket", .path, scope: .call),
            Setting("cities", "how many", .integer(1...100), default: "1", scope: .call),
            Setting("seeds", "how many in all", .integer(0...Int.max), default: "0", scope: .call),
            Setting("pace", "seeds a second", .integer(1...1_000_000), default: "1000", scope: .call),
            Setting("epoch", "of every city", .integer(1...Int.max), default: "1", scope: .call),
        ]
    ) { run in
        let settings = run.settings
        let folder = settings.text("folder")
        Log.start(program: "events-worker", level: .warn)
        let stop = Program.stopFlag {}
        let cities = try (0..<settings.integer("cities")).map {
            try EventCity(folder, number: UInt32($0), epoch: UInt64(settings.integer("epoch")), people: 10)
        }
        let place = RedisPlace(address: settings.text("redis"), login: nil, entriesKept: 0)
        let shards = cities.map(\.shard)
        let relay = Relay(cities: { shards }, redis: place)
        let intake = Intake(cities: { shards }, redis: place)
        relay.start()
        intake.start()
        let ledger = open("\(folder)/ledger", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard ledger >= 0 else { throw BenchError("no ledger in \(folder)") }
        let each = UInt64(settings.integer("seeds") / cities.count)
        let start = monotonicSeconds()
        var made = 0
        while !stop.isRaised {
            let due = Int((monotonicSeconds() - start) * settings.number("pace"))
            guard due > made, let city = cities.min(by: { $0.shard.store.lastSequence < $1.shard.store.lastSequence }),
                city.shard.store.lastSequence < each
            else {
                usleep(1000)
                continue
            }
            let first = city.shard.store.lastSequence + 1
            let last = min(first + UInt64(min(due - made, 20)) - 1, each)
            try city.commit((first...last).map { EventsChaos.seed($0, of: city.shard.city.number) })
            made += Int(last - first) + 1
            let line = Array("\(city.shard.city) \(last)\n".utf8)
            _ = write(ledger, line, line.count)
        }
        intake.stop()
        relay.stop()
        for shard in shards { shard.close() }
    }
}
