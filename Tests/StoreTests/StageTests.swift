import Basics
import Foundation
import Synchronization
import Testing
import World

@testable import Store

private let tokyo = CityID(1)
/// Just enough visits for a block to be staged.
private let many = StoreLimits.stagedBlockRows

private func visit(_ number: Int, likes: UInt16 = 0) -> Visit {
    Visit(
        person: PersonID(UInt64(number % 97)), place: PlaceID(UInt64(number % 89 + number / 8633)),
        time: Timestamp(milliseconds: Int64(number)), likes: likes, attended: number % 3 == 0)
}

private func block(_ visits: some Sequence<Visit>) -> RecordBlock {
    RecordBlock(city: tokyo, records: visits.map { .visit($0) })
}

/// What a store must hold: the last visit of each key.
private struct Model {
    private var rows: [[UInt64]: Visit] = [:]

    /// How many of the visits were not there.
    mutating func write(_ visits: [Visit]) -> Int {
        let before = rows.count
        for visit in visits { rows[Self.key(visit)] = visit }
        return rows.count - before
    }

    var visits: [Visit] { rows.values.sorted { Self.key($0).lexicographicallyPrecedes(Self.key($1)) } }

    private static func key(_ visit: Visit) -> [UInt64] {
        [visit.person.number, visit.place.number, UInt64(visit.time.milliseconds)]
    }
}

/// A small or a large block, with repeated keys, some of them with other signals.
private func someRows(_ random: inout SeededRandom) -> [Visit] {
    let size = random.below(3) == 0 ? 1 + random.below(50) : many + random.below(many)
    let start = random.below(20_000)
    return (0..<size).map { _ in visit(start + random.below(size), likes: UInt16(random.below(2))) }
}

private func visits(of store: ShardStore) throws -> [Visit] {
    var visits: [Visit] = []
    try store.forEachRecord { if case .visit(let visit) = $0 { visits.append(visit) } }
    return visits
}

/// As when a stage is full.
private func beginSettling(_ store: ShardStore) throws {
    try store.writing.withLock { writing in try store.beginSettling(&writing) }
}

private func checked(_ block: RecordBlock) throws -> (block: CheckedBlock, encoded: [UInt8]) {
    (try CheckedBlock(decoding: block.encoded()), block.encoded())
}

private func stagedBlocks(_ store: ShardStore) throws -> Int {
    var count = 0
    try store.database.scan(.staged) { _, _ in
        count += 1
        return true
    }
    return count
}

struct StageTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func store(_ name: String = "store") throws -> ShardStore {
        try ShardStore(directory: directory.store(name), city: tokyo)
    }

    @Test func aLargeBlockIsDurableBeforeItIsSortedAndReadersSeeItAll() throws {
        let store = try store()
        let rows = (0..<many).map { visit($0) }
        #expect(try store.write(block(rows.reversed())) == (many, 0))
        #expect(try stagedBlocks(store) == 1)
        #expect(try store.database.lastKey(.visits) == nil)
        #expect(store.counts().visits == UInt64(many))
        var model = Model()
        _ = model.write(rows)
        #expect(try visits(of: store) == model.visits)
        #expect(try stagedBlocks(store) == 0)
        #expect(try store.write(block(rows)) == (0, many))
        #expect(try stagedBlocks(store) == 0)
    }

    @Test(arguments: UInt64(1)...6)
    func anyMixtureOfBlocksReadersAndClosingsKeepsEveryRowOnceAndTheLastOfItsKey(seed: UInt64) throws {
        var random = SeededRandom(seed: seed).child("stage")
        var store = try store()
        var model = Model()
        for step in 0..<30 {
            let rows = someRows(&random)
            let fresh = model.write(rows)
            #expect(try store.write(block(rows)) == (fresh, rows.count - fresh), "step \(step)")
            switch random.below(7) {
            case 0: try store.settle()
            case 3, 4: try beginSettling(store)
            case 1: #expect(try visits(of: store) == model.visits, "step \(step)")
            case 2:
                store.close()
                store = try self.store()
            default: break
            }
            #expect(store.counts().visits == UInt64(model.visits.count), "step \(step)")
        }
        #expect(try visits(of: store) == model.visits)
    }

    @Test(arguments: UInt64(1)...3)
    func oneKillAfterAnotherLosesNothingThatWasAcknowledged(seed: UInt64) async throws {
        let path = directory.store()
        var model = Model()
        for life in 1...3 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, seed = seed as UInt64, life = life as Int] in
                var random = SeededRandom(seed: seed).child("life \(life)")
                let store = try ShardStore(directory: path, city: tokyo)
                for _ in 0..<6 {
                    _ = try store.write(block(someRows(&random)))
                    if random.below(4) == 0 { try store.settle() }
                    if random.below(2) == 0 { try beginSettling(store) }
                }
                kill(getpid(), SIGKILL)
            }
            var random = SeededRandom(seed: seed).child("life \(life)")
            for _ in 0..<6 {
                _ = model.write(someRows(&random))
                _ = random.below(4)
                _ = random.below(2)
            }
            let store = try store()
            #expect(try visits(of: store) == model.visits)
            #expect(store.counts().visits == UInt64(model.visits.count))
            store.close()
        }
    }

    @Test(arguments: UInt64(1)...4)
    func blocksWrittenTogetherAreBlocksWrittenOneByOne(seed: UInt64) throws {
        var random = SeededRandom(seed: seed).child("together")
        let (together, oneByOne) = (try store("together"), try store("one by one"))
        for round in 0..<8 {
            var blocks = (0..<1 + random.below(5)).map { _ in block(someRows(&random)) }
            if random.below(2) == 0 {
                let person = Person(id: PersonID(UInt64(random.below(3))), homeCity: tokyo, homeNeighborhood: 2)
                for index in blocks.indices where random.below(2) == 0 { blocks[index].records.append(.person(person)) }
            }
            let outcomes = try together.write(try blocks.map(checked))
            for (block, outcome) in zip(blocks, outcomes) {
                #expect(try oneByOne.write(block) == outcome, "round \(round)")
            }
            #expect(together.counts() == oneByOne.counts(), "round \(round)")
            if random.below(3) == 0 { try beginSettling(together) }
        }
        #expect(try visits(of: together) == visits(of: oneByOne))
    }

    @Test func aBlockThatComesWhileItsRowsAreSettledIsKnown() throws {
        let store = try store()
        let rows = (0..<many).map { visit($0) }
        for likes in UInt16(0)...20 {
            #expect(
                try store.write(block(rows.map { visit(Int($0.time.milliseconds), likes: likes) })).new
                    == (likes == 0 ? many : 0))
            try beginSettling(store)
            #expect(try store.write(block(rows.map { visit(Int($0.time.milliseconds), likes: likes) })) == (0, many))
        }
        #expect(try visits(of: store).allSatisfy { $0.likes == 20 })
        #expect(try stagedBlocks(store) == 0)
        #expect(store.counts().visits == UInt64(many))
    }

    @Test func blocksThatWereSettledButNotYetRemovedAreSettledAgainToTheSameRows() throws {
        let store = try store()
        let rows = (0..<many).map { visit($0) }
        _ = try store.write(block(rows))
        _ = try store.write(block(rows.map { visit(Int($0.time.milliseconds), likes: 1) }))
        var staged = WriteBatch()
        try store.database.scan(.staged) { key, value in
            staged.put(.staged, key: key, value: value)
            return true
        }
        let before = try visits(of: store)
        #expect(before.allSatisfy { $0.likes == 1 })
        try store.database.commit(staged)
        store.close()
        let again = try self.store()
        #expect(try stagedBlocks(again) == 0)
        #expect(try visits(of: again) == before)
        #expect(again.counts() == store.counts())
    }

    @Test func aTornLogLosesWholeBlocksOnlyAndTheCountsKnow() throws {
        let store = try store()
        for part in 0..<4 { _ = try store.write(block((part * many..<(part + 1) * many).map { visit($0) })) }
        for torn in [1, 1_000, 100_000] {
            try directory.copy(to: "torn")
            _ = try directory.tearLog(of: "torn", by: torn)
            let opened = try self.store("torn")
            let kept = try visits(of: opened).count
            #expect(kept % many == 0 && kept < 4 * many)
            #expect(opened.counts().visits == UInt64(kept))
            #expect(try opened.write(block((0..<4 * many).map { visit($0) })) == (4 * many - kept, kept))
        }
    }

    @Test func aKilledProcessLosesNoBlockThatItWasToldIsDurable() async throws {
        let path = directory.store()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try ShardStore(directory: path, city: tokyo)
            for part in 0..<6 {
                _ = try store.write(block((part * many..<(part + 1) * many).map { visit($0) }))
                if part == 2 { try store.settle() }
            }
            _ = try store.write(block([visit(5, likes: 7)]))
            kill(getpid(), SIGKILL)
        }
        let store = try store()
        #expect(store.counts().visits == UInt64(6 * many))
        let kept = try visits(of: store)
        #expect(kept.count == 6 * many)
        #expect(kept.filter { $0.likes == 7 } == [visit(5, likes: 7)])
    }

    @Test(arguments: [0, 1, 2, 300, 5_000], [UInt64(1), 1_000, 70_000, .max])
    func theOrderOfKeysIsThatOfAPlainSort(count: Int, people: UInt64) {
        var random = SeededRandom(seed: people).child("order")
        let visits = (0..<count).map { number in
            Visit(
                person: PersonID(random.next() % people), place: PlaceID(random.next() % 5),
                time: Timestamp(milliseconds: Int64(number * 7919 % 5_003)))
        }
        #expect(inOrderOfKeys(visits) == visits.sorted { $0.precedes($1) })
    }

    @Test func aFileThatACrashLeftBehindIsForgottenAndNeverWrittenTo() throws {
        let store = try store()
        let left = directory.store() + "/ingest-visits"
        let keptElsewhere = directory.store() + "/second-name"
        try Data("rows of a live table".utf8).write(to: URL(fileURLWithPath: left))
        try FileManager.default.linkItem(atPath: left, toPath: keptElsewhere)
        _ = try store.write(block((0..<many).map { visit($0) }))
        try store.settle()
        #expect(try Data(contentsOf: URL(fileURLWithPath: keptElsewhere)) == Data("rows of a live table".utf8))
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    @Test func aDamagedStagedBlockIsNamed() throws {
        let store = try store()
        var batch = WriteBatch()
        batch.put(.staged, key: ShardStore.blockKey(3), value: [1, 2, 3])
        try store.database.commit(batch)
        store.close()
        let error = #expect(throws: StoreError.self) { try self.store() }
        #expect(error?.description.contains(", staged: damaged") == true)
    }

    @Test func otherRowsOfAStagedBlockAreWrittenWithIt() throws {
        let store = try store()
        var mixed = block((0..<many).map { visit($0) })
        mixed.records.insert(.place(Place(id: PlaceID(7), city: tokyo)), at: 10)
        mixed.records.append(.person(Person(id: PersonID(1), homeCity: tokyo, homeNeighborhood: 2)))
        #expect(try store.write(mixed) == (many + 2, 0))
        #expect(try store.write(mixed) == (0, many + 2))
        try directory.copy(to: "killed")
        let again = try self.store("killed")
        #expect(again.counts() == store.counts())
        #expect(again.counts().places == 1 && again.counts().people == 1)
    }
}
