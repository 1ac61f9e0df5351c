// Whoever meets which sets is half of what a collection occupies, so a set's number takes no more bytes than it needs.

import Basics

/// Numbers of sets one after the other: 3 bytes each while there are at most 2^24 sets, else 4.
/// SAFETY: written by whoever makes it, before anybody else has it; then only read.
package final class SetNumbers: @unchecked Sendable {
    let count: Int
    /// Bytes of a number.
    let width: Int
    private let mask: UInt32
    private let memory: IndexMemory

    /// Room for `count` numbers below `limit`.
    init(count: Int, below limit: Int) {
        self.count = count
        width = limit <= 1 << 24 ? 3 : 4
        mask = width == 3 ? 0xFF_FFFF : .max
        // The last number is read with the byte behind it.
        memory = IndexMemory(bytes: count * width + 1)
    }

    var bytes: Int { memory.bytes }

    /// SAFETY: room for `count` numbers of `width` bytes, as long as this object lives.
    var base: UnsafeMutableRawPointer { memory.base }

    /// SAFETY: `index` is below `count`.
    @inline(__always)
    subscript(index: Int) -> UInt32 {
        UnsafeRawPointer(memory.base + index &* width).loadUnaligned(as: UInt32.self) & mask
    }

    /// Some of them that stand together.
    package struct Run: RandomAccessCollection, Sendable {
        let numbers: SetNumbers
        package let startIndex: Int
        package let endIndex: Int

        package subscript(index: Int) -> UInt32 {
            precondition(startIndex <= index && index < endIndex, "a run has no such place")
            return numbers[index]
        }
    }
}

extension SetNumbers: Equatable {
    package static func == (left: SetNumbers, right: SetNumbers) -> Bool {
        left.count == right.count && (0..<left.count).allSatisfy { left[$0] == right[$0] }
    }
}

/// Memory that holds anything at first: in huge pages where it is large, since fresh small ones cost as much as filling
/// them; from the heap where it is not, since a mapping of its own costs more than a small collection.
final class IndexMemory {
    let bytes: Int
    /// SAFETY: `bytes` bytes, as long as this object lives.
    let base: UnsafeMutableRawPointer
    private let large: LargeMemory<UInt8>?

    init(bytes: Int) {
        self.bytes = bytes
        large = bytes >= 1 << 20 ? LargeMemory(count: bytes) : nil
        base = large.map { UnsafeMutableRawPointer($0.base) } ?? .allocate(byteCount: bytes, alignment: 64)
    }

    deinit { if large == nil { base.deallocate() } }
}
