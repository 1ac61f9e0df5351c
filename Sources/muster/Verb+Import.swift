import Basics
import FoundationEssentials
import Glibc
import Wire
import World

extension Verb {
    static let importing = Verb(
        name: "import",
        summary: "load people, places, visits and friendships",
        usage: """
            muster import DIR                people.csv, places.csv, visits.csv, friendships.csv, friend_labels.csv,
                                             gatherings.csv or some of them; also .tsv, .jsonl; also .gz, .zst;
                                             or .parquet
            muster import FILE ...           single tables, for a cluster that has the others
            muster import - --table visits   a table from standard input
            muster import foursquare DIR     check-ins and friendships of several cities (venues.tsv, checkins.tsv, ...)
            muster import gowalla DIR        train.txt, tune.txt, test.txt, socialRelations.txt, poi_city.tsv, ...
            muster import lightgcn DIR       lines 'user item item ...' in train.txt, test.txt; --city names the city
            muster import synthetic          a small made-up world: --people --places --cities --visits --seed

            Rows are stored durably before they count. Loading the same data again changes nothing. A row that cannot be
            read goes to the reject file with its file, line and reason; the rest is loaded. --dry-run reads and checks
            everything and loads nothing; it needs no cluster. docs/TABLES.md has the columns.
            """,
        settings: sourceSettings + [
            Setting("dry-run", "check everything, load nothing", .flag, scope: .call),
            Setting("rejects", "file that takes the rows left out", .path, default: "muster-rejects.tsv", scope: .call),
        ]
    ) { invocation in
        let parquet = try UnpackedParquet(invocation.words)
        defer { withExtendedLifetime(parquet) {} }
        let dataSet = try importSource(invocation, words: parquet.words)
        if let tables = dataSet as? TableDataSet { for note in try tables.notes() { complain("muster: \(note)") } }
        if invocation.settings.flag("dry-run") { return try rehearse(dataSet, invocation) }
        let session = try invocation.session()
        let start = monotonicSeconds()
        let cities = try dataSet.outline()
        let order = RegisterCities(names: cities.map(\.name), loads: cities.map(\.size))
        let rows = try session.ask(order, for: CityTable.self).cities
        let rejects = RejectFile(path: invocation.settings.text("rejects"))
        // Rows that workers refuse have no line any more, so they are named by city.
        var sender = BlockSender(session: session, cities: rows) { city, reason in
            try rejects.add(Reject(file: city, line: 0, reason: reason))
        }
        var bar = ProgressBar("importing")
        try dataSet.readEncoded(
            cities: Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.city) }),
            emit: { try sender.add($0) },
            reject: { try rejects.add($0) },
            progress: { bar.update($0) })
        try sender.finish()
        bar.finish()
        try report(
            ImportReport(
                cities: cities.count, rows: sender.totals.rows, new: sender.totals.new, known: sender.totals.known,
                rejected: rejects.count, rejectFile: rejects.count > 0 ? rejects.path : nil,
                seconds: monotonicSeconds() - start), invocation)
    }

    private static func report(_ report: ImportReport, _ invocation: Invocation) throws {
        if invocation.isJSON { return try printJSON(report) }
        print(
            "\(grouped(report.rows)) rows in \(report.cities) cities: \(grouped(report.new)) new, "
                + "\(grouped(report.known)) known already, \(grouped(report.rejected)) rejected; "
                + "\(fixed(report.seconds, 1)) s, \(grouped(Int(Double(report.rows) / report.seconds))) rows/s")
        if let file = report.rejectFile { print("the rejected rows, each with its reason: \(file)") }
    }
}

private struct ImportReport: Encodable {
    var cities: Int
    var rows: Int
    var new: Int
    var known: Int
    var rejected: Int
    var rejectFile: String?
    var seconds: Double
}

/// Takes the rows left out: file, line and reason, tab-separated. It is made with the first of them, and each is
/// written as it comes, so that it is complete also when the import ends in an error.
final class RejectFile {
    let path: String
    private(set) var count = 0
    private var handle: Int32 = -1

    init(path: String) { self.path = path }

    deinit { if handle >= 0 { close(handle) } }

    func add(_ reject: Reject) throws {
        if handle < 0 {
            handle = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            guard handle >= 0 else {
                throw CommandError("the reject file \(path) cannot be written: \(String(cString: strerror(errno)))")
            }
        }
        count += 1
        var line = "\(reject.file)\t\(reject.line)\t\(reject.reason)\n"
        let written = line.withUTF8 { write(handle, $0.baseAddress, $0.count) }
        guard written > 0 else { throw CommandError("the reject file \(path) cannot be written") }
    }
}
