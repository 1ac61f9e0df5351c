// The search itself, backwards over live edges. It goes in strides of 64 entries of the queue:
//
//   look   at each vertex's row (asked for one stride ago): was it met? how many of its edges ring, and which? ask for
//          the chosen edges
//   land   read each chosen edge (asked for in this stride), append its source to the queue, ask for the source's row
//
// Two lines from memory per member, and enough of both under way that none is waited for. What depends on chance is
// computed without branches: whether a vertex is new, and whether it has none to three live edges, only moves a
// pointer by so much; which sets are complete is seen after the stride. What is rarer goes through `lookFurther`.

import Basics
import CInfluence

/// One chunk's search: pointers and counters in one value, so that the loops keep them in registers.
struct Search<Edges: CascadeEdges> {
    private let edges: Edges
    private let heads: UnsafePointer<CoinHead>
    private let tails: UnsafePointer<CoinTail>
    private let searcher: Searcher
    private let rows: UnsafeMutablePointer<SearchRow>
    private let lanes: UnsafeMutablePointer<Lane>
    private let stream: SetStream
    private let sets: Range<Int>
    private let keepsMembers: Bool

    private var queue: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var head = 0
    private var tail = 0
    private var landings: UnsafeMutablePointer<UInt64>
    private var landed = 0
    private var next: Int
    /// Lanes that have not reached a goal.
    private var alive = UInt32.max
    /// Lanes whose sets were completed in this stride.
    private var done = InlineArray<32, UInt8>(repeating: 0)
    private var doneCount = 0
    /// Members in `searcher.finished`.
    private var finished = 0
    /// Vertices looked at in sets that are done, and sets that reached a goal.
    private(set) var members = 0
    private(set) var hits = 0

    private static var batch: Int { 64 }

    /// `sets` are at most `setsPerChunk`. The pointers belong to the graph's table and outlive the search.
    init(
        _ searcher: Searcher, _ edges: Edges, heads: UnsafePointer<CoinHead>, tails: UnsafePointer<CoinTail>,
        stream: SetStream, sets: Range<Int>, keepsMembers: Bool
    ) {
        self.edges = edges
        self.heads = heads
        self.tails = tails
        self.searcher = searcher
        self.stream = stream
        self.sets = sets
        self.keepsMembers = keepsMembers
        rows = searcher.rows.base
        lanes = searcher.lanes
        queue = searcher.queue.base
        mask = searcher.queue.capacity - 1
        landings = searcher.landings.base
        next = sets.lowerBound
    }

    /// Draws all the sets.
    mutating func run() {
        for lane in 0..<min(Searcher.lanes, sets.count) { start(lane) }
        while head < tail {
            look()
            for index in 0..<doneCount { finish(Int(done[index])) }
            if tail &- head &+ landed > mask { growQueue() }
            land()
        }
    }

    @inline(__always)
    private mutating func start(_ lane: Int) {
        let key = stream.key(of: next)
        let root = stream.root(of: next, key: key)
        let state = lanes + lane
        state.pointee.key = key
        state.pointee.count = 0
        state.pointee.pending = 1
        state.pointee.place = next &- sets.lowerBound
        if tail &- head >= mask { growQueue() }
        queue[tail & mask] = UInt64(lane) << 32 | UInt64(root)
        tail &+= 1
        next &+= 1
        prefetch_for_writing(rows + Int(root))
    }

    /// One stride of the queue. What the loop changes stands in local variables: the slow calls would else have it
    /// written and read at every turn.
    @inline(__always)
    private mutating func look() {
        let rows = rows, lanes = lanes, heads = heads, queue = queue, mask = mask
        var landings = landings, landed = 0, alive = alive, doneCount = 0
        let end = head &+ min(tail &- head, Self.batch)
        for place in head..<end {
            let item = queue[place & mask]
            let vertex = UInt32(truncatingIfNeeded: item), lane = UInt32(truncatingIfNeeded: item >> 32)
            let row = rows + Int(vertex), state = lanes + Int(lane)
            let mark = row.pointee.mark
            row.pointee.mark = mark | (alive & (1 &<< lane))
            let isNew = Int((~mark & alive) &>> lane & 1)
            let count = state.pointee.count
            if count == state.pointee.capacity { Self.growLane(state) }
            state.pointee.members[count] = vertex
            state.pointee.count = count &+ isNew

            let coins = SetStream.coins(key: state.pointee.key, vertex: vertex)
            let draw = SetStream.draw(coins)
            let kind = heads + Int(row.pointee.coin)
            var rings =
                (draw >= kind.pointee.first ? 1 : 0) &+ (draw >= kind.pointee.second ? 1 : 0)
                &+ (draw >= kind.pointee.third ? 1 : 0)
            rings &= 0 &- isNew
            let laneBits = UInt64(lane) << 32
            landings[landed] = Edges.landing(row.pointee, Edges.firstChoice(coins)) | laneBits
            landings[landed &+ 1] = Edges.landing(row.pointee, SetStream.secondChoice(coins)) | laneBits
            landings[landed &+ 2] = Edges.landing(row.pointee, SetStream.thirdChoice(coins)) | laneBits
            landed &+= rings
            if draw >= kind.pointee.fourth, isNew != 0 {
                (self.landed, self.alive) = (landed, alive)
                rings = lookFurther(row, laneBits, coins, rings)
                (landings, landed, alive) = (self.landings, self.landed, self.alive)
            }
            let pending = state.pointee.pending &- 1 &+ rings
            state.pointee.pending = pending
            done[unchecked: doneCount] = UInt8(truncatingIfNeeded: lane)
            doneCount &+= pending == 0 ? 1 : 0
        }
        (self.landed, self.alive, self.doneCount, head) = (landed, alive, doneCount, end)
    }

    @inline(__always)
    private mutating func land() {
        let landings = landings, queue = queue, mask = mask
        var tail = tail
        for index in 0..<landed { edges.prefetch(landings[index]) }
        for index in 0..<landed {
            let landing = landings[index]
            let source = edges.source(landing)
            queue[tail & mask] = landing & 0xFF_0000_0000 | UInt64(source)
            tail &+= 1
            prefetch_for_writing(rows + Int(source))
        }
        self.tail = tail
    }

    /// The row rings more than three times, or is of a rarer kind. Answers how many landings it has in all, `rings` of
    /// which are there already.
    @inline(never)
    private mutating func lookFurther(
        _ row: UnsafeMutablePointer<SearchRow>, _ laneBits: UInt64, _ coins: UInt64, _ rings: Int
    ) -> Int {
        let kind = Int(row.pointee.coin)
        let tail = tails + kind
        var random = SeededRandom(seed: coins)
        switch tail.pointee.kind {
        case .goal:
            alive &= ~(1 &<< UInt32(truncatingIfNeeded: laneBits >> 32))
            hits &+= 1
            return 0
        case .counted:
            let more = tail.pointee.rings(SetStream.draw(coins)) &- rings
            addLandings(row.pointee, more, laneBits, &random)
            return rings &+ more
        case .repeated:
            var total = 0
            for _ in 0..<tail.pointee.repeats {
                let more = tail.pointee.rings(SetStream.draw(random.next()))
                addLandings(row.pointee, more, laneBits, &random)
                total &+= more
            }
            return total
        case .single:
            reserveLandings(Int(row.pointee.degree))
            let before = landed
            for edge in Int(row.pointee.edges)..<Int(row.pointee.edges) &+ Int(row.pointee.degree) {
                landings[landed] = UInt64(edge) | laneBits
                let draw = SetStream.draw(random.next())
                landed &+= draw < edges.chance(edge, kind: tail.pointee.chance) ? 1 : 0
            }
            return landed &- before
        }
    }

    private mutating func addLandings(
        _ row: SearchRow, _ count: Int, _ laneBits: UInt64, _ random: inout SeededRandom
    ) {
        reserveLandings(count)
        for _ in 0..<count {
            landings[landed] = Edges.landing(row, random.next()) | laneBits
            landed &+= 1
        }
    }

    /// Room for `count` landings and for what the rest of the stride writes without asking.
    @inline(__always)
    private mutating func reserveLandings(_ count: Int) {
        let needed = landed &+ count &+ 3 &* Self.batch &+ 3
        if needed > searcher.landings.capacity {
            searcher.landings.grow(to: needed, keeping: landed)
            landings = searcher.landings.base
        }
    }

    /// The lane's set is complete: takes its marks away and the lane goes on to the next set.
    @inline(__always)
    private mutating func finish(_ lane: Int) {
        let state = lanes + lane, rows = rows
        let others = ~((1 as UInt32) &<< UInt32(truncatingIfNeeded: lane))
        let count = state.pointee.count, list = state.pointee.members
        // Whoever stands behind the last member is not marked by this lane, which was just emptied.
        for index in stride(from: 0, to: count, by: Searcher.unroll) {
            rows[Int(list[index])].mark &= others
            rows[Int(list[index &+ 1])].mark &= others
            rows[Int(list[index &+ 2])].mark &= others
            rows[Int(list[index &+ 3])].mark &= others
        }
        members &+= count
        if keepsMembers { store(state, count: alive & ~others == 0 ? 0 : count) }
        alive |= ~others
        if next < sets.upperBound { start(lane) }
    }

    @inline(__always)
    private mutating func store(_ state: UnsafeMutablePointer<Lane>, count: Int) {
        let place = state.pointee.place
        if finished &+ count &+ Searcher.unroll > searcher.finished.capacity {
            searcher.finished.grow(to: finished &+ count &+ Searcher.unroll, keeping: finished)
        }
        copyMembers(from: state.pointee.members, to: searcher.finished.base + finished, count: count)
        searcher.starts[place] = finished
        searcher.counts[place] = count
        finished &+= count
    }

    @inline(never)
    private static func growLane(_ state: UnsafeMutablePointer<Lane>) {
        let capacity = state.pointee.capacity
        let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * capacity)
        larger.update(from: state.pointee.members, count: capacity)
        (larger + capacity).initialize(repeating: 0, count: capacity)
        state.pointee.members.deallocate()
        state.pointee.members = larger
        state.pointee.capacity = 2 * capacity
    }

    /// A ring twice as large, or larger where this stride's landings want more. Places are counted on.
    @inline(never)
    private mutating func growQueue() {
        var larger = GrowingMemory<UInt64>(capacity: 2 * (mask + 1))
        larger.grow(to: tail &- head &+ landed &+ 2, keeping: 0)
        let wide = larger.capacity - 1
        for place in head..<tail { larger.base[place & wide] = queue[place & mask] }
        queue.deallocate()
        searcher.queue = larger
        queue = larger.base
        mask = wide
    }
}

/// Copies a set's members in fours: reads and writes up to three more than there are.
@inline(__always)
func copyMembers(from list: UnsafePointer<UInt32>, to target: UnsafeMutablePointer<UInt32>, count: Int) {
    for index in stride(from: 0, to: count, by: Searcher.unroll) {
        UnsafeMutableRawPointer(target + index).storeBytes(
            of: UnsafeRawPointer(list + index).loadUnaligned(as: SIMD4<UInt32>.self), as: SIMD4<UInt32>.self)
    }
}

extension CoinTail {
    /// Rings that 31 random bits stand for.
    @inline(__always)
    func rings(_ draw: UInt32) -> Int {
        var count = 0
        while count < 20, draw >= thresholds[count] { count += 1 }
        return count
    }
}
