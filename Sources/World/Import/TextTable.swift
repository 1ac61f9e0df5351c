// A text file of tab-separated rows, held in memory as bytes and walked once. Fields are never made
// into strings: they are ranges of bytes, read as numbers by hand, so that a million rows cost a
// tenth of a second. Lines end in LF or CR LF; empty lines are passed over; there is no quoting.

/// Why one row cannot be taken.
struct RowFault: Error, Equatable {
    let reason: String
}

/// A cursor over the rows of one file. `next()` moves to a row, whose fields are then read by column.
struct TextTable {
    /// More columns than any known file has; a row with more is rejected, not stored.
    private static let columnsMax = 32

    /// The file's name, without its folder: what rejects call it.
    let file: String
    /// The line of the current row, from 1.
    private(set) var line = 0
    private let bytes: [UInt8]
    private var position = 0
    /// Where each field of the current row starts, and one more: behind the last one's separator.
    private var starts: [Int]
    private var fieldsCount = 0
    private var width: Int

    /// Opens `file` in the folder `directory`. Rows must have `width` fields, unless a header says otherwise.
    init(directory: String, file: String, width: Int = 0) throws(ImportError) {
        self.init(file: file, bytes: try World.bytes(ofFile: "\(directory)/\(file)"), width: width)
    }

    init(file: String, bytes: [UInt8], width: Int = 0) {
        self.file = file
        self.bytes = bytes
        self.width = width
        starts = [Int](repeating: 0, count: Self.columnsMax + 1)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }  // a byte order mark
    }

    /// Reads the first line as the names of the columns; returns the columns that `names` have.
    mutating func header(_ names: [String]) throws(ImportError) -> [Int] {
        _ = next()
        width = fieldsCount
        let titles = (0..<min(width, Self.columnsMax)).map { String(decoding: bytes[range($0)], as: UTF8.self) }
        var columns: [Int] = []
        for name in names {
            guard let column = titles.firstIndex(of: name) else { throw .missingColumn(file: file, column: name) }
            columns.append(column)
        }
        return columns
    }

    /// Moves to the next row that is not empty; false at the end.
    mutating func next() -> Bool {
        while position < bytes.count {
            line += 1
            let start = position
            splitRow()
            var end = starts[min(fieldsCount, Self.columnsMax)] - 1
            if end > start && bytes[end - 1] == carriageReturn {
                end -= 1
                starts[min(fieldsCount, Self.columnsMax)] = end + 1
            }
            if end > start { return true }
        }
        return false
    }

    /// Splits the line at `position` and moves behind it.
    private mutating func splitRow() {
        let (next, count) = bytes.withUnsafeBufferPointer { text in
            splitFields(text, from: position, into: &starts, fieldsMax: Self.columnsMax)
        }
        position = next
        fieldsCount = count
    }

    /// Throws unless the current row has as many fields as it must.
    func checkWidth() throws(RowFault) {
        guard fieldsCount == width else {
            throw RowFault(reason: "the row has \(fieldsCount) fields, it must have \(width)")
        }
    }

    private func range(_ column: Int) -> Range<Int> { starts[column]..<starts[column + 1] - 1 }

    /// A whole number without sign in the given range. `name` is the column's, for the message.
    func number(
        _ column: Int, _ name: StaticString, in valid: ClosedRange<UInt64> = 0...UInt64.max
    ) throws(RowFault) -> UInt64 {
        guard let value = bytes[range(column)].withUnsafeBufferPointer({ wholeNumber($0) }) else {
            throw RowFault(reason: "\(name) is not a whole number of at most 19 digits")
        }
        guard valid.contains(value) else {
            throw RowFault(reason: "\(name) is \(value), it must be \(valid.lowerBound)...\(valid.upperBound)")
        }
        return value
    }

    /// A decimal number such as -97.7951, within the given range.
    func decimal(
        _ column: Int, _ name: StaticString, in valid: ClosedRange<Double>
    ) throws(RowFault) -> Double {
        guard let value = Double(String(decoding: bytes[range(column)], as: UTF8.self)), value.isFinite else {
            throw RowFault(reason: "\(name) is not a number")
        }
        guard valid.contains(value) else {
            throw RowFault(reason: "\(name) is \(value), it must be \(valid.lowerBound)...\(valid.upperBound)")
        }
        return value
    }

    /// A field as text, at most 200 bytes of UTF-8 and at least one.
    func text(_ column: Int, _ name: StaticString) throws(RowFault) -> String {
        let field = range(column)
        guard !field.isEmpty, field.count <= 200, let text = String(validating: bytes[field], as: UTF8.self) else {
            throw RowFault(reason: "\(name) is not a text of 1...200 bytes of UTF-8")
        }
        return text
    }

    /// The field's bytes.
    func raw(_ column: Int) -> ArraySlice<UInt8> { bytes[range(column)] }

    /// True where the field has exactly these bytes.
    func field(_ column: Int, is other: [UInt8]) -> Bool {
        let field = range(column)
        guard field.count == other.count else { return false }
        for index in other.indices where bytes[field.lowerBound + index] != other[index] { return false }
        return true
    }

    /// What to tell about the current row.
    func rejected(_ fault: RowFault) -> Reject { Reject(file: file, line: line, reason: fault.reason) }
}

private let tab = UInt8(ascii: "\t")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

/// Splits the line of `text` at `from`: writes where each field starts, and behind the last one a
/// start as if another followed. Fields beyond `fieldsMax` are counted, not written. Returns where
/// the next line starts and how many fields there are.
private func splitFields(
    _ text: UnsafeBufferPointer<UInt8>, from: Int, into starts: inout [Int], fieldsMax: Int
) -> (next: Int, count: Int) {
    var count = 0
    starts[0] = from
    var index = from
    while index < text.count {
        let byte = text[index]
        index += 1
        if byte > tab + 1 { continue }
        if byte == tab || byte == lineFeed {
            count += 1
            if count <= fieldsMax { starts[count] = index }
            if byte == lineFeed { return (index, count) }
        }
    }
    count += 1
    if count <= fieldsMax { starts[count] = index + 1 }
    return (index, count)
}
