// The sets of many plans as one: every member of the union of plans once, with a bit per plan it belongs to. 12 bytes a
// member of the union, however many plans share it.

package import Basics

/// Sets of up to 64 plans. Set i of plan j are the members of set i whose bit j is set, its root first.
package struct PlanSets: Sendable, Equatable {
    package let plans: Int
    package let vertices: Int
    private var offsets: [UInt32] = [0]
    private var members: [UInt32] = []
    private var masks: [UInt64] = []

    init(plans: Int, vertices: Int) {
        self.plans = plans
        self.vertices = vertices
    }

    /// Sets per plan.
    package var count: Int { offsets.count - 1 }
    /// Members of the union.
    package var memberCount: Int { members.count }

    /// The members of one set of one plan. O(members of the union's set).
    func members(of set: Int, plan: Int) -> [UInt32] {
        (Int(offsets[set])..<Int(offsets[set + 1])).filter { masks[$0] >> UInt64(plan) & 1 == 1 }.map { members[$0] }
    }

    mutating func add(_ vertex: UInt32, _ plans: UInt64) {
        members.append(vertex)
        masks.append(plans)
    }

    mutating func endSet() { offsets.append(UInt32(members.count)) }

    mutating func append(_ other: PlanSets) {
        let base = UInt32(members.count)
        for offset in other.offsets.dropFirst() { offsets.append(base + offset) }
        members += other.members
        masks += other.masks
    }

    /// For each plan, the `count` people who meet most of its sets together, best first: lazy greedy (Minoux 1978),
    /// ties by lower vertex. The way back from people to sets is made once for all plans. O(members · plans they
    /// belong to), then per plan O(vertices + sets + what is looked at anew).
    package func choose(_ count: Int, pool: ComputePool?) -> [[UInt32]] {
        let holders = PlanHolders(self)
        let one: @Sendable (Int) -> [UInt32] = { holders.choose(count, plan: $0, sets: self.count) }
        return pool?.map(plans, one) ?? (0..<plans).map(one)
    }

    /// Per vertex its holders: the set, and the plans in which it belongs to the set.
    fileprivate func turnedAround() -> (starts: [UInt32], sets: [UInt32], masks: [UInt64]) {
        var starts = [UInt32](repeating: 0, count: vertices + 1)
        for member in members { starts[Int(member) + 1] += 1 }
        for vertex in 0..<vertices { starts[vertex + 1] += starts[vertex] }
        var next = starts
        var sets = [UInt32](repeating: 0, count: members.count)
        var plans = [UInt64](repeating: 0, count: members.count)
        for set in 0..<count {
            for index in Int(offsets[set])..<Int(offsets[set + 1]) {
                let place = Int(next[Int(members[index])])
                next[Int(members[index])] += 1
                sets[place] = UInt32(set)
                plans[place] = masks[index]
            }
        }
        return (starts, sets, plans)
    }
}

/// The way back from people to the sets of each plan.
private struct PlanHolders {
    let vertices: Int
    let starts: [UInt32]
    let sets: [UInt32]
    let masks: [UInt64]
    /// [plans, vertices]: sets of the plan that hold the vertex.
    let gains: [UInt32]

    /// Greedy looks at so many people at first, and at more only where one of the others could win.
    private static let hopefuls = 1024

    init(_ plans: PlanSets) {
        let vertices = plans.vertices
        let (starts, sets, masks) = plans.turnedAround()
        let all: UInt64 = plans.plans == 64 ? .max : (1 << UInt64(plans.plans)) - 1
        var gains = [UInt32](repeating: 0, count: plans.plans * vertices)
        for vertex in 0..<vertices {
            // Most holders hold a root, which belongs to all plans.
            var shared: UInt32 = 0
            for place in Int(starts[vertex])..<Int(starts[vertex + 1]) {
                if masks[place] == all {
                    shared += 1
                    continue
                }
                var left = masks[place]
                while left != 0 {
                    gains[left.trailingZeroBitCount * vertices + vertex] += 1
                    left &= left - 1
                }
            }
            if shared > 0 { for plan in 0..<plans.plans { gains[plan * vertices + vertex] += shared } }
        }
        self.vertices = vertices
        self.starts = starts
        self.sets = sets
        self.masks = masks
        self.gains = gains
    }

    func choose(_ count: Int, plan: Int, sets total: Int) -> [UInt32] {
        let mine = gains[plan * vertices..<(plan + 1) * vertices]
        var hopefuls = max(Self.hopefuls, 4 * count)
        while true {
            let core = Core(Array(mine), wanted: hopefuls)
            if let chosen = choose(min(count, vertices), plan: plan, sets: total, core, mine) { return chosen }
            hopefuls *= 8
        }
    }

    /// Nil when one of the outsiders could have won.
    private func choose(
        _ count: Int, plan: Int, sets total: Int, _ core: Core, _ mine: ArraySlice<UInt32>
    ) -> [UInt32]? {
        var heap = MaxHeap(
            core.people.map { Promise(gain: Double(mine[mine.startIndex + Int($0)]), vertex: $0) })
        var isMet = [Bool](repeating: false, count: total)
        var chosen: [UInt32] = []
        while chosen.count < count {
            guard let top = heap.pop() else { return core.outsiders.count > 0 ? nil : chosen }
            let fresh = Promise(gain: Double(openSets(top.vertex, plan, isMet)), vertex: top.vertex)
            if let next = heap.top, fresh < next {
                heap.push(fresh)
                continue
            }
            if core.outsiders.count > 0, Int(fresh.gain) <= core.outsiders.gain { return nil }
            chosen.append(top.vertex)
            for place in Int(starts[Int(top.vertex)])..<Int(starts[Int(top.vertex) + 1])
            where masks[place] >> UInt64(plan) & 1 == 1 {
                isMet[Int(sets[place])] = true
            }
        }
        return chosen
    }

    private func openSets(_ vertex: UInt32, _ plan: Int, _ isMet: [Bool]) -> Int {
        var open = 0
        for place in Int(starts[Int(vertex)])..<Int(starts[Int(vertex) + 1]) {
            open += masks[place] >> UInt64(plan) & 1 == 1 && !isMet[Int(sets[place])] ? 1 : 0
        }
        return open
    }
}
