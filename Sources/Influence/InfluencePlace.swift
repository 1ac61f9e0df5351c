// One objective over several places: shards of a cluster, each with the in-edges of its own people. A set that comes to
// somebody of another place goes on there, so frontiers are exchanged until nobody has any left; a member lies where
// it is at home. Coins are a hash of stream, set and vertex (`SetStream`), and a row's table is made of the row
// alone: where people are numbered as in the union of all places, place after place, and rows stand in the same order,
// the sets are those of one process on the union graph, coin for coin.
//
// The alternative, every place holding the whole graph and drawing its share of the sets, needs no exchange while sets
// are drawn (DiIMM, Tang et al. 2022) and is the better one as long as the graph fits: 4 bytes an edge.
//
// Questions in, answers out: whoever carries them, over wires or by hand, is no matter here (`UnionGround` asks).

import Basics

/// A person who is at home in another place.
package struct FarVertex: Hashable, Sendable {
    package var place: UInt16
    package var vertex: UInt32

    package init(place: UInt16, vertex: UInt32) {
        self.place = place
        self.vertex = vertex
    }
}

/// One place's part of a search.
package struct InfluencePlace: Sendable {
    private let graph: InfluenceGraph
    private let far: [FarVertex]
    private let base: UInt32
    private let seed: UInt64
    private var drawing: PlaceDrawing
    /// Members of the sets that choose.
    private var kept: [FrontierEntry] = []
    private var sets = ShardedSets([], sets: 0, vertices: 0)

    /// People who are at home here.
    package var own: Int { graph.count - far.count }

    /// `graph` has the people of this place with their rows, then those of `far`, whose rows are empty. `base` is the
    /// number of our first person in the union.
    package init(_ graph: InfluenceGraph, far: [FarVertex], base: UInt32, seed: UInt64) {
        precondition(far.count <= graph.count, "those far away stand behind our own")
        self.graph = graph
        self.far = far
        self.base = base
        self.seed = seed
        drawing = PlaceDrawing(stream: PlaceStream.choosing.stream(seed: seed), goals: [])
    }

    /// Errors: `InfluenceError` where the question is about people or sets that are not here.
    package mutating func answer(_ question: PlaceQuestion) throws(InfluenceError) -> PlaceAnswer {
        switch question {
        case .draw(let stream, let goals, let entries):
            for goal in goals where Int(goal) >= own { throw .stranger(goal) }
            drawing = PlaceDrawing(stream: stream.stream(seed: seed), goals: goals)
            return try goOn(entries)
        case .goOn(let entries): return try goOn(entries)
        case .hits: return PlaceAnswer(numbers: drawing.hits.sorted())
        case .keep(let dropped):
            let gone = Set(dropped)
            kept += gone.isEmpty ? drawing.members : drawing.members.filter { !gone.contains($0.set) }
            drawing.members = []
            return PlaceAnswer(members: kept.count)
        case .count(let count):
            for entry in kept where Int(entry.set) >= count { throw .stranger(entry.set) }
            sets = ShardedSets(kept, sets: Int(count), vertices: own)
            return PlaceAnswer(numbers: sets.counts(), members: kept.count)
        case .take(let person):
            guard Int(person) < sets.vertices else { throw .stranger(person) }
            return PlaceAnswer(numbers: sets.setsNewlyMet(by: person))
        case .meet(let met):
            for set in met where Int(set) >= sets.count { throw .stranger(set) }
            let losses = sets.meet(met)
            return PlaceAnswer(numbers: losses.map(\.vertex), losses: losses.map(\.loss))
        }
    }

    private mutating func goOn(_ entries: [FrontierEntry]) throws(InfluenceError) -> PlaceAnswer {
        for entry in entries where Int(entry.vertex) >= own { throw .stranger(entry.vertex) }
        drawing.queue += entries
        let (own, far, base) = (own, far, base)
        let frontier = withUnsafeMutablePointer(to: &drawing) { drawing in
            graph.withLiveEdges(FrontierStep(drawing: drawing, own: own, far: far, base: base))
        }
        return PlaceAnswer(frontier: frontier, isWaiting: !drawing.queue.isEmpty)
    }
}

/// The sets that are being drawn.
private struct PlaceDrawing: Sendable {
    let stream: SetStream
    let goals: Set<UInt32>
    /// Sets that met a goal here.
    var hits: Set<UInt32> = []
    var members: [FrontierEntry] = []
    var queue: [FrontierEntry] = []
    var met = EntrySet()

    init(stream: SetStream, goals: [UInt32]) {
        self.stream = stream
        self.goals = Set(goals)
    }
}

/// Goes as far as our own people lead, or until the answer is long enough; the rest stays in the queue.
private struct FrontierStep: LiveEdgesUse {
    /// SAFETY: lives as long as the call.
    let drawing: UnsafeMutablePointer<PlaceDrawing>
    let own: Int
    let far: [FarVertex]
    let base: UInt32

    func run<Edges: CascadeEdges>(_ live: LiveEdges<Edges>) -> [UInt16: [FrontierEntry]] {
        var sources = GrowingList<UInt32>()
        defer { sources.free() }
        let stream = drawing.pointee.stream
        var out: [UInt16: [FrontierEntry]] = [:]
        var sent = 0
        while sent < PlaceAnswer.entriesMax, let entry = drawing.pointee.queue.popLast() {
            if !drawing.pointee.met.insert(entry) { continue }
            if Int(entry.vertex) >= own {
                let there = far[Int(entry.vertex) - own]
                out[there.place, default: []].append(FrontierEntry(set: entry.set, vertex: there.vertex))
                sent += 1
                continue
            }
            if drawing.pointee.goals.contains(entry.vertex) {
                drawing.pointee.hits.insert(entry.set)
                continue
            }
            drawing.pointee.members.append(entry)
            live.append(to: &sources, key: stream.key(of: Int(entry.set)), vertex: entry.vertex, base: base)
            for source in sources.elements {
                drawing.pointee.queue.append(FrontierEntry(set: entry.set, vertex: source))
            }
            sources.removeAll()
        }
        return out
    }
}

extension InfluenceGraph {
    /// The rows of the first `residents` vertices, as far as they come from each other or from `others`, who get the
    /// numbers given there; `far` of them, behind the residents, with empty rows.
    package func part(
        residents: Int, others: [UInt32: UInt32], far: Int
    ) throws(InfluenceError) -> InfluenceGraph {
        var offsets: [UInt32] = [0], sources: [UInt32] = [], kept: [Float] = []
        offsets.reserveCapacity(residents + far + 1)
        var each: [Float] = []
        if case .each(let chances) = chances { each = chances }
        for vertex in 0..<residents {
            for edge in Int(self.offsets[vertex])..<Int(self.offsets[vertex + 1]) {
                let source = self.sources[edge]
                guard let number = Int(source) < residents ? source : others[source] else { continue }
                sources.append(number)
                if !each.isEmpty { kept.append(each[edge]) }
            }
            offsets.append(UInt32(sources.count))
        }
        for _ in 0..<far { offsets.append(UInt32(sources.count)) }
        return try InfluenceGraph(
            offsets: offsets, sources: sources, chances: each.isEmpty ? chances : .each(kept), model: model)
    }
}
