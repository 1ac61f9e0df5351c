import Basics
import Foundation
import Testing
import World

@testable import Store

// What a crash leaves behind is made in two ways: a child process that kills itself in the middle of its work,
// and a copy of the directory of an open store, whose last log is then torn or bitten.
struct CrashTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func put(_ number: Int, into database: Database) throws {
        var batch = WriteBatch()
        batch.put(.model, key: bytes("\(number)"), value: bytes(String(repeating: "x", count: 20)))
        batch.put(.meta, key: bytes("newest"), value: bytes("\(number)"))
        try database.commit(batch)
    }

    /// The rows must be 0..<n for some n, and the other family must agree on n.
    private func prefix(of database: Database) throws -> Int {
        let rows = try everything(database, .model)
        for number in rows.indices { #expect(try database.get(.model, key: bytes("\(number)"))?.count == 20) }
        let newest = try text(database.get(.meta, key: bytes("newest")))
        #expect(newest == (rows.isEmpty ? nil : "\(rows.count - 1)"))
        return rows.count
    }

    @Test func aKilledProcessLosesNothingThatItWasToldIsDurable() async throws {
        let path = directory.store()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try ShardStore(directory: path, city: CityID(1))
            for number in 1...20 {
                var state = WriteBatch()
                state.put(.seeds, key: [UInt8(number)], value: [])
                let range = try store.commit(state, events: [[UInt8(number)], []])
                precondition(range?.upperBound == UInt64(number * 2))
            }
            try store.setEpoch(Epoch(4))
            kill(getpid(), SIGKILL)
        }
        let store = try ShardStore(directory: path, city: CityID(1))
        #expect(store.epoch == Epoch(4))
        #expect(store.lastSequence == 40)
        #expect(try store.outboxRows(after: 0, limit: 100).map(\.sequence) == Array(1...40))
        #expect(try store.outboxRows(after: 38, limit: 100).map(\.payload) == [[20], []])
        #expect(try store.commit(WriteBatch(), events: [[1]]) == 41...41)
    }

    @Test func anotherProcessIsToldWhoHasTheDirectoryOpen() async throws {
        let database = try Database(directory: directory.store())
        let path = directory.store()
        let owner = Int(getpid())
        await #expect(processExitsWith: .success) { [path = path as String, owner = owner as Int] in
            do {
                _ = try Database(directory: path)
                exit(3)
            } catch let error as StoreError {
                let names = [
                    StoreError.locked(directory: path, holder: "process \(owner)"),
                    StoreError.locked(directory: path, holder: "another process"),
                ]
                exit(names.contains(error) ? 0 : 4)
            }
        }
        withExtendedLifetime(database) {}
    }

    @Test func aTornTailOfTheLogLosesOnlyTheLastBatches() throws {
        let database = try Database(directory: directory.store())
        for number in 0..<10 { try put(number, into: database) }
        try directory.copy(to: "whole")
        do { #expect(try prefix(of: Database(directory: directory.store("whole"))) == 10) }
        var before = 10
        for torn in [1, 2, 3, 7, 40, 81, 200, 400, 4000] {
            try directory.copy(to: "torn")
            _ = try directory.tearLog(of: "torn", by: torn)
            let opened = try Database(directory: directory.store("torn"))
            let kept = try prefix(of: opened)
            #expect(kept <= before)
            if torn < 40 { #expect(kept == 9) }
            before = kept
            try put(kept, into: opened)
            #expect(try prefix(of: opened) == kept + 1)
        }
        #expect(before == 0)
    }

    @Test func aBittenLogGivesAPrefixOfTheHistoryOrAnErrorAndNeverAWrongRow() throws {
        let database = try Database(directory: directory.store())
        for number in 0..<10 { try put(number, into: database) }
        var random = SeededRandom(seed: 7)
        for _ in 0..<20 {
            try directory.copy(to: "bitten")
            let log = try #require(try directory.files("bitten", ending: "log").last)
            var content = try Data(contentsOf: log)
            content[random.below(content.count)] ^= UInt8(1 << random.below(8))
            try content.write(to: log)
            do {
                _ = try prefix(of: Database(directory: directory.store("bitten")))
            } catch is StoreError {}
        }
    }

    @Test func aBittenTableIsReportedAndNeverReadAsSomethingElse() throws {
        do {
            let database = try Database(directory: directory.store())
            for number in 0..<10 { try put(number, into: database) }
        }
        do { _ = try Database(directory: directory.store()) }  // replays the log into tables
        let tables = try directory.files("store", ending: "sst")
        #expect(tables.count >= 2)
        var reported = 0
        for table in tables {
            for offset in 0..<40 {
                try directory.copy(to: "bitten")
                let bitten = URL(fileURLWithPath: directory.store("bitten"))
                let file = bitten.appendingPathComponent(table.lastPathComponent)
                var content = try Data(contentsOf: file)
                content[offset * content.count / 40] ^= 0x10
                try content.write(to: file)
                do {
                    #expect(try prefix(of: Database(directory: directory.store("bitten"))) == 10)
                } catch is StoreError {
                    reported += 1
                }
            }
        }
        #expect(reported > 0)
    }

    @Test func aTornOutboxGoesOnFromItsLastWholeEvent() throws {
        let store = try ShardStore(directory: directory.store(), city: CityID(1))
        for number in 1...5 { _ = try store.commit(WriteBatch(), events: [[UInt8(number)]]) }
        try directory.copy(to: "torn")
        _ = try directory.tearLog(of: "torn", by: 2)
        let torn = try ShardStore(directory: directory.store("torn"), city: CityID(1))
        #expect(torn.lastSequence == 4)
        #expect(try torn.commit(WriteBatch(), events: [[9]]) == 5...5)
        #expect(try torn.outboxRows(after: 0, limit: 9).map(\.payload) == [[1], [2], [3], [4], [9]])
    }
}
