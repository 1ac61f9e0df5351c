import Basics
import Foundation
import Graph
import Learn
import Testing
import Wire
import World

@testable import Shard

/// Rounds on a shard: they can be asked again, and the city can go back to its best.
@Suite struct TrainingTests {
    private let city = CityID(3)
    private let pool = ComputePool(threads: 1)

    private func withShard(_ body: (CityShard) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let shard = try CityShard(directory: folder.path, city: city, name: "Here", cluster: 1, outboxIfNew: 1)
        defer { shard.close() }
        let world = SyntheticDataSet(
            SyntheticConfiguration(
                people: 80, places: 40, cities: 1, neighborhoodsPerCity: 4, visitsPerPerson: 30, seed: 3))
        var records: [Record] = []
        try world.read(
            cities: [try world.cityNames()[0]: city], emit: { _, record in records.append(record) },
            reject: { _ in }, progress: { _ in })
        for start in stride(from: 0, to: records.count, by: 1000) {
            let part = Array(records[start..<min(start + 1000, records.count)])
            _ = try shard.importBlock(RecordBlock(city: city, records: part).encoded())
        }
        try body(shard)
    }

    private static func model(_ name: String) -> [UInt8] {
        ModelOrder(model: name, settings: [.init(name: "dimensions", value: "32")]).block
    }

    private func round(
        _ shard: CityShard, _ number: UInt32, _ weights: [Float], model: [UInt8], steps: UInt32 = 2, kept: UInt32 = 0
    ) throws -> (result: RoundResult, weights: [Float]) {
        let order = TrainRound(job: JobID(4), round: number, steps: steps, seed: 9, model: model, kept: kept)
        return try shard.trainRound(order, weights: weights, pool: pool, isCancelled: { false })
    }

    @Test(arguments: ["graphrec", "lightgcn", "sociallgn"])
    func everyModelIsTrainedJudgedPublishedAndMeasured(name: String) throws {
        let model = Self.model(name)
        try withShard { shard in
            let first = try round(shard, 0, [], model: model)
            #expect(first.result.judged == 0 && first.result.samples > 0)
            let second = try round(shard, 1, first.weights, model: model)
            #expect(second.result.judged > 10 && second.result.ndcg > 0)
            let again = try round(shard, 1, first.weights, model: model)
            #expect(again.result == second.result && again.weights == second.weights, "asked twice")
            let last = try round(shard, 2, second.weights, model: model, steps: 0, kept: 1)
            #expect(last.weights.isEmpty && last.result.judged == second.result.judged && last.result.samples == 0)
            let order = PublishModel(
                job: JobID(4), version: ModelVersion(1), seed: 9, model: model, rounds: 2)
            let report = try shard.publish(order, weights: second.weights, pool: pool)
            #expect(report.people > 10 && report.values.count == 4)
            #expect(try shard.publish(order, weights: second.weights, pool: pool) == report)
            let measured = try shard.measure(EvaluationRequest(cutoffs: [10], seed: 1), pool: pool)
            #expect(measured.rows.count == 6 && measured.rows[0].ndcg == report.values[1])
            #expect((measured.friends != nil) == (name == "graphrec"))
            let planned = try shard.plan(PlanCity(job: JobID(5), seedsPerCity: 5, seed: 1), pool: pool)
            #expect(planned.seeds > 0)
        }
    }

    /// Publishing the round before the last gives what publishing it at once would have given.
    @Test func aCityGoesBackToItsBestRound() throws {
        let model = Self.model("graphrec")
        func published(rounds: UInt32, of all: UInt32) throws -> Published {
            var report: Published?
            try withShard { shard in
                var weights: [[Float]] = []
                for number in 0..<all {
                    let kept = number > rounds ? rounds : 0
                    let given = weights.last ?? []
                    weights.append(try round(shard, number, given, model: model, kept: kept).weights)
                }
                let order = PublishModel(
                    job: JobID(4), version: ModelVersion(1), seed: 9, model: model, rounds: rounds)
                report = try shard.publish(order, weights: weights[Int(rounds) - 1], pool: pool)
            }
            return try #require(report)
        }
        #expect(try published(rounds: 2, of: 6) == published(rounds: 2, of: 2))
    }

    @Test func aModelThatThereIsNotIsNamed() throws {
        try withShard { shard in
            let model = ModelOrder(model: "oracle", settings: []).block
            #expect(throws: ShardError.self) { try round(shard, 0, [], model: model) }
            #expect(throws: ShardError.self) { try round(shard, 0, [], model: [1, 2, 3]) }
        }
    }
}
