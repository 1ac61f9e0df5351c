/// The settings of one program: the single place that knows their names, kinds, ranges and defaults.
package struct SettingsTable: Sendable {
    /// Name of the program, as it is typed.
    package let program: String
    package let settings: [Setting]

    /// Names are unique and not one of `config` and `help`, which every program has.
    package init(program: String, settings: [Setting]) {
        self.program = program
        self.settings = settings
        let names = settings.map(\.name) + ["config", "help"]
        precondition(Set(names).count == names.count, "\(program): a setting is listed twice")
    }

    /// The same table with more rows, for the flags of one verb of a command.
    package func adding(_ more: [Setting]) -> SettingsTable {
        SettingsTable(program: program, settings: settings + more)
    }

    /// What `--help` prints about the settings.
    package var usage: String {
        var text = ""
        let calls = settings.filter { $0.scope == .call }
        if !calls.isEmpty { text += "Options: --NAME VALUE or --NAME=VALUE.\n\n" + Self.lines(calls) + "\n" }
        text += "Settings: --NAME VALUE or --NAME=VALUE, or MUSTER_NAME in the environment, or 'NAME = VALUE' in the"
        text += "\nfile that --config names; the first of these that is there holds.\n\n"
        return text + Self.lines(settings.filter { $0.scope != .call })
    }

    private static func lines(_ settings: [Setting]) -> String {
        var text = ""
        for setting in settings {
            text += "  --\(setting.name)  \(setting.help)\n"
            text += "      \(setting.expectation); default: \(setting.standard.isEmpty ? "none" : setting.standard)\n"
        }
        return text
    }

    /// Decides every setting. `file` is the settings file to read when `--config` names no other one; it must exist.
    /// Files in `weakest` were read before and stand below it.
    /// Throws on the first fault. Arguments do not include the program's own name.
    package func load(
        arguments: [String], environment: [String: String], file: String? = nil, weakest: [SettingsFile] = []
    ) throws(SettingsError) -> Settings {
        var line = CommandLineReader(table: self)
        try line.read(arguments)
        var files = weakest
        if let path = line.config ?? file { files.insert(try SettingsFile(reading: path), at: 0) }
        return try decide(line, environment: environment, files: files)
    }

    /// The same without touching a disk: earlier files are stronger. `--config` is refused, since it names a disk.
    package func load(
        arguments: [String], environment: [String: String], files: [SettingsFile]
    ) throws(SettingsError) -> Settings {
        var line = CommandLineReader(table: self)
        try line.read(arguments)
        if line.config != nil { throw .unknown(name: "config", origin: .argument, suggestion: nil) }
        return try decide(line, environment: environment, files: files)
    }

    private func decide(
        _ line: CommandLineReader, environment: [String: String], files: [SettingsFile]
    ) throws(SettingsError) -> Settings {
        var result = Settings(table: self, values: [:])
        for setting in settings {
            result.values[setting.name] = .init(text: setting.standard, origin: .standard)
        }
        for file in files.reversed() { try file.fill(&result) }
        for setting in settings where setting.scope != .call {
            // An empty variable counts as none: that is what composing tools leave behind.
            guard let value = environment[setting.variable], !value.isEmpty else { continue }
            try result.set(setting, to: value, origin: .environment(setting.variable))
        }
        for (setting, value) in line.values {
            let before = setting.kind == .texts ? result.values[setting.name] : nil
            let first = before?.origin == .argument ? (before?.text ?? "") + "\0" : ""
            try result.set(setting, to: first + value, origin: .argument)
        }
        result.rest = line.rest
        result.asksForHelp = line.asksForHelp
        return result
    }

    func setting(_ name: String) -> Setting? { settings.first { $0.name == name } }
}

extension Settings {
    mutating func set(_ setting: Setting, to value: String, origin: SettingOrigin) throws(SettingsError) {
        guard setting.accepts(value) else {
            throw .invalid(name: setting.name, value: value, origin: origin, expected: setting.expectation)
        }
        values[setting.name] = Value(text: value, origin: origin)
    }
}

/// Splits a command line into settings and the rest. Later flags win over earlier ones; after `--` all is rest.
struct CommandLineReader {
    let table: SettingsTable
    var values: [(Setting, String)] = []
    var rest: [String] = []
    var config: String?
    var asksForHelp = false

    init(table: SettingsTable) { self.table = table }

    mutating func read(_ arguments: [String]) throws(SettingsError) {
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            if argument == "--" {
                rest += arguments[index...]
                return
            }
            if argument == "-h" || argument == "--help" {
                asksForHelp = true
            } else if argument.hasPrefix("--") {
                try readFlag(argument.dropFirst(2), next: &index, arguments)
            } else {
                rest.append(argument)
            }
        }
    }

    private mutating func readFlag(
        _ text: Substring, next: inout Int, _ arguments: [String]
    ) throws(SettingsError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let setting = table.setting(name)
        guard setting != nil || name == "config" else {
            let names = table.settings.map(\.name) + ["config", "help"]
            throw .unknown(
                name: "--\(name)", origin: .argument,
                suggestion: suggestion(for: name, among: names).map { "--\($0)" })
        }
        let value: String
        if parts.count == 2 {
            value = String(parts[1])
        } else if setting?.kind == .flag {
            value = "true"
        } else {
            // A flag in the place of a value is a forgotten value; `--name=--odd` says it when it is meant.
            guard next < arguments.count, !arguments[next].hasPrefix("--") else {
                throw .missingValue(name: name, expected: setting?.expectation ?? "a path")
            }
            value = arguments[next]
            next += 1
        }
        if let setting { values.append((setting, value)) } else { config = value }
    }
}
