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
    let personRanks: RankTable
    let placeRanks: RankTable

    init(people: Int, places: Int) {
        self.people = RowTable(count: people)
        self.places = RowTable(count: places)
        (personRanks, placeRanks) = (RankTable(count: people), RankTable(count: places))
    }
}

/// One batch's ranks of all vertices of one kind, uniform over all 32-bit numbers. To draw them all once is cheaper
/// than to draw them anew for every edge: a vertex has many.
///
/// SAFETY (@unchecked Sendable): belongs to one sampling call at a time.
final class RankTable: @unchecked Sendable {
    let ranks: UnsafeMutablePointer<UInt32>
    private let count: Int

    init(count: Int) {
        self.count = count
        ranks = .allocate(capacity: count)
        ranks.initialize(repeating: 0, count: count)
    }

    deinit { ranks.deallocate() }

    /// O(vertices).
    func draw(_ seed: UInt64) {
        for vertex in 0..<count {
            ranks[vertex] = UInt32(truncatingIfNeeded: SeededRandom.mix(seed &+ UInt64(vertex)) >> 32)
        }
    }
}

/// Keeps, of the candidates offered, those with the lowest ranks.
///
/// SAFETY (@unchecked Sendable): belongs to one sampling call at a time.
final class LowestRanks: @unchecked Sendable {
    private let ranks: UnsafeMutablePointer<UInt32>
    private let candidates: UnsafeMutablePointer<UInt32>
    /// The ranks once more, to be put in order.
    private let copy: UnsafeMutablePointer<UInt32>
    private let room: Int
    private var offered = 0

    /// At most `room` candidates are offered.
    init(room: Int) {
        self.room = room
        ranks = .allocate(capacity: room + 1)
        candidates = .allocate(capacity: room + 1)
        copy = .allocate(capacity: room + 1)
    }

    deinit {
        ranks.deallocate()
        candidates.deallocate()
        copy.deallocate()
    }

    func start() { offered = 0 }

    func offer(_ candidate: Int, rank: UInt32) {
        precondition(offered < room, "more candidates than there is room for")
        ranks[offered] = rank
        candidates[offered] = UInt32(truncatingIfNeeded: candidate)
        offered += 1
    }

    /// Offers those of a row whose ranks are at most `bound`; candidate c is the neighbor `neighbors[c]`.
    func offer(
        _ row: Range<Int>, _ neighbors: UnsafePointer<UInt32>, _ table: UnsafePointer<UInt32>, upTo bound: UInt32
    ) {
        precondition(offered + row.count <= room, "more candidates than there is room for")
        offered += Self.copy(row, neighbors, table, bound, ranks + offered, candidates + offered)
    }

    /// What is not kept is written all the same, and overwritten by the next: whether a rank is low no processor
    /// foresees, so nothing branches on it. Answers how many are kept.
    @inline(never)
    private static func copy(
        _ row: Range<Int>, _ neighbors: UnsafePointer<UInt32>, _ table: UnsafePointer<UInt32>, _ bound: UInt32,
        _ ranks: UnsafeMutablePointer<UInt32>, _ candidates: UnsafeMutablePointer<UInt32>
    ) -> Int {
        var count = 0
        let limit = UInt64(bound) + 1
        for candidate in row {
            let rank = table[Int(neighbors[candidate])]
            ranks[count] = rank
            candidates[count] = UInt32(truncatingIfNeeded: candidate)
            // 1 when rank < limit: the difference has its sign.
            count &+= Int(truncatingIfNeeded: (UInt64(rank) &- limit) >> 63)
        }
        return count
    }

    /// Takes back offered candidates that are not to be chosen.
    func remove(where isLeftOut: (UInt32) -> Bool) {
        var count = 0
        for index in 0..<offered where !isLeftOut(candidates[index]) {
            (ranks[count], candidates[count]) = (ranks[index], candidates[index])
            count += 1
        }
        offered = count
    }

    /// The offered candidates with the `wanted` lowest ranks, in the order they were offered; valid until the next
    /// `start`. All of them where there are no more; nil instead, unless what was offered is `all` there is.
    /// O(offered) in the mean.
    func take(_ wanted: Int, all: Bool) -> UnsafeBufferPointer<UInt32>? {
        if offered < wanted, !all { return nil }
        if offered <= wanted { return UnsafeBufferPointer(start: candidates, count: offered) }
        copy.update(from: ranks, count: offered)
        let last = Self.lowest(wanted, of: copy, count: offered)
        var count = 0
        for index in 0..<offered {
            candidates[count] = candidates[index]
            count &+= ranks[index] <= last ? 1 : 0
        }
        return UnsafeBufferPointer(start: candidates, count: count)
    }

    /// The `wanted`-th of the numbers, ascending (Hoare, "Algorithm 65: find", 1961). Moves them about.
    @inline(never)
    private static func lowest(_ wanted: Int, of numbers: UnsafeMutablePointer<UInt32>, count: Int) -> UInt32 {
        let place = wanted - 1
        var (low, high) = (0, count - 1)
        while low < high {
            let pivot = numbers[(low + high) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while numbers[left] < pivot { left += 1 }
                while numbers[right] > pivot { right -= 1 }
                if left > right { break }
                (numbers[left], numbers[right]) = (numbers[right], numbers[left])
                left += 1
                right -= 1
            }
            if place <= right {
                high = right
            } else if place >= left {
                low = left
            } else {
                break
            }
        }
        return numbers[place]
    }
}
