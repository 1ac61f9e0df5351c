// Tables that are read at random places. With pages of 4 KB nearly every such read also misses the processor's table
// of pages; with pages of 2 MB, which the kernel gives to those who ask, few do.

import Glibc

/// A zeroed table of `count` elements that owns its memory. From 2 MB on it lies on huge pages where the kernel has
/// some. Whoever holds the pointer keeps the table alive; nothing is checked.
package final class LargeMemory<Element: BitwiseCopyable> {
    package let count: Int
    /// SAFETY: holds `count` elements, all of them zero bits at first; valid as long as this object lives.
    package let base: UnsafeMutablePointer<Element>
    private let mapping: UnsafeMutableRawPointer
    private let length: Int

    private static var hugePage: Int { 2 << 20 }

    /// Traps when the system has no such memory.
    package init(count: Int) {
        let bytes = max(count * MemoryLayout<Element>.stride, 1)
        let isLarge = bytes >= Self.hugePage
        length = isLarge ? bytes + Self.hugePage : bytes
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let mapping = mmap(nil, length, PROT_READ | PROT_WRITE, flags, -1, 0), mapping != MAP_FAILED else {
            fatalError("no memory for \(count) elements of \(MemoryLayout<Element>.stride) bytes")
        }
        self.count = count
        self.mapping = mapping
        var start = mapping
        if isLarge {
            let mask = UInt(Self.hugePage - 1)
            start = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: mapping) + mask) & ~mask)!
            madvise(start, bytes, MADV_HUGEPAGE)
        }
        base = start.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit { munmap(mapping, length) }
}

extension Array where Element: BitwiseCopyable {
    /// Makes room for so many elements, of a list that is empty yet and will be read at random: in huge pages where it
    /// is large, since in small ones each read would look for its page too.
    package mutating func reserveInHugePages(_ capacity: Int) {
        reserveCapacity(capacity)
        withUnsafeMutableBufferPointer { elements in
            guard let base = elements.baseAddress else { return }
            let mask = UInt(2 << 20) - 1
            let start = (UInt(bitPattern: base) + mask) & ~mask
            let end = (UInt(bitPattern: base) + UInt(capacity * MemoryLayout<Element>.stride)) & ~mask
            // A wish: where the system does not grant it, the list is as it was.
            if start < end { madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE) }
        }
    }
}
