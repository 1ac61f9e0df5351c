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
        if rows == 0 { begin(Self.usualBytes / 16) }
        rows += 1
        record.encode(into: &writer)
    }

    /// Appends rows of this city that were encoded already. The block may become longer than usual by their bytes.
    package mutating func append(_ encoded: EncodedRows) {
        precondition(encoded.city == city, "rows of another city")
        if rows == 0 { begin(max(encoded.bytes.count, Self.usualBytes / 16)) }
        rows += encoded.rows
        writer.put(raw: encoded.bytes)
    }

    private mutating func begin(_ extraBytes: Int) {
        writer = ByteWriter(capacity: Self.usualBytes + extraBytes)
        RecordBlock.putHeader(city: city, rows: 0, into: &writer)
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
