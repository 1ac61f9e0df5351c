import Basics
import Testing
import World

private func visit(_ number: UInt64, dwell: Float = 0, at time: Int64 = 5) -> Record {
    .visit(
        Visit(
            person: PersonID(number), place: PlaceID(number + 1), time: Timestamp(milliseconds: time),
            dwellSeconds: dwell, likes: dwell == 0 ? 0 : 3, attended: number % 2 == 0))
}

private let place = Record.place(Place(id: PlaceID(4), city: CityID(9), priceBand: 1))
private let badPlace = Record.place(Place(id: PlaceID(4), city: CityID(9), priceBand: 77))
private let rows = [visit(1), place, visit(2, dwell: -1), badPlace, visit(3, dwell: 9), visit(4, at: -1), visit(5)]

struct CheckedBlockTests {
    @Test func aBlockComesApartIntoVisitsOthersAndFaults() throws {
        let block = try CheckedBlock(decoding: RecordBlock(city: CityID(9), records: rows).encoded())
        #expect(block.city == CityID(9))
        #expect(block.visits.map { Record.visit($0) } == [rows[0], rows[4], rows[6]])
        #expect(block.others == [place])
        #expect(block.count == 4)
        #expect(block.faults.map(\.index) == [2, 3, 5])
        #expect(block.faults.map(\.reason) == [2, 3, 5].map { fault(of: rows[$0]) })
    }

    private func fault(of record: Record) -> String {
        do { try record.validate() } catch { return error.description }
        return "none"
    }

    @Test func theWriterGivesTheBytesOfTheWholeBlock() {
        var writer = RecordBlockWriter(city: CityID(9))
        #expect(writer.take() == nil)
        for _ in 0..<2 {
            for row in rows { writer.append(row) }
            #expect(writer.rows == rows.count)
            #expect(writer.take() == RecordBlock(city: CityID(9), records: rows).encoded())
            #expect(writer.rows == 0)
        }
    }

    @Test func everyTruncationAndEveryFlippedBitIsAnErrorOrABlockLikeTheOtherReaderSees() {
        let bytes = RecordBlock(city: CityID(9), records: rows).encoded()
        for end in 0..<bytes.count {
            #expect(throws: ByteError.self) { try CheckedBlock(decoding: Array(bytes[..<end])) }
        }
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << (bit % 8)
            let whole = try? RecordBlock(decoding: flipped)
            let checked = try? CheckedBlock(decoding: flipped)
            #expect((whole == nil) == (checked == nil), "bit \(bit)")
            guard let whole, let checked else { continue }
            #expect(checked.count + checked.faults.count == whole.records.count)
        }
    }
}
