import Basics
import Graph
import Testing
import World

@testable import Plans

@Suite struct RecentInterestTests {
    private let city = TestCity(people: 60, places: 12, seed: 1)
    private let pool = ComputePool(threads: 2)

    private func sign(
        _ person: UInt32, _ place: UInt32, slot: UInt8 = 2, attended: Bool = false, weight: Float = 1, age: Float = 0
    ) -> InterestSign {
        InterestSign(person: person, place: place, slot: slot, attended: attended, weight: weight, age: age)
    }

    @Test func signsAddUpFadeAndPartlyPassToFriends() {
        let graph = city.graph
        let person = UInt32((0..<graph.residents).first { !graph.friends(of: UInt32($0)).isEmpty } ?? 0)
        let friend = graph.socialNeighbors[graph.friends(of: person).lowerBound]
        let recent = RecentInterest(
            [
                sign(person, 3), sign(person, 3, age: 14), sign(person, 3, slot: 5, weight: 0.5),
                sign(person, 4, attended: true),
            ], in: graph, pool: pool)
        let own = recent.of(Int(person))
        #expect(own.map(\.place) == [3, 4])
        #expect(abs(own[0].amounts[2] - 1.5) < 1e-5 && own[0].amounts[5] == 0.5 && own[0].amounts[0] == 0)
        if Int(friend) < graph.residents {
            #expect(recent.of(Int(friend)).map(\.place) == [4], "only where the friend was")
            #expect(abs(recent.of(Int(friend))[0].amounts[2] - 0.25) < 1e-6)
        }
        #expect(own[0].lifts[2] > own[0].lifts[5] && own[0].lifts[5] > own[0].lifts[0] && own[0].lifts[0] > 0)
        #expect(RecentInterest.none.of(3).isEmpty)
        #expect(recent.without([Int(person): [3]]).of(Int(person)).map(\.place) == [4])
        let ranked = PersonInterest(places: [5, 2, 7], scores: [3, 2, 1])
        #expect(ranked.without([2]) == PersonInterest(places: [5, 7], scores: [3, 1]))
    }

    @Test func aVisitSaysTheMoreTheMoreWasDoneAndNothingWhenItIsOld() throws {
        func visit(days: Int64, saves: UInt16 = 0, attended: Bool = false) -> Visit {
            Visit(
                person: PersonID(1), place: PlaceID(2), time: Timestamp(milliseconds: days * 86_400_000), saves: saves,
                attended: attended)
        }
        func sign(_ visit: Visit) -> InterestSign? {
            InterestSign(visit, person: 0, place: 0, latest: Timestamp(milliseconds: 100 * 86_400_000))
        }
        #expect(sign(visit(days: 40)) == nil)
        let (look, saved, came) = (
            try #require(sign(visit(days: 93))), try #require(sign(visit(days: 93, saves: 1))),
            try #require(sign(visit(days: 93, attended: true)))
        )
        #expect(look.weight < saved.weight && saved.weight < came.weight && look.age == 7 && came.attended)
    }

    @Test func whatSomebodyShowedLiftsThatPlaceInThatSlotMostAndBringsInPlacesNotRanked() {
        let interests = [PersonInterest(places: [0], scores: [1]), PersonInterest(places: [], scores: [])]
        let graph = city.graph
        let recent = RecentInterest([sign(0, 0), sign(0, 5), sign(1, 0, slot: 4)], in: graph, pool: pool)
        let plain = InterestTable(interests, places: 12)
        let table = InterestTable(interests, recent: recent, places: 12)
        #expect(plain.row(0).count == 1 && table.row(0).count == 2 && table.row(5).count == 1)
        let first = table.row(0).lowerBound
        #expect(table.strength(first, slot: 2) > table.strength(first, slot: 1))
        #expect(table.strength(first, slot: 1) > plain.strength(plain.row(0).lowerBound, slot: 1))
        #expect(table.people[first + 1] == 1 && table.strength(first + 1, slot: 4) > table.strength(first + 1, slot: 2))
    }
}
