import Basics
import Foundation
import Shard
import Store
import Testing
import Wire

@testable import muster_worker

/// Copying a city from one worker's folder to another's, without processes.
@Suite struct CityCopyTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: "muster-copy-\(UUID().uuidString)")
    private let city = CityID(3)

    private func host(_ name: String) throws -> ShardHost {
        try ShardHost(
            directory: root.appending(path: name).path, outboxMax: 1000, policy: InvitationPolicy(),
            pool: ComputePool(threads: 1), wake: {})
    }

    private func assignment(_ epoch: UInt64, isArriving: Bool = false) -> [CityAssignment] {
        [CityAssignment(city: city, name: "Graz", epoch: Epoch(epoch), isArriving: isArriving)]
    }

    private func put(_ rows: Range<Int>, into host: ShardHost) throws {
        var batch = WriteBatch()
        for row in rows { batch.put(.signals, key: Array("row \(row)".utf8), value: [UInt8](repeating: 7, count: 999)) }
        try #require(host.shard(city)).store.database.commit(batch)
    }

    private func rows(_ host: ShardHost) throws -> Int {
        var count = 0
        try #require(host.shard(city)).store.database.scan(.signals) { _, value in
            #expect(value == [UInt8](repeating: 7, count: 999))
            count += 1
            return true
        }
        return count
    }

    private func copy(
        _ step: MoveOrder.Step, from source: ShardHost, to target: ShardHost, epoch: UInt64 = 2,
        spoiling spoil: @escaping (Envelope) throws -> Envelope = { $0 }
    ) throws -> UInt64 {
        let neighbor = PeerService(host: source, pool: ComputePool(threads: 1))
        func ask(_ request: Envelope) throws -> Envelope {
            let answer = neighbor.answer(request)
            if answer.kind == .failure { throw try answer.decode(Failure.self) }
            return try spoil(answer)
        }
        return try CityArrival(
            folders: target.folders, city: city,
            order: MoveOrder(step, epoch: Epoch(epoch), other: WorkerID(1), name: "Graz"),
            ask: ask, isCancelled: { false }
        ).copy()
    }

    private func release(_ host: ShardHost) throws {
        host.note(MoveOrder(.release, epoch: Epoch(2), other: WorkerID(2), name: "Graz"), of: city)
        try host.release(city, waitingMilliseconds: 1000)
    }

    private func files(_ place: CityFolders.Place, _ host: ShardHost) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: host.folders.rows(place, city)).sorted()
    }

    @Test func aCityComesWholeAndPassesCopyWhatIsNew() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let (source, target) = (try host("a"), try host("b"))
        source.accept(assignment(1), cluster: 9)
        try put(0..<5000, into: source)
        let first = try copy(.receive, from: source, to: target)
        #expect(first > 4_000_000)
        try put(5000..<5100, into: source)
        let second = try copy(.receive, from: source, to: target)
        #expect(second < first / 4)
        try put(5100..<5150, into: source)
        try release(source)
        try release(source)
        #expect(source.shard(city) == nil && source.folders.exists(.leaving, city))
        #expect(try copy(.receiveRest, from: source, to: target) < first / 4)

        // Before it is told that the city comes, it has none; and the former owner has all of it until then.
        #expect(target.shard(city) == nil)
        target.accept(assignment(2, isArriving: true), cluster: 9)
        #expect(try rows(target) == 5150 && target.shard(city)?.epoch == Epoch(2))
        #expect(!target.folders.exists(.incoming, city))
        target.accept(assignment(2, isArriving: true), cluster: 9)
        #expect(try rows(target) == 5150)
        target.close()
        #expect(try rows(try host("b")) == 5150)
    }

    @Test func aMoveThatIsGivenUpLeavesTheCityWhereItWas() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let (source, target) = (try host("a"), try host("b"))
        source.accept(assignment(1), cluster: 9)
        try put(0..<100, into: source)
        try release(source)
        _ = try copy(.receiveRest, from: source, to: target)
        // Also after a restart: what was put aside is opened only when it is said to be its own.
        source.close()
        let again = try host("a")
        #expect(again.shard(city) == nil)
        again.accept(assignment(1), cluster: 9)
        #expect(try rows(again) == 100)
        try put(100..<200, into: again)
        // A copy made before is brought up to date, and not taken for whole meanwhile.
        _ = try copy(.receive, from: again, to: target)
        target.accept(assignment(2, isArriving: true), cluster: 9)
        #expect(target.shard(city) == nil)
        try release(again)
        _ = try copy(.receiveRest, from: again, to: target)
        target.accept(assignment(2, isArriving: true), cluster: 9)
        #expect(try rows(target) == 200)
    }

    @Test func anOrderThatWaitedTooLongClosesNothing() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let source = try host("a")
        source.accept(assignment(1), cluster: 9)
        source.note(MoveOrder(.release, epoch: Epoch(2), other: WorkerID(2), name: "Graz"), of: city)
        // The move was given up meanwhile, and the coordinator has said whose the city is.
        source.accept(assignment(1), cluster: 9)
        #expect(throws: MoveError.self) { try source.release(city, waitingMilliseconds: 1000) }
        #expect(source.shard(city) != nil)
        #expect(!source.isExpected(city))
        source.note(MoveOrder(.receive, epoch: Epoch(2), other: WorkerID(2), name: "Graz"), of: city)
        #expect(source.isExpected(city))
        source.note(MoveOrder(.drop, epoch: Epoch(2), other: WorkerID(2), name: "Graz"), of: city)
        #expect(!source.isExpected(city))
    }

    @Test func whatIsBrokenOnTheWayIsNotTaken() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let (source, target) = (try host("a"), try host("b"))
        source.accept(assignment(1), cluster: 9)
        try put(0..<3000, into: source)
        #expect(throws: Failure.self) { try copy(.receiveRest, from: source, to: target) }
        try release(source)
        let spoiled: [(String, (Envelope) throws -> Envelope)] = [
            ("a piece too short", { $0.kind == .cityFilePart ? $0.with(bulk: [[1]]) : $0 }),
            (
                "a way out of the folder",
                { $0.kind == .cityFiles ? $0.answer(CityFiles(files: [.init(name: "../x", bytes: 1)])) : $0 }
            ),
            ("no store", { $0.kind == .cityFiles ? $0.answer(CityFiles(files: [])) : $0 }),
            (
                "a manifest of zeros",
                { $0.kind == .cityFilePart ? $0.with(bulk: [[UInt8](repeating: 0, count: $0.bulk[0].count)]) : $0 }
            ),
        ]
        for (what, spoil) in spoiled {
            #expect(throws: (any Error).self, "\(what)") {
                try copy(.receiveRest, from: source, to: target, spoiling: spoil)
            }
            target.accept(assignment(2, isArriving: true), cluster: 9)
            #expect(target.shard(city) == nil, "\(what)")
        }
        _ = try copy(.receiveRest, from: source, to: target)
        target.accept(assignment(2, isArriving: true), cluster: 9)
        #expect(try rows(target) == 3000)
    }

    @Test func aMissingTableIsFoundBeforeTheCityChangesItsOwner() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let (source, target) = (try host("a"), try host("b"))
        source.accept(assignment(1), cluster: 9)
        try put(0..<3000, into: source)
        _ = try copy(.receive, from: source, to: target)
        try release(source)
        #expect(throws: StoreError.self) {
            try copy(.receiveRest, from: source, to: target) { answer in
                guard answer.kind == .cityFiles else { return answer }
                return answer.answer(
                    CityFiles(files: try answer.decode(CityFiles.self).files.filter { !$0.name.hasSuffix(".sst") }))
            }
        }
        #expect(target.folders.mark("arrived", of: city) == nil)
    }

    @Test func onlyFilesOfTheStoreAreGiven() throws {
        defer { try? FileManager.default.removeItem(at: root) }
        let source = try host("a")
        source.accept(assignment(1), cluster: 9)
        let departure = CityDeparture(host: source)
        let names = try departure.files(of: city, CityFilesRequest(isClosed: false)).files.map(\.name)
        #expect(names.contains("CURRENT") && !names.contains("LOCK"))
        for name in ["../../label", "/etc/passwd", "", ".", "a\0b"] {
            #expect(throws: MoveError.self, "\(name)") {
                try departure.piece(of: city, CityFileRequest(isClosed: false, name: name, offset: 0, count: 10))
            }
        }
        for offset in [UInt64.max, UInt64(Int64.max) - 5] {
            #expect(throws: MoveError.self, "\(offset)") {
                try departure.piece(
                    of: city, CityFileRequest(isClosed: false, name: "CURRENT", offset: offset, count: 10))
            }
        }
        #expect(throws: MoveError.self) { try departure.files(of: CityID(8), CityFilesRequest(isClosed: false)) }
    }
}

extension Failure: Error {}

extension Envelope {
    fileprivate func with(bulk: [[UInt8]]) -> Envelope {
        var copy = self
        copy.bulk = bulk
        return copy
    }
}
