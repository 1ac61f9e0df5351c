// One objective over several shards. Every shard owns some vertices and knows their in-edges, in the numbering of the
// union. A set that leads to a vertex of another shard goes on there: frontiers are exchanged in rounds until nobody
// has any left. A member lies where it is owned. Coins are a function of set and vertex (`SetStream`), and a row's
// table is made of the row alone, so the sets are those of one process on the union graph, coin for coin.
//
// The alternative, every shard holding the whole graph and drawing its share of the sets, needs no exchange while sets
// are drawn (DiIMM, Tang et al. 2022) and is the better one as long as the graph fits: 4 bytes an edge.
//
// State machines only: whoever carries the messages sends what `step` answers to whom it names.

import Basics

/// A set that has come to a vertex.
package struct FrontierEntry: Hashable, Sendable {
    package var set: UInt32
    package var vertex: UInt32
}

/// One shard's part of drawing sets.
package struct FrontierShard: Sendable {
    private let graph: InfluenceGraph
    /// Which shard owns each vertex of the union.
    private let owners: [UInt8]
    private let me: UInt8
    private let stream: SetStream
    private var met: Set<FrontierEntry> = []
    private var waiting: [FrontierEntry] = []

    /// `graph` has all vertices of the union and the in-edges of those that `owners` gives to `me`; other rows are
    /// empty.
    package init(_ graph: InfluenceGraph, owners: [UInt8], me: UInt8, seed: UInt64) {
        precondition(owners.count == graph.count, "every vertex has an owner")
        self.graph = graph
        self.owners = owners
        self.me = me
        stream = SetStream(seed: seed, purpose: "sets", vertices: graph.count, roots: .uniform)
    }

    /// Begins the sets whose roots are ours, of 0..<count. O(count).
    package mutating func start(count: Int) {
        for set in 0..<count {
            let root = stream.root(of: set, key: stream.key(of: set))
            if owners[Int(root)] == me { waiting.append(FrontierEntry(set: UInt32(set), vertex: root)) }
        }
    }

    /// Takes in what other shards sent, goes as far as our own vertices lead, and answers what is to be sent to whom.
    /// When every shard answers nothing, all sets are complete. O(members met).
    package mutating func step(_ incoming: [FrontierEntry]) -> [UInt8: [FrontierEntry]] {
        precondition(
            incoming.allSatisfy { Int($0.vertex) < graph.count && owners[Int($0.vertex)] == me },
            "what is sent here belongs here")
        let (met, out) = graph.withLiveEdges(
            FrontierStep(owners: owners, me: me, stream: stream, met: met, queue: waiting + incoming))
        self.met = met
        waiting = []
        return out
    }

    /// The members that lie here: sets by number, vertices ascending. `count` as at the start.
    package func members(count: Int) -> ShardedSets {
        var lists = [[UInt32]](repeating: [], count: count)
        for entry in met { lists[Int(entry.set)].append(entry.vertex) }
        return ShardedSets(lists.map { $0.sorted() }, vertices: graph.count)
    }
}

private struct FrontierStep: LiveEdgesUse {
    let owners: [UInt8]
    let me: UInt8
    let stream: SetStream
    let met: Set<FrontierEntry>
    let queue: [FrontierEntry]

    func run<Edges: CascadeEdges>(
        _ live: LiveEdges<Edges>
    ) -> (met: Set<FrontierEntry>, out: [UInt8: [FrontierEntry]]) {
        var met = met, queue = queue, sources = GrowingList<UInt32>()
        defer { sources.free() }
        var sent: Set<FrontierEntry> = []
        var out: [UInt8: [FrontierEntry]] = [:]
        while let entry = queue.popLast() {
            if !met.insert(entry).inserted { continue }
            live.append(to: &sources, key: stream.key(of: Int(entry.set)), vertex: entry.vertex)
            for source in sources.elements {
                let next = FrontierEntry(set: entry.set, vertex: source)
                let owner = owners[Int(source)]
                if owner == me {
                    queue.append(next)
                } else if sent.insert(next).inserted {
                    out[owner, default: []].append(next)
                }
            }
            sources.removeAll()
        }
        return (met, out)
    }
}
