// From a closed shard on disk to a graph that can be computed on: RocksDB opened, every record scanned and decoded,
// numbers given, three relations in compressed rows, features derived. The files were just written, so they come
// from the system's cache; a disk's own time is not in it.
//
// The floor: a visit is 24 bytes of key and 1 to 11 of value, read in order: at memory speed a millisecond for a
// million. RocksDB's step from key to key (unpack a block's shared prefix, four calls) costs 0.1 to 0.2 us of CPU. The
// build looks up a person once and a place once per person, sorts each person's visits by time (20 to 30 ns a
// visit), copies rows, and scatters edges by place (one cache miss). So 0.2 to 0.3 us of CPU a visit, on all threads.
// In memory a visit is its place, its packed signals, and by place its number: 10 to 14 bytes, which
// edge_bytes_per_visit says with offsets; bytes_per_visit counts everything: features, 616 bytes a person and 504 a
// place, and friendships, 32 bytes each.
//
// With --new-visits, as many more visits of random people are imported afterwards and the graph is asked for
// again: fold_seconds is what the folding took.

import Basics
import Graph
import Shard
import Store
import World

extension Bench {
    static let openCity = Bench(
        name: "open-city",
        summary: "open the shards of whole cities and build their graphs",
        readsCities: true,
        settings: [Setting("city", "the only city to open; empty for all, one after the other", .text, scope: .call)]
            + [
                Setting(
                    "new-visits", "visits that are imported after the opening and folded in", .integer(0...1_000_000),
                    default: "1000", scope: .call),
                Setting(
                    "visits", "visits of the made-up city", .integer(1...1_000_000_000), default: "10000000",
                    scope: .call), ShardFolder.setting,
            ]
    ) { run in
        let folder = try ShardFolder(in: run.settings.text("scratch"))
        let opened = try run.loading { try fill(folder, run) }
        var (visits, edges, edgeBytes, bytes) = (0, 0, 0, 0)
        var folding = 0.0
        for (city, name) in opened {
            let (shard, graph) = try run.working {
                let shard = try folder.shard(city, name: name)
                return (shard, try shard.currentGraph(pool: run.pool))
            }.result
            visits += Int(shard.store.counts().visits)
            edges += graph.visitPlaces.count
            edgeBytes += graph.visitBytes
            bytes += graph.bytes
            let block = newVisits(run.settings.integer("new-visits"), in: graph, random: SeededRandom(seed: run.seed))
            if let block {
                _ = try shard.importBlock(block)
                let start = monotonicSeconds()
                _ = try shard.currentGraph(pool: run.pool)
                folding += monotonicSeconds() - start
            }
            folder.close()
        }
        try run.report([
            "visits": .whole(visits), "edges": .whole(edges), "fold_seconds": .real(folding),
            "edge_bytes_per_visit": .real(Double(edgeBytes) / Double(max(edges, 1))),
            "bytes_per_visit": .real(Double(bytes) / Double(max(visits, 1))),
        ])
    }
}

/// Imports what the options name, closes the shards, and says which they are.
private func fill(_ folder: ShardFolder, _ run: Run) throws -> [(city: CityID, name: String)] {
    defer { folder.close() }
    if run.settings.path("data") == nil {
        let city = BigCity(visits: run.settings.integer("visits"), seed: run.seed)
        run.data = "synthetic city of \(city.visits) visits, \(city.people) people, \(city.places) places"
        let only = (city: CityID(0), name: "big city")
        try city.readBlocks { block in try folder.take(block, of: only.city, name: only.name) }
        return [only]
    }
    let cities = try Cities(run)
    let wanted = run.settings.text("city")
    let opened = try wanted.isEmpty ? cities.names.indices.map { CityID(UInt32($0)) } : [cities.city(named: wanted)]
    if !wanted.isEmpty { run.data += "/\(wanted)" }
    try cities.readBlocks { city, block, _ in
        if opened.contains(city) { try folder.take(block, of: city, name: cities.name(of: city)) }
    }
    return opened.map { ($0, cities.name(of: $0)) }
}

/// A block of visits of random people to random places of a city, or nil when there are none.
private func newVisits(_ count: Int, in graph: CityGraph, random: SeededRandom) -> [UInt8]? {
    if count == 0 || graph.people.isEmpty || graph.places.isEmpty { return nil }
    var random = random.child("new visits")
    let visits = (0..<count).map { number in
        Record.visit(
            Visit(
                person: graph.people[random.below(graph.people.count)],
                place: graph.places[random.below(graph.places.count)],
                time: Timestamp(milliseconds: 1_700_000_000_000 + Int64(number) * 1000), attended: true))
    }
    return RecordBlock(city: graph.city, records: visits).encoded()
}
