/// Numbers of the outside to positions, for tens of millions of look-ups: open addressing in one flat table, half
/// full at most, so that a look-up is one multiplication and mostly one cache line. Keys may be any 64-bit number.
struct NumberIndex {
    private var keys: [UInt64]
    /// Position plus one; zero where the slot is free.
    private var values: [UInt32]
    private(set) var count = 0

    init() {
        keys = [UInt64](repeating: 0, count: 16)
        values = [UInt32](repeating: 0, count: 16)
    }

    /// The position of a key, or nil.
    subscript(key: UInt64) -> Int? {
        let slot = Self.slot(of: key, keys.span, values.span)
        return values[slot] == 0 ? nil : Int(values[slot]) - 1
    }

    /// Gives `key` the position `position` and returns true, unless it has one already.
    mutating func insert(_ key: UInt64, _ position: Int) -> Bool {
        if count * 2 >= keys.count { grow() }
        let slot = Self.slot(of: key, keys.span, values.span)
        guard values[slot] == 0 else { return false }
        keys[slot] = key
        values[slot] = UInt32(position + 1)
        count += 1
        return true
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
        values = [UInt32](repeating: 0, count: oldKeys.count * 2)
        for (index, value) in oldValues.enumerated() where value != 0 {
            let slot = Self.slot(of: oldKeys[index], keys.span, values.span)
            keys[slot] = oldKeys[index]
            values[slot] = value
        }
    }

    /// The key's slot, or the free one in which it belongs. The table is never full.
    private static func slot(of key: UInt64, _ keys: Span<UInt64>, _ values: Span<UInt32>) -> Int {
        let mask = UInt64(keys.count - 1)
        var mixed = (key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
        var slot = mixed & mask
        while values[Int(slot)] != 0 && keys[Int(slot)] != key { slot = (slot + 1) & mask }
        return Int(slot)
    }
}
