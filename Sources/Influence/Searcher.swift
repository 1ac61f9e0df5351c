// The memory of one thread's searches, made once per graph and used again and again.
//
// Up to 32 sets are under way at once, each in a lane. Every vertex's row carries one mark bit a lane, so whether a set
// has met a vertex is known from the line that must be read anyway. What waits to be looked at stands in one queue for
// all lanes, so that while one line comes from memory others are asked for; within a lane the order is that of a plain
// breadth-first search.

import Basics

/// A set under way.
struct Lane: BitwiseCopyable {
    /// Of the set's coins.
    var key: UInt64
    /// Vertices met, in order; behind them, up to `capacity` (a multiple of `Searcher.unroll`), any vertices.
    var members: UnsafeMutablePointer<UInt32>
    var count: Int
    var capacity: Int
    /// Entries of the queue and landings that belong to this lane.
    var pending: Int
    /// The set's place in its chunk.
    var place: Int
    /// 64 bytes: a lane is a cache line.
    var spare = (0, 0)
}

/// Memory that grows by doubling; like an array, but a plain pointer to loops.
struct GrowingMemory<Element: BitwiseCopyable> {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var capacity: Int

    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    /// Makes room for `needed` elements, keeping the first `used`.
    @inline(never)
    mutating func grow(to needed: Int, keeping used: Int) {
        var larger = capacity
        while larger < needed { larger *= 2 }
        let fresh = UnsafeMutablePointer<Element>.allocate(capacity: larger)
        fresh.update(from: base, count: used)
        base.deallocate()
        base = fresh
        capacity = larger
    }
}

/// A list in growing memory: an array without the questions an array asks at every append. Whoever makes it frees it.
struct GrowingList<Element: BitwiseCopyable> {
    private var memory = GrowingMemory<Element>(capacity: 256)
    private(set) var count = 0

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == memory.capacity { memory.grow(to: count + 1, keeping: count) }
        memory.base[count] = element
        count &+= 1
    }

    mutating func removeAll() { count = 0 }

    /// SAFETY: `index` is below `count`.
    @inline(__always)
    subscript(index: Int) -> Element { memory.base[index] }

    var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: memory.base, count: count) }

    func free() { memory.base.deallocate() }
}

/// One thread's memory. Belongs to whoever draws with it at the time.
final class Searcher {
    static let lanes = 32
    /// Members are copied and unmarked four at a time, without a look at where exactly they end.
    static let unroll = 4

    /// The graph's rows, with marks of our own. All marks are clear between chunks.
    let rows: LargeMemory<SearchRow>
    let lanes: UnsafeMutablePointer<Lane>
    /// vertex | lane << 32, a ring.
    var queue = GrowingMemory<UInt64>(capacity: 1 << 10)
    var landings = GrowingMemory<UInt64>(capacity: 1 << 10)
    /// Members of the chunk's finished sets, in the order in which they finished.
    var finished = GrowingMemory<UInt32>(capacity: 1 << 10)
    /// Per set of the chunk, where its members lie in `finished`.
    let starts: UnsafeMutablePointer<Int>
    let counts: UnsafeMutablePointer<Int>

    init(_ table: CoinTable) {
        rows = LargeMemory(count: table.rows.count)
        let base = rows.base
        table.rows.withUnsafeBufferPointer { from in
            if let start = from.baseAddress { base.update(from: start, count: from.count) }
        }
        lanes = .allocate(capacity: Self.lanes)
        for index in 0..<Self.lanes {
            let members = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
            members.initialize(repeating: 0, count: 64)
            (lanes + index).initialize(
                to: Lane(key: 0, members: members, count: 0, capacity: 64, pending: 0, place: 0))
        }
        starts = .allocate(capacity: setsPerChunk)
        counts = .allocate(capacity: setsPerChunk)
    }

    deinit {
        for index in 0..<Self.lanes { lanes[index].members.deallocate() }
        lanes.deallocate()
        queue.base.deallocate()
        landings.base.deallocate()
        finished.base.deallocate()
        starts.deallocate()
        counts.deallocate()
    }

    /// Reaching one of these ends a set, until `clearGoals`.
    func setGoals(_ goals: [UInt32]) {
        precondition(goals.allSatisfy { Int($0) < rows.count }, "goals are vertices of this graph")
        for goal in goals { rows.base[Int(goal)].coin = CoinTable.goal }
    }

    func clearGoals(_ goals: [UInt32], _ table: CoinTable) {
        for goal in goals { rows.base[Int(goal)].coin = table.rows[Int(goal)].coin }
    }
}
