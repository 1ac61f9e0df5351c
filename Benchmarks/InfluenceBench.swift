// Whom to ask first, on a friendship graph, an edge file or a made-up power-law graph.
//
// The floor: every member of a reverse-reachable set is one landing on a random vertex, two lines from memory (a
// chosen edge, its source's row). A core does about 130 M independent random reads a second with prefetch where the
// graph does not fit the cache, so 64-70 M members; one after the other, 160 ns each, 3 to 6 M. A kept member is 4
// bytes.
//
// `cpu_seconds` is the answer: choosing, judging and the certificate, on a graph that is loaded and made ready
// (`prepare_cpu_seconds`: the rows, and a copy of them per thread). `members_per_second` is drawing and keeping
// `--sets` sets; turning them around (`index_share` of both) and `bytes_per_member` are of the same sets;
// `members_per_second_answer` is all that the answer looked at, over all its time. `spread` is judged on 2 M sets of a
// seed of their own; a program's own estimate is not taken at its word. `--judge LIST` does only that, for the people
// another program chose.

import Basics
import Graph
import Influence
import World

extension Bench {
    static let influence = Bench(
        name: "influence",
        summary: "choose the people who bring most others",
        settings: InfluenceInput.settings + [
            Setting("seeds", "how many to choose", .integer(1...1_000_000), default: "50", scope: .call),
            Setting("eps", "the wanted ratio is 1 - 1/e - eps", .number(0.001...0.63), default: "0.1", scope: .call),
            Setting("ratio", "the wanted ratio itself; 0: by eps", .number(0...0.999), default: "0", scope: .call),
            Setting(
                "delta", "chance that the certificate is wrong; 0: one in the vertices", .number(0...0.5),
                default: "0", scope: .call),
            Setting("whole-sets", "never end sets at sentinels", .flag, scope: .call),
            Setting(
                "repeats", "how often to answer; the median counts", .integer(1...1000), default: "5", scope: .call),
            Setting(
                "sets", "sets drawn to time the drawing", .integer(1...1_000_000_000), default: "200000",
                scope: .call),
            Setting(
                "judge", "file with the vertices another program chose: only tell their spread", .path,
                scope: .call),
            Setting("save", "write the graph in its binary form and stop", .path, scope: .call),
            Setting("save-text", "write the graph as text and stop", .path, scope: .call),
        ]
    ) { run in
        let edges = try run.loading { try InfluenceInput.edges(run) }
        if let path = run.settings.path("save") { return try edges.write(binary: path) }
        if let path = run.settings.path("save-text") { return try edges.write(text: path) }
        let graph = try run.loading { try InfluenceInput.graph(edges, run) }
        let (sampler, preparing) = run.timing { SetSampler(graph, threads: run.pool.threads) }
        if let path = run.settings.path("judge") {
            let chosen = try readNumbers(path)
            let metrics = spreadFigures(of: chosen, sampler, run)
            return try run.report(metrics, as: "influence.judge")
        }
        let delta = run.settings.number("delta"), ratio = run.settings.number("ratio")
        let options = try InfluenceOptions(
            budget: run.settings.integer("seeds"), epsilon: run.settings.number("eps"),
            ratio: ratio > 0 ? ratio : nil,
            failure: delta > 0 ? delta : nil, seed: run.seed, maximumSets: 1 << 28, maximumMembers: 1 << 31,
            usesSentinels: !run.settings.flag("whole-sets"))
        let (result, cost) = run.median(of: run.settings.integer("repeats")) {
            maximizeInfluence(sampler, options: options, pool: run.pool)
        }
        let (indexed, drawing, indexing) = drawingAndTurning(sampler, run)
        var metrics = spreadFigures(of: result.seeds, sampler, run)
        metrics["sets"] = .whole(result.sets)
        metrics["members"] = .whole(result.members)
        metrics["members_per_second"] = rate(indexed.memberCount, in: drawing.cpu)
        metrics["members_per_second_wall"] = rate(indexed.memberCount, in: drawing.wall)
        metrics["index_share"] = .real(indexing.cpu / (indexing.cpu + drawing.cpu))
        metrics["bytes_per_member"] = .real(Double(indexed.bytes) / Double(max(indexed.memberCount, 1)))
        metrics["members_per_second_answer"] = rate(result.members, in: cost.cpu)
        metrics["certified_ratio"] = .real(result.certifiedRatio)
        metrics["answer_bytes_per_member"] = .real(Double(result.bytes) / Double(max(result.kept, 1)))
        metrics["prepare_cpu_seconds"] = .real(preparing.cpu)
        metrics["chosen"] = .list(result.seeds)
        try run.report(metrics)
    }
}

/// Draws `--sets` sets and turns them around, as often as the answer is repeated; the medians count. The first time,
/// fresh memory may cost as much as all the rest.
private func drawingAndTurning(
    _ sampler: SetSampler, _ run: Run
) -> (indexed: RRCollection, drawing: Cost, indexing: Cost) {
    var drawing: [Cost] = [], indexing: [Cost] = []
    var last: RRCollection?
    for _ in 0..<max(run.settings.integer("repeats"), 1) {
        last = nil
        let (drawn, one) = run.timing {
            drawSets(sampler, count: run.settings.integer("sets"), seed: run.seed, pool: run.pool)
        }
        let (indexed, other) = run.timing { RRCollection(drawn, vertices: sampler.graph.count, pool: run.pool) }
        drawing.append(one)
        indexing.append(other)
        last = indexed
    }
    func median(_ costs: [Cost]) -> Cost { costs.sorted { $0.cpu < $1.cpu }[costs.count / 2] }
    guard let last else { preconditionFailure("it is done once at least") }
    return (last, median(drawing), median(indexing))
}

/// People reached in the mean, on 2 M sets that nobody chose by, and the standard error.
private func spreadFigures(of seeds: [UInt32], _ sampler: SetSampler, _ run: Run) -> [String: Figure] {
    let sets = 2_000_000
    let share = estimateShare(of: seeds, sampler, sets: sets, seed: run.seed &+ 1 << 32, pool: run.pool)
    let people = Double(sampler.graph.count)
    return [
        "spread": .real(share * people),
        "spread_error": .real((share * (1 - share) / Double(sets)).squareRoot() * people),
    ]
}

private func readNumbers(_ path: String) throws -> [UInt32] {
    let text = String(decoding: try readSmallFile(path, limit: 1 << 26), as: UTF8.self)
    return try text.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map { word in
        guard let number = UInt32(word) else { throw BenchError("\(path): '\(word)' is no vertex") }
        return number
    }
}

/// Where the graph of a bench comes from and what its chances are.
enum InfluenceInput {
    static let settings = [
        Setting(
            "edges", "file with 'vertices edges', then 'from to [chance]' lines; or in the binary form", .path,
            scope: .call),
        Setting("power-law", "'vertices edges gamma' of a made-up graph", .text, scope: .call),
        Setting(
            "people", "people of the made-up city, where neither is given", .integer(1...10_000_000),
            default: "20000", scope: .call),
        Setting(
            "model", "wc: factor / in-degree; ic: the file's chances or --chance; lt: linear threshold",
            .choice(["wc", "ic", "lt"]), default: "wc", scope: .call),
        Setting("factor", "of wc", .number(0...1000), default: "1", scope: .call),
        Setting(
            "chance", "of every edge, for ic without chances in the file", .number(0...1), default: "0.01",
            scope: .call),
    ]

    static func edges(_ run: Run) throws -> InfluenceEdges {
        if let path = run.settings.path("edges") {
            run.data = path.split(separator: "/").suffix(2).joined(separator: "/")
            return try InfluenceEdges(file: path, pool: run.pool)
        }
        let words = run.settings.text("power-law").split(separator: " ")
        if !words.isEmpty {
            guard words.count == 3, let vertices = Int(words[0]), let edges = Int(words[1]),
                let gamma = Double(words[2]), vertices > 1, vertices < 1 << 31, edges < vertices * (vertices - 1) / 2,
                edges < 1 << 31, gamma > 1
            else { throw OptionError("--power-law takes 'vertices edges gamma', for example '1000000 10000000 2.3'") }
            run.data = "power-law \(words.joined(separator: " "))"
            return try powerLawGraph(vertices: vertices, edges: edges, gamma: gamma, seed: run.seed)
        }
        let people = run.settings.integer("people")
        run.data = "synthetic \(people) people"
        // Places and visits have no part in friendships; some are needed for the city to be one.
        let cities = try Cities(
            made: SyntheticConfiguration(people: people, places: 100, cities: 1, visitsPerPerson: 1, seed: run.seed))
        var builder = CityGraphBuilder(city: CityID(0))
        try cities.read(emit: { _, record in builder.add(record) })
        let city = builder.build(pool: run.pool)
        return InfluenceEdges(offsets: city.socialOffsets, sources: city.socialNeighbors)
    }

    static func graph(_ edges: InfluenceEdges, _ run: Run) throws -> InfluenceGraph {
        let model = run.settings.text("model")
        let chances: EdgeChances =
            if model == "wc" {
                .weightedCascade(factor: run.settings.number("factor"))
            } else if !edges.chances.isEmpty {
                .each(edges.chances)
            } else if model == "lt" {
                .weightedCascade(factor: 1)
            } else {
                .constant(run.settings.number("chance"))
            }
        return try InfluenceGraph(
            offsets: edges.offsets, sources: edges.sources, chances: chances,
            model: model == "lt" ? .linearThreshold : .independentCascade)
    }
}
