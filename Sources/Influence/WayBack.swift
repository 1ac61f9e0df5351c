// Turning sets around is a sort of (vertex, set) by vertex. Writing each straight to its place misses the cache twice
// a member. So vertices are first dealt into blocks small enough that the counters of a block and the places they point
// to stay in the cache, then each block is sorted by counting (one pass of a radix sort by the high bits). The line
// that a block's next members will go to is asked for ahead: there are more blocks than the processor foresees by
// itself. Within a block a vertex takes so many bits, and the sets are dealt in parts of so many
// that both together fit into 4 bytes. Threads deal disjoint parts into places counted beforehand and sort disjoint
// blocks, so the result is the same for any number of them.

import Basics
import CInfluence

/// Per vertex the sets that hold it, ascending: holders[offsets[v]..<offsets[v + 1]].
struct WayBack: Sendable, Equatable {
    private(set) var offsets: [UInt32]
    let holders: SetNumbers

    var bytes: Int { 4 * offsets.count + holders.bytes }

    init(_ sets: SetPool, vertices: Int, on threads: ComputePool?) {
        let total = sets.memberCount
        precondition(total < Int(UInt32.max), "the sets outgrew their 32-bit index")
        let plan = TurningPlan(sets: sets.count, vertices: vertices, threads: threads)
        holders = SetNumbers(count: total, below: sets.count)
        var places = [Int](repeating: 0, count: plan.parts * plan.blocks)
        offsets = [UInt32](repeating: 0, count: vertices + 1)
        let memory = IndexMemory(bytes: max(4 * total, 4))
        let dealt = memory.base.bindMemory(to: UInt32.self, capacity: total)
        places.withUnsafeMutableBufferPointer { places in
            offsets.withUnsafeMutableBufferPointer { offsets in
                // SAFETY: parts own disjoint counters and places, blocks own disjoint vertices and holders.
                nonisolated(unsafe) let turn = Turning(
                    plan: plan, sets: sets, places: places.baseAddress!, offsets: offsets.baseAddress!,
                    dealt: dealt, holders: holders)
                forEach(plan.parts, on: threads) { turn.count(part: $0) }
                turn.place()
                forEach(plan.parts, on: threads) { turn.deal(part: $0) }
                forEach(plan.workers, on: threads) { turn.sort(worker: $0) }
            }
        }
        withExtendedLifetime(memory) {}
        offsets[vertices] = UInt32(total)
    }
}

private func forEach(_ count: Int, on threads: ComputePool?, _ body: @Sendable (Int) -> Void) {
    if let threads {
        threads.forEach(count, body)
    } else {
        for index in 0..<count { body(index) }
    }
}

/// How the sets are cut into parts and the vertices into blocks.
private struct TurningPlan: Sendable {
    let vertices: Int
    let chunks: Int
    /// Bits of a vertex's place in its block.
    let blockBits: UInt32
    let blocks: Int
    let parts: Int
    let workers: Int

    private static let blocksMax = 512

    init(sets: Int, vertices: Int, threads: ComputePool?) {
        self.vertices = vertices
        chunks = (sets + setsPerChunk - 1) / setsPerChunk
        var bits: UInt32 = 8
        while vertices >> Int(bits) >= Self.blocksMax, bits < 20 { bits += 1 }
        blockBits = bits
        blocks = max((vertices + (1 << Int(bits)) - 1) >> Int(bits), 1)
        workers = min(threads?.threads ?? 1, max(chunks, 1))
        let chunksMax = (1 << Int(32 - bits)) / setsPerChunk
        parts = max(workers, (chunks + chunksMax - 1) / chunksMax)
    }

    /// Bits of a set's place in its part.
    var partBits: UInt32 { 32 - blockBits }

    func chunks(of part: Int) -> Range<Int> { part * chunks / parts..<(part + 1) * chunks / parts }
}

/// The steps of turning sets around, each for one part of the sets or some blocks of the vertices.
private struct Turning {
    let plan: TurningPlan
    let sets: SetPool
    /// [parts, blocks]: how many members, then where the next one goes; at the end, where the part's share ends.
    let places: UnsafeMutablePointer<Int>
    let offsets: UnsafeMutablePointer<UInt32>
    /// Set in its part | place of the vertex in its block << partBits, block after block, in each part after part.
    let dealt: UnsafeMutablePointer<UInt32>
    let holders: SetNumbers

    func count(part: Int) {
        let counts = places + part * plan.blocks, bits = plan.blockBits
        for chunk in plan.chunks(of: part) {
            sets.chunks[chunk].members.withUnsafeBufferPointer { members in
                for member in members { counts[Int(member &>> bits)] &+= 1 }
            }
        }
    }

    /// Turns counts into places.
    func place() {
        var next = 0
        for block in 0..<plan.blocks {
            for part in 0..<plan.parts {
                let count = places[part * plan.blocks + block]
                places[part * plan.blocks + block] = next
                next += count
            }
        }
    }

    func deal(part: Int) {
        let next = places + part * plan.blocks, dealt = dealt
        let (bits, partBits) = (plan.blockBits, plan.partBits)
        let mask = UInt32(1) &<< bits - 1
        var name: UInt32 = 0
        for chunk in plan.chunks(of: part) {
            sets.chunks[chunk].offsets.withUnsafeBufferPointer { offsets in
                sets.chunks[chunk].members.withUnsafeBufferPointer { members in
                    for set in 0..<offsets.count - 1 {
                        for index in Int(offsets[set])..<Int(offsets[set + 1]) {
                            let member = members[index]
                            let block = Int(member &>> bits)
                            dealt[next[block]] = (member & mask) &<< partBits | name
                            // The next line. SAFETY: asking for memory beyond the end does nothing.
                            prefetch_for_writing(dealt + (next[block] &+ 16))
                            next[block] &+= 1
                        }
                        name &+= 1
                    }
                }
            }
        }
    }

    func sort(worker: Int) {
        for block in stride(from: worker, to: plan.blocks, by: plan.workers) {
            let first = block << Int(plan.blockBits), count = min(1 << Int(plan.blockBits), plan.vertices - first)
            if count > 0 { sort(block: block, offsets + first, vertices: count) }
        }
    }

    /// `next` are the offsets of the block's vertices, all 0.
    private func sort(block: Int, _ next: UnsafeMutablePointer<UInt32>, vertices: Int) {
        // The first part's share begins where the last part's share of the block before ends.
        let start = block == 0 ? 0 : places[(plan.parts - 1) * plan.blocks + block - 1]
        let end = places[(plan.parts - 1) * plan.blocks + block]
        let dealt = dealt, partBits = plan.partBits
        let target = holders.base, width = holders.width
        for index in start..<end {
            next[Int(dealt[index] &>> partBits)] &+= 1
            // Fresh memory, which `write` will want in no order.
            prefetch_for_writing(target + index &* width)
        }
        var place = UInt32(start)
        for vertex in 0..<vertices {
            let holding = next[vertex]
            next[vertex] = place
            place += holding
        }
        var index = start
        for part in 0..<plan.parts {
            let name = UInt32(plan.chunks(of: part).lowerBound * setsPerChunk)
            let share = index..<places[part * plan.blocks + block]
            if holders.width == 3 {
                write(share, partBits, name, next, holders.base) { set, place, base in
                    let target = base + place &* 3
                    target.storeBytes(of: UInt16(truncatingIfNeeded: set), as: UInt16.self)
                    target.storeBytes(of: UInt8(truncatingIfNeeded: set &>> 16), toByteOffset: 2, as: UInt8.self)
                }
            } else {
                write(share, partBits, name, next, holders.base) { set, place, base in
                    base.storeBytes(of: set, toByteOffset: place &* 4, as: UInt32.self)
                }
            }
            index = share.upperBound
        }
        // Each entry now says where its vertex ends, which is where the next begins.
        for vertex in stride(from: vertices - 1, to: 0, by: -1) { next[vertex] = next[vertex - 1] }
        next[0] = UInt32(start)
    }

    /// One part's share of a block to where its vertices' holders stand; `name` is the part's first set.
    @inline(__always)
    private func write(
        _ share: Range<Int>, _ partBits: UInt32, _ name: UInt32, _ next: UnsafeMutablePointer<UInt32>,
        _ base: UnsafeMutableRawPointer, _ store: (UInt32, Int, UnsafeMutableRawPointer) -> Void
    ) {
        let dealt = dealt, mask = UInt32(1) &<< partBits - 1
        for index in share {
            let entry = dealt[index]
            let vertex = Int(entry &>> partBits)
            store(name &+ entry & mask, Int(next[vertex]), base)
            next[vertex] &+= 1
        }
    }
}
