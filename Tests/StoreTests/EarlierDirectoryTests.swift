import Basics
import Testing
import World

@testable import Store

/// Directories that earlier builds made, which lack what has come since.
struct EarlierDirectoryTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A city from before there were friend labels, gatherings and identities of outboxes, byte by byte.
    private func makeEarlierDirectory() throws {
        let families: [Family] = [.meta, .people, .places, .visits, .friendships, .seeds, .outbox, .model]
        let database = try Database(directory: directory.store(), only: families)
        var batch = WriteBatch()
        batch.put(.meta, key: bytes("format"), value: ShardStore.encoded(1))
        batch.put(.meta, key: bytes("city"), value: ShardStore.encoded(1))
        batch.put(.meta, key: bytes("counts"), value: ShardStore.encoded(1, 0, 0, 0, 1))
        let person: [UInt8] =
            [1, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 255, 255, 255, 0, 0] + [UInt8](repeating: 0, count: 20)
        batch.put(.people, key: [0, 0, 0, 0, 0, 0, 0, 9], value: person)
        let friendship: [UInt8] = [0, 0, 0, 63, 2, 0, 0, 0, 0, 0, 128, 63]
        batch.put(.friendships, key: [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 10], value: friendship)
        try database.commit(batch)
        database.close()
    }

    private let person = Person(id: PersonID(9), homeCity: CityID(1), homeNeighborhood: 3)
    private let friendship = Friendship(
        first: PersonID(9), second: PersonID(10), interestOverlap: 0.5, coAttendance: 2, sharedNeighborhoods: 1)
    private let label = FriendLabel(first: PersonID(9), second: PersonID(10), isCompatible: true)

    private func records(_ store: ShardStore) throws -> [Record] {
        var records: [Record] = []
        try store.forEachRecord { records.append($0) }
        return records
    }

    @Test func anEarlierDirectoryOpensWithAllItHolds() throws {
        try makeEarlierDirectory()
        let store = try ShardStore(directory: directory.store(), city: CityID(1))
        #expect(try records(store) == [.person(person), .friendship(friendship)])
        #expect(store.counts().people == 1 && store.counts().friendships == 1)
        #expect(store.counts().friendLabels == 0 && store.counts().gatherings == 0)
    }

    @Test func rowsOfAnEarlierDirectoryAreKnownWhenTheyComeAgain() throws {
        try makeEarlierDirectory()
        let store = try ShardStore(directory: directory.store(), city: CityID(1))
        let block = RecordBlock(city: CityID(1), records: [.person(person), .friendship(friendship)])
        #expect(try store.write(block) == (0, 2))
    }

    @Test func anEarlierDirectoryTakesWhatHasComeSinceAndKeepsIt() throws {
        try makeEarlierDirectory()
        var store = try ShardStore(directory: directory.store(), city: CityID(1))
        var older = person
        older.ageGroup = 4
        let block = RecordBlock(city: CityID(1), records: [.friendLabel(label), .person(older)])
        #expect(try store.write(block) == (1, 1))
        store.close()
        store = try ShardStore(directory: directory.store(), city: CityID(1))
        #expect(try records(store) == [.person(older), .friendship(friendship), .friendLabel(label)])
        #expect(store.counts().people == 1 && store.counts().friendLabels == 1)
    }

    @Test func countsOfAnotherLengthAreDamage() throws {
        try makeEarlierDirectory()
        let database = try Database(directory: directory.store())
        var batch = WriteBatch()
        batch.put(.meta, key: bytes("counts"), value: ShardStore.encoded(1, 2, 3, 4, 5, 6))
        try database.commit(batch)
        database.close()
        let error = StoreError.corrupt(directory: directory.store(), family: "meta", reason: "counts has 6 numbers")
        #expect(throws: error) { try ShardStore(directory: directory.store(), city: CityID(1)) }
    }
}
