import Basics
import Testing
import World

@testable import Store

/// Rows read kind by kind on several threads, against the plain scan.
@Suite struct ColumnTests {
    private let city = CityID(1)

    /// Ids far apart and close together, negative times, several visits of one person to one place.
    private func records() -> [Record] {
        var random = SeededRandom(seed: 4)
        let ids = (0..<60).map { $0 < 40 ? UInt64($0) : random.next() } + [UInt64.max]
        var records: [Record] = []
        for id in ids {
            records.append(.person(Person(id: PersonID(id), homeCity: city)))
            records.append(.place(Place(id: PlaceID(id), city: city, priceBand: UInt8(id % 5))))
            for number in 0..<Int64(random.below(12)) {
                var visit = Visit(
                    person: PersonID(id), place: PlaceID(ids[random.below(ids.count)]),
                    time: Timestamp(milliseconds: (number % 3 - 1) * 86_400_000), attended: number % 2 == 0)
                if number % 3 == 0 { (visit.dwellSeconds, visit.likes, visit.saves, visit.shares) = (1.5, 2, 700, 4) }
                records.append(.visit(visit))
            }
            let (first, second) = (PersonID(id), PersonID(UInt64.max))
            if first == second { continue }
            records.append(.friendship(Friendship(first: first, second: second, coAttendance: 3)))
            records.append(.friendLabel(FriendLabel(first: first, second: second, isCompatible: id % 2 == 0)))
        }
        return records
    }

    @Test(arguments: [1, 2, 5]) func allKindsAreReadInTheOrderOfTheirKeysByAnyNumberOfThreads(threads: Int) throws {
        let directory = try TemporaryDirectory()
        let store = try ShardStore(directory: directory.store(), city: city)
        defer { store.close() }
        _ = try store.write(RecordBlock(city: city, records: records()))
        var scanned: [Record] = []
        try store.forEachRecord { scanned.append($0) }
        let pool = ComputePool(threads: threads)
        let pieces = try store.mapVisits(pool: pool) { Array($0) }
        var read = try store.people(pool: pool).map { Record.person($0) }
        read += try store.places(pool: pool).map { Record.place($0) }
        read += pieces.joined().map { Record.visit($0) }
        read += try store.friendships(pool: pool).map { Record.friendship($0) }
        read += try store.friendLabels(pool: pool).map { Record.friendLabel($0) }
        #expect(read == scanned)
        #expect(read.count > 400)
        let owners = pieces.map { Set($0.map(\.person)) }
        #expect(owners.reduce(0) { $0 + $1.count } == Set(pieces.joined().map(\.person)).count, "nobody is cut in two")
    }

    @Test func theVisitsOfSomePeopleAreThoseOfTheScan() throws {
        let directory = try TemporaryDirectory()
        let store = try ShardStore(directory: directory.store(), city: city)
        defer { store.close() }
        #expect(try store.mapVisits(pool: ComputePool(threads: 2)) { Array($0) }.isEmpty)
        _ = try store.write(RecordBlock(city: city, records: records()))
        let asked = [0, 7, 8, 39, 1000, UInt64.max].map { PersonID($0) }
        let all = try store.mapVisits(pool: ComputePool(threads: 1)) { Array($0) }.joined()
        #expect(try store.visits(of: asked) == all.filter { asked.contains($0.person) })
        #expect(try !store.visits(of: asked).isEmpty)
    }
}
