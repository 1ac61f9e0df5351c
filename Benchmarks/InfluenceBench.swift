// Whom to ask first: OPIM-C on a friendship graph or an edge file, independent cascade.
//
// The floor: every member of a reverse-reachable set is one landing on a random vertex (its row, its mark, its
// edges), two or three cache misses when the graph is larger than the cache. A core here does 130 M independent random
// reads a second with prefetch, so 64 M members; one after the other, 160 ns each, 3 to 6 M. A member is 4 bytes
// in its set and, in the half that chooses, 4 more for the way back. Few sets suffice on social graphs (tens of
// thousands), so on a graph that fits the cache the work is hundredths of a second, less than reading the file.
// `members_per_second` counts all of the work, choosing included; `spread` is judged apart, on sets of its own.

import Basics
import Graph
import Influence
import World

extension Bench {
    static let influence = Bench(
        name: "influence",
        summary: "choose the people who bring most others",
        settings: [
            Setting(
                "edges", "file with 'vertices edges', then 'from to' lines; without one a made-up city", .path,
                scope: .call),
            Setting("people", "people of the made-up city", .integer(1...10_000_000), default: "20000", scope: .call),
            Setting(
                "model", "chances of an edge", .choice(["weighted-cascade"]), default: "weighted-cascade",
                scope: .call),
            Setting("seeds", "how many to choose", .integer(1...1_000_000), default: "50", scope: .call),
            Setting("eps", "the wanted ratio is 1 - 1/e - eps", .number(0.001...0.63), default: "0.1", scope: .call),
        ]
    ) { run in
        let graph = try run.loading { try influenceGraph(run) }
        let options = try InfluenceOptions(
            budget: run.settings.integer("seeds"), epsilon: run.settings.number("eps"), seed: run.seed)
        let (result, cost) = run.working { maximizeInfluence(graph, options: options, pool: run.pool) }
        try run.report([
            "sets": .whole(result.sets), "members_per_second": rate(result.members, in: cost.cpu),
            "spread": .real(spread(of: result.seeds, graph, run)),
            "certified_ratio": .real(result.certifiedRatio),
            "bytes_per_member": .real(Double(result.bytes) / Double(max(result.members, 1))),
            "chosen": .list(result.seeds),
        ])
    }
}

/// People reached in the mean, on 262,144 sets that nobody chose by: a program's own estimate is not taken at its word.
private func spread(of seeds: [UInt32], _ graph: InfluenceGraph, _ run: Run) -> Double {
    let sets = generateSets(graph, count: 1 << 18, seed: run.seed, pool: run.pool)
    var isMet = [Bool](repeating: false, count: sets.count)
    for seed in seeds { for set in sets.sets(holding: seed) { isMet[Int(set)] = true } }
    return Double(isMet.count { $0 }) / Double(sets.count) * Double(graph.count)
}

private func influenceGraph(_ run: Run) throws -> InfluenceGraph {
    if let path = run.settings.path("edges") {
        run.data = path.split(separator: "/").suffix(2).joined(separator: "/")
        let edges = try EdgeFile(path)
        return try .weightedCascade(offsets: edges.offsets, sources: edges.sources)
    }
    let people = run.settings.integer("people")
    run.data = "synthetic \(people) people"
    // Places and visits have no part in friendships; some are needed for the city to be one.
    let cities = try Cities(
        made: SyntheticConfiguration(people: people, places: 100, cities: 1, visitsPerPerson: 1, seed: run.seed))
    var builder = CityGraphBuilder(city: CityID(0))
    try cities.read(emit: { _, record in builder.add(record) })
    return .weightedCascade(of: builder.build(pool: run.pool))
}

/// A directed graph as text: a line with the numbers of vertices and edges, then one line per edge, `from to`.
private struct EdgeFile {
    /// In-edges of vertex v are at offsets[v]..<offsets[v + 1].
    var offsets: [UInt32]
    var sources: [UInt32]

    init(_ path: String) throws {
        var numbers = NumberReader(bytes: try readSmallFile(path, limit: .max), path: path)
        guard let vertices = try numbers.next(), let edges = try numbers.next() else {
            throw BenchError("\(path) does not begin with its numbers of vertices and edges")
        }
        guard vertices < Int(UInt32.max), edges < Int(UInt32.max) else { throw BenchError("\(path) is too large") }
        var pairs: [(from: UInt32, to: UInt32)] = []
        while let from = try numbers.next() {
            guard let to = try numbers.next(), from < vertices, to < vertices else {
                throw BenchError("\(path):\(numbers.line): an edge names two vertices below \(vertices)")
            }
            pairs.append((UInt32(from), UInt32(to)))
        }
        guard pairs.count == edges else { throw BenchError("\(path) announces \(edges) edges and has \(pairs.count)") }
        offsets = [UInt32](repeating: 0, count: vertices + 1)
        for pair in pairs { offsets[Int(pair.to) + 1] += 1 }
        for vertex in 0..<vertices { offsets[vertex + 1] += offsets[vertex] }
        sources = [UInt32](repeating: 0, count: pairs.count)
        var next = offsets
        for pair in pairs {
            sources[Int(next[Int(pair.to)])] = pair.from
            next[Int(pair.to)] += 1
        }
    }
}

/// The whole numbers of a text, one after the other.
private struct NumberReader {
    let bytes: [UInt8]
    let path: String
    private(set) var line = 1
    private var position = 0

    init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// Nil at the end. Throws at anything that is neither a digit nor space.
    mutating func next() throws -> Int? {
        while position < bytes.count, bytes[position] <= UInt8(ascii: " ") {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        if position == bytes.count { return nil }
        var number = 0
        while position < bytes.count, bytes[position] > UInt8(ascii: " ") {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]), number < 1 << 40 else {
                throw BenchError("\(path):\(line): not a whole number")
            }
            number = number * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        return number
    }
}
