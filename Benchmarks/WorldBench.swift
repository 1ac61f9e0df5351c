// Making up a world and writing its tables, to nowhere; and whether what was made is a world: the same with one
// thread as with more, log-normal popularity, preferences that sum to one, and learnable: an oracle that knows the
// hidden utilities must rank the places of people's held-out visits far better than anything simple does.
//
// The floor: each person weighs the places of their city once (about 10 multiply-adds a pair), and each visit costs
// a handful of draws, a search in running sums (a cache miss or two) and 50 bytes of text. A core that does 10^9 of
// these simple steps a second makes 10^7 pairs and a million visits in half a second.

import Basics
import World

extension Bench {
    static let world = Bench(
        name: "world",
        summary: "make up a world, write its tables, and see whether it is one",
        settings: Cities.settings(people: 10_000, places: 10_000, cities: 8, visits: 125) + [
            Setting("fast", "make the world only; do not look at it", .flag, scope: .call)
        ]
    ) { run in
        let configuration = Cities.synthetic(run)
        run.data = Cities.name(of: configuration)
        let (made, cost) = try run.working { try WrittenWorld(configuration, run.pool) }
        var metrics: [String: Figure] = [
            "rows": .whole(made.counts.total), "rows_per_second": rate(made.counts.total, in: cost.cpu),
            "bytes": .whole(made.bytes), "visits": .whole(made.counts.rows[.visits] ?? 0),
        ]
        if !run.settings.flag("fast") {
            let again = try WrittenWorld(configuration, ComputePool(threads: run.pool.threads == 1 ? 2 : 1))
            let summary = try worldSummary(configuration, run.pool)
            metrics["same_with_other_threads"] = .whole(again.digest == made.digest ? 1 : 0)
            metrics["preference_error"] = .real(summary.preferenceError)
            metrics["log_popularity_skewness"] = .real(summary.logPopularity.skewness)
            metrics["log_popularity_excess_kurtosis"] = .real(summary.logPopularity.excessKurtosis)
            let rankings = try OracleRankings(configuration, run.pool).ndcgAt10()
            metrics["ndcg_at_10"] = .object(rankings.mapValues { .real($0) })
        }
        try run.report(metrics)
    }

    private static func worldSummary(
        _ configuration: SyntheticConfiguration, _ pool: ComputePool
    ) throws -> WorldSummary {
        var summary = WorldSummary()
        try Cities(made: configuration, pool: pool).read(emit: { summary.add($1, in: $0) })
        return summary
    }
}

/// The tables of a world, of which only the size and a digest are kept.
private struct WrittenWorld {
    let counts: SyntheticCounts
    let bytes: Int
    /// Mixes every byte of every table, tables told apart.
    let digest: [TableKind: UInt64]

    init(_ configuration: SyntheticConfiguration, _ pool: ComputePool) throws {
        let cities = (0..<configuration.cities).map { CityID(UInt32($0)) }
        let world = try SyntheticWorld(configuration, cities: cities, search: .products, pool: pool)
        var (length, digests): (Int, [TableKind: UInt64]) = (0, [:])
        counts = try world.writeTables(
            { table, text in
                length += text.count
                digests[table] = Self.mixed(text, into: digests[table] ?? 0)
            }, progress: { _ in })
        (bytes, digest) = (length, digests)
    }

    /// Eight bytes a step.
    private static func mixed(_ text: [UInt8], into start: UInt64) -> UInt64 {
        text.withUnsafeBytes { bytes in
            var digest = start
            var index = 0
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                digest = (digest ^ word) &* 0x9E37_79B9_7F4A_7C15
                digest ^= digest >> 29
                index += 8
            }
            for byte in bytes[index...] { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
            return digest
        }
    }
}
