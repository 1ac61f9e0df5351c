import Basics
package import Events

/// How far a city has got with its signals, and what became of all there ever were. Written with every effect.
package struct SignalAccount: Equatable, Sendable {
    /// The last entry of the signals' stream that had its effect, or was refused.
    package var offset = EntryID.zero
    /// Signals that had an effect; those that had none, with a reason; those that came again after their effect.
    package var taken: UInt64 = 0
    package var refused: UInt64 = 0
    package var replayed: UInt64 = 0
    /// Requests with a key, ever.
    package var requests: UInt64 = 0

    package init() {}

    init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        offset = EntryID(milliseconds: try reader.get(), sequence: try reader.get())
        taken = try reader.get()
        refused = try reader.get()
        replayed = try reader.get()
        requests = try reader.get()
        try reader.finish()
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        for number in [offset.milliseconds, offset.sequence, taken, refused, replayed, requests] {
            writer.put(number)
        }
        return writer.bytes
    }
}

/// What a city keeps at hand to take signals.
struct SignalState {
    /// nil before it was first read.
    var account: SignalAccount?
    var people = KnownIDs()
    var places = KnownIDs()
}

/// Some of the ids that a family of records holds: those that were asked for lately. Rows of people and places are
/// never removed, so what was there once is there. At most 1 MiB.
struct KnownIDs {
    /// Each id plus one, at the slot that its bits name; 0: nothing. A later id takes the place of an earlier one.
    private var slots: [UInt64] = []
    private var taken = 0
    private static let slotsMin = 1 << 10
    private static let slotsMax = 1 << 17

    func contains(_ id: UInt64) -> Bool {
        // The id whose successor is zero is never remembered.
        !slots.isEmpty && id != .max && slots[slot(of: id)] == id &+ 1
    }

    mutating func insert(_ id: UInt64) {
        if taken * 2 >= slots.count, slots.count < Self.slotsMax { grow() }
        put(id &+ 1)
    }

    private mutating func put(_ mark: UInt64) {
        let slot = slot(of: mark &- 1)
        if slots[slot] == 0 { taken += 1 }
        slots[slot] = mark
    }

    private mutating func grow() {
        let before = slots
        slots = [UInt64](repeating: 0, count: max(before.count * 2, Self.slotsMin))
        taken = 0
        for mark in before where mark != 0 { put(mark) }
    }

    private func slot(of id: UInt64) -> Int {
        // The high half of the product is where all bits meet; numbers that follow each other do not collide.
        Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
    }
}
