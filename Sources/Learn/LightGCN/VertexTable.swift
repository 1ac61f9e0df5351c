// Memory of the light models: tables with one row per vertex, aligned to cache lines, that the threads of a pool fill
// side by side.

import Basics
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

    init(rows: Int, columns: Int) {
        (self.rows, stride) = (rows, Element.elements(columns: columns))
        let bytes = max(rows * stride * MemoryLayout<Element>.stride, 64)
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        base = memory.bindMemory(to: Element.self, capacity: rows * stride)
    }

    deinit { memory.deallocate() }

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
