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

    /// A city's word, and its delta where it has trained: `weights` is what becomes of the average.
    private func give(
        _ job: inout TrainingJob, _ city: CityID, weights: [Float], judgement: TrainingJob.Judgement = .none
    ) -> [TrainingJob.Action] {
        let round = job.round
        var actions = job.handle(
            .trained(
                city, round: round, samples: weights.isEmpty ? 0 : 1, meanLoss: 0, seconds: 0, judgement: judgement))
        while let asked = actions.firstIndex(where: { if case .collect = $0 { true } else { false } }) {
            guard case .collect(let asked, _) = actions.remove(at: asked) else { break }
            let before = job.weights.isEmpty ? weights.map { _ in 0 } : job.weights
            actions += job.handle(
                .delta(asked, round: round, values: zip(weights, before).map { $0 - $1 }, base: before, bytes: 0))
        }
        return actions
    }

    /// Both cities give round after round; `scores[i]` is how good they find the average after i + 1 rounds. Answers
    /// what was done at the end.
    private func run(_ job: inout TrainingJob, scores: [Double]) throws -> [TrainingJob.Action] {
        var actions: [TrainingJob.Action] = []
        while job.state == .running {
            let order = job.trainRound(of: cities[0])
            // A crash at any time costs the open round only.
            var reopened = job
            reopened.forgetOpenRound()
            #expect(try TrainingJob(decoding: job.encoded()) == reopened)
            for city in cities {
                let score = order.round == 0 ? 0 : scores[Int(order.round) - 1]
                // Of three people the second city has two, who see a little more.
                let judgement = TrainingJob.Judgement(
                    people: order.round == 0 ? 0 : UInt64(city.number), ndcg: score + (city.number == 2 ? 0.03 : 0))
                actions = give(
                    &job, city, weights: order.steps == 0 ? [] : [Float(order.round + 1), 0], judgement: judgement)
            }
        }
        return actions
    }

    @Test func theBestAverageGoesLiveNotTheLast() throws {
        var job = job(rounds: 4, stopping: 0)
        let actions = try run(&job, scores: [0.1, 0.3, 0.2, 0.25])
        #expect(job.state == .indexing && job.round == 4)
        #expect(job.weights == [2, 0])
        #expect(job.publishModel(version: ModelVersion(7)).rounds == 2)
        #expect(actions == [.checkpoint, .prepare(CityID(1)), .prepare(CityID(2))])
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
                _ = give(
                    &other, city, weights: [1, 1], judgement: .init(people: UInt64(other.round), ndcg: 0.5))
            }
        }
        let order = other.trainRound(of: cities[0])
        #expect(order.steps == 0 && order.round == 2 && order.kept == 1)
        let number = other.weightsNumber
        // A city that trains has misunderstood.
        _ = give(&other, CityID(1), weights: [1, 1])
        _ = give(&other, CityID(2), weights: [])
        #expect(other.state == .indexing && other.publishModel(version: ModelVersion(7)).rounds == 1)
        // The best average has taken its place: whoever kept its bytes must see that.
        #expect(other.weightsNumber != number)
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
                _ = give(&job, city, weights: [Float(round)])
            }
        }
        #expect(job.state == .indexing && job.weights == [1])
        #expect(job.publishModel(version: ModelVersion(7)).rounds == 2)
    }
}
