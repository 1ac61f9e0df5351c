import Basics
import Foundation
import Streams
import Testing

@testable import World

/// The ways in which rows go bad, each done to a cell whose place is known: so it is known too which row must be
/// rejected, and that all others must not be.
private enum Damage: CaseIterable {
    case badUTF8, wrongType, notANumber, outOfRange, missingColumn, truncatedPack, hugeLine, duplicateKey, unknownCity

    /// What the cell of a column is replaced with; nil where this damage means nothing to such a column.
    func value(_ table: CellTable, _ column: Int, _ random: inout SeededRandom) -> [UInt8]? {
        let (form, name) = (table.form(ofColumn: column), table.header[column])
        let isFreeText = name == "title" || name.hasSuffix("city_id")
        func one(of words: [String]) -> [UInt8] { Array(words[random.below(words.count)].utf8) }
        switch self {
        case .badUTF8: return [[0x31, 0xC3, 0x28], [0xFF, 0xFE], [0x31, 0xED, 0xA0, 0x80]][random.below(3)]
        case .wrongType: return isFreeText ? nil : one(of: ["many", "[", "1-1", "0x1F", "yes", "{}x"])
        case .notANumber:
            switch form {
            case .text: return nil
            case .vector: return one(of: ["NaN;0;0;0;0;1", "0:NaN"])
            case .weights: return one(of: ["3:NaN", "NaN:1"])
            default: return one(of: ["NaN", "nan", "inf", "-Infinity"])
            }
        case .outOfRange: return outOfRange(form, name).map { one(of: $0) }
        case .hugeLine: return [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20 + random.below(4000))
        case .unknownCity: return column == table.cityColumn ? Array("Atlantis".utf8) : nil
        case .missingColumn, .truncatedPack, .duplicateKey: return nil
        }
    }

    private func outOfRange(_ form: ColumnForm, _ name: String) -> [String]? {
        let bands = ["age_group": "6", "gender": "3", "price_band": "5", "typical_time_slot": "6"]
        let shares = ["conversion_rate", "novelty_score", "interest_overlap_score", "same_neighborhood_freq"]
        switch form {
        case .text: return nil
        case .identifier: return ["-1", "99999999999999999999", "1.5"]
        case .whole: return ["-1", "99999999999", "0.5"] + (bands[name].map { [$0] } ?? [])
        case .decimal: return ["-0.5", "1e39"] + (shares.contains(name) ? ["1.5"] : [])
        case .flag: return ["2", "-1"]
        case .time: return ["2150-01-01T00:00:00Z", "1925-01-01T00:00:00Z", "4102444800000", "-1"]
        case .vector: return ["0:1.5", "0:-0.5", "0;1", "1000:1", "0:0.5;0:0.5"]
        case .weights: return ["3:0.5;7:0.6", "70000:1", "3:-0.5;4:1.5"]
        }
    }
}

extension TableMutationTests {
    @Test func eachKindOfDamageIsNamedByFileAndRowAndCostsNoOtherRow() throws {
        var random = SeededRandom(seed: 20_090_202)
        let folder = try Folder([:])
        for round in 0..<Self.count {
            let damage = Damage.allCases[round % Damage.allCases.count]
            var damaged = DamagedCase(damage, &random)
            try damaged.write(to: folder, &random)
            let broken = try damaged.outcome(of: folder.path)
            #expect(broken.isEmpty, "round \(round): \(damaged.label): \(broken.joined(separator: "; "))")
            if !broken.isEmpty { return }
        }
    }
}

/// A world of which one table is damaged in one way.
private struct DamagedCase {
    private let damage: Damage
    private var tables = CellTable.world
    private var chosen = 0
    private var row = 0
    private var column = 0
    private var file = ""
    /// The lines on which the rows of the chosen file begin.
    private var lines: [Int] = []

    var label: String { "\(damage) in row \(row), column \(tables[chosen].header[column]) of \(file)" }

    init(_ damage: Damage, _ random: inout SeededRandom) {
        self.damage = damage
        repeat {
            chosen = random.below(tables.count)
            row = random.below(tables[chosen].rows.count)
            column = random.below(tables[chosen].header.count)
        } while !apply(&random)
    }

    /// False where this damage cannot be done at this place.
    private mutating func apply(_ random: inout SeededRandom) -> Bool {
        switch damage {
        case .truncatedPack: return true
        case .duplicateKey:
            tables[chosen].rows.append(tables[chosen].rows[row])
            row = tables[chosen].rows.count - 1
            return true
        case .missingColumn:
            // The column's name is still wanted for the label: its cells go when the text is made.
            return true
        default:
            guard let value = damage.value(tables[chosen], column, &random) else { return false }
            // Of a row that is too long, reading leaves out one line: it must not have two.
            if damage == .hugeLine, let title = tables[chosen].header.firstIndex(of: "title") {
                tables[chosen].rows[row][title].removeAll { $0 == 10 }
            }
            tables[chosen].rows[row][column] = value
            return true
        }
    }

    /// Writes all tables, each in a form of its own, the chosen one perhaps packed.
    mutating func write(to folder: Folder, _ random: inout SeededRandom) throws {
        try? FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        for (index, whole) in tables.enumerated() {
            var table = whole
            let form = CellTable.Form.allCases[random.below(3)]
            var packing = Compression.none
            if index == chosen {
                packing = Compression.allCases[random.below(3)]
                if damage == .truncatedPack && packing == .none { packing = .gzip }
                if damage == .missingColumn {
                    table.header.remove(at: column)
                    for row in table.rows.indices { table.rows[row].remove(at: column) }
                }
            }
            let name = "\(table.kind.fileNames[0]).\(form.rawValue)\(packing.suffix)"
            let text = table.text(form)
            let sink = try ByteSink(path: "\(folder.path)/\(name)", compression: packing)
            try sink.write(text.bytes)
            try sink.finish()
            guard index == chosen else { continue }
            file = name
            lines = text.lines
            if damage == .truncatedPack {
                let packed = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)"))
                try packed.prefix(4 + random.below(packed.count - 4)).write(
                    to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
            }
        }
    }

    /// What is not as it must be.
    func outcome(of path: String) throws -> [String] {
        var data = try TableDataSet(directory: path)
        data.threads = 2
        let isRefused = damage == .truncatedPack || damage == .missingColumn && tables[chosen].isRequired(column)
        var cities: [String: CityID] = [:]
        do {
            for (index, name) in try data.cityNames().enumerated() { cities[name] = CityID(UInt32(index)) }
        } catch {
            return isRefused && "\(error)".contains(file) ? [] : ["refused: \(error)"]
        }
        if isRefused { return ["taken, though nothing of it may be"] }
        cities["Atlantis"] = nil
        var rejects: [Reject] = []
        var emitted = 0
        let tallies = try data.readCounting(
            cities: cities, emit: { emitted += $0.rows }, reject: { rejects.append($0) }, progress: { _ in })
        return differences(tallies, rejects) + (emitted > 0 ? [] : ["nothing was taken"])
    }

    private func differences(_ tallies: [TableTally], _ rejects: [Reject]) -> [String] {
        var broken: [String] = []
        let expected = expectedLines
        let found = rejects.filter { $0.file == file }
        if found.map(\.line) != expected { broken.append("rejected \(found), expected the lines \(expected)") }
        for reject in rejects where reject.file != file {
            // Rows elsewhere may only name what is lost with the damaged row.
            if !reject.reason.contains(" is not in ") { broken.append("rejected \(reject)") }
        }
        if damage == .duplicateKey, !rejects.allSatisfy({ $0.reason.contains("given before") }) {
            broken.append("another reason: \(rejects)")
        }
        for (tally, table) in zip(tallies, tables) {
            let rejected = rejects.filter { $0.file == tally.file }.count
            if tally.kind != table.kind || tally.rows != table.rows.count || tally.taken + rejected != tally.rows {
                broken.append("\(tally) of \(table.rows.count) rows")
            }
        }
        return broken
    }

    private var expectedLines: [Int] {
        let (kind, name) = (tables[chosen].kind, tables[chosen].header[column])
        switch damage {
        case .missingColumn:
            // What base_popularity says, other columns only add to: every row lacks it.
            return name == "base_popularity" ? lines : []
        case .duplicateKey:
            // Of rows that name themselves by what they are about, the later one counts.
            return [.people, .places, .gatherings].contains(kind) ? [lines[row]] : []
        default: return [lines[row]]
        }
    }
}
