import Basics
import Foundation
import Testing
import World

@testable import Store

/// A disk that others fill: a small file system in memory, which only root may make.
@Suite struct FullDiskTests {
    private let city = CityID(1)

    private static func system(_ words: String...) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private func block(_ number: Int) -> RecordBlock {
        RecordBlock(
            city: city,
            records: (0..<10_000).map {
                .visit(
                    Visit(
                        person: PersonID(UInt64($0)), place: PlaceID(UInt64(number)), time: Timestamp(milliseconds: 0)))
            })
    }

    private static var mayMount: Bool {
        guard let directory = try? TemporaryDirectory() else { return false }
        let isMounted = (try? system("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.path)) == true
        return isMounted && (try? system("umount", directory.path)) == true
    }

    @Test(.enabled(if: mayMount)) func rowsAreRefusedBeforeTheDiskIsFullAndTakenOnceThereIsRoom() throws {
        let directory = try TemporaryDirectory()
        try #require(try Self.system("mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", directory.path))
        defer { _ = try? Self.system("umount", directory.path) }
        let store = try ShardStore(directory: directory.path, city: city, outboxIfNew: 1)
        defer { store.close() }
        #expect(try store.write(block(0)).new == 10_000)
        let filler = directory.url.appendingPathComponent("filler")
        let facts = try FileManager.default.attributesOfFileSystem(forPath: directory.path)
        let free = try #require(facts[.systemFreeSize] as? NSNumber).intValue
        let room = free - StoreLimits.diskReserveBytes / 2
        #expect(try Self.system("fallocate", "-l", "\(room)", filler.path))
        #expect(throws: StoreError.diskFull(directory: directory.path, operation: "commit")) {
            _ = try store.write(block(1))
        }
        #expect(store.counts().visits == 10_000)
        try FileManager.default.removeItem(at: filler)
        #expect(try store.write(block(1)).new == 10_000)
        store.close()
        let again = try ShardStore(directory: directory.path, city: city, outboxIfNew: 1)
        defer { again.close() }
        #expect(again.counts().visits == 20_000)
    }
}
