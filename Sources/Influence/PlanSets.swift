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
    /// ties by lower vertex. The way back from people to sets is made once for all plans, and whoever is looked at anew
    /// is looked at for all plans at once. O(members + plans · vertices), then what is looked at anew.
    package func choose(_ count: Int, pool: ComputePool?) -> [[UInt32]] {
        PlanHolders(self).choose(min(count, vertices), pool: pool)
    }

    /// Per vertex its holders: the set, and the plans in which it belongs to the set.
    func turnedAround() -> (starts: [UInt32], sets: [UInt32], masks: [UInt64]) {
        var starts = [UInt32](repeating: 0, count: vertices + 1)
        for member in members { starts[Int(member) + 1] += 1 }
        for vertex in 0..<vertices { starts[vertex + 1] += starts[vertex] }
        var next = starts
        var sets = [UInt32](repeating: 0, count: members.count)
        let plans = [UInt64](unsafeUninitializedCapacity: members.count) { plans, count in
            // SAFETY: every place is written once: a vertex's holders are counted.
            next.withUnsafeMutableBufferPointer { next in
                sets.withUnsafeMutableBufferPointer { sets in
                    for set in 0..<self.count {
                        for index in Int(offsets[set])..<Int(offsets[set + 1]) {
                            let vertex = Int(members[index]), place = Int(next[vertex])
                            next[vertex] &+= 1
                            sets[place] = UInt32(truncatingIfNeeded: set)
                            plans[place] = masks[index]
                        }
                    }
                }
            }
            count = members.count
        }
        return (starts, sets, plans)
    }
}
