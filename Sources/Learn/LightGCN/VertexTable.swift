// Memory of the light models: tables with one row per vertex, aligned to cache lines, that the threads of a pool fill
// side by side.

import Basics
import Glibc
import Linalg

/// Rows of stored numbers, zero at first.
///
/// SAFETY (@unchecked Sendable): threads write disjoint rows, and read rows only of tables that nobody writes to
/// during the same loop of the pool. That is the promise of whoever runs the loop.
final class VertexTable<Element: StoredNumber>: @unchecked Sendable {
    let rows: Int
    let stride: Int
    let base: UnsafeMutablePointer<Element>
    private let memory: UnsafeMutableRawPointer

    /// Rows are gathered from all over a table, so large ones ask the system for large pages: fewer addresses to look
    /// up.
    private static var page: Int { 2 << 20 }

    init(rows: Int, columns: Int) {
        (self.rows, stride) = (rows, Element.elements(columns: columns))
        let bytes = max(rows * stride * MemoryLayout<Element>.stride, 64)
        let isLarge = bytes >= Self.page
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? Self.page : 64)
        if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        base = memory.bindMemory(to: Element.self, capacity: rows * stride)
    }

    deinit { memory.deallocate() }

    subscript(row: Int) -> UnsafeMutablePointer<Element> { base + row * stride }

    /// The rows for a loop: a value, so that nothing counts references to the table inside.
    var view: RowView<Element> { RowView(base: base, stride: stride) }
}

/// Rows of a table that must outlive it.
///
/// SAFETY (@unchecked Sendable): as `VertexTable`.
struct RowView<Element: StoredNumber>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
    let stride: Int

    subscript(row: Int) -> UnsafeMutablePointer<Element> { base + row * stride }
}

extension VertexTable<Float> {
    /// The first `count` rows as an array.
    func array(rows count: Int) -> [Float] { Array(UnsafeBufferPointer(start: base, count: count * stride)) }

    /// Entries from a normal distribution, row by row.
    func fillNormal(deviation: Double, _ random: SeededRandom) {
        var random = random
        for index in 0..<rows * stride { base[index] = Float(deviation * random.normal()) }
    }

    func clear() { base.update(repeating: 0, count: rows * stride) }
}

extension ComputePool {
    /// Calls `body` with ranges that make up 0..<total, small enough to share out well.
    func forEachPiece(of total: Int, _ body: @Sendable (Range<Int>) -> Void) {
        forEachRange(of: total, pieces: threads == 1 ? 1 : threads * 8, body)
    }
}
