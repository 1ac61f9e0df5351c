package import Basics

/// A batch of rows of one city, as it travels to the city's worker and as files keep it.
///
///     byte  0    format, 1
///     byte  1    city u32
///     byte  5    number of records u32
///     byte  9    the records, one behind the other, as `RecordCodec` says
package struct RecordBlock: Equatable, Sendable {
    /// The city whose shard must hold the rows.
    package var city: CityID
    /// The rows, in the order in which they are to be applied.
    package var records: [Record]

    package init(city: CityID, records: [Record] = []) {
        self.city = city
        self.records = records
    }

    private static let format: UInt8 = 1
    /// A visit or a friendship without signals: what most records cost. For reserving memory only.
    private static let usualRecordBytes = 32
    /// No record is shorter than this: a friend label has 18 bytes.
    private static let smallestRecordBytes = 18

    /// The block as bytes. Vectors of the records must be empty or of their taxonomy's size.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 9 + records.count * Self.usualRecordBytes)
        writer.put(Self.format)
        writer.put(city.number)
        writer.put(UInt32(records.count))
        for record in records { record.encode(into: &writer) }
        return writer.bytes
    }

    /// Reads a whole block and nothing but a block. What it holds may still be invalid: see `Record.validate()`.
    package init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        let format: UInt8 = try reader.get()
        guard format == Self.format else { throw .invalid("record block format \(format)") }
        city = CityID(try reader.get())
        let count = Int(try reader.get(UInt32.self))
        let atLeast = count * Self.smallestRecordBytes
        guard reader.remaining >= atLeast else { throw .truncated(need: atLeast, have: reader.remaining) }
        records = []
        records.reserveCapacity(count)
        for _ in 0..<count { records.append(try Record(from: &reader)) }
        try reader.finish()
    }
}
