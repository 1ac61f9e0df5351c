// Many plans, one sweep. The plans of a city have the same friendships and differ in who likes them: under plan j,
// friend u brings v with chance p(u, v) times how much v likes plan j. So up to 64 plans are searched at once, each a
// bit. A set starts with all bits at its root. Every edge that is alive at chance p draws one more number, once for
// all plans, and goes on with the bits of those plans whose affinity at v is above it. Whoever is met again with new
// bits is searched again for these, with the same coins.
//
// Per plan, edges are alive independently with chance p · affinity, exactly as if the plan had been sampled alone;
// between plans they agree as much as they can, which keeps the union of all plans small. What comes out are the sets
// of the union, with the plans that each member belongs to (`PlanSets`).

package import Basics
import CInfluence

/// How much everybody likes each of up to 64 plans, in steps of 1/255.
package struct PlanAffinities: Sendable {
    package let plans: Int
    /// [vertices, 64]: one cache line a person; plans beyond `plans` are nobody's.
    let levels: [UInt8]

    package static let plansMax = 64

    /// affinities[j][v] in 0...1 is rounded to the nearest step; every plan has one for each vertex.
    package init(_ affinities: [[Float]]) {
        precondition(affinities.count <= Self.plansMax, "a sweep carries at most 64 plans")
        plans = affinities.count
        let vertices = affinities.first?.count ?? 0
        var levels = [UInt8](repeating: 0, count: vertices * Self.plansMax)
        for (plan, affinity) in affinities.enumerated() {
            precondition(affinity.count == vertices, "one affinity per plan and vertex")
            for vertex in 0..<vertices {
                precondition(affinity[vertex] >= 0 && affinity[vertex] <= 1, "affinities lie in 0...1")
                levels[vertex * Self.plansMax + plan] = UInt8((affinity[vertex] * 255).rounded())
            }
        }
        self.levels = levels
    }

    /// The affinity that a level stands for.
    package func affinity(plan: Int, vertex: Int) -> Float { Float(levels[vertex * Self.plansMax + plan]) / 255 }

    /// Bits of the plans in use.
    var all: UInt64 { plans == 64 ? .max : (1 << UInt64(plans)) - 1 }
}

/// Draws `count` sets for every plan in one sweep. Roots are drawn uniformly and are the same for all plans. A friend
/// who stands twice in a row counts once. Depends on graph, affinities, count and seed only. O(members of the union of
/// plans, as often as they are met with new plans); scratch is 8 bytes per vertex and thread.
package func sweepPlans(
    _ graph: InfluenceGraph, _ affinities: PlanAffinities, count: Int, seed: UInt64, pool: ComputePool?
) -> PlanSets {
    var sets = PlanSets(plans: affinities.plans, vertices: graph.count)
    guard graph.count > 0, count > 0, affinities.plans > 0 else { return sets }
    precondition(affinities.levels.count == graph.count * PlanAffinities.plansMax, "affinities are of this graph")
    let stream = SetStream(seed: seed, purpose: "sweep", vertices: graph.count, roots: .uniform)
    let parts = pool?.threads ?? 1
    let draw: @Sendable (Int) -> PlanSets = { part in
        graph.withLiveEdges(
            Sweep(
                affinities: affinities, stream: stream, vertices: graph.count,
                sets: part * count / parts..<(part + 1) * count / parts))
    }
    for part in pool?.map(parts, draw) ?? [draw(0)] { sets.append(part) }
    return sets
}

/// Bit j says whether the j-th of 64 levels is above `limit`, at most 254.
@inline(__always)
func plansAbove(_ limit: UInt8, _ levels: UnsafePointer<UInt8>) -> UInt64 { levels_above(levels, limit) }

/// A vertex that plans have come to.
private struct PlanEntry: BitwiseCopyable {
    var vertex: UInt32
    var plans: UInt64
}

/// One thread's share, a set after the other.
private struct Sweep: LiveEdgesUse {
    let affinities: PlanAffinities
    let stream: SetStream
    let vertices: Int
    let sets: Range<Int>

    func run<Edges: CascadeEdges>(_ live: LiveEdges<Edges>) -> PlanSets {
        let reached = LargeMemory<UInt64>(count: vertices)
        var met = GrowingList<UInt32>(), queue = GrowingList<PlanEntry>(), sources = GrowingList<UInt32>()
        defer {
            met.free()
            queue.free()
            sources.free()
        }
        var result = PlanSets(plans: affinities.plans, vertices: vertices)
        affinities.levels.withUnsafeBufferPointer { levels in
            for set in sets {
                let key = stream.key(of: set)
                reach(stream.root(of: set, key: key), affinities.all, reached.base, &met, &queue)
                var next = 0
                while next < queue.count {
                    let (vertex, open) = (queue[next].vertex, queue[next].plans)
                    next += 1
                    live.append(to: &sources, key: key, vertex: vertex)
                    if sources.count == 0 { continue }
                    let line = levels.baseAddress! + Int(vertex) * PlanAffinities.plansMax
                    for source in sources.elements {
                        let limit = Self.limit(key: key, vertex: vertex, source: source)
                        reach(source, open & plansAbove(limit, line), reached.base, &met, &queue)
                    }
                    sources.removeAll()
                }
                for vertex in met.elements {
                    result.add(vertex, reached.base[Int(vertex)])
                    reached.base[Int(vertex)] = 0
                }
                result.endSet()
                met.removeAll()
                queue.removeAll()
            }
        }
        return result
    }

    /// The number, 0...254, that a plan's level at `vertex` must exceed for an edge that is alive.
    @inline(__always)
    private static func limit(key: UInt64, vertex: UInt32, source: UInt32) -> UInt8 {
        let random = SetStream.coins(key: ~key &+ UInt64(vertex) &* 0xD6E8_FEB8_6659_FD93, vertex: source)
        return UInt8(truncatingIfNeeded: ((random >> 32) &* 255) >> 32)
    }

    @inline(__always)
    private func reach(
        _ vertex: UInt32, _ plans: UInt64, _ reached: UnsafeMutablePointer<UInt64>, _ met: inout GrowingList<UInt32>,
        _ queue: inout GrowingList<PlanEntry>
    ) {
        let before = reached[Int(vertex)]
        let new = plans & ~before
        if new == 0 { return }
        if before == 0 { met.append(vertex) }
        reached[Int(vertex)] = before | new
        queue.append(PlanEntry(vertex: vertex, plans: new))
    }
}
