import Basics
import Streams
import Wire
import World

/// Carries tables out of the cluster into files, or none: what a failed export began is taken away again.
struct TableExport {
    /// `-` is the standard output.
    let folder: String
    /// csv, tsv, jsonl or parquet.
    let format: String
    let compression: Compression
    let source: TableSource
    private var files: [ExportFile] = []
    private var bar = ProgressBar("exporting")

    init(source: TableSource, folder: String, format: String, compression: Compression) {
        self.source = source
        self.compression = compression
        self.folder = folder
        self.format = format
    }

    mutating func write(_ tables: [ExportTable]) throws -> ExportReport {
        var report = ExportReport()
        do {
            for (index, table) in tables.enumerated() {
                bar.update(Double(index) / Double(tables.count), table.name)
                let path = folder == "-" ? "-" : "\(folder)/\(table.name).\(format)\(compression.suffix)"
                let rows = format == "parquet" ? try writeParquet(table, path) : try writeText(table, path)
                report.tables.append(ExportReport.Table(table: table.name, file: path, rows: rows))
            }
            for file in files { try file.publish() }
        } catch {
            for file in files { file.discard() }
            bar.finish()
            throw error
        }
        bar.finish()
        return report
    }

    private mutating func writeText(_ table: ExportTable, _ path: String) throws -> Int {
        let file = try ExportFile(path: path, compression: compression)
        files.append(file)
        let rows = try source.carry(table, as: TextFormat(rawValue: format) ?? .csv) { try file.write($0) }
        try file.finish()
        return rows
    }

    /// The script writes the file; it is whole once the script has ended well.
    private mutating func writeParquet(_ table: ExportTable, _ path: String) throws -> Int {
        let file = ExportFile(writtenElsewhere: path)
        files.append(file)
        let script = try Parquet.writer(table: table.name, path: file.partial)
        let outcome: Result<Int, any Error>
        do {
            outcome = .success(
                try source.carry(table, as: .csv) { bytes in
                    try writeAll(bytes, to: script.pipe) { CommandError("the Parquet writer ended early") }
                })
        } catch {
            outcome = .failure(error)
        }
        try script.finish()
        try file.finish()
        return try outcome.get()
    }
}

/// Where tables come from: a cluster, or some of its cities.
struct TableSource {
    let session: Session
    /// The cities whose rows are wanted, in the order in which they are written.
    let asked: [CityRow]
    /// Every city of the cluster: people live in other cities than those they were asked of.
    let named: [CityRow]
    private let moments = ExportMoments()

    init(session: Session, asked: [CityRow], named: [CityRow]) {
        (self.session, self.asked, self.named) = (session, asked, named)
    }

    /// Hands the text of a table to `sink`, page by page. Returns the number of rows.
    func carry(_ table: ExportTable, as format: TextFormat, to sink: ([UInt8]) throws -> Void) throws -> Int {
        var writer = TableWriter(table, format: format, cities: named)
        try sink(writer.head())
        var reader = try ExportReader(session: session, table: table, cities: asked, moments: moments)
        while let page = try reader.next() { try sink(try writer.rows(of: page)) }
        return writer.rows
    }
}
