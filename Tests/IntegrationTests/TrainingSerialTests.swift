import Basics
import Foundation
import Testing

// A training is an object that survives whoever works on it: processes are killed and stopped in each of its phases.
//
// KILLS=50 sets how many kills one job has to survive, SEED=7 which processes they hit and when, STOPPED=60 for how
// many seconds a worker is stopped.

extension Serial {
    @Suite(.serialized) struct TrainingTests {
        private static let world = [
            "--people", "900", "--places", "600", "--cities", "4", "--visits", "40", "--seed", "3",
        ]

        private static func number(_ name: String, _ standard: Int) -> Int {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
        }

        /// nil where the coordinator is dead for the moment.
        private func firstJob(_ cluster: TestCluster) -> JobAnswer? {
            guard let answer = try? cluster.get("/v1/jobs/1"), answer.status == 200 else { return nil }
            return try? JSONDecoder().decode(JobAnswer.self, from: answer.body)
        }

        @Test func killedInEveryPhaseItEndsBitForBitTheSame() throws {
            let (kills, seed) = (Self.number("KILLS", 6), Self.number("SEED", 1))
            let order = ["train", "--rounds", String(2 * kills), "--steps", "6", "--detach"]
            let quiet = try train(order)
            var random = SeededRandom(seed: UInt64(seed)).child("phases")
            var phases: [String: Int] = [:]
            let stormy = try train(order) { cluster in
                for phase in Self.phases(kills, &random) where try self.kill(cluster, in: phase, &random) {
                    phases[phase, default: 0] += 1
                }
            }
            let hit = ["estimating", "running", "averaging", "indexing"].filter { phases[$0] != nil }
            #expect(hit.count == 4, "a phase that nobody was killed in; SEED=\(seed) \(phases)")
            #expect(stormy.0.state == "done" && stormy.0.losses == quiet.0.losses, "SEED=\(seed) \(phases)")
            #expect(stormy.1 == quiet.1, "the embeddings differ; SEED=\(seed) \(phases)")
            print("kills by phase: \(phases)")
        }

        /// A training on a cluster of its own: the job, and what goes live.
        private func train(
            _ order: [String], workers: Int = 2, _ disturb: (TestCluster) throws -> Void = { _ in }
        ) throws -> (JobAnswer, [String: Data]) {
            let cluster = try TestCluster(workers: workers)
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            guard try cluster.run("muster", order).status == 0 else { throw ClusterFault("train") }
            try disturb(cluster)
            let job = try cluster.run("muster", ["job", "1", "--follow", "--json"]).job()
            let isLive = try cluster.eventually {
                let status: StatusAnswer = try cluster.json("status")
                return status.cities.allSatisfy { $0.model == 1 && $0.home }
            }
            #expect(isLive)
            return (job, try cluster.embeddings())
        }

        @Test func turnsThatHearOtherCitiesAreTheSameOnAnyWorkersWhoeverDies() throws {
            // Nearly all of the time is a turn's.
            let order = ["train", "--rounds", "3", "--steps", "2", "--corrections", "4", "--detach"]
            let (together, alone) = (try train(order + ["--across"], workers: 1), try train(order))
            #expect(together.1 != alone.1, "what is elsewhere says nothing")
            let apart = try train(order + ["--across"])
            #expect(apart.0.state == "done" && apart.0.losses == together.0.losses)
            #expect(apart.1 == together.1, "the embeddings depend on where cities are")
            let stormy = try train(order + ["--across"]) { cluster in
                for (round, victim) in [(1, "worker-2"), (2, "worker-1")] {
                    #expect(cluster.eventually(60) { (self.firstJob(cluster)?.round ?? 0) >= round })
                    #expect(firstJob(cluster)?.state != "done", "nobody was killed in a turn")
                    try cluster.kill(victim)
                    try cluster.restart(victim)
                }
            }
            #expect(stormy.0.state == "done" && stormy.0.losses == apart.0.losses)
            #expect(stormy.1 == apart.1, "the embeddings depend on who was killed")
        }

        /// Which phases are hit, in the order in which a job comes to them.
        private static func phases(_ kills: Int, _ random: inout SeededRandom) -> [String] {
            var phases = ["estimating", "running", "averaging"]
            while phases.count < kills - 2 { phases.append(["running", "averaging"][random.below(2)]) }
            return phases + ["indexing", "indexing"]
        }

        /// Waits for a phase, and for a moment in it where it is long enough, and kills somebody, who is back at once.
        /// False where the phase did not come.
        private func kill(_ cluster: TestCluster, in phase: String, _ random: inout SeededRandom) throws -> Bool {
            let deadline = monotonicSeconds() + 60
            var stopped: (worker: String, at: Double)?
            defer { if let stopped { try? cluster.signal(SIGCONT, stopped.worker) } }
            while true {
                let job = firstJob(cluster)
                if job?.state == phase { break }
                let now = monotonicSeconds()
                if job?.state == "done" || now > deadline { return false }
                if let held = stopped, now - held.at > 2 {
                    try cluster.signal(SIGCONT, held.worker)
                    stopped = nil
                }
                if phase == "averaging", stopped == nil, let worker = job.flatMap({ Self.holdsTheAverage($0) }) {
                    try cluster.signal(SIGSTOP, worker)
                    stopped = (worker, now)
                }
                usleep(500)
            }
            if phase != "averaging" { usleep(UInt32(random.below(150_000))) }
            let victims = [["worker-1"], ["worker-2"], ["coordinator"], ["worker-1", "coordinator"]][random.below(4)]
            for victim in victims { try cluster.kill(victim) }
            if let held = stopped {
                try? cluster.signal(SIGCONT, held.worker)
                stopped = nil
            }
            let start = monotonicSeconds()
            for victim in victims.reversed() { try cluster.restart(victim) }
            let isBack = try cluster.eventually(15) {
                guard let outcome = try? cluster.muster("status", "--json"), outcome.status == 0 else { return false }
                let status = try JSONDecoder().decode(StatusAnswer.self, from: Data(outcome.output.utf8))
                return status.workers.count == 2 && status.workers.allSatisfy(\.alive)
            }
            #expect(isBack, "\(victims) was not in service again after \(monotonicSeconds() - start) s")
            return true
        }

        /// The worker whose delta is summed last, when it has trained and others have not: stopped now, it makes the
        /// average wait.
        private static func holdsTheAverage(_ job: JobAnswer) -> String? {
            guard job.state == "running", let parts = job.training?.byCity, let last = parts.last?.worker else {
                return nil
            }
            let isThrough = parts.allSatisfy { $0.worker != last || $0.state == "given" }
            return isThrough && parts.contains { $0.state != "given" } ? last : nil
        }

        @Test func aStoppedWorkerCostsItsPartAndNotTheJob() throws {
            let seconds = Self.number("STOPPED", 6)
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let rounds = 8 + seconds / 2
            let started = try cluster.muster(
                "train", "--rounds", String(rounds), "--steps", "6", "--quorum", "0.25", "--deadline", "2", "--detach")
            #expect(started.status == 0)
            #expect(cluster.eventually { (self.firstJob(cluster)?.round ?? 0) >= 2 })
            try cluster.signal(SIGSTOP, "worker-2")
            defer { try? cluster.signal(SIGCONT, "worker-2") }
            let before = try #require(firstJob(cluster)).round
            usleep(UInt32(seconds) * 1_000_000)
            let during = try #require(firstJob(cluster))
            #expect(during.round > before, "no round was closed without the stopped worker")
            try cluster.signal(SIGCONT, "worker-2")
            let job = try cluster.run("muster", ["job", "1", "--follow", "--json"]).anyJob()
            #expect(job.state == "done" && job.round == rounds)
            let parts = try #require(job.training).byCity
            #expect(parts.contains { $0.rounds == rounds }, "the quorum's cities are in every round")
            let slow = parts.filter { $0.rounds < rounds }
            #expect(!slow.isEmpty && slow.allSatisfy { $0.rounds >= before && $0.rounds + $0.late <= rounds })
        }

        @Test func compressedDeltasTakeHalfTheBytesAndTrainAsWell() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let order = ["--rounds", "3", "--steps", "10"]
            let whole = try cluster.run("muster", ["train", "--json"] + order).job()
            let half = try cluster.run("muster", ["train", "--json", "--compress", "bfloat16"] + order).job()
            let (more, less) = (try #require(whole.training), try #require(half.training))
            // Deltas are half of what travels, but for the first round's weights.
            #expect(less.bytes < more.bytes && less.bytes > more.bytes / 2)
            #expect(abs(whole.losses[2] - half.losses[2]) < 0.02 * whole.losses[2])
            // What was expected is what travelled, but for the last judgement of weights.
            let expected = Double(try #require(more.expectedBytes))
            #expect(abs(expected - Double(more.bytes)) < 0.25 * Double(more.bytes))

            // Two versions are there; going back is for all cities at once.
            let models: [ModelAnswer] = try cluster.json("models")
            #expect(models.map(\.model).sorted() == [1, 2] && models.first { $0.live }?.model == 2)
            let back: [ModelAnswer] = try cluster.json("model", "use", "1")
            #expect(back.first { $0.live }?.model == 1)
            let isBack = try cluster.eventually {
                let status: StatusAnswer = try cluster.json("status")
                return status.cities.allSatisfy { $0.model == 1 }
            }
            #expect(isBack)
            let refused = try cluster.muster("model", "use", "7")
            #expect(refused.status == 1 && refused.complaint.contains("muster models"))
        }

        @Test func aTrainingThatDoesNotFitEndsBeforeItStarts() throws {
            let cluster = try TestCluster()
            defer { cluster.stop() }
            let _: ImportAnswer = try cluster.importSynthetic(Self.world)
            let estimate = try cluster.job("train", "--estimate", "--rounds", "5")
            #expect(estimate.state == "done" && estimate.round == 0 && estimate.training?.expectedSeconds ?? 0 > 0)
            let refused = try cluster.muster("train", "--rounds", "5", "--memory", "1")
            #expect(refused.status == 1)
            #expect(refused.complaint.contains("does not fit") && refused.complaint.contains("on worker-"))
            // Over HTTP too, and the same order twice is one job.
            let body = Data(#"{"rounds": 1, "steps": 2, "compress": "float16"}"#.utf8)
            let first = try cluster.post("/v1/jobs", body, ["Idempotency-Key": "a"])
            let second = try cluster.post("/v1/jobs", body, ["Idempotency-Key": "a"])
            #expect(first.status == 202 && first.body == second.body)
            #expect(try cluster.post("/v1/jobs", Data(#"{"quorum": 7}"#.utf8), [:]).status == 400)
            // What turns shall hear means nothing without turns, or where cities share no axes.
            #expect(try cluster.post("/v1/jobs", Data(#"{"across": true}"#.utf8), [:]).status == 400)
            for more in [[], ["lightgcn", "--corrections", "2"]] {
                let refused = try cluster.run("muster", ["train", "--across"] + more)
                #expect(refused.status != 0 && refused.complaint.contains("--across is "))
            }
            #expect(cluster.eventually { (try? cluster.json("job", "3", as: JobAnswer.self).state) == "done" })
            #expect(try cluster.post("/v1/models/3/use", Data(), [:]).status == 200)
        }
    }
}
