import Basics
import Foundation
import Synchronization
import Testing

// A city goes from one worker to another with all it has, while it is asked, imported into and trained on, and while
// processes are killed.
//
// MOVES=100 sets how many moves are disturbed by kills, SEED=7 which processes they hit and when.

extension Serial {
    @Suite(.serialized) struct MoveTests {
        private static let world = [
            "--people", "900", "--places", "600", "--cities", "4", "--visits", "40", "--seed", "3",
        ]

        private static func number(_ name: String, _ standard: Int) -> Int {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
        }

        private func expected() throws -> [String: ExpectedCity] {
            try ExpectedCity.world(people: 900, places: 600, cities: 4, visits: 40, seed: 3)
        }

        private func worker(of city: String, _ cluster: TestCluster) throws -> String {
            let status: StatusAnswer = try cluster.json("status")
            return try #require(status.cities.first { $0.name == city }?.worker)
        }

        private func other(_ worker: String) -> String { worker == "worker-1" ? "worker-2" : "worker-1" }

        /// Moves one city to the other worker and waits for it.
        private func move(_ city: String, _ cluster: TestCluster) throws -> MoveAnswer {
            let target = other(try worker(of: city, cluster))
            let moves: [MoveAnswer] = try cluster.json("move", city, target)
            return try #require(moves.first)
        }

        @Test func aTrainingDoesNotNoticeThatItsCitiesMove() throws {
            let order = ["train", "--rounds", "8", "--steps", "6", "--detach"]
            func train(_ disturb: (TestCluster, [String]) throws -> Void) throws -> (JobAnswer, [String: Data]) {
                let cluster = try TestCluster()
                defer { cluster.stop() }
                let _: ImportAnswer = try cluster.importSynthetic(Self.world)
                guard try cluster.run("muster", order).status == 0 else { throw ClusterFault("train") }
                try disturb(cluster, try expected().keys.sorted())
                let job = try cluster.run("muster", ["job", "1", "--follow", "--json"]).job()
                return (job, try cluster.embeddings())
            }
            let quiet = try train { _, _ in }
            var phases: Set<String> = []
            let moved = try train { cluster, cities in
                var next = 0
                while let job: JobAnswer = try? cluster.json("job", "1"),
                    !["done", "failed", "cancelled"].contains(job.state)
                {
                    phases.insert(job.state)
                    let move = try move(cities[next % cities.count], cluster)
                    #expect(move.phase == "done", "\(move.detail)")
                    next += 1
                }
                #expect(next >= 3, "the training was over after \(next) moves")
            }
            #expect(phases.contains("running"))
            #expect(moved.0.losses == quiet.0.losses)
            #expect(moved.1 == quiet.1, "the embeddings differ")
        }

        /// What an import leaves that comes after another one, in a cluster where nothing moves.
        private func counts(of second: [String], after first: [String]) throws -> [String: [UInt64]] {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            for world in [first, second] { let _: ImportAnswer = try cluster.importSynthetic(world) }
            return try counts(cluster)
        }

        private func counts(_ cluster: TestCluster) throws -> [String: [UInt64]] {
            let status: StatusAnswer = try cluster.json("status")
            var counts: [String: [UInt64]] = [:]
            for city in status.cities {
                counts[city.name] = [
                    city.people, city.halo, city.places, city.visits, city.friendships, city.friendLabels,
                    city.gatherings,
                ]
            }
            return counts
        }

        @Test func nothingAskedOrImportedMeanwhileIsLost() throws {
            let first = Self.world.dropLast() + ["4"]
            let expected = try counts(of: Self.world, after: Array(first))
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Array(first))
            _ = try cluster.job("train", "--rounds", "1", "--steps", "5")
            let city = try #require(expected.keys.sorted().first)
            _ = try cluster.job("plan", "--city", city)
            let seeds = try cluster.muster("seeds", "--city", city, "--json").output

            let questions = Mutex((asked: 0, faults: [String]()))
            let isOver = Atomic<Bool>(false)
            defer { isOver.store(true, ordering: .relaxed) }
            let asking = DispatchQueue(label: "asking")
            asking.async {
                while !isOver.load(ordering: .relaxed) {
                    for path in ["/v1/cities/\(city)/seeds?top=5", "/v1/recommend/places?person=1"] {
                        let answer = try? cluster.get(path)
                        questions.withLock {
                            $0.asked += 1
                            if answer?.status != 200 { $0.faults.append("\(path): \(answer?.status ?? 0)") }
                        }
                    }
                }
            }
            let importing = try cluster.start("muster", ["import", "synthetic"] + Self.world + ["--json"])
            var moves = 0
            #expect(importing.isRunning, "the import was over before anything moved")
            repeat {
                for city in expected.keys.sorted() {
                    let move = try move(city, cluster)
                    #expect(move.phase == "done", "\(move.detail)")
                    moves += 1
                }
            } while importing.isRunning
            #expect(try importing.finish().status == 0)
            isOver.store(true, ordering: .relaxed)
            asking.sync {}
            let (asked, faults) = questions.withLock { $0 }
            #expect(asked > moves && faults.isEmpty, "\(faults.count) of \(asked): \(faults.prefix(3))")
            #expect(try cluster.eventually { try counts(cluster) == expected })
            #expect(try cluster.muster("seeds", "--city", city, "--json").output == seeds)
            try cluster.expectEverySeedOnceInItsStream(cities: expected.keys.sorted())
        }

        @Test func aMoveIsOrderedOverHTTPToo() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let city = try #require(try expected().keys.min())
            let (from, path) = (try worker(of: city, cluster), "/v1/cities/\(city)/move")
            let target = Data(#"{"worker": "\#(other(from))"}"#.utf8)
            #expect(try cluster.post(path, target, [:]).status == 202)
            #expect(cluster.eventually { (try? self.worker(of: city, cluster)) == self.other(from) })
            let isOver = try cluster.eventually {
                let moves = try JSONDecoder().decode([MoveAnswer].self, from: cluster.get("/v1/moves").body)
                return moves.contains { $0.city == city && $0.phase == "done" }
            }
            #expect(isOver)
            // Where it is already; nowhere; not from here.
            #expect(try cluster.post(path, target, [:]).status == 200)
            #expect(try cluster.post(path, Data(#"{"worker": "nobody"}"#.utf8), [:]).status == 400)
            #expect(try cluster.post("/v1/cities/Nowhere/move", Data(), [:]).status == 404)
            // Cancelling what is no job stops nothing.
            _ = try cluster.post("/v1/jobs/0/cancel", Data(), [:])
            let back = try move(city, cluster)
            #expect(back.phase == "done")
        }

        @Test func killedInTheMiddleItIsWholeOnOneOfThem() throws {
            let (kills, seed) = (Self.number("MOVES", 8), Self.number("SEED", 1))
            var random = SeededRandom(seed: UInt64(seed)).child("moves")
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let expected = try expected()
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let cities = expected.keys.sorted()
            var ends: [String: Int] = [:]
            for kill in 0..<kills {
                let city = cities[random.below(cities.count)]
                let from = try worker(of: city, cluster)
                let begun = try cluster.muster("move", city, other(from), "--detach")
                guard begun.status == 0 else { throw ClusterFault("move: \(begun.complaint)") }
                usleep(UInt32(random.below(250_000)))
                let victim = ["coordinator", "worker-1", "worker-2"][random.below(3)]
                try cluster.kill(victim)
                try cluster.restart(victim)
                let isOver = cluster.eventually(90) {
                    guard let moves: [MoveAnswer] = try? cluster.json("move", "--list") else { return false }
                    return moves.allSatisfy { ["done", "given up"].contains($0.phase) }
                }
                #expect(isOver, "the move of \(city) is not over; SEED=\(seed), kill \(kill)")
                let isWhole = try cluster.eventually { try cluster.holds(expected) }
                #expect(isWhole, "SEED=\(seed), kill \(kill) of \(victim)")
                let now = try worker(of: city, cluster)
                ends[now == from ? "stayed" : "moved", default: 0] += 1
                try expectOneFolder(of: cities, cluster)
            }
            #expect(ends.values.reduce(0, +) == kills)
            #expect(kills < 8 || ends.count == 2, "all moves ended alike: \(ends); SEED=\(seed)")
            print("moves that were disturbed: \(ends)")
        }

        /// Every city's rows lie with one worker, and nothing is left of copies.
        private func expectOneFolder(of cities: [String], _ cluster: TestCluster) throws {
            func folders() throws -> [String] {
                try ["worker-1", "worker-2"].flatMap {
                    try FileManager.default.contentsOfDirectory(
                        atPath: cluster.home.appending(path: "\($0)/data").path)
                }.sorted()
            }
            let wanted = cities.indices.map { "city-\($0)" }
            let isSo = try cluster.eventually { try folders() == wanted }
            let found = try folders()
            #expect(isSo, "\(found)")
        }
    }
}

/// A line of `muster move --json`.
private struct MoveAnswer: Decodable {
    var city: String
    var from: String
    var to: String
    var phase: String
    var bytes: UInt64
    var detail: String
}
