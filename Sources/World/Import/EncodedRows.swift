// Rows on their way as bytes. An import only passes rows on, so nobody needs them as records: whoever reads a row
// encodes it, and it stays as it is until a shard judges it.

package import Basics

/// Rows of one city, encoded one behind the other as in a `RecordBlock`.
package struct EncodedRows: Sendable {
    package let city: CityID
    /// At least one.
    package let rows: Int
    package let bytes: ArraySlice<UInt8>

    init(city: CityID, rows: Int, bytes: ArraySlice<UInt8>) {
        self.city = city
        self.rows = rows
        self.bytes = bytes
    }

    /// The rows themselves. They were encoded by this process: bytes that say nothing would be our own fault.
    package func forEach(_ body: (Record) throws -> Void) rethrows {
        var reader = ByteReader(Array(bytes))
        for _ in 0..<rows {
            guard let record = try? Record(from: &reader) else { preconditionFailure("rows that cannot be read again") }
            try body(record)
        }
    }
}

extension DataSet {
    /// What a data set without a faster way does: encodes records as they come, and gathers those of a city.
    package func readEncoded(
        cities: [String: CityID], emit: (EncodedRows) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        let gatheredBytes = 64 << 10
        var gathered: [CityID: (rows: Int, writer: ByteWriter)] = [:]
        var order: [CityID] = []
        func give(_ city: CityID) throws {
            guard let (rows, writer) = gathered[city], rows > 0 else { return }
            gathered[city] = (0, ByteWriter(capacity: gatheredBytes + gatheredBytes / 8))
            try emit(EncodedRows(city: city, rows: rows, bytes: writer.bytes[...]))
        }
        try read(
            cities: cities,
            emit: { city, record in
                if gathered[city] == nil { order.append(city) }
                record.encode(into: &gathered[city, default: (0, ByteWriter())].writer)
                gathered[city]?.rows += 1
                if let bytes = gathered[city]?.writer.count, bytes >= gatheredBytes { try give(city) }
            }, reject: reject, progress: progress)
        for city in order { try give(city) }
    }
}
