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
        let result = try shard.trainRound(order, weights: weights, pool: pool, isCancelled: { false })
        if steps == 0 { return (result, []) }
        let (answer, frames) = try shard.delta(DeltaRequest(job: JobID(4), round: number))
        #expect(answer.format == .float32 && frames.count == (number == 0 ? 2 : 1))
        let delta = try #require(answer.format.unpacked(frames[0]))
        let base = number == 0 ? try #require(answer.format.unpacked(frames[1])) : weights
        return (result, zip(base, delta).map { $0 + $1 })
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
            #expect(throws: ShardError.noModel(city: "Here")) {
                _ = try shard.measure(EvaluationRequest(cutoffs: [10], seed: 1), pool: pool)
            }
            try shard.keepVersion(ModelVersion(1), pool: pool)
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

    /// Compressed deltas lose something each round, and give it back with the next one.
    @Test(arguments: [DeltaFormat.bfloat16, .float16])
    func whatPackingLosesIsSentLater(format: DeltaFormat) throws {
        let model = Self.model("graphrec")
        func deltas(_ format: DeltaFormat) throws -> [[Float]] {
            var deltas: [[Float]] = []
            try withShard { shard in
                let initial = try ModelConfiguration(ModelOrder(block: model)).initialWeights(seed: 9)
                for number in 0..<3 {
                    let order = TrainRound(
                        job: JobID(4), round: UInt32(number), steps: 1, seed: 9, model: model, format: format)
                    // The same weights each round, so that both ways train alike.
                    _ = try shard.trainRound(order, weights: initial, pool: pool, isCancelled: { false })
                    let (answer, frames) = try shard.delta(DeltaRequest(job: JobID(4), round: UInt32(number)))
                    deltas.append(try #require(answer.format.unpacked(frames[0])))
                }
            }
            return deltas
        }
        let (exact, packed) = (try deltas(.float32), try deltas(format))
        #expect(exact != packed)
        func sum(_ deltas: [[Float]]) -> [Float] {
            deltas[0].indices.map { deltas[0][$0] + deltas[1][$0] + deltas[2][$0] }
        }
        // Of three rounds' losses only the last one's is missing.
        let once = zip(exact[2], format.unpacked(format.packed(exact[2]))!).map { abs($0 - $1) }.max()!
        let missing = zip(sum(exact), sum(packed)).map { abs($0 - $1) }.max()!
        #expect(missing < 2 * once + 1e-7, "missing \(missing), one round loses \(once)")
    }

    /// A survey measures, changes nothing, and the first round is what it would have been.
    @Test func aSurveyLeavesNoTrace() throws {
        let model = Self.model("graphrec")
        func first(surveyed: Bool) throws -> [Float] {
            var weights: [Float] = []
            try withShard { shard in
                if surveyed {
                    let order = SurveyTraining(job: JobID(4), seed: 9, model: model)
                    let costs = try shard.survey(order, memoryBytes: 5, pool: pool)
                    #expect(costs.samples > 100 && costs.weights > 1000 && costs.memoryBytes == 5)
                    #expect(costs.stepSeconds > 0 && costs.residentBytes > 0 && costs.workingBytes > 0)
                }
                weights = try round(shard, 0, [], model: model).weights
            }
            return weights
        }
        #expect(try first(surveyed: true) == first(surveyed: false))
    }

    /// Several versions are kept, and the city answers with the one it was told to use.
    @Test func versionsAreSwitched() throws {
        let model = Self.model("graphrec")
        try withShard { shard in
            let weights = try round(shard, 0, [], model: model).weights
            for version in 1...5 {
                let order = PublishModel(
                    job: JobID(4), version: ModelVersion(UInt64(version)), seed: 9, model: model, rounds: 1)
                _ = try shard.publish(order, weights: weights, pool: pool)
                if version == 1 { try shard.keepVersion(ModelVersion(1), pool: pool) }
            }
            // The one in use and the newest three are there.
            #expect(throws: ShardError.noVersion(city: "Here", version: ModelVersion(2))) {
                try shard.switchModel(to: ModelVersion(2))
            }
            for version in [ModelVersion(5), ModelVersion(3), ModelVersion(1)] {
                try shard.keepVersion(version, pool: pool)
                #expect(try shard.measure(EvaluationRequest(cutoffs: [10], seed: 1), pool: pool).version == version)
                #expect(shard.report().modelVersion == version)
            }
        }
    }

    @Test func aModelThatThereIsNotIsNamed() throws {
        try withShard { shard in
            let model = ModelOrder(model: "oracle", settings: []).block
            #expect(throws: ShardError.self) { try round(shard, 0, [], model: model) }
            #expect(throws: ShardError.self) { try round(shard, 0, [], model: [1, 2, 3]) }
        }
    }
}
