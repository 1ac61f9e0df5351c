import Basics
import Foundation
import Streams
import Testing

@testable import World

/// Small tables, damaged at random in the ways in which real files are. Whatever comes of it: no crash, every row
/// is either taken or rejected by file and line, and a file that ends too early is an error that names it.
@Suite struct TableMutationTests {
    /// MUTATIONS in the environment asks for more.
    static let count = ProcessInfo.processInfo.environment["MUTATIONS"].flatMap { Int($0) } ?? 1_000

    private static let json = [
        "visits.jsonl":
            "{\"user_id\":1,\"place_id\":10,\"city_id\":\"Oslo\",\"timestamp\":\"2012-04-02T18:30Z\",\"attended\":1}\n"
            + "{\"user_id\":2,\"place_id\":11,\"dwell_time\":1.5,\"timestamp\":1333391400000}\n",
        "people.jsonl":
            "{\"user_id\":1,\"home_city_id\":\"Oslo\",\"cat_pref\":[1,0,0,0,0,0],\"fine_pref\":{\"techno\":1}}\n"
            + "{\"user_id\":2,\"home_city_id\":\"Oslo\"}\n{\"user_id\":3,\"home_city_id\":\"\\u00c5s\"}\n"
            + "{\"user_id\":4,\"home_city_id\":\"Oslo\"}\n",
    ]

    @Test func damagedFilesAreNeverTakenInSilence() throws {
        var random = SeededRandom(seed: 20_120_402)
        let folder = try Folder([:])
        var (rejected, refused) = (0, 0)
        for round in 0..<Self.count {
            var files = SmallTables.files
            if round % 3 == 0 {
                for (name, text) in Self.json {
                    files[name.replacingOccurrences(of: "jsonl", with: "csv")] = nil
                    files[name] = text
                }
            }
            let names = files.keys.sorted()
            let chosen = names[Int(random.next() % UInt64(names.count))]
            let compression = Compression.allCases[Int(random.next() % 3)]
            let cuts = compression != .none && random.next() % 4 == 0
            try? FileManager.default.removeItem(atPath: folder.path)
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            for name in names {
                var bytes = Array(files[name, default: ""].utf8)
                if name == chosen && !cuts { mutate(&bytes, &random) }
                let packing = name == chosen ? compression : .none
                let path = "\(folder.path)/\(name)\(packing.suffix)"
                let sink = try ByteSink(path: path, compression: packing)
                try sink.write(bytes)
                try sink.finish()
                if name == chosen && cuts {
                    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
                    try whole.prefix(4 + Int(random.next() % UInt64(whole.count - 4))).write(
                        to: URL(fileURLWithPath: path))
                }
            }
            do {
                if cuts { expectNothingIsBegun(folder.path, "round \(round), \(chosen)") }
                rejected += try read(folder.path, "round \(round), \(chosen)")
                #expect(!cuts, "round \(round): \(chosen) ends too early, and nobody noticed")
            } catch let error as ImportError {
                #expect("\(error)".contains(chosen) || "\(error)".contains(" and "), "round \(round): \(error)")
                refused += 1
            }
        }
        // The mutations reach what they are meant for.
        #expect(rejected > Self.count / 10 && refused > Self.count / 20, "\(rejected) rows, \(refused) files")
    }

    /// What an import asks before it registers a city must fail where a packed file ends too early.
    private func expectNothingIsBegun(_ path: String, _ label: String) {
        #expect(throws: ImportError.self, "\(label)") { try TableDataSet(directory: path).outline() }
    }

    /// Reads a folder, expects that the counts add up, and returns how many rows were rejected.
    private func read(_ path: String, _ label: String) throws -> Int {
        var data = try TableDataSet(directory: path)
        data.threads = 2
        _ = try data.notes()
        var cities: [String: CityID] = [:]
        for (index, name) in try data.cityNames().enumerated() { cities[name] = CityID(UInt32(index)) }
        var taken: [TableKind: Int] = [:]
        var rejects: [Reject] = []
        let tallies = try data.readCounting(
            cities: cities,
            emit: { rows in
                try rows.forEach { record in
                    try record.validate()
                    let city = rows.city
                    switch record {
                    case .person(let person): if person.homeCity == city { taken[.people, default: 0] += 1 }
                    case .place: taken[.places, default: 0] += 1
                    case .visit: taken[.visits, default: 0] += 1
                    case .friendship, .friendLabel: break
                    case .gathering: taken[.gatherings, default: 0] += 1
                    }
                }
            }, reject: { rejects.append($0) }, progress: { _ in })
        for tally in tallies {
            #expect(tally.rows == tally.taken + tally.rejected, "\(label)")
            #expect(rejects.filter { $0.file == tally.file }.count == tally.rejected, "\(label)")
            if tally.kind.citySlot != nil { #expect(taken[tally.kind, default: 0] == tally.taken, "\(label)") }
        }
        for reject in rejects { #expect(reject.line > 0 && !reject.reason.isEmpty, "\(label)") }
        return rejects.count
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        for _ in 0...random.next() % 3 {
            let place = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
            switch random.next() % 10 {
            case 0: if !bytes.isEmpty { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
            case 1: bytes.insert(contentsOf: [0xC3, 0x28], at: place)  // no UTF-8
            case 2: if !bytes.isEmpty { bytes.remove(at: place) }
            case 3: bytes.removeLast(bytes.count - place)
            case 4: replaceField(&bytes, at: place, with: "NaN")
            case 5: replaceField(&bytes, at: place, with: "-1")
            case 6: replaceField(&bytes, at: place, with: "99999999999999999999")
            case 7: replaceField(&bytes, at: place, with: "\"")
            case 8:  // a line twice
                let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
                bytes = Array((lines + [lines[place % lines.count]]).joined(separator: [10]))
            default: replaceField(&bytes, at: place, with: String(repeating: "x", count: 1 << (place % 12)))
            }
        }
    }

    /// Puts a text in the place of the field around `place`.
    private func replaceField(_ bytes: inout [UInt8], at place: Int, with text: String) {
        let borders = Array(",\n:{}".utf8)
        var (first, last) = (place, place)
        while first > 0 && !borders.contains(bytes[first - 1]) { first -= 1 }
        while last < bytes.count && !borders.contains(bytes[last]) { last += 1 }
        bytes.replaceSubrange(first..<last, with: Array(text.utf8))
    }
}
