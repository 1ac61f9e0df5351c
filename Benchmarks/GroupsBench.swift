// Groups that choose places together. Without data: how many groups a second a scorer judges and learns from, by the
// shape of the benchmark's peers (two to five members and a venue, 64 dimensions, 4 heads, 2 blocks and pooling,
// batches of 1,024). With a Mafengwo folder (ConsRec's split): for each group its one test place among 100 others,
// ranked.
//
// The floor of scoring: a group of 4.5 rows needs 0.45 million multiplications in matrix products; at 100 G a second
// that is 4.5 us. Training does three times as many.

import Basics
import Learn

extension Bench {
    static let groups = Bench(
        name: "groups", summary: "score groups at venues, learn to, and rank a group's places",
        settings: [
            Setting("data", "folder of the Mafengwo data set", .path, scope: .call),
            Setting(
                "groups", "groups scored without data", .integer(1024...10_000_000), default: "50000", scope: .call),
            Setting("batch", "groups of a training step", .integer(1...100_000), default: "1024", scope: .call),
            Setting("epochs", "passes over the groups of the data", .integer(1...1000), default: "12", scope: .call),
        ],
        body: { run in
            if let folder = run.settings.path("data") {
                try GroupRanking(run, folder: folder).report()
            } else {
                try reportSpeed(run)
            }
        })

    private static func reportSpeed(_ run: Run) throws {
        let configuration = GroupScorerConfiguration(inputs: 64)
        var random = SeededRandom(seed: run.seed)
        let (embeddings, sets) = run.loading {
            let embeddings = (0..<20_000 * 64).map { _ in Float(random.normal()) }
            var sets = GroupSets()
            for _ in 0..<run.settings.integer("groups") {
                sets.append(
                    venue: UInt32(10_000 + random.below(10_000)),
                    members: (0..<2 + random.below(4)).map { _ in UInt32(random.below(10_000)) })
            }
            return (embeddings, sets)
        }
        var scorer = GroupScorer(configuration, random: random.child("scorer"), pool: run.pool)
        _ = scorer.logits(sets.part(0..<1024), embeddings: embeddings)
        let forward = run.working { scorer.logits(sets, embeddings: embeddings) }
        precondition(forward.result.allSatisfy(\.isFinite), "scores are numbers")
        try run.report(["groups_per_second": rate(sets.count, in: forward.cost.cpu)], as: "groups/forward")
        let batch = min(run.settings.integer("batch"), sets.count)
        let parts = stride(from: 0, to: sets.count - batch + 1, by: batch).map { sets.part($0..<$0 + batch) }
        let labels = (0..<batch).map { Int8($0 & 1) }
        func step(_ part: GroupSets) { _ = scorer.train(part, labels: labels, embeddings: embeddings, rate: 1e-3) }
        step(parts[0])
        let training = run.timing { for part in parts { step(part) } }
        try run.report(
            ["groups_per_second": rate(parts.count * batch, in: training.cost.cpu)], as: "groups/training")
    }
}
