// From a global id to its number inside the city. A table with open addressing: one or two probes into
// one array of 4-byte slots, about a third of the cost of a standard dictionary, which matters because the
// build of a city asks it twice for every visit.

import Basics

/// Finds the position of a number in a list of distinct numbers. Immutable.
struct LocalIndex: Sendable {
    private let numbers: [UInt64]
    private let slots: [UInt32]
    private let mask: Int

    private static let empty = UInt32.max

    /// `numbers` are distinct and fewer than 2^31.
    init(_ numbers: [UInt64]) {
        precondition(numbers.count < 1 << 31, "a city has fewer than 2^31 vertices of a kind")
        var capacity = 2
        while capacity < numbers.count * 2 { capacity *= 2 }
        var slots = [UInt32](repeating: Self.empty, count: capacity)
        for (position, number) in numbers.enumerated() {
            var slot = Int(truncatingIfNeeded: SeededRandom.mix(number)) & (capacity - 1)
            while slots[slot] != Self.empty { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = UInt32(position)
        }
        self.numbers = numbers
        self.slots = slots
        mask = capacity - 1
    }

    /// How many numbers there are.
    var count: Int { numbers.count }

    /// What it occupies.
    var bytes: Int { 8 * numbers.count + 4 * slots.count }

    /// Where `number` stands, nil when it is not there.
    func position(of number: UInt64) -> UInt32? {
        var slot = Int(truncatingIfNeeded: SeededRandom.mix(number)) & mask
        while slots[slot] != Self.empty {
            if numbers[Int(slots[slot])] == number { return slots[slot] }
            slot = (slot + 1) & mask
        }
        return nil
    }
}
