// Rows as text, one field after the other, into one growing buffer. Nothing is made into a string on the way but
// numbers of more than a few decimals, whose shortest decimal that reads back as the same bits is Swift's own
// description.
//
// | what               | CSV, TSV                           | JSON Lines                    |
// | ---                | ---                                | ---                           |
// | whole number       | 12                                 | 12                            |
// | number             | 0.1                                | 0.1                           |
// | flag               | true                               | true                          |
// | text               | quoted where it must be            | "text"                        |
// | time               | 2012-04-02T18:30:00.250Z           | "2012-04-02T18:30:00.250Z"    |
// | list               | 0.25;0.75                          | [0.25,0.75]                   |
// | numbers by number  | 3:0.25;7:0.75                      | {"3":0.25,"7":0.75}           |
// | unknown            | nothing between the separators     | null                          |

/// How a table is written down.
package enum TextFormat: String, CaseIterable, Sendable {
    /// Commas, a head line, quotes around fields that hold commas, quotes or line breaks (RFC 4180, lines end in LF).
    case csv
    /// The same with tabs.
    case tsv
    /// One JSON object a line.
    case jsonl
}

/// Writes rows of a table whose columns are known. Each row must be given a value for every column, in order.
struct RowText: Sendable {
    private let format: TextFormat
    private let columns: [String]
    private let separator: UInt8
    /// What stands before each field of JSON: a bracket or comma, and the column's name. Empty for other formats.
    private let leads: [[UInt8]]
    private var column = 0
    private(set) var bytes: [UInt8] = []

    init(format: TextFormat, columns: [String]) {
        self.format = format
        self.columns = columns
        separator = UInt8(ascii: format == .tsv ? "\t" : ",")
        leads =
            format == .jsonl
            ? columns.enumerated().map { Array("\($0.offset == 0 ? "{" : ",")\"\($0.element)\":".utf8) } : []
    }

    /// The line that names the columns; nothing for JSON Lines, whose rows name them.
    mutating func head() {
        if format == .jsonl { return }
        for name in columns { put(text: name) }
        endRow()
    }

    mutating func endRow() {
        precondition(column == columns.count, "a row has a value for every column")
        if format == .jsonl { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: "\n"))
        column = 0
    }

    /// Hands out what is written and begins anew.
    mutating func drain() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private mutating func beginField() {
        if format == .jsonl {
            bytes.append(contentsOf: leads[column])
        } else if column > 0 {
            bytes.append(separator)
        }
        column += 1
    }

    mutating func putUnknown() {
        beginField()
        if format == .jsonl { bytes.append(contentsOf: "null".utf8) }
    }

    mutating func put(_ number: some FixedWidthInteger) {
        beginField()
        bytes.append(decimal: number)
    }

    mutating func put(known number: (some FixedWidthInteger)?) {
        if let number { put(number) } else { putUnknown() }
    }

    /// An empty text is unknown.
    mutating func put(knownText text: String) {
        if text.isEmpty { putUnknown() } else { put(text: text) }
    }

    mutating func put(_ value: Float) {
        beginField()
        append(value)
    }

    mutating func put(flag: Bool) {
        beginField()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    mutating func put(time: Timestamp) {
        beginField()
        if format == .jsonl { bytes.append(UInt8(ascii: "\"")) }
        bytes.append(time: time)
        if format == .jsonl { bytes.append(UInt8(ascii: "\"")) }
    }

    mutating func put(text: String) {
        beginField()
        bytes.append(contentsOf: Self.spelled(text, format))
    }

    /// A text that was spelled for this format before.
    mutating func put(spelled text: [UInt8]) {
        beginField()
        bytes.append(contentsOf: text)
    }

    /// How a text is written, quotes included: for texts that many rows repeat.
    static func spelled(_ text: String, _ format: TextFormat) -> [UInt8] {
        var bytes: [UInt8] = []
        switch format {
        case .csv: bytes.append(field: text, separator: UInt8(ascii: ","))
        case .tsv: bytes.append(field: text, separator: UInt8(ascii: "\t"))
        case .jsonl: bytes.append(json: text)
        }
        return bytes
    }

    /// An empty list is unknown.
    mutating func put(list: some Collection<Float>) { putList(list) { text, value in text.append(value) } }

    /// An empty list is unknown.
    mutating func put(numbers: [Int]) { putList(numbers) { text, number in text.bytes.append(decimal: number) } }

    /// An empty list is unknown.
    mutating func put(weights: [AreaFrequency]) {
        let isJSON = format == .jsonl
        putList(weights, brackets: ("{", "}")) { text, area in
            if isJSON { text.bytes.append(UInt8(ascii: "\"")) }
            text.bytes.append(decimal: area.neighborhood)
            if isJSON { text.bytes.append(UInt8(ascii: "\"")) }
            text.bytes.append(UInt8(ascii: ":"))
            text.append(area.weight)
        }
    }

    private mutating func putList<Element>(
        _ list: some Collection<Element>, brackets: (open: Unicode.Scalar, close: Unicode.Scalar) = ("[", "]"),
        _ append: (inout RowText, Element) -> Void
    ) {
        if list.isEmpty { return putUnknown() }
        beginField()
        let isJSON = format == .jsonl
        if isJSON { bytes.append(UInt8(ascii: brackets.open)) }
        var isFirst = true
        for element in list {
            if !isFirst { bytes.append(UInt8(ascii: isJSON ? "," : ";")) }
            isFirst = false
            append(&self, element)
        }
        if isJSON { bytes.append(UInt8(ascii: brackets.close)) }
    }

    /// The shortest decimal that reads back as the same bits. JSON knows no infinity and no NaN: null.
    private mutating func append(_ value: Float) {
        if bytes.append(short: value) { return }
        if !value.isFinite, format == .jsonl { return bytes.append(contentsOf: "null".utf8) }
        bytes.append(contentsOf: value.description.utf8)
    }
}
