// The choice of each plan's people, all plans in step: plans differ little in who could win, so a person who has to be
// looked at anew for one plan is looked at for all, 64 plans in one pass over the holders.

import Basics
import CInfluence

/// The way back from people to the sets of each plan.
struct PlanHolders {
    private let plans: Int
    private let vertices: Int
    private let setsCount: Int
    private let starts: [UInt32]
    private let sets: [UInt32]
    private let masks: [UInt64]

    /// Greedy looks at so many people at first, and at more only where one of the others could win.
    private static let hopefuls = 1024

    init(_ plans: PlanSets) {
        (starts, sets, masks) = plans.turnedAround()
        self.plans = plans.plans
        vertices = plans.vertices
        setsCount = plans.count
    }

    func choose(_ count: Int, pool: ComputePool?) -> [[UInt32]] {
        let gains = gains()
        var hopefuls = max(Self.hopefuls, 4 * count)
        while true {
            let wanted = hopefuls
            let core: @Sendable (Int) -> Core = { plan in
                Core(Array(gains[plan * vertices..<(plan + 1) * vertices]), wanted: wanted)
            }
            let cores = pool?.map(plans, core) ?? (0..<plans).map(core)
            if let chosen = choose(count, cores, gains) { return chosen }
            hopefuls *= 8
        }
    }

    /// [plans, vertices]: sets of the plan that hold the vertex.
    private func gains() -> [UInt32] {
        var gains = [UInt32](repeating: 0, count: plans * vertices)
        let nothing = [UInt64](repeating: 0, count: setsCount)
        for vertex in 0..<vertices {
            let counts = openSets(of: UInt32(vertex), beyond: nothing)
            for plan in 0..<plans { gains[plan * vertices + vertex] = counts[plan] }
        }
        return gains
    }

    /// Per plan, how many of its sets hold the vertex and are not met yet.
    func openSets(of vertex: UInt32, beyond met: [UInt64]) -> InlineArray<64, UInt32> {
        var total = InlineArray<64, UInt32>(repeating: 0)
        var place = Int(starts[Int(vertex)])
        let end = Int(starts[Int(vertex) + 1])
        while place < end {
            // Counts of 8 bits hold so many.
            let part = min(end - place, 255)
            var counts = SIMD64<UInt8>()
            withUnsafeMutableBytes(of: &counts) { counts in
                masks.withUnsafeBufferPointer { masks in
                    sets.withUnsafeBufferPointer { sets in
                        met.withUnsafeBufferPointer { met in
                            count_open_bits(
                                masks.baseAddress! + place, sets.baseAddress! + place, met.baseAddress!, part,
                                counts.baseAddress!.assumingMemoryBound(to: UInt8.self))
                        }
                    }
                }
            }
            for plan in 0..<64 { total[plan] &+= UInt32(counts[plan]) }
            place += part
        }
        return total
    }

    /// The greatest of promises, as `fresh` says them now.
    private func best(of heap: inout MaxHeap<Promise>, _ fresh: (UInt32) -> Promise) -> Promise? {
        while let top = heap.pop() {
            let promise = fresh(top.vertex)
            guard let next = heap.top, promise < next else { return promise }
            heap.push(promise)
        }
        return nil
    }

    /// Nil when one of a plan's outsiders could have won.
    private func choose(_ count: Int, _ cores: [Core], _ gains: [UInt32]) -> [[UInt32]]? {
        var heaps = cores.enumerated().map { plan, core in
            MaxHeap(core.people.map { Promise(gain: Double(gains[plan * vertices + Int($0)]), vertex: $0) })
        }
        var chosen = [[UInt32]](repeating: [], count: plans)
        var met = [UInt64](repeating: 0, count: setsCount)
        for _ in 0..<count {
            // Of this round: whoever was looked at, and the plans of each who was chosen.
            var looked: [UInt32: InlineArray<64, UInt32>] = [:]
            var winners: [UInt32: UInt64] = [:]
            for plan in 0..<plans {
                let winner = best(of: &heaps[plan]) { vertex in
                    let counts = looked[vertex] ?? openSets(of: vertex, beyond: met)
                    looked[vertex] = counts
                    return Promise(gain: Double(counts[plan]), vertex: vertex)
                }
                let outsiders = cores[plan].outsiders
                guard let winner, outsiders.count == 0 || Int(winner.gain) > outsiders.gain else { return nil }
                chosen[plan].append(winner.vertex)
                winners[winner.vertex, default: 0] |= 1 << UInt64(plan)
            }
            for (vertex, plans) in winners {
                for place in Int(starts[Int(vertex)])..<Int(starts[Int(vertex) + 1]) {
                    met[Int(sets[place])] |= masks[place] & plans
                }
            }
        }
        return chosen
    }
}
