// Some rows of a large table, as a small table of the same form: the header, and windows at even distances. A window
// begins behind a line end and stops at one, so that it holds whole rows; where a line end stood within quotes, the
// reader rejects one row. A packed file has no middle to go to: it is unpacked to its end, and windows are kept.

import Basics
import Streams

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Part of a table in a file that goes with this object.
final class TableSample {
    /// Where the part lies.
    let path: String
    /// How many rows of the table each row of the part stands for.
    private(set) var scale = 1.0

    private static let windowBytes = 16 << 10
    private let file: Int32

    /// Takes about `bytesMax` bytes of a table, or all of one that has no more.
    init(of path: String, name: String, bytesMax: Int) throws(ImportError) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/muster-sample-XXXXXX".utf8CString)
        file = mkstemp(&template)
        self.path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard file >= 0 else { throw .unreadable(file: self.path, reason: String(cString: strerror(errno))) }
        do throws(StreamError) {
            let source = try ByteSource(path: path, name: name)
            try take(from: source, bytesMax: bytesMax, path: path, name: name)
        } catch {
            throw ImportError(error)
        }
    }

    deinit {
        close(file)
        unlink(path)
    }

    private func take(
        from source: ByteSource, bytesMax: Int, path: String, name: String
    ) throws(StreamError) {
        // Text packs to a fourth or less; a window in so many, then, keeps the part below its limit.
        let packing = source.compression == .none ? 1 : 4
        let stride = max(1, source.size * packing / max(bytesMax, 1))
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.windowBytes, alignment: 64)
        defer { window.deallocate() }
        let plain = source.compression == .none && source.size > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1
        defer { if plain >= 0 { close(plain) } }
        var (kept, total, number) = (0, 0, 0)
        while true {
            let count: Int
            if plain >= 0 {
                count = max(
                    0, pread(plain, window.baseAddress, window.count, off_t(number * stride * Self.windowBytes)))
                total = source.size
            } else {
                count = try filled(window, from: source)
                total += count
            }
            if count == 0 { break }
            let isKept = plain >= 0 || number % stride == 0
            if isKept { kept += keep(Array(window[..<count])[...], isFirst: number == 0, isWhole: stride == 1) }
            number += 1
        }
        scale = stride == 1 || kept == 0 ? 1 : Double(total) / Double(kept)
    }

    private func filled(
        _ window: UnsafeMutableRawBufferPointer, from source: ByteSource
    ) throws(StreamError) -> Int {
        var count = 0
        while count < window.count {
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: window[count...]))
            if got == 0 { break }
            count += got
        }
        return count
    }

    /// Writes the whole rows of a window, and returns how many bytes those are.
    private func keep(_ window: ArraySlice<UInt8>, isFirst: Bool, isWhole: Bool) -> Int {
        var rows = window
        if !isWhole {
            if !isFirst {
                guard let first = rows.firstIndex(of: 10) else { return 0 }
                rows = rows[(first + 1)...]
            }
            guard let last = rows.lastIndex(of: 10) else { return 0 }
            rows = rows[...last]
        }
        var start = rows.startIndex
        while start < rows.endIndex {
            let written = rows[start...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if written <= 0 { break }
            start += written
        }
        return rows.count
    }
}
