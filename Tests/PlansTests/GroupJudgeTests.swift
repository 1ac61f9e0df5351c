import Basics
import Graph
import Learn
import Testing
import World

@testable import Plans

@Suite struct GroupJudgeTests {
    private let pool = ComputePool(threads: 2)
    private let graph = Self.graph()

    /// Person i and place j belong to communities i and j modulo 4; everybody was at six places of theirs.
    private static func graph() -> CityGraph {
        var random = SeededRandom(seed: 8)
        var builder = CityGraphBuilder(city: CityID(9))
        for person in 0..<400 { builder.add(.person(Person(id: PersonID(UInt64(person)), homeCity: CityID(9)))) }
        for place in 0..<40 { builder.add(.place(Place(id: PlaceID(UInt64(place)), city: CityID(9)))) }
        for person in 0..<400 {
            for visit in 0..<6 {
                let place = person % 4 + 4 * random.below(10)
                builder.add(
                    .visit(
                        Visit(
                            person: PersonID(UInt64(person)), place: PlaceID(UInt64(place)),
                            time: Timestamp(milliseconds: Int64(visit) * 86_400_000))))
            }
        }
        return builder.build(pool: ComputePool(threads: 1))
    }

    /// Rows that say which of four communities somebody or something belongs to, and some noise.
    private var embeddings: CityEmbeddings {
        var random = SeededRandom(seed: 2)
        func row(_ community: Int) -> [Float] {
            (0..<16).map { ($0 % 4 == community ? 1 : 0) + 0.2 * random.uniformFloat() }
        }
        return CityEmbeddings(
            dimensions: 16, people: graph.people.flatMap { row(Int($0.number) % 4) },
            places: graph.places.flatMap { row(Int($0.number) % 4) })
    }

    /// Three of a community at a place of it, every other time at one that the first holds out, where there is one.
    private func met(_ count: Int) -> [Meeting] {
        var random = SeededRandom(seed: 6)
        return (0..<count).compactMap { index in
            let person = random.below(400)
            func another(_ random: inout SeededRandom, of all: Int) -> UInt32 {
                UInt32(person % 4 + 4 * random.below(all / 4))
            }
            let held = graph.heldOut(of: UInt32(person)).map { graph.heldOutPlaces[$0] }
            let isHeldOut = index % 2 == 0
            let venue = isHeldOut ? held.first : another(&random, of: 40)
            let members = Set([UInt32(person), another(&random, of: 400), another(&random, of: 400)]).sorted()
            guard let venue, members.count == 3 else { return nil }
            return Meeting(MetGroup(venue: venue, members: members), isHeldOut: isHeldOut)
        }
    }

    @Test func whoBelongTogetherAreToldFromWhoDoNotAndTheSameSeedJudgesTheSame() throws {
        let embeddings = embeddings
        func train(threads: Int) throws -> GroupJudge {
            try #require(
                GroupJudge(
                    met(2000), graph: graph, embeddings: embeddings, random: SeededRandom(seed: 1),
                    pool: ComputePool(threads: threads)))
        }
        let judge = try train(threads: 2)
        let again = try train(threads: 1)
        #expect(judge == again)
        #expect(judge.report.agreement > 0.8 && judge.report.reliability.expectedError < 0.15)
        func chance(_ people: [UInt64], at place: UInt64) -> Double? {
            let (rows, venue) = (
                people.map { row(embeddings.people, Int($0)) }, row(embeddings.places, Int(place))
            )
            return judge.chance(venue: venue, members: rows, pool: pool)
        }
        let (fits, wrongPlace) = (try #require(chance([1, 5, 9], at: 1)), try #require(chance([1, 5, 9], at: 2)))
        let (stranger, permuted) = (try #require(chance([1, 5, 10], at: 1)), try #require(chance([9, 1, 5], at: 1)))
        #expect(fits > 0.5 && wrongPlace < 0.3 && fits > stranger && abs(fits - permuted) < 1e-5)
        #expect(chance([1], at: 1) == nil && judge.chance(venue: [1], members: [[1], [1]], pool: pool) == nil)
        var writer = ByteWriter()
        judge.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try GroupJudge(from: &reader) == judge)
        var short = ByteReader(Array(writer.bytes.dropLast()))
        #expect(throws: ByteError.self) { try GroupJudge(from: &short) }
    }

    private func row(_ rows: [Float], _ index: Int) -> [Float] { Array(rows[index * 16..<(index + 1) * 16]) }

    @Test func tooFewGroupsTellNothing() {
        #expect(
            GroupJudge(
                met(150), graph: graph, embeddings: embeddings, random: SeededRandom(seed: 1), pool: pool) == nil)
    }

    @Test func friendsWhoCameAtOneTimeMetAndOthersDidNot() {
        let graph = TestCity(people: 60, places: 12, seed: 1).graph
        guard let person = (0..<UInt32(graph.residents)).first(where: { graph.friends(of: $0).count > 2 }) else {
            Issue.record("nobody has friends")
            return
        }
        let friend = graph.socialNeighbors[graph.friends(of: person).upperBound - 1]
        let isTied = Set(graph.friends(of: person).map { graph.socialNeighbors[$0] })
            .union(graph.friends(of: friend).map { graph.socialNeighbors[$0] })
        guard let stranger = (0..<UInt32(graph.residents)).first(where: { !isTied.contains($0) && $0 != person }) else {
            return
        }
        let hour: Int64 = 3_600_000
        let group = MetGroup(venue: 3, members: [person, friend].sorted())
        func met(_ encounters: [Encounter], most: Int = 10) -> [MetGroup] {
            metGroups(encounters, in: graph, most: most).map(\.group)
        }
        let together = [
            Encounter(person: person, place: 3, time: 0), Encounter(person: friend, place: 3, time: hour),
            Encounter(person: stranger, place: 3, time: hour),
        ]
        #expect(met(together) == [group])
        #expect(met(together.map { Encounter(person: $0.person, place: $0.place, time: $0.time * 3) }) == [])
        let later = together.map { Encounter(person: $0.person, place: 5, time: $0.time + 9 * hour) }
        #expect(met(later + together).map(\.venue) == [3, 5])
        #expect(met(later + together, most: 1).map(\.venue) == [5], "the latest stay")
        var held = together
        held[2].isHeldOut = true
        #expect(metGroups(held, in: graph, most: 9).map(\.isHeldOut) == [false], "the stranger was not with them")
        held[1].isHeldOut = true
        #expect(metGroups(held, in: graph, most: 9).map(\.isHeldOut) == [true])
    }
}
