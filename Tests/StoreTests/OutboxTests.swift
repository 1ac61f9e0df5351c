import Basics
import Dispatch
import Testing

@testable import Store

struct OutboxTests {
    private let directory: TemporaryDirectory
    private let store: ShardStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try ShardStore(directory: directory.store(), city: CityID(1))
    }

    private func fill(_ store: ShardStore, _ numbers: ClosedRange<Int>) throws {
        _ = try store.commit(WriteBatch(), events: numbers.map { bytes("\($0)") })
    }

    private func rows(_ store: ShardStore, after sequence: UInt64, limit: Int = 1000) throws -> [String] {
        try store.outboxRows(after: sequence, limit: limit).map { "\($0.sequence)=\(text($0.payload)!)" }
    }

    @Test func eventsGetTheNextSequencesTogetherWithTheirState() throws {
        var state = WriteBatch()
        state.put(.seeds, key: bytes("seed"), value: bytes("planned"))
        #expect(store.lastSequence == 0)
        #expect(try store.commit(state, events: [bytes("a"), bytes("b")]) == 1...2)
        #expect(try store.commit(WriteBatch(), events: [bytes("c")]) == 3...3)
        #expect(try store.commit(state, events: [OutboxEvent]()) == nil)
        #expect(try text(store.database.get(.seeds, key: bytes("seed"))) == "planned")
        #expect(store.lastSequence == 3)
        #expect(try rows(store, after: 0) == ["1=a", "2=b", "3=c"])
        #expect(try rows(store, after: 1, limit: 1) == ["2=b"])
        #expect(try rows(store, after: 3).isEmpty)
        #expect(try rows(store, after: 99).isEmpty)
    }

    @Test func theCallersBatchIsNotChanged() throws {
        let state = WriteBatch()
        _ = try store.commit(state, events: [[1]])
        #expect(state.count == 0)
    }

    @Test func sequencesFromManyThreadsHaveNoHoleAndKeepEachBatchTogether() throws {
        DispatchQueue.concurrentPerform(iterations: 40) { [store] index in
            let events = [[UInt8(index)], [UInt8(index)], [UInt8(index)]]
            let range = try? store.commit(WriteBatch(), events: events)
            precondition(range?.count == 3)
        }
        let all = try store.outboxRows(after: 0, limit: 1000)
        #expect(all.map(\.sequence) == Array(1...120))
        for start in stride(from: 0, to: 120, by: 3) {
            #expect(Set(all[start..<start + 3].map(\.payload)).count == 1)
        }
    }

    @Test func acknowledgedRowsStayForARefillUntilThereAreTooMany() throws {
        try fill(store, 1...10)
        try store.acknowledge(through: 4, keeping: 3)
        #expect(store.acknowledged == 4)
        #expect(try rows(store, after: 1, limit: 2) == ["2=2", "3=3"])
        #expect(throws: StoreError.trimmed(directory: directory.store(), wanted: 1, first: 2)) {
            try rows(store, after: 0)
        }
        try store.acknowledge(through: 9, keeping: 3)
        #expect(try rows(store, after: 6) == ["7=7", "8=8", "9=9", "10=10"])
        #expect(throws: StoreError.trimmed(directory: directory.store(), wanted: 6, first: 7)) {
            try rows(store, after: 5)
        }
    }

    @Test func anAcknowledgementNeverGoesBackNorBeyondTheEnd() throws {
        try fill(store, 1...5)
        try store.acknowledge(through: 3, keeping: 10)
        try store.acknowledge(through: 2, keeping: 0)
        #expect(store.acknowledged == 3)
        #expect(try rows(store, after: 0).count == 5)
        #expect(throws: StoreError.acknowledgedBeyond(directory: directory.store(), last: 5, given: 6)) {
            try store.acknowledge(through: 6)
        }
    }

    @Test func anEmptiedOutboxGoesOnCountingAfterOpeningAgain() throws {
        try fill(store, 1...5)
        try store.acknowledge(through: 5, keeping: 0)
        #expect(try rows(store, after: 5).isEmpty)
        store.close()
        let again = try ShardStore(directory: directory.store(), city: CityID(1))
        #expect(again.lastSequence == 5)
        #expect(again.acknowledged == 5)
        #expect(throws: StoreError.trimmed(directory: directory.store(), wanted: 3, first: 6)) {
            try rows(again, after: 2)
        }
        #expect(try again.commit(WriteBatch(), events: [[1]]) == 6...6)
    }

    @Test func whatIsKeptIsFoundAgainAfterOpening() throws {
        try fill(store, 1...300)
        try store.acknowledge(through: 290, keeping: 20)
        store.close()
        let again = try ShardStore(directory: directory.store(), city: CityID(1))
        #expect(try rows(again, after: 270).count == 30)
        #expect(throws: StoreError.trimmed(directory: directory.store(), wanted: 270, first: 271)) {
            try rows(again, after: 269)
        }
        try again.acknowledge(through: 300, keeping: 20)
        #expect(try rows(again, after: 280).first == "281=281")
    }

    @Test func anOutboxKeepsTheIdentityItWasBegunWith() throws {
        #expect(store.outboxIdentity == 1)
        store.close()
        let again = try ShardStore(directory: directory.store(), city: CityID(1), outboxIfNew: 2)
        #expect(again.outboxIdentity == 1)
        let other = try ShardStore(directory: directory.store("other"), city: CityID(1), outboxIfNew: 2)
        #expect(other.outboxIdentity == 2)
    }

    @Test func anOutboxOfADirectoryFromBeforeIsGivenOneIdentity() throws {
        var batch = WriteBatch()
        batch.delete(.meta, key: MetaKey.outbox.bytes)
        try store.database.commit(batch)
        store.close()
        for drawn in [7, 8] as [UInt64] {
            let again = try ShardStore(directory: directory.store(), city: CityID(1), outboxIfNew: drawn)
            #expect(again.outboxIdentity == 7)
            again.close()
        }
    }

    @Test func anOutboxThatFellBehindItsStreamStaysAnotherOne() throws {
        try fill(store, 1...3)
        try store.becomeAnother()
        let identity = store.outboxIdentity
        #expect(identity != 1)
        #expect(store.lastSequence == 3)
        store.close()
        let again = try ShardStore(directory: directory.store(), city: CityID(1))
        #expect(again.outboxIdentity == identity)
        try again.becomeAnother()
        #expect(again.outboxIdentity != identity)
    }
}
