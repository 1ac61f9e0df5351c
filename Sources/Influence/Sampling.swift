// Drawing the sets. Work is cut into chunks of a fixed number of sets, and each chunk has a random stream of
// its own, derived from the seed, the purpose and the chunk's number. Which thread draws a chunk is
// left to chance; what it draws is not. So one thread and many give the same bytes.

package import Basics
import Synchronization

/// From whom the sets start.
package enum RootRule: Sendable {
    /// Each root is drawn uniformly: shares of sets are unbiased, and the bounds of OPIM-C hold.
    case uniform
    /// Set i starts at vertex i modulo the number of vertices: everyone equally often, which takes the
    /// choice of roots out of the estimate's noise. For small groups where each person's chance is wanted.
    case inTurn
}

/// Sets per chunk: the unit of work and of randomness. Changing it changes every answer.
let setsPerChunk = 256

/// Draws `count` reverse-reachable sets and indexes them. The result depends on graph, count, roots
/// and seed only. Without a pool the caller's thread does it all (for callers that are themselves in a pool's loop).
/// Cost: O(sum over members of 1 + live in-edges) where probabilities are equal, of in-degrees otherwise;
/// scratch is 4 bytes per vertex and piece of work.
package func generateSets(
    _ graph: InfluenceGraph, count: Int, roots: RootRule = .uniform, seed: UInt64, pool: ComputePool? = nil
) -> RRCollection {
    var sets = FlatSets()
    if graph.count > 0 { extend(&sets, to: count, of: graph, roots: roots, seed: seed, purpose: "sets", pool: pool) }
    return RRCollection(sets, vertices: graph.count)
}

/// Adds sets until there are `count`. A collection that grows must hold whole chunks before it grows.
func extend(
    _ sets: inout FlatSets, to count: Int, of graph: InfluenceGraph, roots: RootRule = .uniform, seed: UInt64,
    purpose: String, pool: ComputePool?
) {
    precondition(sets.count % setsPerChunk == 0, "only whole chunks can be continued")
    let first = sets.count / setsPerChunk
    let chunks = (count + setsPerChunk - 1) / setsPerChunk - first
    if chunks <= 0 { return }
    let source = SeededRandom(seed: seed)
    let drawn = Mutex([FlatSets](repeating: FlatSets(), count: chunks))
    let draw: @Sendable (Range<Int>) -> Void = { range in
        var scratch = SamplingScratch(vertices: graph.count)
        for chunk in range {
            let start = (first + chunk) * setsPerChunk
            var random = source.child(purpose, UInt64(first + chunk))
            let made = scratch.drawChunk(
                graph, start..<min(start + setsPerChunk, count), roots: roots, random: &random)
            drawn.withLock { $0[chunk] = made }
        }
    }
    if let pool {
        pool.forEachRange(of: chunks, pieces: pool.threads * 4, draw)
    } else {
        draw(0..<chunks)
    }
    drawn.withLock { pieces in
        let members = pieces.reduce(sets.members.count) { $0 + $1.members.count }
        precondition(members <= Int(UInt32.max), "the sets outgrew their 32-bit index")
        sets.members.reserveCapacity(members)
        for piece in pieces { sets.append(piece) }
    }
}

/// What one piece of work reuses from set to set: whom the present set has met.
private struct SamplingScratch {
    /// Number of the last set that met the vertex.
    private var met: [UInt32]
    private var current: UInt32 = 0

    init(vertices: Int) { met = [UInt32](repeating: 0, count: vertices) }

    mutating func drawChunk(
        _ graph: InfluenceGraph, _ range: Range<Int>, roots: RootRule, random: inout SeededRandom
    ) -> FlatSets {
        var sets = FlatSets()
        sets.offsets.reserveCapacity(range.count + 1)
        sets.members.reserveCapacity(range.count * 4)
        for set in range {
            current &+= 1
            if current == 0 {
                for vertex in met.indices { met[vertex] = 0 }
                current = 1
            }
            let root = roots == .uniform ? random.below(graph.count) : set % graph.count
            searchBackwards(
                from: UInt32(root), rows: graph.rows.span, sources: graph.sources.span,
                probabilities: graph.probabilities.span, met: &met, stamp: current, into: &sets.members,
                random: &random)
            sets.offsets.append(UInt32(sets.members.count))
        }
        return sets
    }
}

/// Breadth first over the edges whose coins fall heads; `members` is at once the queue and the result.
/// Unchecked reads: `InfluenceGraph.init` has proved every source below the number of vertices, and every
/// row within the edges.
private func searchBackwards(
    from root: UInt32, rows: Span<CoinRow>, sources: Span<UInt32>, probabilities: Span<Float>,
    met: inout [UInt32], stamp: UInt32, into members: inout [UInt32], random: inout SeededRandom
) {
    var stamps = met.mutableSpan
    var next = members.count
    stamps[Int(root)] = stamp
    members.append(root)
    while next < members.count {
        // SAFETY: members are vertices, rows has one entry per vertex.
        let row = unsafe rows[unchecked: Int(members[next])]
        next += 1
        var edge = Int(row.start)
        let end = edge + Int(row.degree)
        if row.jump == 0 {
            while edge < end {
                // SAFETY: edge < end of this row <= number of edges.
                if random.uniform() < Double(unsafe probabilities[unchecked: edge]) {
                    let source = unsafe sources[unchecked: edge]
                    if stamps[Int(source)] != stamp {
                        stamps[Int(source)] = stamp
                        members.append(source)
                    }
                }
                edge += 1
            }
            continue
        }
        while true {
            let jump = naturalLogarithm(1 - random.uniform()) * row.jump
            if jump >= Double(end - edge) { break }
            edge += Int(jump)
            // SAFETY: as above; the jump stayed within the row.
            let source = unsafe sources[unchecked: edge]
            if stamps[Int(source)] != stamp {
                stamps[Int(source)] = stamp
                members.append(source)
            }
            edge += 1
            if edge == end { break }
        }
    }
}
