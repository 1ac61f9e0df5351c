import Basics
import Foundation
import Graph
import Testing
import Wire
import World

@testable import Shard

/// What is expected of a load against what it then takes.
@Suite struct LoadEstimateTests {
    private let pool = ComputePool(threads: 2)

    /// The tables of a made-up world in a folder, and a folder for shards, for the length of the call.
    private func withWorld(
        _ configuration: SyntheticConfiguration, _ body: (_ tables: TableDataSet, _ shards: URL) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "tables"), withIntermediateDirectories: true)
        let world = try SyntheticWorld(
            configuration, cities: (0..<configuration.cities).map { CityID(UInt32($0)) }, search: .plain, pool: pool)
        var texts: [TableKind: [UInt8]] = [:]
        _ = try world.writeTables({ table, text in texts[table, default: []] += text }, progress: { _ in })
        for (table, text) in texts {
            try Data(text).write(to: folder.appending(path: "tables/\(table.fileNames[0]).csv"))
        }
        try body(try TableDataSet(directory: folder.appending(path: "tables").path), folder)
    }

    /// What the tables take once they are loaded, city by city.
    private func loaded(_ tables: TableDataSet, in folder: URL) throws -> [LoadCost] {
        let names = try tables.cityNames()
        var writers = names.indices.map { RecordBlockWriter(city: CityID(UInt32($0))) }
        let shards = try names.indices.map { index in
            try CityShard(
                directory: folder.appending(path: "city-\(index)").path, city: CityID(UInt32(index)),
                name: names[index],
                cluster: 1, outboxIfNew: 1)
        }
        var costs = [LoadCost](repeating: LoadCost(), count: names.count)
        func send(_ index: Int) throws {
            guard let block = writers[index].take() else { return }
            let outcome = try shards[index].importBlock(block)
            costs[index].rows += Double(outcome.new)
        }
        try tables.read(
            cities: Dictionary(uniqueKeysWithValues: zip(names, writers.map(\.city))),
            emit: { city, record in
                let index = Int(city.number)
                writers[index].append(record)
                if writers[index].isFull { try send(index) }
            }, reject: { reject in Issue.record("\(reject)") }, progress: { _ in })
        for index in names.indices {
            try send(index)
            costs[index].graphBytes = Double(try shards[index].currentGraph(pool: pool).bytes)
            shards[index].close()
            let shard = folder.appending(path: "city-\(index)")
            for file in try FileManager.default.subpathsOfDirectory(atPath: shard.path) {
                let facts = try FileManager.default.attributesOfItem(atPath: shard.appending(path: file).path)
                if facts[.type] as? FileAttributeType == .typeRegular {
                    costs[index].diskBytes += Double(facts[.size] as? Int ?? 0)
                }
            }
        }
        return costs
    }

    private func expectClose(_ expected: Double, _ found: Double, within share: Double, _ what: String) {
        #expect(abs(expected / max(found, 1) - 1) <= share, "\(what): expected \(expected), found \(found)")
    }

    @Test(arguments: [
        SyntheticConfiguration(people: 400, places: 300, cities: 3, visitsPerPerson: 20, seed: 5),
        SyntheticConfiguration(people: 1500, places: 2500, cities: 4, visitsPerPerson: 60, seed: 6),
        SyntheticConfiguration(people: 3000, places: 500, cities: 1, visitsPerPerson: 90, seed: 7),
    ])
    func whatIsExpectedIsWhatIsTaken(configuration: SyntheticConfiguration) throws {
        try withWorld(configuration) { tables, folder in
            let estimate = LoadEstimate(try WorldCensus.sampling(tables, clock: { 0 }))
            let costs = try loaded(tables, in: folder)
            #expect(estimate.cities.count == costs.count)
            for (city, cost) in zip(estimate.cities, costs) {
                // Everything was read, so rows are counted.
                #expect(city.cost.rows == cost.rows, "\(city.census.name)")
                expectClose(city.cost.graphBytes, cost.graphBytes, within: 0.1, "memory of \(city.census.name)")
                expectClose(city.cost.diskBytes, cost.diskBytes, within: 0.2, "disk of \(city.census.name)")
            }
        }
    }

    @Test func aPartOfTheRowsTellsTheWhole() throws {
        let configuration = SyntheticConfiguration(people: 3000, places: 2000, cities: 3, visitsPerPerson: 60, seed: 8)
        try withWorld(configuration) { tables, folder in
            let estimate = LoadEstimate(try WorldCensus.sampling(tables, sampleBytes: 1 << 20, clock: { 0 }))
            let costs = try loaded(tables, in: folder)
            for (city, cost) in zip(estimate.cities, costs) {
                expectClose(city.cost.rows, cost.rows, within: 0.15, "rows of \(city.census.name)")
                expectClose(city.cost.graphBytes, cost.graphBytes, within: 0.2, "memory of \(city.census.name)")
                expectClose(city.cost.diskBytes, cost.diskBytes, within: 0.2, "disk of \(city.census.name)")
            }
            let rows = costs.reduce(0) { $0 + $1.rows }
            expectClose(estimate.total.rows, rows, within: 0.05, "all rows")
        }
    }

    @Test func rowsThatAreReadOneByOneAreCounted() throws {
        let configuration = SyntheticConfiguration(people: 400, places: 300, cities: 3, visitsPerPerson: 20, seed: 5)
        let counted = try WorldCensus.counting(SyntheticDataSet(configuration), clock: { 0 })
        #expect(counted.isExact)
        try withWorld(configuration) { tables, _ in
            let sampled = try WorldCensus.sampling(tables, clock: { 0 })
            for (one, other) in zip(counted.cities, sampled.cities) {
                #expect(
                    (one.name, one.people, one.halo, one.rows) == (other.name, other.people, other.halo, other.rows))
                #expect(one.visitShape == other.visitShape)
            }
        }
    }
}
