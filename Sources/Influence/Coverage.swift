// Choosing few people who meet many sets: maximum coverage. Greedy takes, again and again, the person who meets
// most sets not yet met, and is within 1 - 1/e of the best choice. Gains only fall, so most people's
// old gains, kept in a heap, already show that they cannot win (lazy greedy, Minoux 1978).
//
// On its way greedy also bounds how much *any* choice could have met (OPIM, Tang et al. 2018, section 4): after
// each step no k people can meet more than what is met already plus the k greatest gains that remain.
// The lowest of these sums is often far better than greedy's own value times e / (e - 1).

/// What greedy chose on a collection, and what nobody could beat there.
struct GreedyCover: Equatable {
    /// Chosen vertices, first choice first.
    var seeds: [UInt32] = []
    /// Sets that each choice added.
    var gains: [Int] = []
    /// No choice of as many vertices meets more sets than this.
    var upperBound = 0
    /// Sets met by all choices together.
    var covered: Int { gains.reduce(0, +) }
}

/// Chooses min(budget, vertices) vertices, ties by lower vertex, also when nothing is left to gain.
/// O(members + vertices + budget * greatest gain).
func greedyCover(_ collection: RRCollection, budget: Int) -> GreedyCover {
    var gains = (0..<collection.vertices).map { collection.sets(holding: UInt32($0)).count }
    var histogram = [Int](repeating: 0, count: (gains.max() ?? 0) + 1)
    for gain in gains { histogram[gain] += 1 }
    var isCovered = [Bool](repeating: false, count: collection.count)
    var heap = MaxHeap((0..<collection.vertices).map { GainKey(gain: gains[$0], vertex: UInt32($0)) })
    var result = GreedyCover()
    var covered = 0
    result.upperBound = min(collection.count, greatest(budget, of: &histogram))
    while result.seeds.count < budget, let top = heap.pop() {
        let vertex = Int(top.vertex)
        if top.gain != gains[vertex] {
            heap.push(GainKey(gain: gains[vertex], vertex: top.vertex))
            continue
        }
        result.seeds.append(top.vertex)
        result.gains.append(top.gain)
        covered += top.gain
        for set in collection.sets(holding: top.vertex) where !isCovered[Int(set)] {
            isCovered[Int(set)] = true
            for member in collection.members(of: Int(set)) {
                histogram[gains[Int(member)]] -= 1
                gains[Int(member)] -= 1
                histogram[gains[Int(member)]] += 1
            }
        }
        result.upperBound = min(result.upperBound, covered + greatest(budget, of: &histogram))
    }
    return result
}

/// Sum of the `count` greatest gains. Drops empty top buckets for good, since gains never rise.
private func greatest(_ count: Int, of histogram: inout [Int]) -> Int {
    while histogram.last == 0 { histogram.removeLast() }
    var sum = 0, left = count
    var gain = histogram.count - 1
    while gain > 0, left > 0 {
        let taken = min(left, histogram[gain])
        sum += taken * gain
        left -= taken
        gain -= 1
    }
    return sum
}

/// Gain and vertex in one number: greater gain first, then lower vertex.
private struct GainKey: Comparable {
    private let packed: UInt64

    init(gain: Int, vertex: UInt32) { packed = UInt64(gain) << 32 | UInt64(~vertex) }

    var gain: Int { Int(packed >> 32) }
    var vertex: UInt32 { ~UInt32(truncatingIfNeeded: packed) }

    static func < (left: GainKey, right: GainKey) -> Bool { left.packed < right.packed }
}

/// How many sets of a collection each seed adds to those before it, on sets that took no part in choosing them.
/// O(members); needs no index.
func validate(_ seeds: [UInt32], on sets: FlatSets, vertices: Int) -> [Int] {
    var rank = [UInt32](repeating: UInt32.max, count: vertices)
    for (index, seed) in seeds.enumerated() { rank[Int(seed)] = UInt32(index) }
    var gains = [Int](repeating: 0, count: seeds.count)
    for set in 0..<sets.count {
        var first = UInt32.max
        for place in Int(sets.offsets[set])..<Int(sets.offsets[set + 1]) {
            first = min(first, rank[Int(sets.members[place])])
        }
        if first != UInt32.max { gains[Int(first)] += 1 }
    }
    return gains
}
