// Whom to ask first where several processes hold one graph and share its sets out, beside one process that draws them
// all: the same people, or not; what travels; what it costs by the clock, since other processes' CPU time is theirs.
// The graph goes to each holder over a socket, once, and is a figure of its own.
//
// The floor: the graph's bytes at the speed of a socket, then the drawing divided by the holders; once per greedy run 4
// bytes a person and holder, 8 for each count that falls.

import Basics
import FoundationEssentials
import Glibc
import Influence

extension Bench {
    static let replicas = Bench(
        name: "replicas",
        summary: "choose the people who bring most others in processes that each hold the whole graph",
        settings: InfluenceInput.settings + [
            Setting("holders", "processes that hold the graph", .integer(1...64), default: "2", scope: .call),
            Setting("seeds", "how many to choose", .integer(1...1_000_000), default: "50", scope: .call),
            Setting("eps", "the wanted ratio is 1 - 1/e - eps", .number(0.001...0.63), default: "0.1", scope: .call),
            Setting("ratio", "the wanted ratio itself; 0: by eps", .number(0...0.999), default: "0", scope: .call),
            Setting("scratch", "where the socket may lie", .path, default: "/tmp", scope: .call),
        ]
    ) { run in
        let graph = try run.loading { try InfluenceInput.graph(try InfluenceInput.edges(run), run) }
        let ratio = run.settings.number("ratio")
        let options = try InfluenceOptions(
            budget: run.settings.integer("seeds"), epsilon: run.settings.number("eps"),
            ratio: ratio > 0 ? ratio : nil, seed: run.seed,
            maximumSets: 1 << 28, maximumMembers: 1 << 31, usesSentinels: false)
        let folder = try ScratchFolder(in: run.settings.text("scratch"))
        let (started, sending) = try run.timing {
            try RemoteHolders(graph, run.settings.integer("holders"), seed: run.seed, in: folder.path)
        }
        var holders = started
        let (all, cost) = try run.working {
            try maximizeInfluence(overReplicas: &holders, people: graph.count, options: options)
        }
        let sampler = SetSampler(graph, threads: run.pool.threads)
        let (one, alone) = run.timing { maximizeInfluence(sampler, options: options, pool: run.pool) }
        try run.report([
            "holders": .whole(holders.count), "people": .whole(graph.count),
            "same_people": .whole(all.seeds == one.seeds ? 1 : 0), "sets": .whole(all.sets),
            "members": .whole(all.members), "single_sets": .whole(one.sets), "questions": .whole(holders.questions),
            "graph_bytes": .whole(holders.graphBytes), "graph_seconds": .real(sending.wall),
            "bytes": .whole(holders.bytes), "holders_wall_seconds": .real(cost.wall),
            "single_wall_seconds": .real(alone.wall), "certified_ratio": .real(all.certifiedRatio),
        ])
    }

    /// What `replicas` starts: one holder, with one thread.
    static let replicaHolder = Bench(
        name: "replica-holder",
        summary: "a part of the bench replicas",
        isParallel: false,
        settings: [Setting("socket", "who asks", .path, scope: .call)]
    ) { run in
        let link = try FrameLink(connectedTo: run.settings.text("socket"))
        guard let first = try link.receive() else { return }
        var reader = ByteReader(first)
        let seed: UInt64 = try reader.get()
        let graph = try InfluenceGraph(from: &reader)
        var place = ReplicaPlace(SetSampler(graph, threads: 1), seed: seed, pool: nil)
        try link.send([])
        while let question = try link.receive() {
            var reader = ByteReader(question), writer = ByteWriter()
            try place.answer(try ReplicaQuestion(from: &reader)).encode(into: &writer)
            try link.send(writer.bytes)
        }
    }
}

/// Holders in processes of their own.
private struct RemoteHolders: ReplicaPlaces {
    private var links: [FrameLink] = []
    private let children: [Child]
    let graphBytes: Int
    private(set) var bytes = 0
    private(set) var questions = 0
    var count: Int { links.count }

    /// Returns when each of them has the graph.
    init(_ graph: InfluenceGraph, _ count: Int, seed: UInt64, in folder: String) throws {
        let path = "\(folder)/s"
        let listener = try FrameListener(at: path)
        children = try (0..<count).map { _ in
            try Child([Child.sibling("muster-bench"), "replica-holder", "--socket", path], log: "\(folder)/log")
        }
        links = try (0..<count).map { _ in try listener.accept() }
        var writer = ByteWriter()
        writer.put(seed)
        graph.encode(into: &writer)
        graphBytes = writer.bytes.count * count
        for link in links { try link.send(writer.bytes) }
        for link in links { _ = try link.receive() }
    }

    mutating func ask(_ questions: [ReplicaQuestion]) throws(BenchError) -> [ReplicaAnswer] {
        do {
            for (link, question) in zip(links, questions) {
                var writer = ByteWriter()
                question.encode(into: &writer)
                bytes += writer.bytes.count
                try link.send(writer.bytes)
            }
            self.questions += questions.count
            return try links.map { link in
                guard let answer = try link.receive() else { throw BenchError("a holder is gone") }
                bytes += answer.count
                var reader = ByteReader(answer)
                return try ReplicaAnswer(from: &reader)
            }
        } catch {
            throw BenchError("a holder does not answer: \(error)")
        }
    }
}
