// Events of a process, one line each on the standard error: JSON for machines, plain words on a terminal. The message
// is a constant, so that it can be searched and counted; what differs stands in the fields. Fields are ids, counts
// and names of our own making, never what people have written or where they have been.

import Glibc
import Synchronization

/// The log of this process. Any thread may write; a line is written whole.
package enum Log {
    package enum Level: String, Sendable, Comparable, CaseIterable {
        case debug, info, warn, error

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warn: 2
            case .error: 3
            }
        }
    }

    /// Facts beside a message. Keys are constants other than `time`, `level`, `program` and `message`.
    package typealias Fields = KeyValuePairs<String, any CustomStringConvertible & Sendable>

    private struct State {
        var program = "muster"
        var level = Level.info
        var isTerminal = false
    }

    private static let state = Mutex(State())

    /// Names the process and the least grave level that is written. Call once, before other threads log.
    package static func start(program: String, level: Level) {
        state.withLock { $0 = State(program: program, level: level, isTerminal: isatty(STDERR_FILENO) == 1) }
    }

    /// What helps only whoever looks for a fault. The fields are not even computed when the level is off.
    package static func debug(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        write(.debug, message, fields)
    }

    /// What happens in a healthy life: started, joined, finished.
    package static func info(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        write(.info, message, fields)
    }

    /// What goes on working but should not stay so.
    package static func warn(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        write(.warn, message, fields)
    }

    /// What failed.
    package static func error(_ message: StaticString, _ fields: @autoclosure () -> Fields = [:]) {
        write(.error, message, fields)
    }

    private static func write(_ level: Level, _ message: StaticString, _ fields: () -> Fields) {
        let now = state.withLock { $0 }
        guard level >= now.level else { return }
        let line = LogLine(
            time: rfc3339(), level: level, program: now.program, message: message.description,
            fields: fields().map { ($0.key, $0.value) })
        let text = now.isTerminal ? line.plain : line.json
        // Under the lock, so that a line that the system takes in two pieces is not torn by another thread.
        state.withLock { _ in
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
                if count < 0 && errno == EINTR { continue }
                // Nobody can be told that the log itself fails.
                if count <= 0 { return }
                bytes = bytes.dropFirst(count)
            }
        }
    }

    /// This moment, UTC, to the millisecond.
    private static func rfc3339() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return LogLine.rfc3339(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
    }
}

/// One event before it is written, apart from clock and descriptor so that its forms can be tested.
package struct LogLine: Sendable {
    let time: String
    let level: Log.Level
    let program: String
    let message: String
    let fields: [(key: String, value: any CustomStringConvertible & Sendable)]

    package init(
        time: String, level: Log.Level, program: String, message: String,
        fields: [(key: String, value: any CustomStringConvertible & Sendable)]
    ) {
        self.time = time
        self.level = level
        self.program = program
        self.message = message
        self.fields = fields
    }

    /// One JSON object and a newline: `{"time":…,"level":…,"program":…,"message":…, fields in their order}`.
    /// Numbers and flags are JSON's own as long as every reader keeps them exact; all else is a string.
    package var json: String {
        var line = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"program\":"
        line += Self.quoted(program) + ",\"message\":" + Self.quoted(message)
        for (key, value) in fields { line += "," + Self.quoted(key) + ":" + Self.jsonValue(value) }
        return line + "}\n"
    }

    /// For people: `12:34:56.789 warn  the message  key=value key=value`.
    package var plain: String {
        let clock = time.dropFirst(11).dropLast()
        var line = "\(clock) \(level.rawValue)" + (level.rawValue.utf8.count == 4 ? " " : "") + " \(message)"
        if !fields.isEmpty { line += " " }
        for (key, value) in fields {
            let text = value.description
            let isWord = !text.isEmpty && text.allSatisfy { !$0.isWhitespace && !$0.isNewline && $0 != "\"" }
            line += " \(key)=" + (isWord ? text : Self.quoted(text))
        }
        return line + "\n"
    }

    /// `2012-04-02T00:00:00.000Z` for seconds since 1970 and milliseconds 0..<1000.
    package static func rfc3339(seconds: Int, milliseconds: Int) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        func digits(_ number: Int32, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let clock = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        return "\(date)T\(clock).\(digits(Int32(milliseconds), 3))Z"
    }

    private static func jsonValue(_ value: any CustomStringConvertible & Sendable) -> String {
        switch value {
        case let flag as Bool: return flag ? "true" : "false"
        case let number as Double where number.isFinite: return number.description
        case let number as Float where number.isFinite: return number.description
        case is any BinaryInteger, is any Identifier:
            // Beyond 2^53 many readers of JSON round; then the digits travel as text.
            let digits = value.description
            return (Int(digits).map { $0.magnitude <= 1 << 53 } ?? false) ? digits : quoted(digits)
        default: return quoted(value.description)
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
