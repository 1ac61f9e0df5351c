import Basics
import Events
import Store

/// What came of a booking.
enum BookingResult: Equatable {
    case booked(reference: String)
    case failed(reason: String)
}

/// What is remembered: the result of every seed, for ever. It makes one booking of an event that is read twice.
final class Bookings {
    private let database: Database

    init(directory: String) throws { database = try Database(directory: directory) }

    func result(of seed: SeedID) throws -> BookingResult? {
        guard let bytes = try database.get(.seeds, key: key(seed)) else { return nil }
        var reader = ByteReader(bytes)
        let isBooked = try reader.getBool()
        let text = try reader.getString()
        return isBooked ? .booked(reference: text) : .failed(reason: text)
    }

    /// Durable when it returns.
    func remember(_ results: [(seed: SeedID, result: BookingResult)]) throws {
        var batch = WriteBatch()
        for (seed, result) in results {
            var writer = ByteWriter()
            switch result {
            case .booked(let reference):
                writer.put(true)
                writer.put(reference)
            case .failed(let reason):
                writer.put(false)
                writer.put(reason)
            }
            batch.put(.seeds, key: key(seed), value: writer.bytes)
        }
        try database.commit(batch)
    }

    func close() { database.close() }

    private func key(_ seed: SeedID) -> [UInt8] { withUnsafeBytes(of: seed.number.bigEndian, Array.init) }
}
