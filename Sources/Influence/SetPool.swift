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

    package var count: Int { chunks.isEmpty ? 0 : (chunks.count - 1) * setsPerChunk + chunks[chunks.count - 1].count }
    /// Sets that reached a goal.
    var hits: Int { chunks.reduce(0) { $0 + $1.hits } }
    /// Sum of the sets' sizes. O(chunks).
    package var memberCount: Int { chunks.reduce(0) { $0 + $1.members.count } }
    /// What the sets occupy.
    package var bytes: Int { chunks.reduce(0) { $0 + $1.bytes } }

    /// The members of one set, its root first.
    func members(of set: Int) -> ArraySlice<UInt32> {
        let chunk = chunks[set / setsPerChunk], place = set % setsPerChunk
        return chunk.members[Int(chunk.offsets[place])..<Int(chunk.offsets[place + 1])]
    }
}
