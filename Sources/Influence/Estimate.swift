package import Basics

/// The share of everything that counts (people, or their worth by `roots`) that `seeds` reach, on `sets` fresh sets: an
/// unbiased estimate, of which the standard error is sqrt(share (1 - share) / sets). Sets stop where they meet a seed.
package func estimateShare(
    of seeds: [UInt32], _ sampler: SetSampler, sets: Int, roots: RootRule = .uniform, seed: UInt64, pool: ComputePool?
) -> Double {
    guard sampler.graph.count > 0, sets > 0 else { return 0 }
    let stream = SetStream(seed: seed, purpose: "estimate", vertices: sampler.graph.count, roots: roots)
    return Double(sampler.countHits(seeds, in: 0..<sets, of: stream, on: pool).hits) / Double(sets)
}
