// The coins of one vertex in one set, without the haste of `Search`: for searches that carry more than a set along, or
// that see one vertex at a time. The same coins, in the same order.

import Basics

/// Tosses coins. Pointers into the graph's tables, which outlive it.
struct LiveEdges<Edges: CascadeEdges> {
    let edges: Edges
    let rows: UnsafePointer<SearchRow>
    let heads: UnsafePointer<CoinHead>
    let tails: UnsafePointer<CoinTail>

    /// Appends whom the live in-edges of `vertex` come from, in a set with this key. Somebody may stand there twice,
    /// and `vertex` itself where an edge stands for nobody. Where the graph is a part of a greater one, `base` is its
    /// first vertex's number there. O(live edges), O(edges) in a row of single coins.
    @inline(__always)
    func append(to sources: inout GrowingList<UInt32>, key: UInt64, vertex: UInt32, base: UInt32 = 0) {
        let row = rows[Int(vertex)]
        let coins = SetStream.coins(key: key, vertex: base &+ vertex)
        let draw = SetStream.draw(coins)
        let kind = heads[Int(row.coin)]
        if draw < kind.first, draw < kind.fourth { return }
        appendRinging(to: &sources, row: row, coins: coins, draw: draw)
    }

    private func appendRinging(to sources: inout GrowingList<UInt32>, row: SearchRow, coins: UInt64, draw: UInt32) {
        let tail = tails + Int(row.coin)
        var random = SeededRandom(seed: coins)
        func source(_ random: UInt64) -> UInt32 { edges.source(Edges.landing(row, random)) }
        switch tail.pointee.kind {
        case .goal:
            return
        case .counted:
            let rings = tail.pointee.rings(draw)
            if rings > 0 { sources.append(source(Edges.firstChoice(coins))) }
            if rings > 1 { sources.append(source(SetStream.secondChoice(coins))) }
            if rings > 2 { sources.append(source(SetStream.thirdChoice(coins))) }
            for _ in 3..<max(rings, 3) { sources.append(source(random.next())) }
        case .repeated:
            for _ in 0..<tail.pointee.repeats {
                for _ in 0..<tail.pointee.rings(SetStream.draw(random.next())) {
                    sources.append(source(random.next()))
                }
            }
        case .single:
            for edge in Int(row.edges)..<Int(row.edges) + Int(row.degree) {
                let draw = SetStream.draw(random.next())
                if draw < edges.chance(edge, kind: tail.pointee.chance) { sources.append(edges.source(UInt64(edge))) }
            }
        }
    }
}

/// What a caller does with the coins, for either layout of edges.
protocol LiveEdgesUse {
    associatedtype Result
    func run<Edges: CascadeEdges>(_ live: LiveEdges<Edges>) -> Result
}

extension InfluenceGraph {
    /// Lends the graph's coins to `use`.
    func withLiveEdges<Use: LiveEdgesUse>(_ use: Use) -> Use.Result {
        coins.rows.withUnsafeBufferPointer { rows in
            coins.heads.withUnsafeBufferPointer { heads in
                coins.tails.withUnsafeBufferPointer { tails in
                    func lend<Edges: CascadeEdges>(_ edges: Edges) -> Use.Result {
                        use.run(
                            LiveEdges(
                                edges: edges, rows: rows.baseAddress ?? .somewhere, heads: heads.baseAddress!,
                                tails: tails.baseAddress!))
                    }
                    if case .each = chances {
                        return coins.slots.withUnsafeBufferPointer {
                            lend(WeightedEdges(slots: $0.baseAddress ?? .somewhere))
                        }
                    }
                    return sources.withUnsafeBufferPointer {
                        lend(EqualEdges(sources: $0.baseAddress ?? .somewhere))
                    }
                }
            }
        }
    }
}

extension UnsafePointer {
    /// Stands for an empty list, of which nothing is read.
    static var somewhere: UnsafePointer { UnsafePointer(bitPattern: 64)! }
}
