import Basics
import Graph
import Testing

@testable import Plans

/// Who has blocked whom, and plans that heed it.
struct PeopleApartTests {
    @Test func whatOneDoesHoldsForBothUntilTheSameLiftsIt() {
        var apart = PeopleApart()
        #expect(apart.isEmpty)
        apart.set(true, PersonID(1), PersonID(2))
        apart.set(true, PersonID(2), PersonID(1))
        apart.set(true, PersonID(3), PersonID(1))
        #expect(apart.contains(PersonID(1), PersonID(2)) && apart.contains(PersonID(1), PersonID(3)))
        #expect(!apart.contains(PersonID(2), PersonID(3)))
        #expect(apart.others(of: PersonID(1)) == [PersonID(2), PersonID(3)])
        #expect(apart.contains(PersonID(2), withAnyOf: [PersonID(3), PersonID(1)]))
        apart.set(false, PersonID(1), PersonID(2))
        #expect(apart.contains(PersonID(1), PersonID(2)), "the other has blocked too")
        apart.set(false, PersonID(2), PersonID(1))
        apart.set(false, PersonID(1), PersonID(3))
        #expect(!apart.contains(PersonID(2), PersonID(1)) && apart.contains(PersonID(3), PersonID(1)))
        apart.set(false, PersonID(3), PersonID(1))
        #expect(apart == PeopleApart())
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func noPlanBringsThemTogether(seed: UInt64) {
        let city = TestCity(people: 90, places: 30, seed: seed)
        let options = PlanOptions(seedsPerCity: 20, modelVersion: ModelVersion(1), seed: 4)
        var apart = PeopleApart()
        // Everybody of one plan has blocked the next: as planned it breaks the rule everywhere.
        for planned in city.plan(options) {
            let people = planned.starters + planned.invites
            for (one, other) in zip(people, people.dropFirst()) { apart.set(true, one, other) }
        }
        let plans = city.explainedPlan(options, apart: apart)
        #expect(!plans.isEmpty)
        for planned in plans {
            let people = planned.seed.starters + planned.seed.invites
            for (index, person) in people.enumerated() {
                #expect(!apart.contains(person, withAnyOf: people[..<index]))
            }
            let everybody = planned.candidates.dropFirst(planned.seed.starters.count).map {
                city.graph.people[Int($0.person)]
            }
            #expect(!everybody.contains { apart.contains($0, withAnyOf: planned.seed.starters) })
        }
    }
}
