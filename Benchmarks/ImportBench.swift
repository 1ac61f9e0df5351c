// A data folder into durable shards: World's reader, blocks of 4,096 rows, and for each block what a worker does
// before it acknowledges: decode, validate, look up what is known, one synced write. With a made-up world the
// blocks are made while loading, and only the worker's part is measured.
//
// The floor: a text row of 20 bytes is parsed at memory speed next to the rest; each row is encoded, decoded and
// sorted (about 50 bytes moved ten times), looked up (a filter says in 0.2 us that it is new) and inserted into a
// sorted table in memory (two or three cache misses, 0.5 us); RocksDB's threads write everything once more to sorted
// files, 0.6 to 0.8 us of CPU a row. So 1.5 us of CPU a row. Each block waits for one flush of the disk, 0.5 to 5 ms,
// that is 0.1 to 1.2 us a row: the wait is part of the answer's worth, so this rate is by wall time.

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
