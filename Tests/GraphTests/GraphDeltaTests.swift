import Basics
import Foundation
import Testing
import World

@testable import Graph

/// Rows by key, as a store keeps them: a later row of a key takes the place of the earlier one.
private struct MemoryRows: CityRows {
    struct VisitKey: Hashable {
        var person: PersonID
        var place: PlaceID
        var time: Timestamp

        init(_ visit: Visit) { (person, place, time) = (visit.person, visit.place, visit.time) }

        var order: (PersonID, PlaceID, Timestamp) { (person, place, time) }
    }

    var peopleByID: [PersonID: Person] = [:]
    var placesByID: [PlaceID: Place] = [:]
    var friendshipsByEnds: [[PersonID]: Friendship] = [:]
    var labelsByEnds: [[PersonID]: FriendLabel] = [:]
    var visitsByKey: [VisitKey: Visit] = [:]

    mutating func insert(_ record: Record) {
        if case .person(let person) = record { peopleByID[person.id] = person }
        if case .place(let place) = record { placesByID[place.id] = place }
        if case .visit(let visit) = record { visitsByKey[VisitKey(visit)] = visit }
        if case .friendLabel(let label) = record { labelsByEnds[[label.first, label.second]] = label }
        if case .friendship(let tie) = record { friendshipsByEnds[[tie.first, tie.second]] = tie }
    }

    func people(pool: ComputePool) -> [Person] { peopleByID.values.sorted { $0.id < $1.id } }
    func places(pool: ComputePool) -> [Place] { placesByID.values.sorted { $0.id < $1.id } }
    func friendships(pool: ComputePool) -> [Friendship] {
        friendshipsByEnds.values.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }
    func friendLabels(pool: ComputePool) -> [FriendLabel] {
        labelsByEnds.values.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }
    func mapVisits<Made: Sendable>(
        pool: ComputePool, _ body: @escaping @Sendable (ArraySlice<Visit>) -> Made
    ) -> [Made] {
        let all = sorted(Array(visitsByKey.values))
        let middle = all.indices.first { $0 > all.count / 2 && all[$0].person != all[$0 - 1].person } ?? all.count
        return [body(all[..<middle]), body(all[middle...])]
    }
    func visits(of people: [PersonID]) -> [Visit] {
        sorted(visitsByKey.values.filter { people.contains($0.person) })
    }

    private func sorted(_ visits: [Visit]) -> [Visit] {
        visits.sorted { VisitKey($0).order < VisitKey($1).order }
    }
}

/// A stream of rows of a small city: mostly visits and friendships, now and then somebody new, somewhere new, somebody
/// who moves, a row sent again with other contents, and, where `strangers`, rows that name nobody known.
private struct RandomRows {
    var random: SeededRandom
    let strangers: Bool
    var people: UInt64 = 0
    var places: UInt64 = 0

    mutating func next() -> Record {
        let turn = random.below(100)
        if people == 0 || turn < 6 {
            // An odd step leaves room for ids between those known.
            people += 1
            return person(people * 7 % 31)
        }
        if places == 0 || turn < 10 {
            places += 1
            return Small.place(
                places * 5 % 23, neighborhood: UInt16(places % 3), category: random.below(6), tag: random.below(9))
        }
        if turn < 13 { return person((1 + UInt64(random.below(Int(people)))) * 7 % 31) }
        if turn < 30 {
            let (one, other) = (somebody(), somebody())
            if turn < 16 {
                let label = FriendLabel(
                    first: PersonID(min(one, other)), second: PersonID(max(one, other)), isCompatible: turn == 14)
                return .friendLabel(label)
            }
            return Small.friends(min(one, other), max(one, other), overlap: random.below(3) == 0 ? 0.5 : 0)
        }
        let place = (1 + UInt64(random.below(Int(places) + (strangers ? 1 : 0)))) * 5 % 23
        var visit = Visit(
            person: PersonID(somebody()), place: PlaceID(place),
            time: Timestamp(milliseconds: Small.monday + Int64(random.below(60)) * 3_600_000),
            likes: UInt16(random.below(9)), saves: UInt16(random.below(5)), attended: random.below(2) == 0)
        if random.below(3) == 0 { visit.dwellSeconds = Float(random.below(200)) * (random.below(9) == 0 ? 0.3 : 2) }
        return .visit(visit)
    }

    private mutating func somebody() -> UInt64 {
        (1 + UInt64(random.below(Int(people) + (strangers ? 1 : 0)))) * 7 % 31
    }

    private mutating func person(_ id: UInt64) -> Record {
        Small.person(
            id, home: random.below(4) == 0 ? 8 : 7,
            fine: random.below(3) == 0 ? Small.one(random.below(9), of: 100) : [])
    }
}

@Suite struct GraphDeltaTests {
    private let pools = [ComputePool(threads: 1), ComputePool(threads: 3)]

    /// A base of rows, then insertions and folds in a random order; after each fold both ways must agree. Returns what
    /// differed.
    private func interleaving(_ seed: UInt64) throws -> [String] {
        var random = SeededRandom(seed: seed).child("interleaving")
        var stream = RandomRows(random: random.child("rows"), strangers: seed % 10 == 0)
        var rows = MemoryRows()
        for _ in 0..<random.below(120) { rows.insert(stream.next()) }
        var graph = try CityGraph.build(city: Small.city, from: rows, pool: pools[0])
        for _ in 0..<2 + random.below(3) {
            var delta = GraphDelta()
            for _ in 0..<random.below(25) {
                let record = stream.next()
                rows.insert(record)
                delta.insert(record)
            }
            graph = try delta.folded(into: graph, from: rows, pool: pools[random.below(2)])
            let fresh = try CityGraph.build(city: Small.city, from: rows, pool: pools[random.below(2)])
            let broken = graph.differences(from: fresh) + graph.checkInvariants()
            if !broken.isEmpty { return broken }
        }
        return []
    }

    @Test func foldingInIsBuildingAnewInAThousandRandomInterleavings() throws {
        let first = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1
        for seed in first..<first + 1000 {
            let differences = try interleaving(seed)
            #expect(differences.isEmpty, "SEED=\(seed)")
            if !differences.isEmpty { return }
        }
    }

    @Test func rowsInTheOrderOfAStoreMakeTheGraphThatRowsInAnyOrderMake() throws {
        var stream = RandomRows(random: SeededRandom(seed: 5), strangers: false)
        var rows = MemoryRows()
        var arrived: [Record] = []
        for _ in 0..<800 {
            let record = stream.next()
            // What names one person twice is skipped each time it arrives, and stored once.
            if case .friendship(let tie) = record, tie.first == tie.second { continue }
            if case .friendLabel(let label) = record, label.first == label.second { continue }
            arrived.append(record)
            rows.insert(record)
        }
        let stored = try CityGraph.build(city: Small.city, from: rows, pool: pools[1])
        #expect(stored.differences(from: Small.graph(arrived, threads: 2)) == [])
        #expect(stored.visitPlaces.count > 100)
    }

    @Test func aDifferenceIsNamed() {
        let base = [Small.person(1), Small.place(2), Small.visit(1, 2, hour: 1)]
        let other = Small.graph(base + [Small.visit(1, 2, hour: 1, likes: 1)])
        #expect(Small.graph(base).differences(from: other) == ["visitSignals"])
    }
}
