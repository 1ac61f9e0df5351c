// From a closed shard on disk to a graph that can be computed on: RocksDB opened, every record scanned and decoded,
// numbers given, three relations in compressed rows, features derived. The files were just written, so they come
// from the system's cache; a disk's own time is not in it.
//
// The floor: a scan yields 1.1 M rows a second warm (0.9 us a row, measured), decoding a visit copies 24 bytes, and
// the build sends each visit through two hash look-ups (two cache misses, 0.1 us each when the tables are large) and
// about five counting passes over 4 to 30 bytes. So just above 1 us a visit, nearly all of it the scan. In memory a
// visit is its place, its signals and its two ends by place: about 28 bytes; what is above that in bytes_per_visit
// is features, 592 bytes a person and 456 a place, and friendships, 32 bytes each.

import Basics
import Graph
import Shard
import Store

extension Bench {
    static let openCity = Bench(
        name: "open-city",
        summary: "open the shards of whole cities and build their graphs",
        readsCities: true,
        settings: [Setting("city", "the only city to open; empty for all, one after the other", .text, scope: .call)]
            + Cities.settings(people: 20_000, places: 8_000, cities: 4, visits: 60) + [ShardFolder.setting]
    ) { run in
        let cities = try Cities(run)
        let folder = try ShardFolder(in: run.settings.text("scratch"))
        let wanted = run.settings.text("city")
        let opened = try wanted.isEmpty ? cities.names.indices.map { CityID(UInt32($0)) } : [cities.city(named: wanted)]
        if !wanted.isEmpty { run.data += "/\(wanted)" }
        try run.loading {
            try cities.readBlocks { city, block, _ in
                if opened.contains(city) { try folder.take(block, of: city, name: cities.name(of: city)) }
            }
            folder.close()
        }
        var (visits, bytes) = (0, 0)
        for city in opened {
            let shard = try run.working {
                let shard = try folder.shard(city, name: cities.name(of: city))
                bytes += try shard.currentGraph(pool: run.pool).bytes
                return shard
            }.result
            visits += Int(shard.store.counts().visits)
            folder.close()
        }
        try run.report([
            "visits": .whole(visits), "bytes_per_visit": .real(Double(bytes) / Double(max(visits, 1))),
        ])
    }
}
