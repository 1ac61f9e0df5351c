import Basics
import FoundationEssentials
import Glibc
import World

extension Verb {
    static let world = Verb(
        name: "world",
        summary: "make up a world, or describe one",
        usage: """
            muster world generate --out DIR      writes people.csv, places.csv, visits.csv, friendships.csv, ...
            muster world describe DIR            counts, distributions, rhythm, homophily of the tables in a folder
            muster world describe DIR --plots DIR2
            muster world describe                of the world that the sizes would make

            The same seed and sizes make the same files, byte for byte, on any number of threads. muster import DIR
            loads them. None of this needs a cluster.
            """,
        settings: [
            Setting("out", "folder that gets the tables", .path, scope: .call),
            Setting("plots", "folder that gets the plots, as SVG", .path, scope: .call),
            Setting("people", "people of the made-up world", .integer(1...10_000_000), default: "10000", scope: .call),
            Setting("places", "places of the made-up world", .integer(1...10_000_000), default: "10000", scope: .call),
            Setting("cities", "cities of the made-up world", .integer(1...10_000), default: "8", scope: .call),
            Setting("neighborhoods", "neighborhoods of each city", .integer(1...1000), default: "15", scope: .call),
            Setting(
                "visits-per-person", "visits of each of them, on average", .integer(0...10_000), default: "125",
                scope: .call),
            Setting("seed", "seed of the made-up world", .integer(0...Int.max), default: "1", scope: .call),
            Setting(
                "threads", "threads that compute; 0: all processors", .integer(0...1024), default: "0", scope: .call),
        ]
    ) { invocation in
        switch invocation.words.first {
        case "generate":
            try invocation.noMoreWords(after: 1)
            try generate(invocation)
        case "describe":
            try invocation.noMoreWords(after: 2)
            let folder = invocation.words.dropFirst().first
            try describe(try folder.map { try dataSet(in: $0, city: nil) } ?? madeUp(invocation.settings), invocation)
        case let word?:
            let hint = suggestion(for: word, among: ["generate", "describe"]).map { "; did you mean '\($0)'?" } ?? ""
            throw UsageError("'\(word)' is nothing to do with a world\(hint)")
        case nil:
            throw UsageError("generate or describe?")
        }
    }

    private static func generate(_ invocation: Invocation) throws {
        let settings = invocation.settings
        guard let out = settings.path("out") else { throw UsageError("muster world generate needs --out DIR") }
        let configuration = configuration(settings)
        let start = monotonicSeconds()
        let world = try SyntheticWorld(
            configuration, cities: (0..<configuration.cities).map { CityID(UInt32($0)) }, search: .products,
            pool: ComputePool(threads: threads(settings)))
        var folder = try WorldFolder(out)
        var bar = ProgressBar("making up")
        let counts = try world.writeTables(
            { table, text in try folder.write(text, to: table) }, progress: { bar.update($0) })
        try folder.finish()
        bar.finish()
        let report = GenerateReport(
            folder: out, rows: counts.total, bytes: folder.bytes, seconds: monotonicSeconds() - start,
            tables: Dictionary(uniqueKeysWithValues: counts.rows.map { ($0.key.rawValue, $0.value) }))
        if invocation.isJSON { return try printJSON(report) }
        for table in TableKind.allCases { print("\(table.rawValue): \(grouped(counts.rows[table] ?? 0))") }
        print(
            "\(grouped(report.rows)) rows, \(grouped(report.bytes / 1_000_000)) MB in \(out); "
                + "\(fixed(report.seconds, 1)) s")
    }

    private static func configuration(_ settings: Settings) -> SyntheticConfiguration {
        SyntheticConfiguration(
            people: settings.integer("people"), places: settings.integer("places"),
            cities: settings.integer("cities"), neighborhoodsPerCity: settings.integer("neighborhoods"),
            visitsPerPerson: settings.integer("visits-per-person"), seed: UInt64(settings.integer("seed")))
    }

    private static func madeUp(_ settings: Settings) -> any DataSet {
        SyntheticDataSet(
            configuration(settings), search: .products, pool: ComputePool(threads: threads(settings)))
    }

    /// How many threads a setting means: 0 stands for all processors.
    static func threads(_ settings: Settings) -> Int {
        let wanted = settings.integer("threads")
        return wanted > 0 ? wanted : max(1, ProcessInfo.processInfo.activeProcessorCount)
    }

    private static func describe(_ dataSet: any DataSet, _ invocation: Invocation) throws {
        let outline = try dataSet.outline()
        let names = outline.map(\.name)
        var summary = WorldSummary()
        var rejected = 0
        var bar = ProgressBar("reading")
        try dataSet.read(
            cities: Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, CityID(UInt32($0))) }),
            emit: { city, record in summary.add(record, in: city) }, reject: { _ in rejected += 1 },
            progress: { bar.update($0) })
        bar.finish()
        if let plots = invocation.settings.path("plots") { try write(summary.plots, to: plots) }
        let report = WorldReport(summary, names: names, rejected: rejected)
        if invocation.isJSON { return try printJSON(report) }
        print(report.text)
    }

    private static func write(_ plots: [(name: String, plot: Plot)], to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, plot) in plots { try Data(plot.svg.utf8).write(to: URL(filePath: "\(folder)/\(name).svg")) }
        } catch {
            throw CommandError("the plots cannot be written to \(folder): \(error)")
        }
    }
}

private struct GenerateReport: Encodable {
    var folder: String
    var rows: Int
    var bytes: Int
    var seconds: Double
    var tables: [String: Int]
}
