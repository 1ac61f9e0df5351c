// What a sampler needs to remember while it draws one batch. The arrays over the whole city are never
// cleared: an entry counts only when it carries the number of the current batch, so that a batch costs
// what it draws and nothing per vertex of the city.

import Basics

/// Rows given to the vertices of one kind in one batch.
struct RowTable {
    /// Batch number in the upper half, row in the lower, per local vertex.
    private var stamps: [UInt64]
    private var batch: UInt64 = 0
    /// The vertex of each row.
    private(set) var vertices: [UInt32] = []

    init(count: Int) { stamps = [UInt64](repeating: 0, count: count) }

    var count: Int { vertices.count }

    /// Forgets all rows. O(1), but for one clearing in 2^32 batches.
    mutating func start() {
        vertices.removeAll(keepingCapacity: true)
        batch += 1
        if batch > UInt64(UInt32.max) {
            batch = 1
            for index in stamps.indices { stamps[index] = 0 }
        }
    }

    /// The row of `vertex`, a new one at first sight.
    @inline(__always)
    mutating func row(of vertex: UInt32) -> UInt32 {
        let stamp = stamps[Int(vertex)]
        if stamp >> 32 == batch { return UInt32(truncatingIfNeeded: stamp) }
        let row = UInt32(truncatingIfNeeded: vertices.count)
        stamps[Int(vertex)] = batch << 32 | UInt64(row)
        vertices.append(vertex)
        return row
    }
}

/// Pairs of person and place whose visits carry no message, findable from both sides.
struct ExcludedPairs {
    /// person << 32 | place, ascending.
    private let byPerson: [UInt64]
    /// place << 32 | person, ascending.
    private let byPlace: [UInt64]

    init(_ pairs: Set<UInt64>) {
        byPerson = pairs.sorted()
        byPlace = byPerson.map { $0 << 32 | $0 >> 32 }.sorted()
    }

    /// The pairs of a person; the lower half of each is a place, ascending.
    func pairs(ofPerson person: UInt32) -> ArraySlice<UInt64> { Self.pairs(of: person, in: byPerson) }

    /// The pairs of a place; the lower half of each is a person, ascending.
    func pairs(ofPlace place: UInt32) -> ArraySlice<UInt64> { Self.pairs(of: place, in: byPlace) }

    private static func pairs(of vertex: UInt32, in sorted: [UInt64]) -> ArraySlice<UInt64> {
        if sorted.isEmpty { return [] }
        let start = firstIndex(in: sorted, notBelow: UInt64(vertex) << 32)
        var end = start
        while end < sorted.count, sorted[end] >> 32 == UInt64(vertex) { end += 1 }
        return sorted[start..<end]
    }

    private static func firstIndex(in sorted: [UInt64], notBelow value: UInt64) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The working memory of one sampling call.
struct SamplerScratch {
    var people: RowTable
    var places: RowTable
    let choice = LowestRanks(room: NeighborSampler.edgesSeenMax)

    init(people: Int, places: Int) {
        self.people = RowTable(count: people)
        self.places = RowTable(count: places)
    }
}

/// Keeps, of the edges offered, those with the lowest ranks. Edges of one rank lead to one neighbor and count as one.
///
/// Ranks are uniform, so most of a long row is out of the question at first sight: only what lies below the rank that a
/// few more than are wanted will lie below is compared, and the rest when those were too few.
///
/// SAFETY (@unchecked Sendable): belongs to one sampling call at a time.
final class LowestRanks: @unchecked Sendable {
    private let ranks: UnsafeMutablePointer<UInt64>
    private let edges: UnsafeMutablePointer<UInt32>
    /// The lowest different ranks so far, ascending.
    private let lowest: UnsafeMutablePointer<UInt64>
    /// Which of the offered edges were taken.
    private let taken: UnsafeMutablePointer<UInt32>
    private let room: Int
    private var offered = 0

    /// At most `room` edges are offered.
    init(room: Int) {
        self.room = room
        ranks = .allocate(capacity: room)
        edges = .allocate(capacity: room)
        lowest = .allocate(capacity: room + 1)
        taken = .allocate(capacity: room)
    }

    deinit {
        ranks.deallocate()
        edges.deallocate()
        lowest.deallocate()
        taken.deallocate()
    }

    func start() { offered = 0 }

    @inline(__always)
    func offer(_ edge: Int, rank: UInt64) {
        precondition(offered < room, "more edges than there is room for")
        ranks[offered] = rank
        edges[offered] = UInt32(truncatingIfNeeded: edge)
        offered += 1
    }

    /// The offered edges with the `wanted` lowest different ranks, in the order they were offered; valid until the next
    /// `start`. With `isUniform` ranks are uniform over all numbers: O(offered + wanted²) in the mean.
    func take(_ wanted: Int, isUniform: Bool = true) -> UnsafeBufferPointer<UInt32> {
        var last = UInt64.max
        if offered > wanted {
            // Two deviations more than are wanted, and some for neighbors with several edges.
            let share = (Double(wanted) + 2 * Double(wanted).squareRoot() + 2) / Double(offered)
            let bound = isUniform && share < 1 ? UInt64(share * 0x1p64) : .max
            last = rank(wanted, below: bound) ?? rank(wanted, below: .max) ?? .max
        }
        var count = 0
        for index in 0..<offered {
            taken[count] = edges[index]
            count += ranks[index] <= last ? 1 : 0
        }
        return UnsafeBufferPointer(start: taken, count: count)
    }

    /// The `wanted`-th of the different ranks up to `bound`, ascending; nil when there are fewer.
    private func rank(_ wanted: Int, below bound: UInt64) -> UInt64? {
        var (count, limit) = (0, bound)
        for index in 0..<offered where ranks[index] <= limit {
            let rank = ranks[index]
            var place = count
            while place > 0, lowest[place - 1] > rank { place -= 1 }
            if place > 0, lowest[place - 1] == rank { continue }
            var moved = min(count, wanted - 1)
            while moved > place {
                lowest[moved] = lowest[moved - 1]
                moved -= 1
            }
            if place < wanted { lowest[place] = rank }
            count = min(count + 1, wanted)
            if count == wanted { limit = lowest[wanted - 1] }
        }
        return count == wanted ? lowest[wanted - 1] : nil
    }
}
