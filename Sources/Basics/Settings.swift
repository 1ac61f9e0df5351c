// Every knob of a program is one row of its `SettingsTable`; the flag, the environment variable and the line of the
// settings file all carry the row's name. What is set is decided once at the start, checked, and never changes.
//
//     --redis 127.0.0.1:6379         flag, strongest
//     MUSTER_REDIS=127.0.0.1:6379    environment
//     redis = 127.0.0.1:6379         settings file (`--config FILE`)
//                                    default of the table, weakest
//
// A name that no row has is refused wherever it could only be a mistake: as a flag and in a settings file. Variables
// of the environment are shared with other programs, so that there an unknown name means nothing.

/// One knob: what it is called, what it does, what it may be.
package struct Setting: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case text
        /// A text that may be given several times.
        case texts
        /// A file or folder; empty means that there is none.
        case path
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        /// `true` or `false`; as a flag without a value, `true`.
        case flag
        /// One of a few words.
        case choice([String])
    }

    package enum Scope: Sendable, Equatable {
        /// Must be the same in every process of a cluster.
        case cluster
        /// May differ from process to process.
        case process
        /// Belongs to one call of a command: a flag only, never in the environment or in a file.
        case call
    }

    /// Lower-case words joined by hyphens, as on the command line: `redis-password-file`.
    package let name: String
    /// One line for the reader of `--help`.
    package let help: String
    package let kind: Kind
    /// In the words of the command line. Must itself be valid.
    package let standard: String
    package let scope: Scope
    /// What a number counts, for example "milliseconds"; empty when it is plain.
    package let unit: String

    package init(
        _ name: String, _ help: String, _ kind: Kind, default standard: String = "", unit: String = "",
        scope: Scope = .process
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.standard = kind == .flag && standard.isEmpty ? "false" : standard
        self.unit = unit
        self.scope = scope
        precondition(accepts(self.standard), "setting \(name): the default \(standard) is not \(expectation)")
    }

    /// `MUSTER_REDIS_PASSWORD_FILE` for `redis-password-file`.
    package var variable: String {
        "MUSTER_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    /// What a valid value looks like, to stand behind "is not".
    package var expectation: String {
        let counted = unit.isEmpty ? "" : " (\(unit))"
        return switch kind {
        case .text: "a text"
        case .texts: "a text, and may be given again"
        case .path: "a path"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)\(counted)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)\(counted)"
        case .flag: "true or false"
        case .choice(let words): "one of " + words.joined(separator: ", ")
        }
    }

    /// Whether `value` is of the kind and in the range.
    package func accepts(_ value: String) -> Bool {
        switch kind {
        case .text, .texts, .path: true
        case .integer(let range): Int(value).map(range.contains) ?? false
        case .number(let range): Double(value).map(range.contains) ?? false
        case .flag: value == "true" || value == "false"
        case .choice(let words): words.contains(value)
        }
    }
}

/// Where a value came from, strongest last.
package enum SettingOrigin: Sendable, Equatable, CustomStringConvertible {
    case standard
    /// Line numbers start at 1.
    case file(String, line: Int)
    case environment(String)
    case argument

    package var description: String {
        switch self {
        case .standard: "default"
        case .file(let name, let line): "\(name):\(line)"
        case .environment(let variable): "environment \(variable)"
        case .argument: "command line"
        }
    }
}

/// What a program runs with: a checked value and its origin for every row of its table.
package struct Settings: Sendable {
    struct Value: Sendable, Equatable {
        var text: String
        var origin: SettingOrigin
    }

    let table: SettingsTable
    var values: [String: Value]
    /// What the command line held beside the flags, in its order.
    package internal(set) var rest: [String] = []
    /// `--help` or `-h` was there: print `SettingsTable.usage` and end with success.
    package internal(set) var asksForHelp = false

    /// The value of a text, a path or a choice. Asking for a row that the table lacks is a bug and stops the program.
    package func text(_ name: String) -> String { value(name).text }

    /// The values of a text that may be given several times, in the order of the command line.
    package func texts(_ name: String) -> [String] {
        value(name).text.split(separator: "\0").map(String.init)
    }

    /// The value of a path; nil when it is empty, that is, when there is none.
    package func path(_ name: String) -> String? {
        let text = value(name).text
        return text.isEmpty ? nil : text
    }

    /// The value of a whole number, inside the row's range.
    package func integer(_ name: String) -> Int {
        guard let number = Int(value(name).text) else { preconditionFailure("setting \(name) is not an integer") }
        return number
    }

    /// The value of a number, inside the row's range.
    package func number(_ name: String) -> Double {
        guard let number = Double(value(name).text) else { preconditionFailure("setting \(name) is not a number") }
        return number
    }

    /// The value of a flag.
    package func flag(_ name: String) -> Bool {
        let text = value(name).text
        precondition(text == "true" || text == "false", "setting \(name) is not a flag")
        return text == "true"
    }

    /// Who set the value.
    package func origin(_ name: String) -> SettingOrigin { value(name).origin }

    /// One line for each row, `name = value  # origin`, in the order of the table. Secrets are never values here:
    /// they live in files, and only the path is a setting.
    package func describe() -> String {
        table.settings.map { "\($0.name) = \(text($0.name))  # \(origin($0.name))\n" }.joined()
    }

    private func value(_ name: String) -> Value {
        guard let value = values[name] else {
            preconditionFailure("\(table.program) has no setting \(name)")
        }
        return value
    }
}
