/// A set that has come to a vertex.
package struct FrontierEntry: Hashable, Sendable, BitwiseCopyable {
    package var set: UInt32
    package var vertex: UInt32

    package init(set: UInt32, vertex: UInt32) {
        self.set = set
        self.vertex = vertex
    }
}

/// Entries without repetition: a table of twice as many slots, searched one after the other from where an entry's
/// bits, mixed, point to. Set 2^32 - 1 does not exist; it marks what is free.
struct EntrySet: Sendable {
    private var slots: [UInt64]
    private(set) var count = 0

    init() { slots = [UInt64](repeating: .max, count: 1 << 10) }

    /// Whether the entry is new. O(1), amortized.
    mutating func insert(_ entry: FrontierEntry) -> Bool {
        if 2 * count >= slots.count { grow() }
        return place(UInt64(entry.set) << 32 | UInt64(entry.vertex))
    }

    private mutating func place(_ packed: UInt64) -> Bool {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: (packed &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while slots[slot] != .max {
            if slots[slot] == packed { return false }
            slot = (slot + 1) & mask
        }
        slots[slot] = packed
        count += 1
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: .max, count: 2 * old.count)
        count = 0
        for packed in old where packed != .max { _ = place(packed) }
    }
}
