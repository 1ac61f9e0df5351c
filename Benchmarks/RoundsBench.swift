// What a round costs the coordinator: so many deltas are summed as they come, the outer step is taken, the job is
// written to its store. The state machine is the coordinator's own (`Cluster`), the store too.
//
// The floor: every delta is read once, 64 of 10 MB are 640 MB: at 10 GB/s, 64 ms; the sum stays in the cache where that
// has 10 MB. The store writes the weights once, and their momentum.

import Basics
import Cluster
import FoundationEssentials
import Glibc
import Store
import Wire

extension Bench {
    static let rounds = Bench(
        name: "rounds",
        summary: "what averaging, the outer step and the checkpoint of a round cost the coordinator",
        isParallel: false,
        settings: [
            Setting("workers", "deltas of a round", .integer(1...100_000), default: "64", scope: .call),
            Setting("megabytes", "size of the model", .number(0.001...1000), default: "10", scope: .call),
            Setting("rounds", "rounds that are measured", .integer(1...10_000), default: "5", scope: .call),
            Setting("nesterov", "DiLoCo's outer step instead of the plain average", .flag, scope: .call),
        ]
    ) { run in
        let count = Int(run.settings.number("megabytes") * 1e6 / 4)
        let workers = run.settings.integer("workers")
        var policy = RoundPolicy()
        if run.settings.flag("nesterov") { (policy.outerRate, policy.outerMomentum) = (0.7, 0.9) }
        let cities = (0..<workers).map { CityID(UInt32($0)) }
        let rounds = run.settings.integer("rounds")
        var job = TrainingJob(
            .init(job: JobID(1), rounds: rounds + 1, steps: 1, seed: 1, cities: cities, policy: policy))
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-bench-\(getpid())").path
        let database = try Database(directory: folder)
        defer {
            database.close()
            try? FileManager.default.removeItem(atPath: folder)
        }
        _ = job.handle(.start(alive: cities))
        var random = SeededRandom(seed: run.seed)
        // A few deltas stand for all: what comes from the network is in memory once, not in the cache.
        let deltas = (0..<8).map { _ in (0..<count).map { _ in random.uniformFloat() - 0.5 } }
        var (average, checkpoint) = (Cost(), Cost())
        for round in 0...rounds {
            for city in cities { _ = job.handle(.trained(city, round: round, samples: 100, meanLoss: 1, seconds: 1)) }
            for (index, city) in cities.enumerated() {
                let delta = deltas[index % deltas.count]
                let base = round == 0 ? deltas[0] : []
                func take() {
                    _ = job.handle(.delta(city, round: round, values: delta, base: base, bytes: 4 * count))
                }
                // The first round is the warm-up.
                if round == 0 { take() } else { average += run.working(take).cost }
            }
            if round == 0 { continue }
            checkpoint += try run.working {
                var batch = WriteBatch()
                batch.put(.model, key: [1], value: job.encoded())
                try database.commit(batch)
            }.cost
        }
        try run.report([
            "workers": .whole(workers), "weights": .whole(count),
            "round_cpu_seconds": .real((average.cpu + checkpoint.cpu) / Double(rounds)),
            "average_cpu_seconds": .real(average.cpu / Double(rounds)),
            "checkpoint_cpu_seconds": .real(checkpoint.cpu / Double(rounds)),
            "checkpoint_wall_seconds": .real(checkpoint.wall / Double(rounds)),
        ])
    }
}
