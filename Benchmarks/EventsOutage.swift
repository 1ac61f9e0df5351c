// A Redis that is away for minutes while seeds are made. Nothing waits for it: commits and questions take what they
// always take, events collect in the outbox, and when Redis is back they drain as fast as ever.

import Basics
import Courier
import Glibc
import Shard
import Store
import Transport
import Wire

struct EventsOutage {
    private let run: Run
    private let folder: String

    init(_ run: Run, in folder: String) {
        self.run = run
        self.folder = "\(folder)/outage"
    }

    func measure() throws {
        _ = mkdir(folder, 0o700)
        let redis = try PrivateRedis(in: folder)
        let city = try EventCity(folder)
        defer { city.shard.close() }
        let place = RedisPlace(address: redis.socket, login: nil, entriesKept: 0)
        let relay = Relay(cities: { [shard = city.shard] in [shard] }, redis: place)
        relay.start()
        defer { relay.stop() }
        try city.commit(0..<100)
        try waitUntil(30) { city.shard.store.acknowledged == 100 }
        redis.kill()
        let perSecond = run.settings.integer("rate")
        let seconds = run.settings.integer("outage")
        var (commits, questions): ([Double], [Double]) = ([], [])
        var next: UInt64 = 100
        let start = monotonicSeconds()
        while monotonicSeconds() - start < Double(seconds) {
            let due = UInt64((monotonicSeconds() - start) * Double(perSecond)) + 100
            if due > next {
                commits.append(try self.seconds { try city.commit(next..<due) })
                next = due
                questions.append(
                    try self.seconds { _ = try city.shard.events(EventsRequest(after: next - 1, count: 10)) })
            }
            usleep(20_000)
        }
        let waiting = city.shard.store.lastSequence - city.shard.store.acknowledged
        try redis.start()
        let back = monotonicSeconds()
        let stream = RedisStream(address: redis.socket, login: nil)
        let key = RedisStream.eventsKey(city: city.shard.name)
        try waitUntil(60) { try stream.length(of: key) > 100 }
        let first = try stream.length(of: key)
        let (_, cost) = try run.working {
            try waitUntil(600) { city.shard.store.acknowledged == city.shard.store.lastSequence }
        }
        let check = try StreamCheck(redis.socket, city: city.shard.name, through: next)
        try run.report(
            [
                "seconds": .whole(seconds), "waiting": .whole(Int(waiting)), "lost": .whole(check.lost),
                "duplicated": .whole(check.duplicated), "reordered": .whole(check.reordered),
                "commit_p99_seconds": .real(quantile(0.99, commits)),
                "question_p99_seconds": .real(quantile(0.99, questions)),
                "drained_seconds": .real(monotonicSeconds() - back),
                "drained_per_second": rate(Int(next) - first, in: cost.wall),
            ], as: "events-outage")
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = monotonicSeconds()
        try body()
        return monotonicSeconds() - start
    }
}
