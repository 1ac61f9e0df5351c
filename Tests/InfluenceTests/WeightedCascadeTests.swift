import Basics
import Graph
import Testing
import World

@testable import Influence

@Suite struct WeightedCascadeTests {
    @Test func everyFriendBringsAPersonWithTheSameShare() throws {
        var builder = CityGraphBuilder(city: CityID(1))
        for id in UInt64(0)..<4 { builder.add(.person(Person(id: PersonID(id), homeCity: CityID(1)))) }
        for (first, second) in [(0, 1), (0, 2), (1, 2)] as [(UInt64, UInt64)] {
            builder.add(.friendship(Friendship(first: PersonID(first), second: PersonID(second))))
        }
        builder.add(.friendship(Friendship(first: PersonID(2), second: PersonID(3))))
        let graph = InfluenceGraph.weightedCascade(of: builder.build(pool: ComputePool(threads: 1)))
        #expect(graph.offsets == [0, 2, 4, 7, 8])
        #expect(graph.sources == [1, 2, 0, 2, 0, 1, 3, 2])
        let chances = (0..<4).flatMap { vertex in
            (Int(graph.offsets[vertex])..<Int(graph.offsets[vertex + 1])).map { graph.chance(of: $0, into: vertex) }
        }
        let third = 1.0 / 3
        let expected: [Double] = [0.5, 0.5, 0.5, 0.5, third, third, third, 1]
        #expect(chances == expected)
    }
}
