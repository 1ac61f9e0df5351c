import Basics
import Testing
import Wire

@testable import Cluster

/// Averages are judged by cities as they get them; the best one goes live.
@Suite struct BestRoundTests {
    private let cities = [CityID(1), CityID(2)]

    private func job(rounds: Int, stopping: Int) -> TrainingJob {
        var job = TrainingJob(
            .init(job: JobID(7), rounds: rounds, steps: 4, seed: 5, cities: cities, stopping: stopping))
        _ = job.handle(.start(alive: cities))
        return job
    }

    /// Both cities give round after round; `scores[i]` is how good they find the average after i + 1 rounds. Answers
    /// what was done at the end.
    private func run(_ job: inout TrainingJob, scores: [Double]) throws -> [TrainingJob.Action] {
        var actions: [TrainingJob.Action] = []
        while job.state == .running {
            let order = job.trainRound
            // A crash at any time changes nothing.
            let read = try TrainingJob(decoding: job.encoded())
            #expect(read == job)
            for city in cities {
                let score = order.round == 0 ? 0 : scores[Int(order.round) - 1]
                // Of three people the second city has two, who see a little more.
                let judgement = TrainingJob.Judgement(
                    people: order.round == 0 ? 0 : UInt64(city.number), ndcg: score + (city.number == 2 ? 0.03 : 0))
                actions = job.handle(
                    .result(
                        city, round: Int(order.round), weights: order.steps == 0 ? [] : [Float(order.round + 1), 0],
                        samples: order.steps == 0 ? 0 : 1, meanLoss: 0, judgement: judgement))
            }
        }
        return actions
    }

    @Test func theBestAverageGoesLiveNotTheLast() throws {
        var job = job(rounds: 4, stopping: 0)
        let actions = try run(&job, scores: [0.1, 0.3, 0.2, 0.25])
        #expect(job.state == .publishing && job.round == 4)
        #expect(job.weights == [2, 0])
        #expect(job.publishModel(version: ModelVersion(7)).rounds == 2)
        #expect(actions == [.checkpoint, .publish(CityID(1)), .publish(CityID(2))])
        let row = job.row { "\($0)" }
        #expect(row.detail == "" && row.best == 2, "all went well")
        #expect(zip(row.validations, [0.12, 0.32, 0.22, 0.27]).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test func theLastAverageIsJudgedByARoundWithoutSteps() throws {
        var job = job(rounds: 2, stopping: 0)
        _ = try run(&job, scores: [0.1, 0.3])
        #expect(job.weights == [2, 0] && job.publishModel(version: ModelVersion(7)).rounds == 2)
        var other = self.job(rounds: 2, stopping: 0)
        while !other.isJudging {
            for city in cities {
                _ = other.handle(
                    .result(
                        city, round: other.round, weights: [1, 1], samples: 1, meanLoss: 0,
                        judgement: .init(people: UInt64(other.round), ndcg: 0.5)))
            }
        }
        #expect(other.trainRound.steps == 0 && other.trainRound.round == 2 && other.trainRound.kept == 1)
        // A city that gives weights to it has misunderstood.
        _ = other.handle(.result(CityID(1), round: 2, weights: [1, 1], samples: 1, meanLoss: 0))
        _ = other.handle(.result(CityID(2), round: 2, weights: [], samples: 0, meanLoss: 0))
        #expect(other.state == .publishing && other.publishModel(version: ModelVersion(7)).rounds == 1)
    }

    @Test func roundsWithoutABetterAverageEndTheTraining() throws {
        var job = job(rounds: 10, stopping: 2)
        _ = try run(&job, scores: [0.1, 0.3, 0.2, 0.25, 0.31])
        #expect(job.round == 5, "averages 3 and 4 are no better; the fifth is judged since it is there")
        #expect(job.weights == [5, 0])
    }

    @Test func withoutJudgesTheLastAverageGoesLive() throws {
        var job = job(rounds: 2, stopping: 1)
        for round in 0..<2 {
            for city in cities {
                _ = job.handle(.result(city, round: round, weights: [Float(round)], samples: 1, meanLoss: 0))
            }
        }
        #expect(job.state == .publishing && job.weights == [1])
        #expect(job.publishModel(version: ModelVersion(7)).rounds == 2)
    }
}
