// Memory for one training step: taken piece by piece, given back all at once. After the first steps one chunk
// is large enough, and a step asks the system for nothing.

/// Hands out aligned, uninitialized memory until `reset`. Everything handed out dies with the reset.
struct Arena: ~Copyable {
    private var chunks: [UnsafeMutableRawBufferPointer] = []
    /// Of the last chunk.
    private var used = 0
    /// Of the chunks before it.
    private var usedBefore = 0

    /// How often memory was asked of the system. Constant once warm.
    private(set) var growths = 0

    private static let alignment = 64
    private static let bytesPerChunkMin = 1 << 20

    deinit {
        for chunk in chunks { chunk.deallocate() }
    }

    /// Uninitialized room for `count` elements, at a 64-byte border.
    mutating func take<Element: BitwiseCopyable>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        precondition(count >= 0, "nobody takes a negative count")
        let bytes = (max(count, 1) * MemoryLayout<Element>.stride + Self.alignment - 1) & ~(Self.alignment - 1)
        if chunks.isEmpty || chunks[chunks.count - 1].count - used < bytes {
            usedBefore += used
            grow(by: max(bytes, Self.bytesPerChunkMin, size / 8))
        }
        let chunk = chunks[chunks.count - 1]
        // SAFETY: used + bytes fits the chunk, whose base is aligned and not null (its size is not zero).
        let start = chunk.baseAddress! + used
        used += bytes
        return start.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    /// Takes everything back. Several chunks become one, so that the next step of this size needs no more.
    mutating func reset() {
        let needed = usedBefore + used
        (used, usedBefore) = (0, 0)
        if chunks.count <= 1 { return }
        for chunk in chunks { chunk.deallocate() }
        chunks.removeAll(keepingCapacity: true)
        grow(by: needed)
    }

    /// Bytes handed out since the last reset.
    var handedOut: Int { usedBefore + used }

    /// Bytes taken from the system.
    var size: Int { chunks.reduce(0) { $0 + $1.count } }

    private mutating func grow(by bytes: Int) {
        chunks.append(.allocate(byteCount: bytes, alignment: Self.alignment))
        used = 0
        growths += 1
    }
}
