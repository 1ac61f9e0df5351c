import Basics
import Foundation
import Testing

@testable import Transport

// What stands in Redis is not always what the relay left there. A city whose stream is not its own waits, the others
// go on, and it goes on by itself once an operator has put it right.

extension Serial {
    @Suite(.serialized) struct StreamTests {
        private static let world = [
            "--people", "600", "--places", "500", "--cities", "4", "--visits", "40", "--seed", "3",
        ]

        private func plan(_ cluster: TestCluster) throws -> [String] {
            let _ = try cluster.job("train", "--rounds", "1", "--steps", "5")
            let plan = try cluster.job("plan", "--all", "--count", "20")
            return plan.cities.map(\.city).sorted()
        }

        private func redis(_ cluster: TestCluster, _ words: String...) throws -> RedisReply {
            try RedisConnection(to: RedisAddress(cluster.setting("MUSTER_REDIS")), login: nil)
                .command(words.map { Array($0.utf8) })
        }

        private func waiting(_ cluster: TestCluster) throws -> [String] {
            let status: StatusAnswer = try cluster.json("status")
            return status.cities.filter { $0.eventsWaiting > 0 }.map(\.name).sorted()
        }

        @Test func aBadStreamStopsOnlyItsCityAndTheWorkerStopsAtOnceWithoutRedis() throws {
            let cluster = try TestCluster(workers: 1)
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let status: StatusAnswer = try cluster.json("status")
            let names = status.cities.map(\.name).sorted()
            _ = try redis(cluster, "SET", RedisStream.eventsKey(city: names[0]), "not a stream")
            _ = try redis(cluster, "SET", RedisStream.ownerKey(city: names[1]), "1/1")
            let cities = try plan(cluster)
            #expect(cities == names)
            #expect(try cluster.eventually { try waiting(cluster) == [names[0], names[1]] })
            usleep(6_000_000)  // Past the next check.
            #expect(try waiting(cluster) == [names[0], names[1]])
            let log = try String(contentsOf: cluster.home.appending(path: "worker-1/log"), encoding: .utf8)
            #expect(log.components(separatedBy: "Redis refuses a city's events").count == 2)
            #expect(log.components(separatedBy: "the stream belongs to another cluster").count == 2)

            _ = try redis(cluster, "DEL", RedisStream.eventsKey(city: names[0]))
            _ = try redis(cluster, "DEL", RedisStream.ownerKey(city: names[1]))
            try cluster.expectEverySeedOnceInItsStream(cities: names)

            // After 8 s without Redis the relay waits for several seconds between two attempts.
            try cluster.kill("redis")
            usleep(8_000_000)
            let start = monotonicSeconds()
            #expect(try cluster.run("cluster/down", ["worker-1"]).status == 0)
            #expect(monotonicSeconds() - start < 3)
        }

        @Test func aCityThatWasLostOrFellBackDoesNotTakeItsOldStreamForItsOwn() throws {
            let cluster = try TestCluster(workers: 1)
            defer { cluster.stop() }
            let data = cluster.home.appending(path: "worker-1/data")
            let copy = cluster.home.appending(path: "copy")
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            try cluster.run("cluster/down", ["worker-1"])
            try FileManager.default.copyItem(at: data, to: copy)
            try cluster.restart("worker-1")
            let cities = try plan(cluster)
            try cluster.expectEverySeedOnceInItsStream(cities: cities)

            // A copy from before the events, then no folder at all.
            for source in [copy, nil] {
                let before = try cities.map { try cluster.events(of: $0).map(\.id) }
                try cluster.run("cluster/down", ["worker-1"])
                try FileManager.default.removeItem(at: data)
                if let source { try FileManager.default.copyItem(at: source, to: data) }
                try cluster.restart("worker-1")
                let _: ImportAnswer = try cluster.importSynthetic(Self.world)
                usleep(6_000_000)  // Past the first check.
                _ = try plan(cluster)
                _ = try plan(cluster)
                usleep(6_000_000)
                #expect(try waiting(cluster) == cities)
                #expect(try cities.map { try cluster.events(of: $0).map(\.id) } == before)
                for city in cities {
                    for key in [RedisStream.eventsKey(city: city), RedisStream.ownerKey(city: city)] {
                        _ = try redis(cluster, "RENAME", key, key + ":old")
                    }
                }
                try cluster.expectEverySeedOnceInItsStream(cities: cities)
            }
        }
    }
}
