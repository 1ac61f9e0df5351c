import Basics
import World

/// `import --dry-run`: all that an import does before rows leave this process. Needs no cluster.
func rehearse(_ dataSet: any DataSet, _ invocation: Invocation) throws {
    let start = monotonicSeconds()
    let outline = try dataSet.outline()
    var numbers: [String: CityID] = [:]
    for (index, city) in outline.enumerated() { numbers[city.name] = CityID(UInt32(index)) }
    let rejects = RejectFile(path: invocation.settings.text("rejects"))
    var bar = ProgressBar("checking")
    var rows = 0
    var tallies: [TableTally] = []
    if let tables = dataSet as? TableDataSet {
        tallies = try tables.readCounting(
            cities: numbers, emit: { rows += $0.rows }, reject: { try rejects.add($0) },
            progress: { bar.update($0) })
    } else {
        try dataSet.read(
            cities: numbers, emit: { _, _ in rows += 1 }, reject: { try rejects.add($0) },
            progress: { bar.update($0) })
    }
    bar.finish()
    let report = RehearsalReport(
        cities: outline.count, rows: rows, rejected: rejects.count,
        rejectFile: rejects.count > 0 ? rejects.path : nil,
        tables: tallies.map {
            .init(table: $0.kind.rawValue, file: $0.file, rows: $0.rows, good: $0.taken, rejected: $0.rejected)
        }, seconds: monotonicSeconds() - start)
    if invocation.isJSON { return try printJSON(report) }
    if !tallies.isEmpty {
        var table = TextTable([("table", .left), ("file", .left), ("rows", .right), ("good", .right), ("bad", .right)])
        for tally in tallies {
            table.add([
                tally.kind.rawValue, tally.file, grouped(tally.rows), grouped(tally.taken), grouped(tally.rejected),
            ])
        }
        print(table.text() + "\n")
    }
    print(
        "nothing was loaded; an import would send \(grouped(rows)) rows to \(report.cities) cities and reject "
            + "\(grouped(report.rejected)); \(fixed(report.seconds, 1)) s")
    if let file = report.rejectFile { print("the bad rows, each with its reason: \(file)") }
}

private struct RehearsalReport: Encodable {
    struct Table: Encodable {
        var table: String
        var file: String
        var rows: Int
        var good: Int
        var rejected: Int
    }

    var cities: Int
    /// Rows as they are sent: people also to where they are guests, ties to both homes.
    var rows: Int
    var rejected: Int
    var rejectFile: String?
    var tables: [Table]
    var seconds: Double
}
