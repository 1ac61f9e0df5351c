import Basics
import Glibc
import World

extension Verb {
    /// What says which data set is meant, beside the words.
    static let sourceSettings = [
        Setting("people", "people of the synthetic world", .integer(1...10_000_000), default: "2000", scope: .call),
        Setting("places", "places of the synthetic world", .integer(1...10_000_000), default: "2000", scope: .call),
        Setting("cities", "cities of the synthetic world", .integer(1...1000), default: "4", scope: .call),
        Setting(
            "visits", "visits per person of that world", .integer(1...10_000), default: "60", scope: .call),
        Setting("seed", "seed of the synthetic world", .integer(0...Int.max), default: "1", scope: .call),
        Setting("city", "city of rows that do not name one", .text, scope: .call),
        Setting("table", "what a file holds whose name does not say it, as visits", .text, scope: .call),
    ]
}

/// The data set that an import names: a layout and its folder, a folder of tables, tables, or standard input.
/// `words` are those of the invocation, with unpacked files in the place of Parquet files.
func importSource(_ invocation: Invocation, words: [String]) throws -> any DataSet {
    let settings = invocation.settings
    let city = settings.text("city").isEmpty ? nil : settings.text("city")
    guard let word = words.first else {
        throw UsageError("import what? A folder, files, foursquare DIR, gowalla DIR, lightgcn DIR or synthetic")
    }
    switch word {
    case "synthetic":
        try invocation.noMoreWords(after: 1)
        return SyntheticDataSet(
            SyntheticConfiguration(
                people: settings.integer("people"), places: settings.integer("places"),
                cities: settings.integer("cities"), visitsPerPerson: settings.integer("visits"),
                seed: UInt64(settings.integer("seed"))), search: .products)
    case "foursquare", "gowalla", "lightgcn":
        guard words.count == 2 else {
            throw UsageError("muster import \(word) needs one folder: muster import \(word) DIR")
        }
        let folder = words[1]
        if word == "foursquare" { return FoursquareDataSet(directory: folder) }
        if word == "gowalla" { return GowallaDataSet(directory: folder) }
        guard let city else { throw UsageError("this layout knows no cities; name the one with --city") }
        return LightGCNDataSet(directory: folder, city: city)
    default:
        let name = settings.text("table")
        guard let table = TableKind(rawValue: name) else {
            if name.isEmpty { return try named(words, table: nil, city: city) }
            let names = TableKind.allCases.map(\.rawValue)
            let hint = suggestion(for: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
            throw UsageError("--table '\(name)' is none of \(names.joined(separator: ", "))\(hint)")
        }
        return try named(words, table: table, city: city)
    }
}

/// What a folder holds: a layout of check-ins, which is known by the files that it alone has, or our own tables.
func dataSet(in folder: String, city: String?) throws -> any DataSet {
    if access(folder + "/venues.tsv", F_OK) == 0 { return FoursquareDataSet(directory: folder) }
    if access(folder + "/poi_city.tsv", F_OK) == 0 { return GowallaDataSet(directory: folder) }
    return onAllProcessors(try TableDataSet(directory: folder, city: city))
}

private func onAllProcessors(_ tables: TableDataSet) -> TableDataSet {
    var tables = tables
    tables.threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return tables
}

private func named(_ words: [String], table: TableKind?, city: String?) throws -> any DataSet {
    if words == ["-"] {
        guard let table else { throw UsageError("which table comes from standard input? Say --table visits") }
        return onAllProcessors(
            try TableDataSet(paths: [try spooledInput()], table: table, name: "standard input", city: city))
    }
    for word in words where access(word, F_OK) != 0 {
        let hint = suggestion(for: word, among: ["foursquare", "gowalla", "lightgcn", "synthetic"])
        throw UsageError("'\(word)' is no file, folder or layout\(hint.map { "; did you mean '\($0)'?" } ?? "")")
    }
    var facts = stat()
    guard stat(words[0], &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
        return onAllProcessors(try TableDataSet(paths: words, table: table, city: city))
    }
    if words.count > 1 { throw UsageError("'\(words[1])' is one word too many behind a folder") }
    return try dataSet(in: words[0], city: city)
}

/// Standard input as a file that can be read more than once: cities must be known before rows are sent. The file has
/// no name any more and goes with this process.
private func spooledInput() throws -> String {
    func fault(_ what: String) -> CommandError { CommandError("\(what): \(String(cString: strerror(errno)))") }
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/muster-input-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw fault("no room for standard input in \(folder)") }
    unlink(template)
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = read(STDIN_FILENO, &piece, piece.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw fault("cannot read standard input") }
        if count == 0 { return "/proc/self/fd/\(file)" }
        var start = 0
        while start < count {
            let written = piece.withUnsafeBytes { write(file, $0.baseAddress! + start, count - start) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw fault("no room for standard input in \(folder)") }
            start += written
        }
    }
}
