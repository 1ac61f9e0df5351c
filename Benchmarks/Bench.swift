import Basics

/// One row of the registry: a piece of work that can be measured.
struct Bench: Sendable {
    let name: String
    let summary: String
    /// Takes `--data FOLDER`, a data set of cities.
    var readsCities = false
    /// Takes `--threads`; the others do their work on one.
    var isParallel = true
    /// Options of its own.
    var settings: [Setting] = []
    /// Does the work and prints a line for each result.
    let body: @Sendable (Run) throws -> Void

    static let dataSetting = [
        Setting(
            "data", "folder of a Foursquare or Gowalla data set; without one the data is made up", .path, scope: .call)
    ]

    static let sharedSettings = [
        Setting("threads", "threads that compute", .integer(1...1024), default: "1", scope: .call),
        Setting(
            "seed", "seed of everything that is drawn, made-up data included", .integer(0...Int.max), default: "1",
            scope: .call),
        Setting("json", "print JSON lines, which is what is printed anyway", .flag, scope: .call),
    ]

    private var table: SettingsTable {
        let shared = Self.sharedSettings.filter { isParallel || $0.name != "threads" }
        return SettingsTable(
            program: "muster-bench \(name)", settings: (readsCities ? Self.dataSetting : []) + settings + shared)
    }

    func start(_ arguments: [String]) throws {
        let settings = try table.load(arguments: arguments, environment: [:], files: [])
        if settings.asksForHelp {
            print("\(summary)\n\n\(table.usage)")
            return
        }
        if let word = settings.rest.first { throw OptionError("'\(word)' is one word too many") }
        try body(Run(bench: name, settings: settings, threads: isParallel ? settings.integer("threads") : 1))
    }
}

/// One value of `metrics`.
enum Figure: Encodable {
    case whole(Int)
    /// Printed with six significant digits: more than any measurement here is worth.
    case real(Double)
    case word(String)
    case list([UInt32])
    case text(String)
    case object([String: Figure])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .whole(let value): try container.encode(value)
        case .real(let value): try container.encode(sixDigits(value))
        case .word(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .text(let value): try container.encode(value)
        case .object(let values): try container.encode(values)
        }
    }
}

/// What is printed: design of the benchmark language, one object a line.
struct ResultLine: Encodable {
    var name: String
    var data: String
    var threads: Int
    var seed: UInt64
    var cpuSeconds: Double
    var wallSeconds: Double
    var loadSeconds: Double
    var peakBytes: Int
    var metrics: [String: Figure]

    enum CodingKeys: String, CodingKey {
        case name, data, threads, seed, metrics
        case cpuSeconds = "cpu_seconds"
        case wallSeconds = "wall_seconds"
        case loadSeconds = "load_seconds"
        case peakBytes = "peak_bytes"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(data, forKey: .data)
        try container.encode(threads, forKey: .threads)
        try container.encode(seed, forKey: .seed)
        try container.encode(sixDigits(cpuSeconds), forKey: .cpuSeconds)
        try container.encode(sixDigits(wallSeconds), forKey: .wallSeconds)
        try container.encode(sixDigits(loadSeconds), forKey: .loadSeconds)
        try container.encode(peakBytes, forKey: .peakBytes)
        try container.encode(metrics, forKey: .metrics)
    }
}
