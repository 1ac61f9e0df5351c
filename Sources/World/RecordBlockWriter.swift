package import Basics

/// Encodes rows of one city as they come, so that nobody holds them as records while a block fills. What it gives is
/// byte for byte what `RecordBlock.encoded` gives for the same rows.
package struct RecordBlockWriter: Sendable {
    /// The city whose shard must hold the rows.
    package let city: CityID
    /// Rows since the last `take`.
    package private(set) var rows = 0
    private var writer = ByteWriter()

    /// Bytes at which a block is worth sending: some 37,000 plain visits. Less, and each costs a flush of the disk
    /// for little; more, and nobody works while it fills.
    package static let usualBytes = 1 << 20

    package init(city: CityID) {
        self.city = city
    }

    /// Whether the block has its usual size.
    package var isFull: Bool { writer.count >= Self.usualBytes }

    /// Appends a row. Its vectors must be empty or of their taxonomy's size.
    package mutating func append(_ record: Record) {
        if rows == 0 {
            writer = ByteWriter(capacity: Self.usualBytes + Self.usualBytes / 16)
            RecordBlock.putHeader(city: city, rows: 0, into: &writer)
        }
        rows += 1
        record.encode(into: &writer)
    }

    /// The block with all rows since the last call, or nil when there were none.
    package mutating func take() -> [UInt8]? {
        if rows == 0 { return nil }
        var bytes = writer.bytes
        writer = ByteWriter(capacity: 0)
        let count = UInt32(rows)
        for index in 0..<4 { bytes[RecordBlock.countOffset + index] = UInt8(truncatingIfNeeded: count >> (8 * index)) }
        rows = 0
        return bytes
    }
}
