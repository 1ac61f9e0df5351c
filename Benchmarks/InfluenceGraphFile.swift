// A directed graph from a file. As text: a line with the numbers of vertices and edges, then one line per edge, `from
// to` or `from to chance`, spaces or tabs between. As Muster's binary form, little-endian:
//
//   bytes        what
//   8            "MUSTERIG"
//   8            vertices n
//   8            edges m
//   8            1 if every edge has a chance of its own, else 0
//   4 (n + 1)    in-edges of vertex v are offsets[v]..<offsets[v + 1]
//   4 m          their sources, ascending in each row
//   4 m          their chances, as Float, if there are any
//
// Text is read in pieces by all threads: each piece begins after the first newline in its share of the bytes. Edges
// are then put into rows the way sets are turned around. Edges given twice, with their chances, and edges from a
// vertex to itself are kept out; the count says how many.

import Basics
import Glibc

/// In-edges by target.
struct InfluenceEdges {
    var offsets: [UInt32]
    var sources: [UInt32]
    /// Empty where the file gives none.
    var chances: [Float] = []
    /// Edges of the file that were left out: from a vertex to itself, or given before.
    var dropped = 0

    var vertices: Int { offsets.count - 1 }
}

/// All bytes of a file, mapped.
///
/// SAFETY (@unchecked Sendable): the bytes never change and live as long as the object.
private final class MappedFile: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(_ path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw BenchError("\(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size > 0 else { throw BenchError("\(path) is empty") }
        let length = Int(status.st_size)
        guard let base = mmap(nil, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0), base != MAP_FAILED else {
            throw BenchError("\(path) cannot be mapped: \(String(cString: strerror(errno)))")
        }
        bytes = UnsafeRawBufferPointer(start: base, count: length)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }
}

extension InfluenceEdges {
    /// Reads either form, told by the first bytes.
    init(file path: String, pool: ComputePool) throws {
        let file = try MappedFile(path)
        if file.bytes.count >= 32, file.bytes[0..<8].elementsEqual("MUSTERIG".utf8) {
            try self.init(binary: file.bytes, path: path)
        } else {
            let text = try EdgeText(file.bytes, path: path, pool: pool)
            self.init(text.edges, vertices: text.vertices, hasChances: text.hasChances, pool: pool)
        }
    }

    private init(binary bytes: UnsafeRawBufferPointer, path: String) throws {
        func number(_ place: Int) -> Int {
            Int(truncatingIfNeeded: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
        }
        let n = number(8), m = number(16), hasChances = number(24) == 1
        guard (0..<Int(UInt32.max)).contains(n), (0..<Int(UInt32.max)).contains(m),
            bytes.count == 32 + 4 * (n + 1) + 4 * m * (hasChances ? 2 : 1)
        else { throw BenchError("\(path) is \(bytes.count) bytes long, which is not what its head announces") }
        func column<Number: BitwiseCopyable>(_ start: Int, _ count: Int) -> [Number] {
            [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + 4 * count]))
                initialized = count
            }
        }
        offsets = column(32, n + 1)
        sources = column(32 + 4 * (n + 1), m)
        if hasChances { chances = column(32 + 4 * (n + 1 + m), m) }
    }

    /// Writes the binary form.
    func write(binary path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchError("\(path): \(String(cString: strerror(errno)))") }
        var head = Array("MUSTERIG".utf8)
        for number in [vertices, sources.count, chances.isEmpty ? 0 : 1] {
            withUnsafeBytes(of: UInt64(number).littleEndian) { head.append(contentsOf: $0) }
        }
        var isWritten = fwrite(head, 1, head.count, file) == head.count
        isWritten = fwrite(offsets, 4, offsets.count, file) == offsets.count && isWritten
        isWritten = fwrite(sources, 4, sources.count, file) == sources.count && isWritten
        isWritten = fwrite(chances, 4, chances.count, file) == chances.count && isWritten
        guard fclose(file) == 0, isWritten else { throw BenchError("\(path) could not be written") }
    }

    /// Writes the text form, without chances: what other programs read.
    func write(text path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchError("\(path): \(String(cString: strerror(errno)))") }
        var text = "\(vertices) \(sources.count)\n"
        var isWritten = true
        func flush() {
            isWritten = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count } && isWritten
            text.removeAll(keepingCapacity: true)
        }
        for vertex in 0..<vertices {
            for edge in Int(offsets[vertex])..<Int(offsets[vertex + 1]) { text += "\(sources[edge]) \(vertex)\n" }
            if text.utf8.count > 1 << 20 { flush() }
        }
        flush()
        guard fclose(file) == 0, isWritten else { throw BenchError("\(path) could not be written") }
    }

    /// Puts edges (`from` and the chance's bits, and `to`) into rows: thread t takes a range of targets, so that
    /// nobody waits.
    init(_ pieces: [[EdgeText.Edge]], vertices: Int, hasChances: Bool, pool: ComputePool) {
        var starts = [UInt32](repeating: 0, count: vertices + 1)
        let total = pieces.reduce(0) { $0 + $1.count }
        let placed = LargeMemory<UInt64>(count: total)
        var kept = [UInt32](repeating: 0, count: vertices)
        let parts = pool.threads
        starts.withUnsafeMutableBufferPointer { starts in
            kept.withUnsafeMutableBufferPointer { kept in
                // SAFETY: parts touch the entries of their own vertices only.
                nonisolated(unsafe) let starts = starts.baseAddress!
                nonisolated(unsafe) let kept = kept.baseAddress
                nonisolated(unsafe) let placed = placed.base
                pool.forEach(parts) { part in
                    let mine = UInt32(part * vertices / parts)..<UInt32((part + 1) * vertices / parts)
                    for piece in pieces { for edge in piece where mine.contains(edge.to) { starts[Int(edge.to)] += 1 } }
                }
                var next: UInt32 = 0
                for vertex in 0...vertices {
                    let count = starts[vertex]
                    starts[vertex] = next
                    next += count
                }
                pool.forEach(parts) { part in
                    let mine = part * vertices / parts..<(part + 1) * vertices / parts
                    let range = UInt32(mine.lowerBound)..<UInt32(mine.upperBound)
                    guard let kept else { return }
                    for piece in pieces {
                        for edge in piece where range.contains(edge.to) {
                            placed[Int(starts[Int(edge.to)] + kept[Int(edge.to)])] = edge.source
                            kept[Int(edge.to)] += 1
                        }
                    }
                    for vertex in mine {
                        let row = UnsafeMutableBufferPointer(
                            start: placed + Int(starts[vertex]), count: Int(kept[vertex]))
                        kept[vertex] = UInt32(tidy(row, vertex: UInt32(vertex)))
                    }
                }
            }
        }
        offsets = [0]
        offsets.reserveCapacity(vertices + 1)
        sources = []
        sources.reserveCapacity(total)
        if hasChances { chances.reserveCapacity(total) }
        for vertex in 0..<vertices {
            for place in Int(starts[vertex])..<Int(starts[vertex]) + Int(kept[vertex]) {
                sources.append(UInt32(truncatingIfNeeded: placed.base[place] >> 32))
                if hasChances { chances.append(Float(bitPattern: UInt32(truncatingIfNeeded: placed.base[place]))) }
            }
            offsets.append(UInt32(sources.count))
        }
        dropped = total - sources.count
        withExtendedLifetime(placed) {}
    }
}

/// Sorts a row by source, keeps the first of equal ones and none from the vertex itself. Answers how many are left.
private func tidy(_ row: UnsafeMutableBufferPointer<UInt64>, vertex: UInt32) -> Int {
    var row = row
    row.sort()
    var count = 0
    var last = UInt64.max
    for entry in row where entry >> 32 != last && entry >> 32 != UInt64(vertex) {
        row[count] = entry
        last = entry >> 32
        count += 1
    }
    return count
}

/// The edges of a text, as they stand there.
struct EdgeText {
    struct Edge {
        /// from << 32 | bits of the chance.
        var source: UInt64
        var to: UInt32
    }

    let vertices: Int
    let edges: [[Edge]]
    let hasChances: Bool

    init(_ bytes: UnsafeRawBufferPointer, path: String, pool: ComputePool) throws {
        var head = NumberReader(bytes, from: 0, to: bytes.count)
        guard let vertices = head.whole(), let announced = head.whole(), vertices < Int(UInt32.max),
            announced < Int(UInt32.max)
        else { throw BenchError("\(path) does not begin with its numbers of vertices and edges") }
        let start = head.position
        let pieces = pool.threads * 4
        // SAFETY: read only, and mapped until the init of the rows is done.
        nonisolated(unsafe) let bytes = bytes
        let read = pool.map(pieces) { piece in
            let length = bytes.count - start
            return Self.piece(
                bytes, from: start + piece * length / pieces, to: start + (piece + 1) * length / pieces,
                vertices: vertices)
        }
        for part in read {
            if let fault = part.fault {
                let line = bytes[..<fault].count { $0 == UInt8(ascii: "\n") } + 1
                throw BenchError("\(path):\(line): not `from to` or `from to chance`, with vertices below \(vertices)")
            }
        }
        self.vertices = vertices
        edges = read.map(\.edges)
        hasChances = read.contains { $0.hasChances }
        if hasChances, read.contains(where: { !$0.hasChances && !$0.edges.isEmpty }) {
            throw BenchError("\(path): some edges have chances and others have none")
        }
        let count = edges.reduce(0) { $0 + $1.count }
        guard count == announced else { throw BenchError("\(path) announces \(announced) edges and has \(count)") }
    }

    /// The lines that begin in from..<to. `fault` is where one is no edge.
    private static func piece(
        _ bytes: UnsafeRawBufferPointer, from: Int, to: Int, vertices: Int
    ) -> (edges: [Edge], hasChances: Bool, fault: Int?) {
        var reader = NumberReader(bytes, from: from, to: bytes.count)
        if from > 0, bytes[from - 1] != UInt8(ascii: "\n") { reader.skipLine() }
        var edges: [Edge] = []
        edges.reserveCapacity((to - from) / 10)
        var hasChances = false
        while reader.skipSpace(), reader.position < to {
            let start = reader.position
            guard let source = reader.whole(), !reader.isAtLineEnd, let target = reader.whole(), source < vertices,
                target < vertices
            else {
                return ([], false, start)
            }
            var chance: Float = 0
            if reader.isAtLineEnd {
                // All edges have chances or none has: a missing one is not 0.
                if hasChances { return ([], false, start) }
            } else {
                guard let number = reader.real() else { return ([], false, start) }
                guard reader.isAtLineEnd else { return ([], false, start) }
                guard hasChances || edges.isEmpty else { return ([], false, start) }
                chance = number
                hasChances = true
            }
            edges.append(Edge(source: UInt64(source) << 32 | UInt64(chance.bitPattern), to: UInt32(target)))
        }
        return (edges, hasChances, nil)
    }
}

/// The numbers of a text, one after the other.
private struct NumberReader {
    private let bytes: UnsafeRawBufferPointer
    private let end: Int
    private(set) var position: Int

    init(_ bytes: UnsafeRawBufferPointer, from: Int, to: Int) {
        self.bytes = bytes
        position = from
        end = to
    }

    /// Goes on to the next number, over newlines too. False at the end.
    mutating func skipSpace() -> Bool {
        while position < end, bytes[position] <= UInt8(ascii: " ") { position += 1 }
        return position < end
    }

    mutating func skipLine() {
        while position < end, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    }

    /// Whether the line holds nothing more; skips its spaces.
    var isAtLineEnd: Bool {
        mutating get {
            while position < end, bytes[position] != UInt8(ascii: "\n"), bytes[position] <= UInt8(ascii: " ") {
                position += 1
            }
            return position == end || bytes[position] == UInt8(ascii: "\n")
        }
    }

    /// Nil where there is no whole number below 2^40.
    mutating func whole() -> Int? {
        guard skipSpace() else { return nil }
        let start = position
        var number = 0
        while position < end, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
            number = number &* 10 &+ Int(digit)
            position &+= 1
        }
        let isWhole = position == end || bytes[position] <= UInt8(ascii: " ")
        return isWhole && position > start && position - start <= 12 ? number : nil
    }

    /// Nil where there is no number. Plain decimals of up to 15 digits are read here, exactly; others by the library.
    mutating func real() -> Float? {
        guard skipSpace() else { return nil }
        let start = position
        var digits = 0.0, scale = 1.0
        var isFraction = false
        while position < end, bytes[position] > UInt8(ascii: " ") {
            let digit = bytes[position] &- UInt8(ascii: "0")
            if digit < 10 {
                digits = digits * 10 + Double(digit)
                if isFraction { scale *= 10 }
            } else if bytes[position] == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else {
                digits = .nan
            }
            position += 1
        }
        if position - start <= 16, digits.isFinite, position > start { return Float(digits / scale) }
        return Float(String(decoding: bytes[start..<position], as: UTF8.self))
    }
}
