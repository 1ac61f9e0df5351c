// Reverse-reachable sets (Borgs et al. 2014): pick a person, toss the coins of the edges that lead to them,
// and go backwards over the live ones. The set is everyone who would have caused this person to come. A group
// that meets a share x of many such sets brings, in expectation, x times everybody: choosing whom to ask
// becomes choosing whom the sets contain.
//
// Sets are kept in chunks of 256, each drawn by one thread in one go and never moved: 4 bytes a member and 4 a set.

/// Sets per chunk.
let setsPerChunk = 256

/// Sets one after the other. Set i is members[offsets[i]..<offsets[i + 1]], its root first.
struct SetChunk: Sendable, Equatable {
    var offsets: [UInt32]
    var members: [UInt32]
    /// Sets that reached a goal: they are met whoever else is chosen, and stay empty.
    var hits = 0

    var count: Int { offsets.count - 1 }
    var bytes: Int { 4 * (offsets.count + members.count) }
}

/// Sets 0..<count of a stream. All chunks but the last are full.
package struct SetPool: Sendable, Equatable {
    var chunks: [SetChunk] = []

    init(chunks: [SetChunk] = []) { self.chunks = chunks }

    /// Sets that lie one after the other: set i is members[offsets[i]..<offsets[i + 1]].
    init(offsets: [UInt32], members: [UInt32]) {
        for first in stride(from: 0, to: offsets.count - 1, by: setsPerChunk) {
            let own = offsets[first...min(first + setsPerChunk, offsets.count - 1)]
            let start = offsets[first], end = offsets[own.endIndex - 1]
            chunks.append(
                SetChunk(offsets: own.map { $0 - start }, members: Array(members[Int(start)..<Int(end)])))
        }
    }

    package var count: Int { chunks.isEmpty ? 0 : (chunks.count - 1) * setsPerChunk + chunks[chunks.count - 1].count }
    /// Sets that reached a goal.
    var hits: Int { chunks.reduce(0) { $0 + $1.hits } }
    /// Sum of the sets' sizes. O(chunks).
    package var memberCount: Int { chunks.reduce(0) { $0 + $1.members.count } }
    /// What the sets occupy.
    package var bytes: Int { chunks.reduce(0) { $0 + $1.bytes } }

    /// Adds sets behind ours, which fill whole chunks.
    mutating func append(_ other: SetPool) {
        precondition(count == chunks.count * setsPerChunk || other.chunks.isEmpty, "only whole chunks can be continued")
        chunks += other.chunks
    }

    /// Where the members of one set begin among those of all, given where those of each chunk do.
    func place(of set: Int, _ starts: [Int]) -> Int {
        starts[set / setsPerChunk] + Int(chunks[set / setsPerChunk].offsets[set % setsPerChunk])
    }

    /// Lends the members of one set, its root first.
    @inline(__always)
    func withMembers(of set: Int, _ body: (UnsafeBufferPointer<UInt32>) -> Void) {
        // SAFETY: a set is below `count`, so its chunk is there; a chunk's offsets lie within its members.
        chunks.withUnsafeBufferPointer { chunks in
            let chunk = chunks.baseAddress! + set / setsPerChunk, place = set % setsPerChunk
            chunk.pointee.members.withUnsafeBufferPointer { members in
                let range = Int(chunk.pointee.offsets[place])..<Int(chunk.pointee.offsets[place + 1])
                body(UnsafeBufferPointer(rebasing: members[range]))
            }
        }
    }

    /// The members of one set, its root first.
    func members(of set: Int) -> ArraySlice<UInt32> {
        let chunk = chunks[set / setsPerChunk], place = set % setsPerChunk
        return chunk.members[Int(chunk.offsets[place])..<Int(chunk.offsets[place + 1])]
    }
}
