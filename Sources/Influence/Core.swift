// Few can win. Greedy looks at everybody's gain, but whoever meets few sets at the start meets fewer later and is
// never chosen. So people are counted first, the sets are cut down to those who meet most, and greedy runs on this
// core, in the cache. The best outsider's count bounds what the others could gain; should it ever reach the best gain
// inside, the core was too small and a larger one is cut. The choice is that of greedy on all people; the bound is
// never lower.

package import Basics
import CInfluence

/// How often each vertex occurs in the chunks of a pool counted so far.
struct MemberCounts {
    private(set) var counts: [UInt32]
    private var chunks = 0
    /// Those who cannot be chosen. Their counts are always 0.
    let excluded: Set<UInt32>

    init(vertices: Int, excluding excluded: [UInt32] = []) {
        counts = [UInt32](repeating: 0, count: vertices)
        self.excluded = Set(excluded)
    }

    /// Counts the chunks that were added since. O(their members).
    mutating func extend(_ pool: SetPool) {
        counts.withUnsafeMutableBufferPointer { buffer in
            guard let counts = buffer.baseAddress else { return }
            for chunk in pool.chunks[chunks...] {
                chunk.members.withUnsafeBufferPointer { members in
                    let ahead = 16
                    for index in 0..<max(members.count - ahead, 0) {
                        prefetch_for_writing(counts + Int(members[index + ahead]))
                        counts[Int(members[index])] &+= 1
                    }
                    for index in max(members.count - ahead, 0)..<members.count { counts[Int(members[index])] &+= 1 }
                }
            }
        }
        chunks = pool.chunks.count
        for vertex in excluded { counts[Int(vertex)] = 0 }
    }
}

/// The vertices that stay, in ascending order, and their new numbers.
struct Core {
    private(set) var people: [UInt32] = []
    private(set) var outsiders = Outsiders()
    /// One bit per vertex that stays, and how many stay before each word.
    private var bits: [UInt64]
    private var before: [UInt32]

    /// Keeps about `wanted` of those who occur most, and with each all who occur as often, but nobody of `excluded`,
    /// whose counts are 0. O(vertices).
    init(_ counts: [UInt32], wanted: Int, excluding excluded: Set<UInt32> = []) {
        let least = Self.threshold(counts, wanted: wanted)
        bits = [UInt64](repeating: 0, count: (counts.count + 63) / 64)
        before = [UInt32](repeating: 0, count: bits.count)
        counts.withUnsafeBufferPointer { counts in
            for word in bits.indices {
                before[word] = UInt32(people.count)
                let block = word * 64..<min(word * 64 + 64, counts.count)
                // Few blocks hold anybody who stays: this loop is all that most of them cost.
                var most: UInt32 = 0
                for vertex in block { most = max(most, counts[vertex]) }
                if most < least { continue }
                for vertex in block where counts[vertex] >= least && !excluded.contains(UInt32(vertex)) {
                    bits[word] |= 1 << UInt64(vertex & 63)
                    people.append(UInt32(vertex))
                }
            }
        }
        let outside = counts.count - people.count - excluded.count
        outsiders = Outsiders(count: outside, gain: max(Int(least) - 1, 0))
    }

    /// The least count that stays, read off every 16th vertex where there are many.
    private static func threshold(_ counts: [UInt32], wanted: Int) -> UInt32 {
        if wanted >= counts.count { return 0 }
        let step = counts.count > 1 << 16 ? 16 : 1
        var histogram = [Int](repeating: 0, count: 1 << 10)
        for vertex in stride(from: 0, to: counts.count, by: step) {
            let count = Int(counts[vertex])
            if count >= histogram.count { histogram += [Int](repeating: 0, count: count + 1 - histogram.count) }
            histogram[count] += step
        }
        var kept = 0
        var least = histogram.count
        while least > 1, kept + histogram[least - 1] <= wanted {
            least -= 1
            kept += histogram[least]
        }
        // All who occur most often tie: keep them rather than nobody.
        while kept == 0, least > 0 {
            least -= 1
            kept += histogram[least]
        }
        return UInt32(least)
    }

    /// The pool's sets cut down to the core, renumbered, with the way back. O(members of the pool).
    func collection(of pool: SetPool, on threads: ComputePool?) -> RRCollection {
        let cut: @Sendable (Int) -> SetChunk = { cutDown(pool.chunks[$0]) }
        let chunks = threads?.map(pool.chunks.count, cut) ?? pool.chunks.indices.map(cut)
        return RRCollection(SetPool(chunks: chunks), vertices: people.count, pool: threads)
    }

    private func cutDown(_ chunk: SetChunk) -> SetChunk {
        var offsets: [UInt32] = [0]
        offsets.reserveCapacity(chunk.offsets.count)
        let members = [UInt32](unsafeUninitializedCapacity: chunk.members.count) { kept, count in
            bits.withUnsafeBufferPointer { bits in
                before.withUnsafeBufferPointer { before in
                    chunk.members.withUnsafeBufferPointer { members in
                        for set in 0..<chunk.count {
                            for index in Int(chunk.offsets[set])..<Int(chunk.offsets[set + 1]) {
                                let member = members[index]
                                let word = bits[Int(member >> 6)], bit = UInt64(member & 63)
                                let below = (word & ((1 << bit) &- 1)).nonzeroBitCount
                                // SAFETY: no more are kept than there are.
                                kept[count] = before[Int(member >> 6)] &+ UInt32(truncatingIfNeeded: below)
                                count += Int(word >> bit & 1)
                            }
                            offsets.append(UInt32(count))
                        }
                    }
                }
            }
        }
        return SetChunk(offsets: offsets, members: members)
    }
}

/// Greedy on a pool's sets: the choice of `greedyCover` on all vertices. The pool's hits are met by `chosen` others.
func chooseByCover(
    _ pool: SetPool, _ counts: MemberCounts, budget: Int, chosen: Int = 0, on threads: ComputePool?
) -> GreedyCover {
    var wanted = max(64 * budget, 4096)
    while true {
        let core = Core(counts.counts, wanted: wanted, excluding: counts.excluded)
        let collection = core.collection(of: pool, on: threads)
        let found = greedyCover(
            collection, budget: budget, outsiders: core.outsiders, covered: pool.hits, chosen: chosen)
        if var cover = found {
            cover.seeds = cover.seeds.map { core.people[Int($0)] }
            return cover
        }
        wanted *= 8
    }
}

/// The `count` people who meet most of a pool's sets together, best first: greedy, ties by lower vertex. For pools that
/// were drawn by other means than `maximizeInfluence`. O(members + vertices).
package func choosePeople(_ sets: SetPool, vertices: Int, count: Int, pool: ComputePool?) -> [UInt32] {
    var counts = MemberCounts(vertices: vertices)
    counts.extend(sets)
    return chooseByCover(sets, counts, budget: min(count, vertices), on: pool).seeds
}
