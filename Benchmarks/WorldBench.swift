// Making up a world and encoding its rows into blocks.
//
// The floor: a row is about 40 bytes written once, which at memory speed is nothing; so the floor is arithmetic. Each
// person weighs every place of their city once (about 10 multiply-adds a pair), and each visit costs a handful of
// draws and one search in a cumulative table (a cache miss or two). A core that does 10^9 of these simple steps a
// second makes a city of 5,000 people and 2,000 places in a tenth of a second, and a million visits in as long.

import World

extension Bench {
    static let world = Bench(
        name: "world",
        summary: "make up a world and encode its rows into blocks",
        isParallel: false,
        settings: Cities.settings(people: 20_000, places: 8_000, cities: 4, visits: 60)
    ) { run in
        let configuration = Cities.synthetic(run)
        run.data = Cities.name(of: configuration)
        let cities = try Cities(made: configuration)
        var (rows, bytes) = (0, 0)
        let cost = try run.working {
            try cities.readBlocks { _, block, count in
                rows += count
                bytes += block.count
            }
        }.cost
        try run.report(["rows": .whole(rows), "rows_per_second": rate(rows, in: cost.cpu), "bytes": .whole(bytes)])
    }
}
