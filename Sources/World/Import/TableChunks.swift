// A table file of any size as pieces of whole rows, so that several threads can read one file. Where a piece may end is
// decided in file order: at a line end where no quote stands in the piece (a search at the speed of memory), else by
// walking over the rows as their reader will. So whoever reads a piece sees the rows that one reader of the whole file
// sees, whatever is wrong with them.

import Streams

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How the rows of a file look: what its first line says.
struct TableLayout: Sendable {
    let kind: TableKind
    /// What rejects call the file.
    let file: String
    /// A row of so many bytes or more is a fault.
    let rowBytesMax: Int
    /// What separates the fields of CSV and TSV; nil for JSON Lines, whose rows bring their columns.
    var separator: UInt8?
    /// Fields of a row.
    var width = 0
    /// The slot of each column of a file with a header, -1 for none.
    var slots: [Int] = []
    /// Columns that mean nothing to us.
    var ignored: [String] = []
    var keys: KeyTable
    /// The line, from 1, on which the first row begins.
    var firstLine = 1
}

/// Whole rows, one behind the other.
///
/// SAFETY (@unchecked Sendable): it passes from the thread that fills it to the one that reads it, which may change
/// its bytes in place; never do two have it at once.
final class TableChunk: @unchecked Sendable {
    let bytes: UnsafeMutablePointer<UInt8>
    fileprivate(set) var start = 0
    fileprivate(set) var end = 0

    fileprivate init(capacity: Int) { bytes = .allocate(capacity: capacity) }

    deinit { bytes.deallocate() }

    /// Where the first line end at or behind `index` stands.
    func lineEnd(from index: Int) -> Int? {
        memchr(bytes + index, 10, end - index).map { $0 - UnsafeMutableRawPointer(bytes) }
    }
}

/// The pieces of one file. One thread at a time.
final class TableChunks {
    /// Bytes of a piece, and the limit of a row.
    static let usualBytes = 1 << 20

    private(set) var layout: TableLayout
    private let source: ByteSource
    private let capacity: Int
    private var filling: TableChunk
    private var isAtEnd = false
    /// The beginning of a line too long was handed out; the rest of it is still to be passed over.
    private var isInLongLine = false
    private var nothing: FieldRange = .absent

    /// Opens a file and reads its header. Throws `missingColumn` where the header lacks one that must be there;
    /// whether the city must be is for `needsCity` to say.
    init(
        _ kind: TableKind, path: String, name: String, needsCity: Bool, chunkBytes: Int = usualBytes
    ) throws(ImportError) {
        layout = TableLayout(kind: kind, file: name, rowBytesMax: chunkBytes, keys: KeyTable(kind))
        do throws(StreamError) { source = try ByteSource(path: path, name: name) } catch { throw ImportError(error) }
        capacity = chunkBytes
        filling = TableChunk(capacity: capacity)
        try fill()
        try readHeader(needsCity: needsCity)
    }

    /// Bytes on disk, and how many of them are read.
    var size: Int { source.size }
    var position: Int { source.position }

    /// The next rows; nil behind the last. Throws where the file cannot be read on.
    func next() throws(ImportError) -> TableChunk? {
        if isInLongLine { try passOverLine() }
        try fill()
        let given = filling
        if given.end == 0 { return nil }
        var cut = isAtEnd ? given.end : endOfWholeRows(given)
        if cut == 0 {
            // The first row is longer than a row may be. Its first line is handed out, to be rejected.
            isInLongLine = given.lineEnd(from: 0) == nil
            cut = given.lineEnd(from: 0).map { $0 + 1 } ?? given.end
        }
        filling = TableChunk(capacity: capacity)
        filling.end = given.end - cut
        memcpy(filling.bytes, given.bytes + cut, filling.end)
        given.end = cut
        return given
    }

    /// Where the last row that is whole ends; 0 where not even the first one is.
    private func endOfWholeRows(_ chunk: TableChunk) -> Int {
        guard let separator = layout.separator, memchr(chunk.bytes, Int32(UInt8(ascii: "\"")), chunk.end) != nil else {
            var end = chunk.end
            while end > 0 && chunk.bytes[end - 1] != UInt8(ascii: "\n") { end -= 1 }
            return end
        }
        var index = 0
        while index < chunk.end {
            let split = splitDelimited(
                chunk.bytes, from: index, to: chunk.end, isAtEnd: false, separator, [], &nothing)
            switch split.outcome {
            case .row, .blank: index = split.next
            case .incomplete: return index
            case .broken:
                guard let end = chunk.lineEnd(from: index) else { return index }
                index = end + 1
            }
        }
        return index
    }

    /// Moves what is left to the front and reads until the piece is full or the file over.
    private func fill() throws(ImportError) {
        let chunk = filling
        if chunk.start > 0 {
            memmove(chunk.bytes, chunk.bytes + chunk.start, chunk.end - chunk.start)
            chunk.end -= chunk.start
            chunk.start = 0
        }
        while !isAtEnd && chunk.end < capacity {
            let room = UnsafeMutableRawBufferPointer(start: chunk.bytes + chunk.end, count: capacity - chunk.end)
            let got: Int
            do throws(StreamError) { got = try source.read(into: room) } catch { throw ImportError(error) }
            chunk.end += got
            if got == 0 { isAtEnd = true }
        }
    }

    private func passOverLine() throws(ImportError) {
        isInLongLine = false
        while true {
            try fill()
            if let end = filling.lineEnd(from: 0) {
                filling.start = end + 1
                return
            }
            filling.end = 0
            if isAtEnd { return }
        }
    }
}

extension TableChunks {
    private func readHeader(needsCity: Bool) throws(ImportError) {
        let (bytes, end) = (filling.bytes, filling.end)
        let file = layout.file
        if end >= 2, bytes[0] == 0xFF && bytes[1] == 0xFE || bytes[0] == 0xFE && bytes[1] == 0xFF {
            throw .malformed(file: file, reason: "it is UTF-16; save it as UTF-8")
        }
        if end >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { filling.start = 3 }  // a byte order mark
        var first = filling.start
        while first < end && (bytes[first] <= 32) { first += 1 }
        if first < end && bytes[first] == UInt8(ascii: "{") { return }
        // A table of JSON Lines without rows has no bytes at all; one with a header has at least that.
        if filling.start == end && (file.contains(".jsonl") || file.contains(".ndjson")) { return }
        let names = try headerNames()
        layout.width = names.count
        for name in names {
            let slot = layout.keys.slot(of: name)
            if let slot, layout.slots.contains(slot) {
                throw .malformed(file: file, reason: "two of its columns are \(layout.kind.columns[slot].name)")
            }
            layout.slots.append(slot ?? -1)
            if slot == nil && !layout.kind.derivedColumns.contains(name) { layout.ignored.append(name) }
        }
        for (slot, column) in layout.kind.columns.enumerated() where !layout.slots.contains(slot) {
            if slot == layout.kind.citySlot ? needsCity : column.isRequired {
                throw .missingColumn(file: file, column: column.name)
            }
        }
    }

    /// The names in the first line; decides the separator.
    private func headerNames() throws(ImportError) -> [String] {
        let stop = filling.lineEnd(from: filling.start)
        let line = UnsafeBufferPointer(
            start: filling.bytes + filling.start, count: (stop ?? filling.end) - filling.start)
        let separator = line.contains(9) ? UInt8(9) : UInt8(ascii: ",")
        layout.separator = separator
        guard let text = String(validating: line, as: UTF8.self) else {
            throw .malformed(file: layout.file, reason: "its first line, the names of its columns, is not UTF-8")
        }
        filling.start = stop.map { $0 + 1 } ?? filling.end
        isInLongLine = stop == nil && !isAtEnd
        layout.firstLine = 2
        return text.split(separator: Character(Unicode.Scalar(separator)), omittingEmptySubsequences: false).map {
            let bare = $0.filter { !"\"\r".contains($0) }
            return String(bare.drop { $0 == " " }).lowercased()
        }
    }
}
