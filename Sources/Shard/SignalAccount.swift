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
