/// Figures as Prometheus reads them (its text format 0.0.4), in the order in which they are added.
package struct MetricsText {
    package enum Kind: String {
        /// May rise and fall.
        case gauge
        /// Only rises, until it begins anew.
        case counter
    }

    private(set) package var text = ""

    package init() {}

    /// One family of figures. Names and labels' names are letters, digits and underscores; values of labels may be any
    /// text. No rows: nothing is written.
    package mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ rows: [(labels: [(name: String, value: String)], value: Double)]
    ) {
        if rows.isEmpty { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (labels, value) in rows {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
            text += name + (pairs.isEmpty ? "" : "{\(pairs)}") + " \(Self.written(value))\n"
        }
    }

    package var response: HTTPResponse {
        HTTPResponse(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    private static func written(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : String(value)
    }
}
