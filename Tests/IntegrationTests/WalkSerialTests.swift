import Basics
import Foundation
import Testing

// Data walks through all of Muster once, in real processes. Serial: each test has a cluster for itself and both cores.

/// One cluster at a time: each test wants both cores.
@Suite(.serialized) enum Serial {}

extension Serial {
    @Suite(.serialized) struct WalkTests {
        private static let world = [
            "--people", "300", "--places", "240", "--cities", "3", "--visits", "30", "--seed", "5",
        ]

        @Test func fromRowsToSeedsInTheStream() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let expected = try ExpectedCity.world(people: 300, places: 240, cities: 3, visits: 30, seed: 5)

            // Import, twice: the second time changes nothing.
            let first: ImportAnswer = try cluster.importSynthetic(Self.world)
            #expect(first.rejected == 0 && first.new == first.rows)
            let second: ImportAnswer = try cluster.importSynthetic(Self.world)
            #expect(second.new == 0 && second.known == first.rows)
            #expect(try cluster.eventually { try cluster.holds(expected) })

            // Planning without a model is a clear no.
            let early = try cluster.muster("plan", "--all")
            #expect(early.status == 1 && early.complaint.contains("muster train"))

            // Train.
            let job = try cluster.job("train", "--rounds", "3", "--steps", "10")
            #expect(job.state == "done" && job.losses.count == 3 && job.cities.count == 3)
            #expect(job.losses[2] < job.losses[0])

            // Plan, twice: the second time creates nothing.
            let plan = try cluster.job("plan", "--all", "--count", "12")
            #expect(plan.cities.allSatisfy { $0.values["seeds"]! > 0 && $0.values["new"] == $0.values["seeds"] })
            let again = try cluster.job("plan", "--all", "--count", "12")
            #expect(again.cities.allSatisfy { $0.values["new"] == 0 })
            try cluster.expectEverySeedOnceInItsStream(cities: expected.keys.sorted())

            // Down and up again: all is still there.
            #expect(try cluster.run("cluster/down", []).status == 0)
            #expect(try cluster.run("cluster/up", []).status == 0)
            #expect(try cluster.eventually { try cluster.holds(expected) })
            try cluster.expectEverySeedOnceInItsStream(cities: expected.keys.sorted())
        }

        @Test func httpAnswersWhatTheCommandAnswers() async throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let _ = try cluster.job("train", "--rounds", "1", "--steps", "5")
            let _ = try cluster.job("plan", "--all", "--count", "5")
            let status: StatusAnswer = try cluster.json("status")
            let city = try #require(status.cities.first?.name)
            let seeds: [SeedAnswer] = try cluster.json("seeds", "--city", city, "--top", "5")

            #expect(try cluster.get("/livez").status == 200)
            #expect(try cluster.get("/readyz").status == 200)
            let answer = try cluster.get("/v1/cities/\(city)/seeds?top=5")
            #expect(try JSONDecoder().decode([SeedAnswer].self, from: answer.body) == seeds)
            let missing = try cluster.get("/v1/cities/Atlantis/seeds")
            #expect(missing.status == 404 && String(decoding: missing.body, as: UTF8.self).contains("Atlantis"))
            #expect(try cluster.get("/v1/cities/\(city)/seeds?top=zero").status == 400)

            try cluster.kill("worker-1")
            #expect(try cluster.eventually { try cluster.get("/readyz").status == 503 })
            #expect(try cluster.get("/livez").status == 200)
        }

        @Test func aJobTellsItsRoundsAndCanBeLookedUpLater() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let picture = cluster.home.appending(path: "loss.svg")
            let outcome = try cluster.muster(
                "train", "--rounds", "3", "--steps", "5", "--json", "--plot", picture.path)
            let trained = try outcome.job()
            let lines = outcome.output.split(separator: "\n").dropLast()
            let rounds = try lines.map { try JSONDecoder().decode(RoundAnswer.self, from: Data($0.utf8)) }
            #expect(rounds.map(\.round) == [1, 2, 3] && rounds.map(\.loss) == trained.losses)
            #expect(try String(contentsOf: picture, encoding: .utf8).contains("<polyline"))

            let shown: JobAnswer = try cluster.json("job", "1")
            #expect(shown.losses == trained.losses && shown.state == "done")
            let listed: [JobAnswer] = try cluster.json("jobs")
            #expect(listed.map(\.job) == [1])
            let answer = try cluster.get("/v1/jobs/1")
            #expect(try JSONDecoder().decode(JobAnswer.self, from: answer.body).losses == trained.losses)
            #expect(try cluster.get("/v1/jobs/7").status == 404)
            #expect(try cluster.get("/v1/jobs/first").status == 400)
            #expect(try cluster.muster("job", "7").status == 1)

            // What the job said of its model is what measuring it again says.
            let measured: [EvaluationAnswer] = try cluster.json("evaluate", "--at", "10,20")
            #expect(measured.map(\.city) == trained.cities.map(\.city))
            for (city, told) in zip(measured, trained.cities) {
                let model = try #require(city.rows.first { $0.rankedBy == "model" && $0.at == 10 })
                #expect(abs(model.ndcg - told.values["ndcg_at_10"]!) < 1e-9)
                #expect(city.rows.contains { $0.rankedBy == "popularity" && $0.at == 20 })
            }
            #expect(try cluster.muster("evaluate", "--at", "none").status == 2)
        }

        @Test func twoFreshRunsAnswerTheSameBytes() throws {
            let answers = try (0..<2).map { _ in
                let cluster = try TestCluster()
                defer { cluster.stop() }
                let _: ImportAnswer = try cluster.importSynthetic(Self.world)
                let _ = try cluster.job("train", "--rounds", "3", "--steps", "10", "--seed", "9")
                let _ = try cluster.job("plan", "--all")
                return try cluster.muster("seeds", "--top", "1000", "--json").output
            }
            #expect(answers[0].utf8.count > 1000)
            #expect(answers[0] == answers[1])
        }

        @Test func mistakesGetOneClearLine() throws {
            let cluster = try TestCluster(workers: 1)
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            for (arguments, status, words) in [
                (["import", "foursquare", "/nowhere/at/all"], 1, "/nowhere/at/all"),
                (["import", "foresquare", "x"], 2, "did you mean 'foursquare'"),
                (["seeds", "--city", "Atlantis"], 1, "no city 'Atlantis'"),
                (["sedes"], 2, "did you mean 'seeds'"),
                (["train", "--rouns", "3"], 2, "--rounds"),
                (["train", "--rounds", "none"], 2, "rounds"),
                (["resume", "77"], 1, "no job 77"),
                (["status", "--coordinator", "tcp://127.0.0.1:1"], 1, "cluster/up"),
            ] {
                let outcome = try cluster.run("muster", arguments)
                #expect(outcome.status == Int32(status), "\(arguments)")
                #expect(outcome.complaint.contains(words), "\(arguments): \(outcome.complaint)")
            }
        }
    }
}
