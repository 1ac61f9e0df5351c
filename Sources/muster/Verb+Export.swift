import Basics
import Glibc
import Streams
import Wire
import World

extension Verb {
    static let export = Verb(
        name: "export",
        summary: "write all tables, and embeddings, to files",
        usage: """
            muster export DIR                                     every table as DIR/TABLE.csv; DIR is new or empty
            muster export DIR --format jsonl --zstd               packed: DIR/TABLE.jsonl.zst
            muster export DIR --format parquet --city Bergen
            muster export - --tables visits --format jsonl        one table to the standard output

            Tables: \(ExportTable.allCases.map(\.name).joined(separator: ", ")).

            What is written can be imported again and gives the same rows; importing and exporting once more gives the
            same bytes. Each city is written as it was when the export first asked for it, whatever is imported or
            trained meanwhile.
            """,
        settings: [
            Setting("city", "only this city", .text, scope: .call),
            Setting(
                "format", "how tables are written", .choice(["csv", "tsv", "jsonl", "parquet"]), default: "csv",
                scope: .call),
            Setting("tables", "only these, separated by commas", .text, scope: .call),
            Setting("gzip", "pack with gzip: TABLE.csv.gz", .flag, scope: .call),
            Setting("zstd", "pack with zstd: TABLE.csv.zst", .flag, scope: .call),
        ]
    ) { invocation in
        let (folder, tables) = try order(of: invocation)
        let format = invocation.settings.text("format")
        let packing = try compression(invocation)
        if format == "parquet" {
            if packing != .none { throw UsageError("Parquet packs itself: leave --gzip and --zstd out") }
            if folder == "-" { throw UsageError("Parquet needs a folder: muster export DIR --format parquet") }
            try Parquet.check()
        }
        let session = try invocation.session()
        let name = invocation.settings.text("city")
        let all = try session.cities()
        let cities = name.isEmpty ? all : [try session.city(named: name)]
        // By name: the numbers of cities belong to this cluster, and what is exported must not depend on them.
        let sorted = cities.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        if folder != "-" { try makeEmptyFolder(folder) }
        let start = monotonicSeconds()
        var export = TableExport(
            source: TableSource(session: session, asked: sorted, named: all), folder: folder, format: format,
            compression: packing)
        var report = try export.write(tables)
        report.seconds = monotonicSeconds() - start
        if folder == "-" { return }
        if invocation.isJSON { return try printJSON(report) }
        let rate = Int(Double(report.rows) / max(report.seconds, 1e-3))
        for table in report.tables { print("\(table.file)  \(grouped(table.rows)) rows") }
        print(
            "\(grouped(report.rows)) rows of \(sorted.count) cities in \(fixed(report.seconds, 1)) s, "
                + "\(grouped(rate)) rows/s")
    }

    private static func compression(_ invocation: Invocation) throws -> Compression {
        switch (invocation.settings.flag("gzip"), invocation.settings.flag("zstd")) {
        case (true, true): throw UsageError("--gzip or --zstd, not both")
        case (true, false): .gzip
        case (false, true): .zstd
        case (false, false): .none
        }
    }

    private static func order(of invocation: Invocation) throws -> (folder: String, tables: [ExportTable]) {
        guard let folder = invocation.words.first else { throw UsageError("export to where? muster export DIR") }
        try invocation.noMoreWords(after: 1)
        let words = invocation.settings.text("tables").split(separator: ",").map(String.init)
        let asked = try words.map { word in
            guard let table = ExportTable.allCases.first(where: { $0.name == word }) else {
                let hint = suggestion(for: word, among: ExportTable.allCases.map(\.name))
                throw UsageError("'\(word)' is no table\(hint.map { "; did you mean '\($0)'?" } ?? "")")
            }
            return table
        }
        let tables = ExportTable.allCases.filter { words.isEmpty || asked.contains($0) }
        if folder == "-", tables.count != 1 {
            throw UsageError("the standard output takes one table: muster export - --tables visits")
        }
        return (folder, tables)
    }

    /// Makes the folder, or takes one in which nothing is: an export never mixes with what was there.
    private static func makeEmptyFolder(_ path: String) throws {
        if mkdir(path, 0o755) == 0 { return }
        guard errno == EEXIST else {
            throw CommandError("the folder \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        guard let directory = opendir(path) else {
            throw CommandError("\(path) is no folder that can be written: \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." {
                throw CommandError("\(path) is not empty (there is \(name)); name a new folder")
            }
        }
    }
}

/// What an export did, table by table.
struct ExportReport: Encodable {
    struct Table: Encodable {
        var table: String
        var file: String
        var rows: Int
    }

    var tables: [Table] = []
    var seconds = 0.0
    var rows: Int { tables.reduce(0) { $0 + $1.rows } }
}
