import Basics
import Dispatch
import Testing
import World

@testable import Store

private let tokyo = CityID(1)
private let osaka = CityID(2)

private func person(_ number: UInt64, home: CityID = tokyo) -> Record {
    .person(Person(id: PersonID(number), homeCity: home, homeNeighborhood: 3))
}

private func place(_ number: UInt64) -> Record { .place(Place(id: PlaceID(number), city: tokyo)) }

private func visit(_ person: UInt64, _ place: UInt64, at time: Int64, likes: UInt16 = 0) -> Record {
    .visit(
        Visit(
            person: PersonID(person), place: PlaceID(place), time: Timestamp(milliseconds: time), likes: likes,
            attended: true))
}

private func friends(_ first: UInt64, _ second: UInt64) -> Record {
    .friendship(Friendship(first: PersonID(first), second: PersonID(second), interestOverlap: 0.5, coAttendance: 2))
}

private func label(_ first: UInt64, _ second: UInt64, compatible: Bool = true, attends: Bool = false) -> Record {
    .friendLabel(
        FriendLabel(first: PersonID(first), second: PersonID(second), isCompatible: compatible, attends: attends))
}

private func gathering(_ number: UInt64, title: String = "") -> Record {
    .gathering(
        Gathering(
            id: GatheringID(number), city: tokyo, place: PlaceID(7), title: title,
            start: Timestamp(milliseconds: 3)))
}

private func block(_ records: Record...) -> RecordBlock { RecordBlock(city: tokyo, records: records) }

private func counts(
    people: UInt64 = 0, halo: UInt64 = 0, places: UInt64 = 0, visits: UInt64 = 0, friendships: UInt64 = 0,
    friendLabels: UInt64 = 0, gatherings: UInt64 = 0
) -> ShardStore.Counts {
    var counts = ShardStore.Counts()
    counts.people = people
    counts.halo = halo
    counts.places = places
    counts.visits = visits
    counts.friendships = friendships
    counts.friendLabels = friendLabels
    counts.gatherings = gatherings
    return counts
}

struct ShardStoreTests {
    private let directory: TemporaryDirectory
    private let store: ShardStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try ShardStore(directory: directory.store(), city: tokyo)
    }

    private func records(_ store: ShardStore) throws -> [Record] {
        var records: [Record] = []
        try store.forEachRecord { records.append($0) }
        return records
    }

    @Test func recordsComeBackAsTheyWereInTheOrderOfTheirKeys() throws {
        let everything = [
            person(2), person(300, home: osaka), place(7), place(256),
            visit(1, 7, at: -5), visit(1, 7, at: 0, likes: 3), visit(1, 256, at: 1), visit(2, 7, at: .max),
            .visit(
                Visit(
                    person: PersonID(2), place: PlaceID(8), time: Timestamp(milliseconds: 0), dwellSeconds: 1.5,
                    likes: .max, saves: 2, shares: 1)),
            friends(1, 2), friends(1, 300), label(1, 2, compatible: false), label(1, 300, attends: true),
            gathering(3, title: "Jazz am Kai"), gathering(256),
        ]
        _ = try store.write(RecordBlock(city: tokyo, records: everything.reversed()))
        #expect(try records(store) == everything)
    }

    @Test func aBlockWrittenTwiceChangesNothing() throws {
        let rows = block(
            person(1), person(2, home: osaka), place(7), visit(1, 7, at: 5), friends(1, 2), label(1, 2), gathering(3))
        #expect(try store.write(rows) == (7, 0))
        let once = counts(
            people: 1, halo: 1, places: 1, visits: 1, friendships: 1, friendLabels: 1, gatherings: 1)
        #expect(store.counts() == once)
        #expect(try store.write(rows) == (0, 7))
        #expect(store.counts() == once)
        #expect(try records(store).count == 7)
    }

    @Test func theLaterOfTwoRowsWithOneKeyStays() throws {
        #expect(try store.write(block(visit(1, 7, at: 5, likes: 1), place(7), visit(1, 7, at: 5, likes: 2))) == (2, 1))
        #expect(try records(store) == [place(7), visit(1, 7, at: 5, likes: 2)])
        #expect(try store.write(block(visit(1, 7, at: 5, likes: 3), visit(1, 7, at: 6))) == (1, 1))
        #expect(try records(store) == [place(7), visit(1, 7, at: 5, likes: 3), visit(1, 7, at: 6)])
        #expect(store.counts() == counts(places: 1, visits: 2))
    }

    @Test func aLabelThatTurnsAndAGatheringThatIsRenamedAreReplaced() throws {
        _ = try store.write(block(label(1, 2), label(1, 3), gathering(3, title: "a")))
        #expect(try store.write(block(label(1, 2, attends: true), gathering(3, title: "b"), gathering(4))) == (1, 2))
        let expected = [label(1, 2, attends: true), label(1, 3), gathering(3, title: "b"), gathering(4)]
        #expect(try records(store) == expected)
        #expect(store.counts() == counts(friendLabels: 2, gatherings: 2))
    }

    @Test func aPersonWhoMovesIsCountedWhereTheyLive() throws {
        _ = try store.write(block(person(1), person(2), person(3, home: osaka)))
        #expect(store.counts() == counts(people: 2, halo: 1))
        #expect(try store.write(block(person(1, home: osaka))) == (0, 1))
        #expect(store.counts() == counts(people: 1, halo: 2))
        _ = try store.write(block(person(3), person(3)))
        #expect(store.counts() == counts(people: 2, halo: 1))
    }

    @Test func countsAndEpochOutliveTheProcess() throws {
        _ = try store.write(block(person(1), place(7), visit(1, 7, at: 5), label(1, 2), gathering(3)))
        try store.setEpoch(Epoch(3))
        store.close()
        let again = try ShardStore(directory: directory.store(), city: tokyo)
        #expect(again.counts() == counts(people: 1, places: 1, visits: 1, friendLabels: 1, gatherings: 1))
        #expect(again.epoch == Epoch(3))
        #expect(try again.write(block(visit(1, 7, at: 5), visit(1, 7, at: 6))) == (1, 1))
        #expect(again.counts().visits == 2)
    }

    @Test func writersOnManyThreadsKeepTheCountsExact() throws {
        DispatchQueue.concurrentPerform(iterations: 16) { [store] index in
            let visits = (0..<50).map { visit(UInt64($0), 7, at: Int64(index % 8)) }
            let written = try? store.write(RecordBlock(city: tokyo, records: visits))
            precondition(written != nil)
        }
        #expect(store.counts().visits == 400)
        #expect(try records(store).count == 400)
    }

    @Test func anEpochNeverGoesBack() throws {
        #expect(store.epoch == Epoch(0))
        try store.setEpoch(Epoch(2))
        try store.setEpoch(Epoch(2))
        #expect(throws: StoreError.staleEpoch(directory: directory.store(), stored: 2, given: 1)) {
            try store.setEpoch(Epoch(1))
        }
        #expect(store.epoch == Epoch(2))
    }

    @Test func anotherCitysBlockOrDirectoryIsRefused() throws {
        let error = StoreError.wrongCity(directory: directory.store(), stored: 1, given: 2)
        #expect(throws: error) { try store.write(RecordBlock(city: osaka, records: [place(7)])) }
        store.close()
        #expect(throws: error) { try ShardStore(directory: directory.store(), city: osaka) }
        #expect(try ShardStore(directory: directory.store(), city: tokyo).counts() == counts())
    }

    @Test func anotherFormatIsRefused() throws {
        var batch = WriteBatch()
        batch.put(.meta, key: MetaKey.format.bytes, value: ShardStore.encoded(9))
        try store.database.commit(batch)
        store.close()
        #expect(throws: StoreError.unknownFormat(directory: directory.store(), found: 9, known: 1)) {
            try ShardStore(directory: directory.store(), city: tokyo)
        }
    }

    @Test func anEmptyBlockIsNoWork() throws {
        #expect(try store.write(block()) == (0, 0))
    }

    @Test func damagedValuesAreNamedByTheirFamily() throws {
        for family in Family.records {
            let keyBytes = RecordKey.bytes(of: family)
            for key in [[UInt8](repeating: 1, count: keyBytes), [1, 2, 3]] {
                var batch = WriteBatch()
                batch.put(family, key: key, value: [9, 9])
                try store.database.commit(batch)
                let error = #expect(throws: StoreError.self) { try records(store) }
                #expect(error?.description.contains(", \(family.rawValue): damaged") == true)
                batch = WriteBatch()
                batch.delete(family, key: key)
                try store.database.commit(batch)
            }
        }
    }

    @Test func theBytesOnDiskAreThoseOfTheTable() throws {
        let signals = Record.visit(
            Visit(
                person: PersonID(1), place: PlaceID(258), time: Timestamp(milliseconds: -1), dwellSeconds: 1, likes: 2,
                saves: 3, shares: 4, attended: true))
        _ = try store.write(
            block(signals, visit(2, 1, at: 1), friends(1, 2), label(1, 2), label(2, 3, attends: true), place(5)))
        var keys: [String] = []
        var values: [[UInt8]] = []
        for family in [Family.visits, .friendships, .friendLabels, .places] {
            try store.database.scan(family) { key, value in
                keys.append(key.map { "\($0)" }.joined(separator: " "))
                if family != .places { values.append(value) }
                return true
            }
        }
        #expect(
            keys == [
                "0 0 0 0 0 0 0 1 0 0 0 0 0 0 1 2 127 255 255 255 255 255 255 255",
                "0 0 0 0 0 0 0 2 0 0 0 0 0 0 0 1 128 0 0 0 0 0 0 1",
                "0 0 0 0 0 0 0 1 0 0 0 0 0 0 0 2",
                "0 0 0 0 0 0 0 1 0 0 0 0 0 0 0 2",
                "0 0 0 0 0 0 0 2 0 0 0 0 0 0 0 3",
                "0 0 0 0 0 0 0 5",
            ])
        #expect(
            values == [
                [3, 0, 0, 128, 63, 2, 0, 3, 0, 4, 0], [1], [0, 0, 0, 63, 2, 0, 0, 0, 0, 0, 0, 0], [1], [3],
            ])
    }
}
