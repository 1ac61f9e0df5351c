import Basics
import Foundation
import Graph
import Synchronization
import Testing
import World

@testable import Shard

/// The graph of a shard while rows keep coming, against one built anew from the same store.
@Suite struct CurrentGraphTests {
    private let city = CityID(3)
    private let pool = ComputePool(threads: 2)

    private func visit(_ random: inout SeededRandom, people: Int, places: Int) -> Record {
        .visit(
            Visit(
                person: PersonID(UInt64(random.below(people))), place: PlaceID(UInt64(random.below(places))),
                time: Timestamp(milliseconds: Int64(random.below(1 << 30)) * 1000), dwellSeconds: 0.5,
                attended: random.below(2) == 0))
    }

    private func block(_ records: [Record]) -> [UInt8] { RecordBlock(city: city, records: records).encoded() }

    private func withShard(_ body: (CityShard) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let shard = try CityShard(directory: folder.path, city: city, name: "Here", cluster: 1, outboxIfNew: 1)
        defer { shard.close() }
        try body(shard)
    }

    @Test func importsAreFoldedIntoTheGraphBitForBit() throws {
        try withShard { shard in
            var random = SeededRandom(seed: 11)
            let base =
                (0..<50).map { Record.person(Person(id: PersonID($0), homeCity: $0 % 9 == 8 ? CityID(4) : city)) }
                + (0..<20).map { Record.place(Place(id: PlaceID($0), city: city, neighborhood: UInt16($0 % 4))) }
                + (0..<900).map { _ in visit(&random, people: 50, places: 20) }
            _ = try shard.importBlock(block(base))
            let first = try shard.currentGraph(pool: pool)
            #expect(try shard.currentGraph(pool: pool) === first, "nothing came: the same graph")
            for round in 0..<6 {
                var news = (0..<40).map { _ in visit(&random, people: 52, places: 21) }
                news.append(.friendship(Friendship(first: PersonID(UInt64(round)), second: PersonID(51))))
                if round == 2 { news.append(.person(Person(id: PersonID(50), homeCity: city))) }
                if round == 3 { news.append(.person(Person(id: PersonID(51), homeCity: city))) }
                if round == 4 { news.append(.place(Place(id: PlaceID(20), city: city))) }
                _ = try shard.importBlock(block(news))
                let graph = try shard.currentGraph(pool: pool)
                let fresh = try CityGraph.build(city: city, from: shard.store, pool: ComputePool(threads: 1))
                #expect(graph.differences(from: fresh) == [])
                #expect(graph.visitPlaces.count > first.visitPlaces.count)
            }
        }
    }

    @Test func aLargeImportGivesUpTheGraphAndTheNextOneIsWhole() throws {
        try withShard { shard in
            var random = SeededRandom(seed: 12)
            let base =
                (0..<9).map { Record.person(Person(id: PersonID($0), homeCity: city)) }
                + (0..<9).map { Record.place(Place(id: PlaceID($0), city: city)) }
            _ = try shard.importBlock(block(base))
            #expect(try shard.currentGraph(pool: pool).visitPlaces.isEmpty)
            for _ in 0..<3 {
                _ = try shard.importBlock(block((0..<4000).map { _ in visit(&random, people: 9, places: 9) }))
            }
            #expect(shard.view.withLock { $0.graph == nil && $0.delta == nil })
            let graph = try shard.currentGraph(pool: pool)
            #expect(graph.visitPlaces.count > 10_000)
            #expect(try graph.differences(from: CityGraph.build(city: city, from: shard.store, pool: pool)) == [])
        }
    }
}
