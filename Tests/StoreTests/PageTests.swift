import Basics
import Testing
import World

@testable import Store

struct PageTests {
    private let directory: TemporaryDirectory
    private let store: ShardStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try ShardStore(directory: directory.store(), city: CityID(1))
        var records: [Record] = []
        for number in 0..<60 as Range<UInt64> {
            records.append(.person(Person(id: PersonID(number), homeCity: CityID(number % 3 == 0 ? 2 : 1))))
            let time = Timestamp(milliseconds: Int64(number) * 7 % 13)
            records.append(.visit(Visit(person: PersonID(number / 4), place: PlaceID(number % 4 * 256), time: time)))
        }
        _ = try store.write(RecordBlock(city: CityID(1), records: records))
    }

    private func all(_ family: Family) throws -> [Record] {
        var records: [Record] = []
        try store.forEachRecord { record in
            switch record {
            case .person where family == .people: records.append(record)
            case .visit where family == .visits: records.append(record)
            default: break
            }
        }
        return records
    }

    /// Reads to the end, page by page.
    private func pages(
        _ family: Family, rowsMax: Int, bytesMax: Int, where isWanted: (Record) -> Bool = { _ in true }
    ) throws -> [[Record]] {
        var pages: [[Record]] = []
        var from: [UInt8]? = []
        let snapshot = try store.snapshot()
        while let start = from {
            let page = try snapshot.page(family, from: start, rowsMax: rowsMax, bytesMax: bytesMax) { record in
                isWanted(record)
            }
            pages.append(page.records)
            from = page.next
        }
        return pages
    }

    @Test(arguments: [1, 7, 59, 60, 61])
    func pagesBehindOneAnotherAreTheFamily(rowsMax: Int) throws {
        for family in [Family.people, .visits] {
            let found = try pages(family, rowsMax: rowsMax, bytesMax: .max)
            let expected = try all(family)
            #expect(found.flatMap { $0 } == expected)
            #expect(found.allSatisfy { $0.count <= rowsMax })
            #expect(found.count == (60 + rowsMax - 1) / rowsMax)
        }
    }

    @Test func aPageEndsByItsBytesButHoldsAtLeastOneRow() throws {
        let tiny = try pages(.visits, rowsMax: .max, bytesMax: 1)
        let expected = try all(.visits)
        #expect(tiny.count == 60 && tiny.flatMap { $0 } == expected)
        // A visit without signals is a key of 24 bytes and a value of one.
        #expect(try pages(.visits, rowsMax: .max, bytesMax: 75).map(\.count) == [Int](repeating: 3, count: 20))
    }

    @Test func unwantedRowsCountAsLookedAt() throws {
        func isGuest(_ record: Record) -> Bool {
            if case .person(let person) = record { person.homeCity != CityID(1) } else { false }
        }
        let found = try pages(.people, rowsMax: 6, bytesMax: .max, where: isGuest)
        #expect(found.map(\.count) == [Int](repeating: 2, count: 10))
        let expected = try all(.people).filter(isGuest)
        #expect(found.flatMap { $0 } == expected)
    }

    @Test func aFamilyWithoutRowsIsOneEmptyPage() throws {
        #expect(try pages(.friendships, rowsMax: 5, bytesMax: 5) == [[]])
        #expect(try store.snapshot().page(.people, from: [255], rowsMax: 5, bytesMax: 5) { _ in true }.next == nil)
    }

    @Test func theFirstPageSeesWhatIsStillStaged() throws {
        let many = (0..<StoreLimits.stagedBlockRows).map { number -> Record in
            let time = Timestamp(milliseconds: Int64(number))
            return .visit(Visit(person: PersonID(1000), place: PlaceID(1), time: time))
        }
        _ = try store.write(RecordBlock(city: CityID(1), records: many))
        let found = try pages(.visits, rowsMax: 500, bytesMax: .max)
        #expect(found.flatMap { $0 }.suffix(many.count) == many[...])
    }

    @Test func peopleAreFoundByNumber() throws {
        let snapshot = try store.snapshot()
        #expect(try snapshot.person(PersonID(3))?.homeCity == CityID(2))
        #expect(try snapshot.person(PersonID(4))?.homeCity == CityID(1))
        #expect(try snapshot.person(PersonID(60)) == nil)
    }

    @Test func aSnapshotDoesNotSeeWhatComesLater() throws {
        let before = try all(.visits)
        let snapshot = try store.snapshot()
        let first = try snapshot.page(.visits, from: [], rowsMax: 7, bytesMax: .max) { _ in true }
        // New rows, a row with another value, and so many that they are staged and become a file.
        var records: [Record] = [.person(Person(id: PersonID(3), homeCity: CityID(9)))]
        for number in 0..<StoreLimits.stagedBlockRows {
            let time = Timestamp(milliseconds: Int64(number))
            records.append(.visit(Visit(person: PersonID(2), place: PlaceID(5), time: time)))
        }
        _ = try store.write(RecordBlock(city: CityID(1), records: records))
        try store.settle()
        let rest = try snapshot.page(.visits, from: first.next ?? [], rowsMax: .max, bytesMax: .max) { _ in true }
        #expect(first.records + rest.records == before && rest.next == nil)
        #expect(try snapshot.person(PersonID(3))?.homeCity == CityID(2))
        let now = try store.snapshot()
        #expect(try now.person(PersonID(3))?.homeCity == CityID(9))
        let all = try now.page(.visits, from: [], rowsMax: .max, bytesMax: .max) { _ in true }
        #expect(all.records.count == before.count + StoreLimits.stagedBlockRows)
    }
}
