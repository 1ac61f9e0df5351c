// What `muster estimate` says against what a load then takes, in one process: rows are read from the files, stored by
// shards as workers store them, and all graphs are opened and kept. A ratio of 1 is a perfect estimate.
// `cpu_seconds_expected` is of a cluster: the coordinator's and the sockets' part is not in `cpu_seconds`.
//
// Without --data a made-up world is written as tables first, and then read as tables; of these the estimate sees
// --sample-bytes of each table of visits, ties and gatherings.

import Basics
import FoundationEssentials
import Graph
import Shard
import Streams
import World

extension Bench {
    static let estimate = Bench(
        name: "estimate",
        summary: "hold the estimate of a load against the load",
        readsCities: true,
        settings: Cities.settings(people: 10_000, places: 10_000, cities: 8, visits: 125) + [
            Setting(
                "sample-bytes", "bytes of each large table that the estimate reads", .integer(1 << 14...1 << 40),
                default: "\(WorldCensus.sampleBytesUsual)", scope: .call), ShardFolder.setting,
        ]
    ) { run in
        let folder = try ShardFolder(in: run.settings.text("scratch"))
        let (tables, written) = try run.loading { try source(run) }
        defer { withExtendedLifetime(written) {} }
        let start = processCPUSeconds()
        let census =
            if let tables = tables as? TableDataSet {
                try WorldCensus.sampling(
                    tables, sampleBytes: run.settings.integer("sample-bytes"), clock: processCPUSeconds)
            } else {
                try WorldCensus.counting(tables, clock: processCPUSeconds)
            }
        let estimate = LoadEstimate(census)
        let asked = processCPUSeconds() - start
        let names = try tables.cityNames()
        let cost = try run.working { try load(tables, names, into: folder) }.cost
        let disk = try folder.bytesOnDisk()
        var graphs: [CityGraph] = []
        for (index, name) in names.enumerated() {
            let shard = try folder.shard(CityID(UInt32(index)), name: name)
            graphs.append(try shard.currentGraph(pool: run.pool))
            folder.close()
        }
        let memory = graphs.reduce(0) { $0 + $1.bytes }
        let total = estimate.total
        func ratio(_ expected: Double, _ found: Int) -> Figure { .real(expected / Double(max(found, 1))) }
        try run.report([
            "rows": .whole(folder.rows), "graph_bytes": .whole(memory), "disk_bytes": .whole(disk),
            "rows_ratio": ratio(total.rows, folder.rows),
            "graph_bytes_ratio": ratio(total.graphBytes, memory), "disk_bytes_ratio": ratio(total.diskBytes, disk),
            "read_seconds": .real(census.readSeconds),
            "codec_seconds": .real(census.codecSeconds), "cpu_seconds_expected": .real(estimate.cpuSeconds),
            "cpu_share": .real(asked / cost.cpu),
            "peak_expected_bytes": .whole(Int(total.graphBytes + total.buildBytes)),
        ])
    }
}

/// The data set that the options name, and the folder of its tables when those were made here.
private func source(_ run: Run) throws -> (data: any DataSet, written: WrittenTables?) {
    if run.settings.path("data") != nil { return (try Cities(run).dataSet, nil) }
    let configuration = Cities.synthetic(run)
    run.data = Cities.name(of: configuration)
    let written = try WrittenTables(configuration, in: run.settings.text("scratch"), pool: run.pool)
    return (try TableDataSet(directory: written.path), written)
}

/// Sends every row to its city's shard, in blocks, and closes the shards.
private func load(_ data: any DataSet, _ names: [String], into folder: ShardFolder) throws {
    var writers = names.indices.map { RecordBlockWriter(city: CityID(UInt32($0))) }
    func send(_ index: Int) throws {
        if let block = writers[index].take() { try folder.take(block, of: writers[index].city, name: names[index]) }
    }
    try data.read(
        cities: Dictionary(uniqueKeysWithValues: zip(names, writers.map(\.city))),
        emit: { city, record in
            let index = Int(city.number)
            writers[index].append(record)
            if writers[index].isFull { try send(index) }
        }, reject: { _ in }, progress: { _ in })
    for index in names.indices { try send(index) }
    folder.close()
}

/// The tables of a made-up world in a folder that goes away with this object.
private final class WrittenTables {
    let path: String

    init(_ configuration: SyntheticConfiguration, in scratch: String, pool: ComputePool) throws {
        path = "\(scratch)/muster-tables-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let cities = (0..<configuration.cities).map { CityID(UInt32($0)) }
        let world = try SyntheticWorld(configuration, cities: cities, search: .products, pool: pool)
        var sinks: [TableKind: ByteSink] = [:]
        for table in TableKind.allCases {
            sinks[table] = try ByteSink(path: "\(path)/\(table.fileNames[0]).csv", compression: .none)
        }
        _ = try world.writeTables({ table, text in try sinks[table]?.write(text) }, progress: { _ in })
        for sink in sinks.values { try sink.finish() }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
