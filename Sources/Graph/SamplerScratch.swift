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
    var choice = LowestRanks()

    init(people: Int, places: Int) {
        self.people = RowTable(count: people)
        self.places = RowTable(count: places)
    }
}

/// Keeps, of the edges offered, those with the lowest ranks. Edges of one rank, which lead to one neighbor, count as one.
struct LowestRanks {
    private var offered: [(rank: UInt64, edge: Int)] = []
    /// The lowest different ranks so far, ascending.
    private var lowest: [UInt64] = []
    private var taken: [Int] = []

    mutating func start() { offered.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func offer(_ edge: Int, rank: UInt64) { offered.append((rank, edge)) }

    /// The offered edges with the `count` lowest different ranks, in the order they were offered.
    /// O(offered + count² · log(offered / count)) in the mean.
    mutating func take(_ count: Int) -> [Int] {
        taken.removeAll(keepingCapacity: true)
        lowest.removeAll(keepingCapacity: true)
        if offered.count <= count {
            for (_, edge) in offered { taken.append(edge) }
            return taken
        }
        var bound = UInt64.max
        for (rank, _) in offered where rank < bound {
            var place = lowest.count
            while place > 0, lowest[place - 1] > rank { place -= 1 }
            if place > 0, lowest[place - 1] == rank { continue }
            lowest.insert(rank, at: place)
            if lowest.count > count { lowest.removeLast() }
            if lowest.count == count { bound = lowest[count - 1] }
        }
        let last = lowest[lowest.count - 1]
        for (rank, edge) in offered where rank <= last { taken.append(edge) }
        return taken
    }
}
