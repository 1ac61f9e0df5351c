// From a closed shard on disk to a graph that can be computed on: RocksDB opened, every record scanned and decoded,
// numbers given, three relations in compressed rows, features derived. The files were just written, so they come
// from the system's cache; a disk's own time is not in it.
//
// The floor: a visit is 24 bytes of key and 1 to 11 of value, read in order: at memory speed a millisecond for a
// million. RocksDB's step from key to key (unpack a block's shared prefix, two calls) costs 0.1 to 0.2 us. The build
// sends each visit through two hash look-ups, two cache misses of 0.1 us each once the tables outgrow the cache, and
// five counting passes over 4 to 30 bytes. So 0.3 to 0.4 us a visit. In memory a visit is its place and its signals,
// and by place its visitor and its number, 20 bytes; what bytes_per_visit has above that is features, 616 bytes a
// person and 480 a place, and friendships, 32 bytes each.

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
