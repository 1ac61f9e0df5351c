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

/// People who are not in a collection: how many, and that none of them meets more than `gain` sets.
struct Outsiders: Equatable {
    var count = 0
    var gain = 0
}

/// Chooses min(budget, vertices) vertices, ties by lower vertex, also when nothing is left to gain. Nil when one of
/// the outsiders could have won a step. `covered` sets, which are empty here, are met already by `chosen` others; the
/// upper bound is that of choices of `chosen` + `budget`. O(members + vertices + budget * greatest gain).
func greedyCover(
    _ collection: RRCollection, budget: Int, outsiders: Outsiders = Outsiders(), covered before: Int = 0,
    chosen: Int = 0
) -> GreedyCover? {
    var state = CoverState(collection, outsiders)
    var result = GreedyCover()
    var covered = before
    result.upperBound = min(collection.count, covered + state.greatest(chosen + budget))
    while result.seeds.count < budget, let top = state.best() {
        if outsiders.count > 0, top.gain <= outsiders.gain { return nil }
        result.seeds.append(top.vertex)
        result.gains.append(top.gain)
        covered += top.gain
        state.take(top.vertex)
        result.upperBound = min(result.upperBound, covered + state.greatest(chosen + budget))
    }
    if result.seeds.count < budget, outsiders.count > 0 { return nil }
    return result
}

/// Which sets are met and what everybody would add.
private struct CoverState {
    let collection: RRCollection
    let outsiders: Outsiders
    private var gains: [Int32]
    /// Vertices per gain.
    private var histogram: [Int]
    private var isCovered: [Bool]
    private var heap: MaxHeap<GainKey>

    init(_ collection: RRCollection, _ outsiders: Outsiders) {
        self.collection = collection
        self.outsiders = outsiders
        let gains = (0..<UInt32(collection.vertices)).map { Int32(collection.sets(holding: $0).count) }
        self.gains = gains
        histogram = [Int](repeating: 0, count: Int(gains.max() ?? 0) + 1)
        for gain in gains { histogram[Int(gain)] += 1 }
        isCovered = [Bool](repeating: false, count: collection.count)
        heap = MaxHeap(gains.indices.map { GainKey(gain: Int(gains[$0]), vertex: UInt32($0)) })
    }

    mutating func best() -> GainKey? {
        while let top = heap.pop() {
            let gain = Int(gains[Int(top.vertex)])
            if top.gain == gain { return top }
            heap.push(GainKey(gain: gain, vertex: top.vertex))
        }
        return nil
    }

    mutating func take(_ vertex: UInt32) {
        for set in collection.sets(holding: vertex) where !isCovered[Int(set)] {
            isCovered[Int(set)] = true
            collection.sets.withMembers(of: Int(set)) { members in
                for member in members {
                    let gain = Int(gains[Int(member)])
                    histogram[gain] -= 1
                    histogram[gain - 1] += 1
                    gains[Int(member)] = Int32(gain - 1)
                }
            }
        }
    }

    /// Sum of the `count` greatest gains, or more where outsiders may hold some of them. Drops empty top buckets for
    /// good, since gains never rise.
    mutating func greatest(_ count: Int) -> Int {
        while histogram.last == 0 { histogram.removeLast() }
        var sum = 0, left = count
        var gain = histogram.count - 1
        while gain > 0, left > 0, gain > outsiders.gain || outsiders.count == 0 {
            let taken = min(left, histogram[gain])
            sum += taken * gain
            left -= taken
            gain -= 1
        }
        // Below their bound, outsiders count as if each of them reached it.
        let strange = min(left, outsiders.count)
        sum += strange * outsiders.gain
        left -= strange
        while gain > 0, left > 0 {
            let taken = min(left, histogram[gain])
            sum += taken * gain
            left -= taken
            gain -= 1
        }
        return sum
    }
}

/// Gain and vertex in one number: greater gain first, then lower vertex.
private struct GainKey: Comparable {
    private let packed: UInt64

    init(gain: Int, vertex: UInt32) { packed = UInt64(gain) << 32 | UInt64(~vertex) }

    var gain: Int { Int(packed >> 32) }
    var vertex: UInt32 { ~UInt32(truncatingIfNeeded: packed) }

    static func < (left: GainKey, right: GainKey) -> Bool { left.packed < right.packed }
}
