import Basics
import Foundation
import Testing

@testable import World

/// A file read in pieces by several threads gives what one reader of the whole file gives.
@Suite struct TableChunkTests {
    private struct Outcome: Equatable {
        var rows: [[UInt8]] = []
        var rejects: [Reject] = []
        var tallies: [TableTally] = []
        var outline: [CityOutline] = []
    }

    private func read(_ folder: Folder, chunkBytes: Int, threads: Int) throws -> Outcome {
        var data = try TableDataSet(directory: folder.path)
        data.chunkBytes = chunkBytes
        data.threads = threads
        var outcome = Outcome(outline: try data.outline())
        var cities: [String: CityID] = [:]
        for (index, city) in outcome.outline.enumerated() { cities[city.name] = CityID(UInt32(index)) }
        // What each city gets, whatever the order between cities.
        var rows = cities.mapValues { _ in [UInt8]() }
        let names = Dictionary(uniqueKeysWithValues: cities.map { ($1, $0) })
        outcome.tallies = try data.readCounting(
            cities: cities, emit: { rows[names[$0.city] ?? "", default: []] += $0.bytes },
            reject: { outcome.rejects.append($0) }, progress: { _ in })
        outcome.rows = rows.keys.sorted().map { rows[$0] ?? [] }
        return outcome
    }

    /// Titles with line ends, separators and quotes in them, blank lines, rows with too few fields, text behind quotes,
    /// a person twice, and a quote at the end that never closes.
    private func files(_ random: inout SeededRandom, lineEnd: String) -> [String: String] {
        func line(_ fields: String...) -> String { fields.joined(separator: ",") + lineEnd }
        var people = line("user_id", "home_city_id")
        var places = line("place_id", "city_id")
        var visits = line("user_id", "place_id", "attended", "timestamp", "dwell_time")
        var gatherings = line("gathering_id", "title", "city_id", "place_id", "start")
        for id in 0..<60 {
            let city = ["Oslo", "\"Paris, Texas\"", "7"][random.below(3)]
            people += line("\(random.below(20) == 0 ? id / 2 : id)", city)
            places += line("\(id)", city)
        }
        for id in 0..<400 {
            let time = "2012-04-02T18:30:00.\(100 + random.below(900))Z"
            switch random.below(12) {
            case 0: visits += lineEnd
            case 1: visits += line("\(id)", "3")
            case 2: visits += line("\"1\"x", "3", "true", time, "1")
            case 3: visits += line("\"\(random.below(60))\"", "\(random.below(60))", "1", "\"\(time)\"", "")
            default: visits += line("\(random.below(70))", "\(random.below(60))", "false", time, "1.5")
            }
        }
        for id in 0..<80 {
            let title = ["plain", "\"two\(lineEnd)lines, \"\"quoted\"\"\"", "\"\"", "a\"b"][random.below(4)]
            gatherings += line("\(id)", title, "", "\(random.below(62))", "2012-04-02")
        }
        if random.below(2) == 0 { gatherings += "900,\"never closed,,1,2012-04-02" }
        return ["people.csv": people, "places.csv": places, "visits.csv": visits, "gatherings.csv": gatherings]
    }

    @Test(arguments: UInt64(1)...8)
    func anySizeOfPiecesAndAnyNumberOfThreadsGiveTheSameRowsAndRejects(seed: UInt64) throws {
        var random = SeededRandom(seed: seed).child("pieces")
        let folder = try Folder(files(&random, lineEnd: seed % 2 == 0 ? "\n" : "\r\n"))
        let whole = try read(folder, chunkBytes: TableChunks.usualBytes, threads: 1)
        #expect(whole.rejects.count > 20 && whole.tallies.reduce(0) { $0 + $1.taken } > 300)
        for (chunkBytes, threads) in [(128, 1), (131, 2), (200, 3), (1000, 2), (4096, 4)] {
            let pieces = try read(folder, chunkBytes: chunkBytes, threads: threads)
            #expect(pieces == whole, "pieces of \(chunkBytes) bytes, \(threads) threads")
        }
    }

    @Test(arguments: [64, 100, 256]) func aRowTooLongCostsItselfAndNothingElse(chunkBytes: Int) throws {
        let long = String(repeating: "x", count: 1000)
        let folder = try Folder([
            "visits.csv": "user_id,place_id,city,timestamp\n1,1,Oslo,1\n2,2,\(long),2\n3,3,Oslo,3\n"
                + "4,4,\"\(long)\",4\n5,5,Oslo,5\n6,6,\"Oslo\n\(long)"
        ])
        let outcome = try read(folder, chunkBytes: chunkBytes, threads: 2)
        #expect(outcome.rejects.map(\.line) == [3, 5, 7, 8])
        #expect(outcome.tallies.map(\.taken) == [3])
        #expect(outcome.outline == [CityOutline(name: "Oslo", size: 3)])
    }

    @Test func encodedRowsAreTheRecordsOfTheOrdinaryWay() throws {
        let folder = try Folder(SmallTables.files)
        let data = try TableDataSet(directory: folder.path)
        let rows = try Rows(data)
        var encoded: [CityID: RecordBlockWriter] = [:]
        var records: [CityID: RecordBlockWriter] = [:]
        try data.readEncoded(
            cities: rows.cities,
            emit: { encoded[$0.city, default: RecordBlockWriter(city: $0.city)].append($0) }, reject: { _ in },
            progress: { _ in })
        for (city, record) in rows.rows { records[city, default: RecordBlockWriter(city: city)].append(record) }
        for city in rows.cities.values { #expect(encoded[city]?.take() == records[city]?.take()) }
    }

    @Test func aDataSetWithoutAFasterWayEncodesTheSameRows() throws {
        let world = SyntheticDataSet(
            SyntheticConfiguration(people: 60, places: 40, cities: 2, visitsPerPerson: 20, seed: 3),
            search: .plain)
        let rows = try Rows(world)
        var encoded: [CityID: [Record]] = [:]
        try world.readEncoded(
            cities: rows.cities, emit: { rows in rows.forEach { encoded[rows.city, default: []].append($0) } },
            reject: { _ in }, progress: { _ in })
        for city in rows.cities.values {
            #expect(encoded[city] == rows.rows.filter { $0.city == city }.map(\.record))
        }
    }
}
