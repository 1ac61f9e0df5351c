// A cursor over the rows of one table file of any size, in CSV, TSV or JSON Lines, packed or plain. A window of the
// file lies in memory; a row's fields are ranges of that window, found by column, so that reading a row allocates
// nothing. What a row looks like decides its form: `{` begins JSON, a tab in the first line means tabs, else commas.
//
// CSV and TSV are those of RFC 4180: a field in double quotes may hold separators, line ends and doubled quotes.
// A row that is no row (too long, a quote that never closes, text behind a closing quote) is a fault, and reading
// goes on with the line behind the one on which it began: one bad quote costs one row.

import Basics
import Streams

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a field's bytes lie in the reader's window; `start` is negative where the row does not have it.
struct FieldRange {
    var start: Int32
    var end: Int32

    static let absent = FieldRange(start: -1, end: -1)
    var isAbsent: Bool { start < 0 }
}

/// Rows of one file. One thread at a time.
final class TableReader {
    enum Step {
        case row
        /// Not a row; `line` says which.
        case fault(RowFault)
        case end
    }

    /// A longer row is a fault.
    static let rowBytesMax = 1 << 20

    let kind: TableKind
    /// What rejects call the file.
    let file: String
    /// The line on which the current row begins, from 1.
    private(set) var line = 0
    /// Columns that mean nothing to us.
    private(set) var ignored: [String] = []

    private let needsCity: Bool
    private let source: ByteSource
    private let window: UnsafeMutablePointer<UInt8>
    private static let windowBytes = 2 * rowBytesMax
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    private var nextLine = 1
    private var separator: UInt8?
    private var width = 0
    /// The slot of each column of a file with a header, -1 for none.
    private var slots: [Int] = []
    private var keys: KeyTable
    private let fields: UnsafeMutablePointer<FieldRange>
    private let count: Int

    /// Opens a file and reads its header. Throws `missingColumn` where the header lacks one that must be there;
    /// whether the city must be is for `needsCity` to say.
    init(_ kind: TableKind, path: String, name: String, needsCity: Bool) throws(ImportError) {
        self.kind = kind
        self.needsCity = needsCity
        file = name
        source = try opened(path, name)
        keys = KeyTable(kind)
        count = kind.columns.count
        fields = .allocate(capacity: count)
        fields.initialize(repeating: .absent, count: count)
        window = .allocate(capacity: Self.windowBytes)
        try fill()
        try readHeader()
    }

    deinit {
        window.deallocate()
        fields.deallocate()
    }

    /// True for CSV and TSV: the columns are known from the start.
    var hasHeader: Bool { separator != nil }

    /// Bytes on disk, and how many of them are read.
    var size: Int { source.size }
    var position: Int { source.position }

    /// The bytes of a field of the current row, by the column's place in `kind.columns`; nil where it is not there
    /// or empty. Valid until the next row.
    func field(_ slot: Int) -> UnsafeBufferPointer<UInt8>? {
        let range = fields[slot]
        if range.isAbsent || range.start == range.end { return nil }
        return UnsafeBufferPointer(start: window + Int(range.start), count: Int(range.end - range.start))
    }

    /// Moves to the next row. Throws where the file cannot be read on.
    func next() throws(ImportError) -> Step {
        while true {
            if start == end {
                if isAtEnd { return .end }
                try fill()
                continue
            }
            for slot in 0..<count { fields[slot] = .absent }
            let split =
                if let separator {
                    splitDelimited(window, from: start, to: end, isAtEnd: isAtEnd, separator, slots, fields)
                } else {
                    splitJSON(window, from: start, to: end, isAtEnd: isAtEnd, &keys, fields)
                }
            line = nextLine
            switch split.outcome {
            case .incomplete where !isAtEnd && end - start < Self.rowBytesMax:
                try fill()
            case .incomplete:
                let fault: StaticString =
                    isAtEnd ? "a quoted field is never closed" : "the row is longer than 1048576 bytes"
                try skipLine()
                return .fault(RowFault(reason: "\(fault)"))
            case .broken(let reason):
                if split.next > 0 {
                    start = split.next
                    nextLine += 1
                } else {
                    try skipLine()
                }
                return .fault(RowFault(reason: "\(reason)"))
            case .blank:
                start = split.next
                nextLine += 1
            case .row:
                start = split.next
                nextLine += split.lines
                if separator != nil && split.fields != width {
                    return .fault(RowFault(reason: "the row has \(split.fields) fields, it must have \(width)"))
                }
                return .row
            }
        }
    }

    /// Leaves out the rest of the line at `start`, however long.
    private func skipLine() throws(ImportError) {
        nextLine += 1
        while true {
            if let found = memchr(window + start, 10, end - start) {
                start = found - UnsafeMutableRawPointer(window) + 1
                return
            }
            start = end
            if isAtEnd { return }
            try fill()
        }
    }

    /// Moves what is left to the window's front and reads on behind it.
    private func fill() throws(ImportError) {
        if start > 0 {
            memmove(window, window + start, end - start)
            end -= start
            start = 0
        }
        let room = UnsafeMutableRawBufferPointer(start: window + end, count: Self.windowBytes - end)
        let got: Int
        do throws(StreamError) { got = try source.read(into: room) } catch { throw ImportError(error) }
        end += got
        if got == 0 { isAtEnd = true }
    }

    private func readHeader() throws(ImportError) {
        if end >= 2, window[0] == 0xFF && window[1] == 0xFE || window[0] == 0xFE && window[1] == 0xFF {
            throw .malformed(file: file, reason: "it is UTF-16; save it as UTF-8")
        }
        if end >= 3, window[0] == 0xEF, window[1] == 0xBB, window[2] == 0xBF { start = 3 }  // a byte order mark
        var first = start
        while first < end && (window[first] <= 32) { first += 1 }
        if first < end && window[first] == UInt8(ascii: "{") { return }
        // A table of JSON Lines without rows has no bytes at all; one with a header has at least that.
        if start == end && (file.contains(".jsonl") || file.contains(".ndjson")) { return }
        let names = try headerNames()
        width = names.count
        for name in names {
            let slot = keys.slot(of: name)
            if let slot, slots.contains(slot) {
                throw .malformed(file: file, reason: "two of its columns are \(kind.columns[slot].name)")
            }
            slots.append(slot ?? -1)
            if slot == nil && !kind.derivedColumns.contains(name) { ignored.append(name) }
        }
        for (slot, column) in kind.columns.enumerated() where !slots.contains(slot) {
            if slot == kind.citySlot ? needsCity : column.isRequired {
                throw .missingColumn(file: file, column: column.name)
            }
        }
    }

    /// The names in the first line; decides the separator.
    private func headerNames() throws(ImportError) -> [String] {
        while true {
            let stop = memchr(window + start, 10, end - start).map { $0 - UnsafeMutableRawPointer(window) }
            guard stop != nil || isAtEnd || end - start >= Self.rowBytesMax else {
                try fill()
                continue
            }
            let line = UnsafeBufferPointer(start: window + start, count: (stop ?? end) - start)
            let separator = line.contains(9) ? UInt8(9) : UInt8(ascii: ",")
            self.separator = separator
            guard let text = String(validating: line, as: UTF8.self) else {
                throw .malformed(file: file, reason: "its first line, the names of its columns, is not UTF-8")
            }
            start = stop.map { $0 + 1 } ?? end
            nextLine = 2
            return text.split(separator: Character(Unicode.Scalar(separator)), omittingEmptySubsequences: false)
                .map { name in
                    let bare = name.filter { !"\"\r".contains($0) }
                    return String(bare.drop { $0 == " " }).lowercased()
                }
        }
    }

    /// Columns of JSON objects that were met and mean nothing to us, in order of first appearance.
    var ignoredKeys: [String] { keys.unknown.filter { !kind.derivedColumns.contains($0) } }

    /// True where the current row has the column, empty or not.
    func has(_ slot: Int) -> Bool { !fields[slot].isAbsent }
}

/// Opens a file; errors call it `name`.
private func opened(_ path: String, _ name: String) throws(ImportError) -> ByteSource {
    do throws(StreamError) { return try ByteSource(path: path, name: name) } catch { throw ImportError(error) }
}

extension ImportError {
    init(_ error: StreamError) {
        switch error {
        case .unreadable(let file, let reason), .unwritable(let file, let reason):
            self = .unreadable(file: file, reason: reason)
        case .damaged(let file, let reason): self = .malformed(file: file, reason: reason)
        }
    }
}
