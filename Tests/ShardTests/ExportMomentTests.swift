import Basics
import Foundation
import Store
import Testing
import Wire
import World

@testable import Shard

/// An export sees one moment of a city, whatever comes meanwhile.
@Suite struct ExportMomentTests {
    private let city = CityID(3)

    private func withShard(_ body: (CityShard) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let shard = try CityShard(directory: folder.path, city: city, name: "Here", cluster: 1, outboxIfNew: 1)
        defer { shard.close() }
        try body(shard)
    }

    private func people(_ numbers: Range<UInt64>) -> [UInt8] {
        RecordBlock(city: city, records: numbers.map { .person(Person(id: PersonID($0), homeCity: city)) }).encoded()
    }

    @Test func laterRowsAreNotInAnExportThatHasBegun() throws {
        try withShard { shard in
            _ = try shard.importBlock(people(0..<10))
            let first = try shard.export(ExportRequest(table: .people)).page
            #expect(first.rows == 10 && first.snapshot != 0)
            _ = try shard.importBlock(people(10..<30))
            let place = Place(id: PlaceID(1), city: city)
            _ = try shard.importBlock(RecordBlock(city: city, records: [.place(place)]).encoded())
            // Asked again, and for another table: still that moment.
            for (table, rows) in [(ExportTable.people, 10), (.places, 0), (.peopleEmbeddings, 0)] {
                let page = try shard.export(ExportRequest(table: table, snapshot: first.snapshot)).page
                #expect(page.rows == rows && page.snapshot == first.snapshot)
            }
            let later = try shard.export(ExportRequest(table: .people)).page
            #expect(later.rows == 30 && later.snapshot != first.snapshot)
        }
    }

    @Test func aMomentThatIsNotKeptIsAnErrorThatSaysWhatToDo() throws {
        try withShard { shard in
            _ = try shard.importBlock(people(0..<3))
            #expect(throws: ShardError.exportGone(city: "Here")) {
                try shard.export(ExportRequest(table: .people, snapshot: 77))
            }
            let first = try shard.export(ExportRequest(table: .people)).page.snapshot
            for _ in 0..<ExportSnapshots.countMax { _ = try shard.export(ExportRequest(table: .people)) }
            #expect(throws: ShardError.exportGone(city: "Here")) {
                try shard.export(ExportRequest(table: .people, snapshot: first))
            }
            #expect("\(ShardError.exportGone(city: "Here"))".contains("export again"))
        }
    }

    @Test func aMomentThatNobodyAsksForIsGivenUp() throws {
        try withShard { shard in
            var exports = ExportSnapshots(city: city)
            let rows = try shard.store.snapshot()
            let (one, other) = (exports.begin(rows, at: 0), exports.begin(rows, at: 0))
            #expect(exports.moment(other, at: 500) != nil)
            exports.drop(idleAt: ExportSnapshots.idleSeconds + 1)
            #expect(exports.moment(one, at: 700) == nil && exports.moment(other, at: 700) != nil)
        }
    }
}
