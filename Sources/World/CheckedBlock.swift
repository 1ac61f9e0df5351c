package import Basics

/// A block as a shard takes it in: read and judged in one pass, without a `Record` for each of its visits, which are
/// nearly all of the rows of any import and come out as one plain array.
package struct CheckedBlock: Sendable {
    /// A row that breaks a rule.
    package struct Fault: Equatable, Sendable {
        /// Place in the block, from 0.
        package let index: UInt32
        package let reason: String
    }

    package let city: CityID
    /// The valid visits, in their order.
    package private(set) var visits: [Visit] = []
    /// The other valid rows, in their order.
    package private(set) var others: [Record] = []
    package private(set) var faults: [Fault] = []

    /// Rows that are valid.
    package var count: Int { visits.count + others.count }

    /// Reads a whole block and nothing but a block. Rows that break a rule of `Record.validate()` become faults.
    package init(decoding bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes)
        let (city, count) = try RecordBlock.header(from: &reader)
        self.city = city
        visits.reserveCapacity(count)
        for index in 0..<count {
            do {
                if reader.next == Record.visitKind {
                    _ = try reader.get(UInt8.self)
                    let visit = try Visit(from: &reader)
                    try visit.validate()
                    visits.append(visit)
                } else {
                    let record = try Record(from: &reader)
                    try record.validate()
                    others.append(record)
                }
            } catch let error as ByteError {
                throw error
            } catch {
                faults.append(Fault(index: UInt32(index), reason: "\(error)"))
            }
        }
        try reader.finish()
    }
}
