// Sets with the way back, from a vertex to the sets that hold it. Flat: 4 bytes a member, and 4 more for the way back.
//
// Turning sets around is a sort of (vertex, set) by vertex. Writing each straight to its place misses the cache twice
// a member. So vertices are first dealt into blocks small enough that the counters and the holders of a block stay in
// the cache, then each block is sorted by counting (one pass of a radix sort by the high bits). Dealt is into the very
// memory that will hold the holders, since fresh pages cost as much as all the rest: within a block a vertex takes 14
// bits at most, and the sets are dealt in parts of 2^18 or more, so that both fit into 4 bytes; a block is copied aside
// before it is sorted back. Threads deal disjoint parts into places counted beforehand and sort disjoint blocks, so the
// result is the same for any number of them.

package import Basics

/// Sets one after the other, without a way back. Set i is members[offsets[i]..<offsets[i + 1]].
struct FlatSets: Sendable, Equatable {
    var offsets: [UInt32] = [0]
    var members: [UInt32] = []

    var count: Int { offsets.count - 1 }

    /// Puts a pool's chunks together. Members stay below 2^32.
    init(_ chunks: [SetChunk]) {
        let total = chunks.reduce(0) { $0 + $1.members.count }
        precondition(total < Int(UInt32.max), "the sets outgrew their 32-bit index")
        members.reserveCapacity(total)
        offsets.reserveCapacity(chunks.count * setsPerChunk + 1)
        for chunk in chunks {
            let base = UInt32(members.count)
            for offset in chunk.offsets.dropFirst() { offsets.append(base + offset) }
            members.append(contentsOf: chunk.members)
        }
    }

    /// The members of one set.
    func members(of set: Int) -> ArraySlice<UInt32> { members[Int(offsets[set])..<Int(offsets[set + 1])] }
}

/// Reverse-reachable sets with the way back from a vertex to the sets that hold it. Immutable and reusable:
/// many questions about the same graph may be asked of one collection.
package struct RRCollection: Sendable, Equatable {
    /// Vertices of the graph the sets were drawn from.
    package let vertices: Int
    let sets: FlatSets
    /// Sets that hold vertex v, ascending: holders[holderOffsets[v]..<holderOffsets[v + 1]].
    let holderOffsets: [UInt32]
    let holders: [UInt32]

    /// Puts together and indexes a pool's sets. O(vertices + members).
    package init(_ pool: SetPool, vertices: Int, pool threads: ComputePool? = nil) {
        self.init(FlatSets(pool.chunks), vertices: vertices, threads: threads)
    }

    init(_ sets: FlatSets, vertices: Int, threads: ComputePool? = nil) {
        self.vertices = vertices
        self.sets = sets
        (holderOffsets, holders) = turnedAround(sets, vertices: vertices, on: threads)
    }

    /// Number of sets.
    package var count: Int { sets.count }

    /// Sum of the sets' sizes.
    package var memberCount: Int { sets.members.count }

    /// What the sets and the way back occupy.
    package var bytes: Int {
        4 * (sets.offsets.count + sets.members.count + holderOffsets.count + holders.count)
    }

    /// The members of one set, its root first.
    package func members(of set: Int) -> ArraySlice<UInt32> { sets.members(of: set) }

    /// The sets that hold a vertex, ascending.
    package func sets(holding vertex: UInt32) -> ArraySlice<UInt32> {
        holders[Int(holderOffsets[Int(vertex)])..<Int(holderOffsets[Int(vertex) + 1])]
    }
}

/// Bits of a vertex's place in its block: at most 14, so that counters take 64 KB; fewer where sets are many, so that a
/// block's holders, on average 2^18 at most, stay in the cache too. Not so few that there are more than 2^10 blocks.
private func bitsOfBlock(vertices: Int, members: Int) -> UInt32 {
    var bits: UInt32 = 14
    while bits > 6, vertices >> Int(bits) < min(members >> 18, 1 << 9) { bits -= 1 }
    return bits
}

/// Per vertex, where its holders begin; and all holders. See the head of the file.
func turnedAround(
    _ sets: FlatSets, vertices: Int, on threads: ComputePool?
) -> (offsets: [UInt32], holders: [UInt32]) {
    let total = sets.members.count
    let blockBits = bitsOfBlock(vertices: vertices, members: total)
    let blocks = max((vertices + (1 << Int(blockBits)) - 1) >> Int(blockBits), 1)
    let workers = min(threads?.threads ?? 1, max(sets.count / setsPerChunk, 1))
    let partBits = 32 - blockBits
    let parts = max(workers, (sets.count + (1 << Int(partBits)) - 1) >> Int(partBits))
    var places = [Int](repeating: 0, count: parts * blocks)
    var offsets = [UInt32](repeating: 0, count: vertices + 1)
    let holders = [UInt32](unsafeUninitializedCapacity: total) { holderBuffer, initialized in
        sets.offsets.withUnsafeBufferPointer { setOffsets in
            sets.members.withUnsafeBufferPointer { members in
                places.withUnsafeMutableBufferPointer { places in
                    offsets.withUnsafeMutableBufferPointer { offsets in
                        // SAFETY: parts own disjoint counters and places, blocks own disjoint vertices and holders.
                        nonisolated(unsafe) let turn = Turning(
                            setOffsets: setOffsets.baseAddress!, sets: setOffsets.count - 1,
                            members: members.baseAddress, vertices: vertices, blockBits: blockBits,
                            partBits: partBits, blocks: blocks, parts: parts, workers: workers,
                            places: places.baseAddress!, offsets: offsets.baseAddress!,
                            holders: holderBuffer.baseAddress)
                        forEach(parts, on: threads) { turn.count(part: $0) }
                        turn.place()
                        forEach(parts, on: threads) { turn.deal(part: $0) }
                        forEach(workers, on: threads) { turn.sort(worker: $0) }
                    }
                }
            }
        }
        initialized = total
    }
    offsets[vertices] = UInt32(total)
    return (offsets, holders)
}

private func forEach(_ count: Int, on threads: ComputePool?, _ body: @Sendable (Int) -> Void) {
    if let threads {
        threads.forEach(count, body)
    } else {
        for index in 0..<count { body(index) }
    }
}

/// The steps of turning sets around, each for one part of the sets or some blocks of the vertices.
private struct Turning {
    let setOffsets: UnsafePointer<UInt32>
    let sets: Int
    let members: UnsafePointer<UInt32>?
    let vertices: Int
    let blockBits: UInt32
    /// Sets of a part are at most 2 to the power of this.
    let partBits: UInt32
    let blocks: Int
    let parts: Int
    let workers: Int
    /// [parts, blocks]: how many members, then where the next one goes; at the end, where the part's share ends.
    let places: UnsafeMutablePointer<Int>
    let offsets: UnsafeMutablePointer<UInt32>
    /// Set in its part | place of the vertex in its block << partBits, block after block; at the end, holders.
    let holders: UnsafeMutablePointer<UInt32>?

    private func range(_ part: Int) -> Range<Int> { part * sets / parts..<(part + 1) * sets / parts }

    /// Where the shares of all parts in a block begin: in front of the first part's.
    private func start(_ block: Int) -> Int { block == 0 ? 0 : places[(parts - 1) * blocks + block - 1] }
    private func end(_ block: Int) -> Int { places[(parts - 1) * blocks + block] }

    func count(part: Int) {
        guard let members else { return }
        let range = range(part), counts = places + part * blocks
        for index in Int(setOffsets[range.lowerBound])..<Int(setOffsets[range.upperBound]) {
            counts[Int(members[index] &>> blockBits)] += 1
        }
    }

    /// Turns counts into places: blocks one after the other, in each the parts in order.
    func place() {
        var next = 0
        for block in 0..<blocks {
            for part in 0..<parts {
                let count = places[part * blocks + block]
                places[part * blocks + block] = next
                next += count
            }
        }
    }

    func deal(part: Int) {
        guard let members, let holders else { return }
        let next = places + part * blocks, range = range(part)
        let mask = UInt32(1) &<< blockBits - 1
        for set in range {
            let name = UInt32(set - range.lowerBound)
            for index in Int(setOffsets[set])..<Int(setOffsets[set + 1]) {
                let member = members[index]
                let block = Int(member &>> blockBits)
                holders[next[block]] = (member & mask) &<< partBits | name
                next[block] += 1
            }
        }
    }

    func sort(worker: Int) {
        let mine = stride(from: worker, to: blocks, by: workers)
        let aside = LargeMemory<UInt32>(count: mine.reduce(0) { max($0, end($1) - start($1)) })
        for block in mine { sort(block: block, aside: aside.base) }
        withExtendedLifetime(aside) {}
    }

    private func sort(block: Int, aside: UnsafeMutablePointer<UInt32>) {
        let first = block << Int(blockBits), count = min(1 << Int(blockBits), vertices - first)
        guard count > 0, let holders else { return }
        let start = start(block), end = end(block)
        aside.update(from: holders + start, count: end - start)
        let next = offsets + first
        for index in 0..<end - start { next[Int(aside[index] &>> partBits)] += 1 }
        var place = UInt32(start)
        for vertex in 0..<count {
            let holding = next[vertex]
            next[vertex] = place
            place += holding
        }
        let mask = UInt32(1) &<< partBits - 1
        var index = 0
        for part in 0..<parts {
            let base = UInt32(range(part).lowerBound)
            while index < places[part * blocks + block] - start {
                let vertex = Int(aside[index] &>> partBits)
                holders[Int(next[vertex])] = base + aside[index] & mask
                next[vertex] += 1
                index += 1
            }
        }
        // Each entry now says where its vertex ends, which is where the next begins.
        var vertex = count - 1
        while vertex > 0 {
            next[vertex] = next[vertex - 1]
            vertex -= 1
        }
        next[0] = UInt32(start)
    }
}
