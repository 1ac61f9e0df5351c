// How many of a person's in-edges are alive, and which, at a cost that does not depend on how many there are.
//
// A coin that shows heads with chance p is a bell that rings as a Poisson process of rate -ln(1 - p) and is heard in
// one unit of time. All bells of a row together are one process with the sum of the rates: draw how often any rings,
// then for each ring which one it was. A bell heard twice is heard; so edges stay independent of each other, exactly,
// and nothing has to be flipped, sorted or jumped over: a row costs one draw and one more per ring. (Compare SUBSIM,
// Guo et al. 2020, section 3, which jumps by a logarithm per live edge and needs sorted rows when chances differ.)
//
// How often: a table of thresholds per kind of row, which one 31-bit number is held against. Which one: where all
// edges of a row have one chance, any of them alike; else by an alias table (Walker 1977; Vose 1991), one slot an
// edge. The many different sums of rates of such rows are rounded up to a grid of rates, and a slot that stands for
// nobody takes the excess, so that the chances stay what they were.
//
// Linear threshold asks for less: at most one edge of a row is alive, each with its weight (Kempe et al. 2003, claim
// 2.6).

import Basics

/// One vertex as the search meets it: 16 bytes, one cache line at most.
struct SearchRow: BitwiseCopyable {
    /// First edge or slot.
    var edges: UInt32
    /// Edges or slots to choose from.
    var degree: UInt32
    /// Kind of row: an index into the table.
    var coin: UInt32
    /// The lanes that have met this vertex, one bit each.
    var mark: UInt32 = 0
}

/// A slot of an alias table. A coin of 24 bits below `keep` means `source`, any other `other`.
struct EdgeSlot: BitwiseCopyable {
    var source: UInt32
    var other: UInt32
    /// 0...2^24; in a row of single coins the chance of this edge, 1...2^31.
    var keep: UInt32
}

/// The thresholds that are nearly always enough: more than k rings when 31 random bits are at least the k-th.
struct CoinHead: BitwiseCopyable {
    var first: UInt32
    var second: UInt32
    var third: UInt32
    /// From here on the table's tail decides.
    var fourth: UInt32

    /// No ring, and everything by the tail.
    static let byTail = CoinHead(first: CoinTable.never, second: CoinTable.never, third: CoinTable.never, fourth: 0)
}

/// What to do when the number passes the fourth threshold.
struct CoinTail: BitwiseCopyable {
    enum Kind: UInt32, BitwiseCopyable {
        /// Go on counting thresholds.
        case counted
        /// The rates are too many for one table: draw `repeats` times from it.
        case repeated
        /// Each edge has a coin of its own.
        case single
        /// Nothing is asked of this vertex: reaching it ends the search.
        case goal
    }

    var kind: Kind
    var repeats: UInt32 = 1
    /// Chance of each edge of a row of single coins, 0...2^31; 0 where the slots say it.
    var chance: UInt32 = 0
    /// thresholds[k]: 2^31 · P(at most k rings).
    var thresholds: InlineArray<20, UInt32>
}

/// The kinds of rows of one graph and, where chances differ, the slots of its alias tables.
struct CoinTable: Sendable {
    /// Vertices in order, unmarked.
    private(set) var rows: [SearchRow] = []
    private(set) var heads: [CoinHead] = []
    private(set) var tails: [CoinTail] = []
    /// Empty where every row's edges have one chance: then an edge is its index in the graph.
    private(set) var slots: [EdgeSlot] = []

    /// Kind 0 marks the goals of a search, kind 1 is a row without edges.
    static let goal: UInt32 = 0
    static let empty: UInt32 = 1
    /// 2^31, the number that no draw reaches.
    static let never: UInt32 = 1 << 31
    /// Rings that one table may expect: P(more than 20) stays below 2^-38.
    static let ratePerDraw = 2.5

    private var known: [CoinKey: UInt32] = [:]

    init(_ graph: GraphParts) {
        _ = add(.byTail, CoinTail(kind: .goal))
        _ = add(CoinKey(rule: .atMostOne, rate: 0))
        let count = graph.offsets.count - 1
        rows.reserveCapacity(count)
        if case .each(let chances) = graph.chances {
            slots.reserveInHugePages(chances.count + count)
            var alias = AliasScratch()
            for vertex in 0..<count { addUnequal(graph, vertex, chances, &alias) }
        } else {
            // Rows of one degree are of one kind.
            var kinds: [UInt32?] = []
            for vertex in 0..<count {
                let start = graph.offsets[vertex], degree = graph.offsets[vertex + 1] - start
                while kinds.count <= Int(degree) { kinds.append(nil) }
                let coin = kinds[Int(degree)] ?? kindOfEqual(degree: Int(degree), graph)
                kinds[Int(degree)] = coin
                rows.append(SearchRow(edges: start, degree: degree, coin: coin))
            }
        }
    }

    private mutating func kindOfEqual(degree: Int, _ graph: GraphParts) -> UInt32 {
        guard degree > 0 else { return Self.empty }
        let chance = graph.chances.chance(edge: 0, degree: degree)
        if chance == 0 { return Self.empty }
        if graph.model == .linearThreshold {
            return kind(CoinKey(rule: .atMostOne, rate: min(Double(degree) * chance, 1)))
        }
        if degree == 1 { return kind(CoinKey(rule: .atMostOne, rate: chance)) }
        let rate = -Double(degree) * logarithmOfOnePlus(-chance)
        let isSingle = Self.flipsSingly(rate: rate, degree: degree)
        return kind(isSingle ? CoinKey(rule: .single, rate: chance) : CoinKey(rule: .rings, rate: rate))
    }

    /// A row that would ring for every few of its edges flips a coin for each instead, as do sure ones (rate infinite).
    private static func flipsSingly(rate: Double, degree: Int) -> Bool {
        rate > ratePerDraw && rate * 3 > Double(degree)
    }

    private mutating func addUnequal(
        _ graph: GraphParts, _ vertex: Int, _ chances: [Float], _ alias: inout AliasScratch
    ) {
        let range = Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1])
        let start = UInt32(slots.count)
        let isThreshold = graph.model == .linearThreshold
        alias.clear()
        for edge in range where chances[edge] > 0 {
            let chance = Double(chances[edge])
            alias.add(UInt32(graph.sources[edge]), weight: isThreshold ? chance : -logarithmOfOnePlus(-chance))
        }
        guard alias.count > 0 else {
            rows.append(SearchRow(edges: start, degree: 0, coin: Self.empty))
            return
        }
        if !isThreshold, Self.flipsSingly(rate: alias.total, degree: range.count) {
            for edge in range where chances[edge] > 0 {
                let keep = max((Double(chances[edge]) * Double(Self.never)).rounded(), 1)
                slots.append(EdgeSlot(source: graph.sources[edge], other: graph.sources[edge], keep: UInt32(keep)))
            }
            let coin = kind(CoinKey(rule: .single, rate: 0))
            rows.append(SearchRow(edges: start, degree: UInt32(slots.count) - start, coin: coin))
            return
        }
        let rate = isThreshold ? min(onGrid(alias.total), 1) : onGrid(alias.total)
        // Whoever is drawn for the excess is the vertex itself, which has been met already.
        if rate > alias.total { alias.add(UInt32(vertex), weight: rate - alias.total) }
        alias.build(into: &slots)
        let coin = kind(CoinKey(rule: isThreshold ? .atMostOne : .rings, rate: rate))
        rows.append(SearchRow(edges: start, degree: UInt32(slots.count) - start, coin: coin))
    }

    /// The least rate of the grid that is not below `rate`: steps of 2^(1/32).
    private func onGrid(_ rate: Double) -> Double {
        let step = (32 * binaryLogarithm(max(rate, 0x1p-30))).rounded(.up)
        return max(powerOfTwo(step / 32), rate)
    }

    private mutating func kind(_ key: CoinKey) -> UInt32 {
        if let index = known[key] { return index }
        let index = add(key)
        known[key] = index
        return index
    }

    private mutating func add(_ key: CoinKey) -> UInt32 {
        let tail = key.tail()
        let isCounted = tail.kind == .counted
        let t = tail.thresholds
        return add(isCounted ? CoinHead(first: t[0], second: t[1], third: t[2], fourth: t[3]) : .byTail, tail)
    }

    private mutating func add(_ head: CoinHead, _ tail: CoinTail) -> UInt32 {
        heads.append(head)
        tails.append(tail)
        return UInt32(heads.count - 1)
    }
}

extension CoinTail {
    init(kind: Kind, chance: UInt32 = 0) {
        self.init(kind: kind, chance: chance, thresholds: InlineArray(repeating: CoinTable.never))
    }
}

/// What a kind of row is known by while the table is made.
private struct CoinKey: Hashable {
    enum Rule { case rings, atMostOne, single }
    let rule: Rule
    /// Expected rings, the chance that one edge is alive, or the chance of each coin.
    let rate: Double

    func tail() -> CoinTail {
        let unit = Double(CoinTable.never)
        switch rule {
        case .single:
            return CoinTail(kind: .single, chance: UInt32((rate * unit).rounded()))
        case .atMostOne:
            var tail = CoinTail(kind: .counted)
            tail.thresholds[0] = UInt32(((1 - rate) * unit).rounded())
            return tail
        case .rings:
            let repeats = max((rate / CoinTable.ratePerDraw).rounded(.up), 1)
            let part = rate / repeats
            var tail = CoinTail(kind: repeats > 1 ? .repeated : .counted)
            tail.repeats = UInt32(repeats)
            var chance = exponential(-part), sum = 0.0
            for count in 0..<20 {
                sum += chance
                tail.thresholds[count] = UInt32((min(sum, 1) * unit).rounded())
                chance *= part / Double(count + 1)
            }
            return tail
        }
    }
}
