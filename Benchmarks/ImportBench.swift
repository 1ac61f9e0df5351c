// A data folder into durable shards: World's reader, blocks of 4,096 rows, and for each block what a worker does
// before it acknowledges: decode, validate, look up what is known, one synced write. With a made-up world the
// blocks are made while loading, and only the worker's part is measured.
//
// The floor: a text row of 30 bytes is parsed at memory speed next to the rest; each row is encoded, decoded and
// sorted (about 50 bytes moved 10 times), looked up (a filter says no in 0.2 us when it is new) and inserted into
// a sorted table in memory (about 1 us, two or three cache misses); each block waits for one disk flush (0.5 to 5 ms
// on the disks measured), that is 0.1 to 1 us a row. RocksDB's threads write everything once more to sorted files,
// about 0.7 us of CPU a row. So near 2 us a row, half a million rows a second; waiting counts, so the rate is by wall.

import Basics
import World

extension Bench {
    static let importing = Bench(
        name: "import",
        summary: "read a data folder into durable city shards",
        readsCities: true,
        isParallel: false,
        settings: Cities.settings(people: 5_000, places: 2_000, cities: 4, visits: 60) + [ShardFolder.setting]
    ) { run in
        let cities = try Cities(run)
        let folder = try ShardFolder(in: run.settings.text("scratch"))
        var unread = 0
        let cost: Cost
        if run.settings.path("data") != nil {
            cost = try run.working {
                try cities.readBlocks(reject: { _ in unread += 1 }) { city, block, _ in
                    try folder.take(block, of: city, name: cities.name(of: city))
                }
            }.cost
        } else {
            var blocks: [(city: CityID, bytes: [UInt8])] = []
            try run.loading { try cities.readBlocks { city, block, _ in blocks.append((city, block)) } }
            cost = try run.working {
                for block in blocks { try folder.take(block.bytes, of: block.city, name: cities.name(of: block.city)) }
            }.cost
        }
        try run.report([
            "rows": .whole(folder.rows), "rows_per_second": rate(folder.rows, in: cost.wall),
            "rejected": .whole(unread + folder.rejected),
        ])
    }
}
