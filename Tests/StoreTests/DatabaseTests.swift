import Testing

@testable import Store

struct DatabaseTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func filled(_ rows: [String]) throws -> Database {
        let database = try Database(directory: directory.store())
        var batch = WriteBatch()
        for row in rows { batch.put(.model, key: bytes(row), value: bytes(row.uppercased())) }
        try database.commit(batch)
        return database
    }

    @Test func aBatchIsCarriedOutInOrderOverSeveralFamilies() throws {
        let database = try Database(directory: directory.store("deep/er"))
        var batch = WriteBatch()
        batch.put(.meta, key: bytes("a"), value: bytes("1"))
        batch.put(.model, key: bytes("a"), value: [])
        batch.put(.meta, key: bytes("b"), value: bytes("2"))
        batch.delete(.meta, key: bytes("a"))
        #expect(batch.count == 4)
        try database.commit(batch)
        #expect(try database.get(.meta, key: bytes("a")) == nil)
        #expect(try database.get(.model, key: bytes("a")) == [])
        #expect(try text(database.get(.meta, key: bytes("b"))) == "2")
        try database.commit(WriteBatch())
    }

    @Test func aScanIsOrderedAndKeepsToItsPrefix() throws {
        let database = try filled(["b2", "a9", "b1", "b3", "c1"])
        var seen: [String] = []
        try database.scan(.model, prefix: bytes("b")) { key, _ in
            seen.append(text(key)!)
            return true
        }
        #expect(seen == ["b1", "b2", "b3"])
        seen = []
        try database.scan(.model, from: bytes("b2")) { key, value in
            #expect(text(value) == text(key)?.uppercased())
            seen.append(text(key)!)
            return seen.count < 2
        }
        #expect(seen == ["b2", "b3"])
        try database.scan(.seeds) { _, _ in
            Issue.record("the family is empty")
            return true
        }
    }

    @Test func anErrorOfTheReaderEndsTheScan() throws {
        struct Enough: Error {}
        let database = try filled(["a", "b"])
        var seen = 0
        #expect(throws: Enough.self) {
            try database.scan(.model) { _, _ in
                seen += 1
                throw Enough()
            }
        }
        #expect(seen == 1)
    }

    @Test func aRangeIsRemovedWithoutItsEnd() throws {
        let database = try filled(["a", "b", "c", "d"])
        var batch = WriteBatch()
        batch.deleteRange(.model, from: bytes("b"), to: bytes("d"))
        try database.commit(batch)
        #expect(try everything(database, .model) == ["a=A", "d=D"])
    }

    @Test func manyKeysAreLookedUpAtOnce() throws {
        let database = try filled(["a", "c", "d"])
        var found: [String?] = []
        try database.lookUp(.model, keys: bytes("abcde"), keyBytes: 1) { index, value in
            #expect(index == found.count)
            found.append(text(value.map { Array($0) }))
        }
        #expect(found == ["A", nil, "C", "D", nil])
    }

    @Test func whatWasCommittedIsThereAfterClosingAndOpeningAgain() throws {
        for round in 1...3 {
            let database = try Database(directory: directory.store())
            #expect(try everything(database, .model).count == round - 1)
            var batch = WriteBatch()
            batch.put(.model, key: bytes("\(round)"), value: bytes("x"))
            try database.commit(batch)
            database.close()
            database.close()
            #expect(throws: StoreError.closed(directory: directory.store())) {
                try database.get(.model, key: bytes("1"))
            }
        }
    }

    @Test func whatWasCommittedIsThereAfterDroppingTheDatabaseWithoutClosing() throws {
        do { _ = try filled(["a"]) }
        #expect(try everything(Database(directory: directory.store()), .model) == ["a=A"])
    }

    @Test func aDirectoryIsOpenOnceAtATime() throws {
        let database = try filled(["a"])
        #expect(throws: StoreError.locked(directory: directory.store(), holder: "this very process")) {
            try Database(directory: directory.store())
        }
        #expect(try everything(database, .model) == ["a=A"])
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
        let database = try filled(["a"])
        let path = directory.store() + "/CURRENT/below"
        let error = #expect(throws: StoreError.self) { try Database(directory: path) }
        #expect(error?.description.contains(path) == true)
        withExtendedLifetime(database) {}
    }

    @Test func aMessageOfRocksDBBecomesTheErrorThatNamesTheWayOut() {
        let full = StoreError(
            rocksDB: "IO error: No space left on device: While appending to file: x.log", directory: "d",
            family: "visits", operation: "commit")
        #expect(full == .diskFull(directory: "d", operation: "commit"))
        let damaged = StoreError(
            rocksDB: "Corruption: block checksum mismatch", directory: "d", family: "visits", operation: "get")
        #expect(damaged.description.contains("d, visits: damaged (Corruption: block checksum mismatch)"))
    }
}
