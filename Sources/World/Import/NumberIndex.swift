/// Numbers of the outside to positions, for tens of millions of look-ups: open addressing in one flat table, half
/// full at most, so that a look-up is one multiplication and mostly one cache line. Keys may be any 64-bit number.
struct NumberIndex {
    private struct Slot: BitwiseCopyable {
        var key: UInt64 = 0
        /// Position plus one; zero where the slot is free.
        var value: UInt32 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 16)
    private(set) var count = 0

    /// The position of a key, or nil.
    subscript(key: UInt64) -> Int? {
        let value = slots[Self.place(of: key, slots.span)].value
        return value == 0 ? nil : Int(value) - 1
    }

    /// Gives `key` the position `position` and returns true, unless it has one already.
    mutating func insert(_ key: UInt64, _ position: Int) -> Bool {
        if count * 2 >= slots.count { grow() }
        let place = Self.place(of: key, slots.span)
        guard slots[place].value == 0 else { return false }
        slots[place] = Slot(key: key, value: UInt32(position + 1))
        count += 1
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for slot in old where slot.value != 0 { slots[Self.place(of: slot.key, slots.span)] = slot }
    }

    /// Where the key is, or the free slot in which it belongs. The table is never full.
    private static func place(of key: UInt64, _ slots: Span<Slot>) -> Int {
        let mask = UInt64(slots.count - 1)
        var mixed = (key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
        var place = mixed & mask
        while slots[Int(place)].value != 0 && slots[Int(place)].key != key { place = (place + 1) & mask }
        return Int(place)
    }
}
