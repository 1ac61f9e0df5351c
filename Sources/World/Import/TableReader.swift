// A cursor over the rows of a table in CSV, TSV or JSON Lines. A piece of the file lies in memory; a row's fields are
// ranges of that piece, found by column, so that reading a row allocates nothing. What a row looks like decides its
// form: `{` begins JSON, a tab in the first line means tabs, else commas.
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

/// Where a field's bytes lie in the reader's piece; `start` is negative where the row does not have it.
struct FieldRange {
    var start: Int32
    var end: Int32

    static let absent = FieldRange(start: -1, end: -1)
    var isAbsent: Bool { start < 0 }
}

/// Rows of one file, or of one piece of it. One thread at a time.
final class TableReader {
    enum Step {
        case row
        /// Not a row; `line` says which.
        case fault(RowFault)
        case end
    }

    let layout: TableLayout
    /// The line on which the current row begins: from 1 in a file, from 0 in a piece.
    private(set) var line = 0
    /// The line on which the next row will begin.
    private(set) var nextLine: Int

    /// Where the pieces of a whole file come from.
    private let chunks: TableChunks?
    private var chunk: TableChunk?
    private var start = 0
    private var end = 0
    private var keys: KeyTable
    private let fields: UnsafeMutablePointer<FieldRange>
    private let count: Int

    /// Reads a file.
    init(_ chunks: TableChunks) {
        self.chunks = chunks
        layout = chunks.layout
        keys = layout.keys
        nextLine = layout.firstLine
        count = layout.kind.columns.count
        fields = .allocate(capacity: count)
        fields.initialize(repeating: .absent, count: count)
    }

    /// Reads one piece of a file.
    init(_ chunk: TableChunk, _ layout: TableLayout) {
        chunks = nil
        self.chunk = chunk
        self.layout = layout
        (start, end) = (chunk.start, chunk.end)
        keys = layout.keys
        nextLine = 0
        count = layout.kind.columns.count
        fields = .allocate(capacity: count)
        fields.initialize(repeating: .absent, count: count)
    }

    deinit { fields.deallocate() }

    var kind: TableKind { layout.kind }

    /// True for CSV and TSV: the columns are known from the start.
    var hasHeader: Bool { layout.separator != nil }

    /// The bytes of a field of the current row, by the column's place in `kind.columns`; nil where it is not there
    /// or empty. Valid until the next row.
    func field(_ slot: Int) -> UnsafeBufferPointer<UInt8>? {
        let range = fields[slot]
        guard let chunk, !range.isAbsent, range.start != range.end else { return nil }
        return UnsafeBufferPointer(start: chunk.bytes + Int(range.start), count: Int(range.end - range.start))
    }

    /// Moves to the next row. Throws where the file cannot be read on.
    func next() throws(ImportError) -> Step {
        while true {
            if case let step = nextInPiece(), step.isInside { return step }
            guard let chunk = try chunks?.next() else { return .end }
            self.chunk = chunk
            (start, end) = (chunk.start, chunk.end)
        }
    }

    /// Moves to the next row of the piece; `end` at the end of the piece.
    func nextInPiece() -> Step {
        guard let chunk else { return .end }
        while start < end {
            for slot in 0..<count { fields[slot] = .absent }
            if end - start >= layout.rowBytesMax, memchr(chunk.bytes + start, 10, layout.rowBytesMax) == nil {
                skipLine(chunk)
                return .fault(RowFault(reason: "the row is longer than \(layout.rowBytesMax) bytes"))
            }
            let split =
                if let separator = layout.separator {
                    splitDelimited(
                        chunk.bytes, from: start, to: end, isAtEnd: true, separator, layout.slots, fields)
                } else {
                    splitJSON(chunk.bytes, from: start, to: end, isAtEnd: true, &keys, fields)
                }
            line = nextLine
            switch split.outcome {
            case .incomplete:
                skipLine(chunk)
                return .fault(RowFault(reason: "a quoted field is never closed"))
            case .broken(let reason):
                skipLine(chunk)
                return .fault(RowFault(reason: "\(reason)"))
            case .blank:
                start = split.next
                nextLine += 1
            case .row:
                start = split.next
                nextLine += split.lines
                if hasHeader && split.fields != layout.width {
                    return .fault(
                        RowFault(reason: "the row has \(split.fields) fields, it must have \(layout.width)"))
                }
                return .row
            }
        }
        return .end
    }

    /// Leaves out the rest of the line at `start`.
    private func skipLine(_ chunk: TableChunk) {
        line = nextLine
        nextLine += 1
        start =
            memchr(chunk.bytes + start, 10, end - start).map { $0 - UnsafeMutableRawPointer(chunk.bytes) + 1 } ?? end
    }

    /// Columns of JSON objects that were met and mean nothing to us, in order of first appearance.
    var ignoredKeys: [String] { keys.unknown.filter { !kind.derivedColumns.contains($0) } }

    /// True where the current row has the column, empty or not.
    func has(_ slot: Int) -> Bool { !fields[slot].isAbsent }
}

extension TableReader.Step {
    /// Whether it is about a row, good or bad.
    fileprivate var isInside: Bool { if case .end = self { false } else { true } }
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
