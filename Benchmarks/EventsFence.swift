// A stale owner. A worker writes a city's events; it is stopped (SIGSTOP), the city gets another owner, whose first
// word to Redis is its epoch, and the worker goes on (SIGCONT) with batches in its hands. Nothing of it may reach the
// stream.

import Basics
import FoundationEssentials
import Glibc
import Transport

struct EventsFence {
    private let run: Run
    private let folder: String
    private static let city = "City-0"

    init(_ run: Run, in folder: String) throws {
        self.run = run
        self.folder = "\(folder)/fence"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    func measure() throws {
        let redis = try PrivateRedis(in: folder)
        let stream = RedisStream(address: redis.socket, login: nil)
        let key = RedisStream.eventsKey(city: Self.city)
        let tools = RedisClient(address: redis.socket, login: nil)
        var stale = 0
        let tries = run.settings.integer("fences")
        var random = SeededRandom(seed: run.seed).child("fence")
        _ = try run.working {
            for number in 1...tries {
                let epoch = UInt64(number)
                let worker = try Child(words(redis, epoch: epoch), log: "\(folder)/worker.log")
                let before = try stream.length(of: key)
                try waitUntil(60) { try stream.length(of: key) > before }
                usleep(UInt32(random.below(5_000)))
                worker.signal(SIGSTOP)
                usleep(2_000)
                let owner = StreamOwner(
                    name: try tools.say("GET", RedisStream.ownerKey(city: Self.city)), epoch: Epoch(epoch + 1),
                    claimedEnd: 0)
                // A new owner's first batch is empty: it claims the stream and learns where that ends.
                _ = try stream.append(RelayBatch(city: Self.city, owner: owner, firstSequence: 1, payloads: []))
                let length = try stream.length(of: key)
                worker.signal(SIGCONT)
                usleep(50_000)
                stale += try stream.length(of: key) - length
                worker.kill()
            }
        }
        try run.report(["tries": .whole(tries), "stale_events": .whole(stale)], as: "events-fence")
    }

    private func words(_ redis: PrivateRedis, epoch: UInt64) -> [String] {
        [
            Child.sibling("muster-bench"), "events-worker", "--folder", folder, "--redis", redis.socket, "--seeds",
            "100000000", "--pace", "20000", "--epoch", "\(epoch)",
        ]
    }
}
