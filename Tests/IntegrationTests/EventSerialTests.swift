import Foundation
import Testing

@testable import Transport

// Events and signals through the whole cluster: command, HTTP, streams, and a short version of `make chaos-events` with
// the coordinator among those that are killed.

extension Serial {
    @Suite(.serialized) struct EventSerialTests {
        private static let world = [
            "--people", "600", "--places", "500", "--cities", "2", "--visits", "40", "--seed", "3",
        ]

        private func begin(_ cluster: TestCluster) throws -> String {
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let _ = try cluster.job("train", "--rounds", "1", "--steps", "5")
            let plan = try cluster.job("plan", "--all", "--count", "20")
            return try #require(plan.cities.map(\.city).min())
        }

        private func redis(_ cluster: TestCluster, _ words: String...) throws -> RedisReply {
            try RedisConnection(to: RedisAddress(cluster.setting("MUSTER_REDIS")), login: nil)
                .command(words.map { Array($0.utf8) })
        }

        @Test func eventsAndHistoryAreReadFromTheCityAndSignalsReachIt() throws {
            let cluster = try TestCluster(workers: 1)
            defer { cluster.stop() }
            let city = try begin(cluster)
            let tail = try cluster.muster("events", "tail", "--city", city, "--from", "0")
            let lines = tail.output.split(separator: "\n")
            #expect(lines.count > 2 && lines[0].contains("muster.model.published.v1"))
            let page = try cluster.get("/v1/cities/\(city)/events?after=1-\(lines.count - 1)")
            #expect(String(decoding: page.body, as: UTF8.self) == "[\(lines[lines.count - 1])]")

            let seeds: [SeedAnswer] = try cluster.json("seeds", "--city", city, "--top", "1")
            let (seed, person) = (seeds[0].seed, seeds[0].starters[0])
            let signals = RedisConsumer.signalsKey(city: city)
            _ = try redis(
                cluster, "XADD", signals, "*", "kind", "answer", "person", person, "seed", seed, "answer", "accepted")
            _ = try redis(cluster, "XADD", signals, "*", "kind", "sing")
            let isHeard = try cluster.eventually(20) {
                let history = try cluster.muster("seed", seed, "--history", "--json").output
                return history.contains("muster.seed.created.v1") && history.contains("muster.seed.answered.v1")
            }
            #expect(isHeard)
            #expect(try redis(cluster, "XLEN", RedisConsumer.deadLettersKey(city: city)) == .integer(1))
            try cluster.expectEverySeedOnceInItsStream(cities: [city])
            let lag = try cluster.muster("events", "lag", "--json").output
            #expect(lag.contains("\"state\" : \"flows\""))
            let isSeen = try cluster.eventually(20) {
                let text = String(decoding: try cluster.get("/metrics").body, as: UTF8.self)
                let figures = [
                    "muster_workers 1", "muster_city_up{city=\"\(city)\"} 1",
                    "muster_events_waiting{city=\"\(city)\"} 0",
                    "muster_signals_taken_total{city=\"\(city)\"} 1", "muster_dead_letters{city=\"\(city)\"} 1",
                ]
                return figures.allSatisfy { text.contains($0 + "\n") }
            }
            #expect(isSeen)
        }

        @Test func everySeedReachesItsStreamAndIsBookedOnceThroughKillsOfEverybody() throws {
            let cluster = try TestCluster(workers: 2)
            defer { cluster.stop() }
            _ = try begin(cluster)
            let booking = try cluster.start(
                "muster-booking",
                [
                    "--redis", try cluster.setting("MUSTER_REDIS"), "--book-on", "seed.created", "--data",
                    cluster.home.appending(path: "booking").path,
                ])
            for (number, name) in ["coordinator", "worker-1", "redis", "worker-2", "coordinator", "redis"].enumerated()
            {
                let planning = try cluster.start(
                    "muster", ["plan", "--all", "--count", "40", "--seed", "\(number + 2)", "--json"])
                usleep(UInt32(100_000 * number))
                try cluster.kill(name)
                if name == "redis", number > 3 {
                    try FileManager.default.removeItem(at: cluster.home.appending(path: "redis/data"))
                }
                try cluster.restart(name)
                _ = try planning.finish()
            }
            let status: StatusAnswer = try cluster.json("status")
            let cities = status.cities.map(\.name).sorted()
            try cluster.expectEverySeedOnceInItsStream(cities: cities)
            for city in cities {
                let created = try cluster.events(of: city).count {
                    String(decoding: $0.payload, as: UTF8.self).contains("muster.seed.created.v1")
                }
                let isBooked = cluster.eventually(60) { (try? booked(cluster, city).count) == created }
                #expect(isBooked, "\(city): not every seed was booked")
            }
            booking.interrupt()
            _ = try booking.finish()
        }

        /// The seeds whose booking was reported.
        private func booked(_ cluster: TestCluster, _ city: String) throws -> Set<String> {
            guard case .list(let rows) = try redis(cluster, "XRANGE", RedisConsumer.signalsKey(city: city), "-", "+")
            else { return [] }
            var seeds: Set<String> = []
            for case .list(let parts) in rows {
                guard parts.count == 2, case .list(let fields) = parts[1] else { continue }
                let words = fields.compactMap(\.string)
                if words.first == "kind", words.count > 3, words[1] == "booking.succeeded" { seeds.insert(words[3]) }
            }
            return seeds
        }
    }
}
