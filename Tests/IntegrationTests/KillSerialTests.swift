import Basics
import Foundation
import Synchronization
import Testing

// Workers are killed without warning in the middle of importing, training and planning, and started again. Nothing
// acknowledged may be missing afterwards, and no seed may be missing from or stand twice in its stream.
//
// KILLS=20 sets how many kills there are in a row, SEED=7 which moments they hit.

extension Serial {
    @Suite(.serialized) struct KillTests {
        private static let world = [
            "--people", "1200", "--places", "900", "--cities", "4", "--visits", "60", "--seed", "3",
        ]

        @Test func killedWorkersLoseNothing() throws {
            let environment = ProcessInfo.processInfo.environment
            let wanted = environment["KILLS"].flatMap { Int($0) } ?? 5
            let seed = environment["SEED"].flatMap { UInt64($0) } ?? 1
            let expected = try ExpectedCity.world(people: 1200, places: 900, cities: 4, visits: 60, seed: 3)
            var random = SeededRandom(seed: seed).child("kills")
            var kills = 0
            while kills < wanted {
                let cluster = try TestCluster()
                defer { cluster.stop() }
                kills += try killing(cluster, &random, gap: 0.02...0.3, most: 3) {
                    try cluster.start("muster", ["import", "synthetic"] + Self.world)
                }
                #expect(try cluster.eventually { try cluster.holds(expected) }, "rows are missing; SEED=\(seed)")
                kills += try killing(cluster, &random, gap: 0.3...2, most: 3) {
                    try cluster.start("muster", ["train", "--rounds", "4", "--steps", "20"])
                }
                kills += try killing(cluster, &random, gap: 0.05...0.3, most: 2) {
                    try cluster.start("muster", ["plan", "--all", "--count", "40"])
                }
                try cluster.expectEverySeedOnceInItsStream(cities: expected.keys.sorted())
                let status: StatusAnswer = try cluster.json("status")
                #expect(status.jobs.allSatisfy { $0.state == "done" && $0.cities.count == 4 }, "SEED=\(seed)")
            }
        }

        /// Runs the command and kills workers beside it, each after a random wait, until the command has ended or
        /// `most` are dead; each comes back at once. How many were killed.
        private func killing(
            _ cluster: TestCluster, _ random: inout SeededRandom, gap: ClosedRange<Double>, most: Int,
            _ start: () throws -> RunningProgram
        ) throws -> Int {
            let command = try start()
            var kills = 0
            while kills < most {
                usleep(UInt32(1e6 * (gap.lowerBound + random.uniform() * (gap.upperBound - gap.lowerBound))))
                if !command.isRunning { break }
                let victim = "worker-\(1 + random.below(2))"
                try cluster.kill(victim)
                kills += 1
                try cluster.restart(victim)
            }
            let outcome = try command.finish()
            #expect(outcome.status == 0, "the command failed: \(outcome.complaint)")
            return kills
        }

        @Test func theCoordinatorComesBackAndTheJobGoesOn() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let training = try cluster.start("muster", ["train", "--rounds", "4", "--steps", "20", "--json"])
            usleep(1_500_000)
            try cluster.kill("coordinator")
            try cluster.restart("coordinator")
            let outcome = try training.finish()
            let job = try outcome.job()
            #expect(job.state == "done" && job.losses.count == 4)
        }

        @Test func redisComesBackAndGetsWhatItLost() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let _ = try cluster.job("train", "--rounds", "1", "--steps", "5")
            try cluster.kill("redis")
            let plan = try cluster.job("plan", "--all", "--count", "20")
            #expect(plan.state == "done")  // Planning does not wait for Redis.
            try cluster.restart("redis")
            let cities = plan.cities.map(\.city)
            try cluster.expectEverySeedOnceInItsStream(cities: cities)

            // A Redis that lost everything is filled again from the outboxes.
            let lengths = try cities.map { try cluster.events(of: $0).count }
            try cluster.kill("redis")
            try FileManager.default.removeItem(at: cluster.home.appending(path: "redis/data"))
            try cluster.restart("redis")
            let refilled = cluster.eventually(60) {
                (try? cities.map { try cluster.events(of: $0).count }) == lengths
            }
            #expect(refilled)
            try cluster.expectEverySeedOnceInItsStream(cities: cities)
        }

        @Test func aPausedJobIsResumed() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let training = try cluster.start("muster", ["train", "--rounds", "40", "--steps", "10"])
            usleep(1_500_000)
            training.interrupt()  // Ctrl-C
            let stopped = try training.finish()
            #expect(stopped.status == 130 && stopped.complaint.contains("muster resume"))
            let paused: StatusAnswer = try cluster.json("status")
            #expect(paused.jobs.last?.state == "paused")
            let job = try cluster.job("resume", "1")
            #expect(job.state == "done" && job.losses.count == 40)
        }

        @Test func aWorkerGoneForGoodIsNamedAndTheRestGoesOn() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            try cluster.kill("worker-2")
            let noticed = try cluster.eventually {
                let status: StatusAnswer = try cluster.json("status")
                return status.cities.contains { !$0.home && $0.worker == "worker-2" }
            }
            #expect(noticed)
            let text = try cluster.muster("status").output
            #expect(text.contains("none (worker-2 is gone)"))
            let status: StatusAnswer = try cluster.json("status")
            let home = try #require(status.cities.first { $0.home }?.name)
            let away = try #require(status.cities.first { !$0.home }?.name)
            #expect(try cluster.muster("influencers", "--city", home, "--count", "3").status == 0)
            let refused = try cluster.get("/v1/cities/\(away)/seeds")
            #expect(refused.status == 503)
        }
    }
}
