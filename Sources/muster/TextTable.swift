/// Rows in columns that line up. Numbers to the right, words to the left.
struct TextTable {
    enum Side { case left, right }

    private let columns: [(title: String, side: Side)]
    private var rows: [[String]] = []

    init(_ columns: [(String, Side)]) { self.columns = columns.map { (title: $0.0, side: $0.1) } }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has one cell per column")
        rows.append(cells)
    }

    func text() -> String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            let padded = columns.indices.map { column -> String in
                let blank = String(repeating: " ", count: widths[column] - cells[column].count)
                return columns[column].side == .left ? cells[column] + blank : blank + cells[column]
            }
            var line = padded.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

/// A number with its thousands apart: 1,260,764.
func grouped(_ number: some BinaryInteger) -> String {
    let digits = String(number)
    var text = ""
    for (offset, digit) in digits.enumerated() {
        if offset > 0, (digits.count - offset).isMultiple(of: 3), text != "-" { text.append(",") }
        text.append(digit)
    }
    return text
}

/// A number with a fixed count of digits behind the point.
func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    let whole = UInt64(scaled / scale)
    let rest = String(UInt64(scaled - Double(whole) * scale))
    let fraction = String(repeating: "0", count: max(0, digits - rest.count)) + rest
    return (value < 0 ? "-" : "") + (digits == 0 ? String(whole) : "\(whole).\(fraction)")
}
