import Basics
import Graph
import Influence
import Learn
import Testing
import World

@testable import Plans

@Suite struct PlanCityTests {
    private let options = PlanOptions(seedsPerCity: 20, invites: 5, modelVersion: ModelVersion(4), seed: 1)

    @Test(arguments: [UInt64(1), 2, 3])
    func everySeedKeepsTheRules(seed: UInt64) {
        let city = TestCity(people: 90, places: 30, seed: seed)
        let seeds = city.plan(options)
        #expect(seeds.count == 20)
        var cells: Set<[UInt64]> = [], roles: [PersonID: Int] = [:], invitations: [PersonID: Int] = [:]
        var busy: Set<[UInt64]> = []
        for seed in seeds {
            let slot = UInt64(seed.slot.number)
            #expect(cells.insert([seed.venue.number, slot]).inserted)
            for person in seed.starters + seed.invites {
                #expect(person.number >= 100, "people of other cities are not planned with")
                #expect(busy.insert([person.number, slot]).inserted, "nobody is in two places at once")
            }
            for person in seed.starters { roles[person, default: 0] += 1 }
            for person in seed.invites { invitations[person, default: 0] += 1 }
            #expect(seed.invites.count <= 5)
            #expect(seed.conversion > 0 && seed.conversion <= 1)
            #expect(seed.expectedTurnout >= Double(seed.starters.count))
            #expect(seed.expectedTurnout <= 30)
            #expect(
                seed.id
                    == PlanSeed.identify(
                        city: CityID(9), venue: seed.venue, starters: seed.starters, slot: seed.slot,
                        model: ModelVersion(4)))
        }
        #expect(roles.values.allSatisfy { $0 <= 2 } && invitations.values.allSatisfy { $0 <= 4 })
        #expect(zip(seeds, seeds.dropFirst()).allSatisfy { $0.score >= $1.score })
    }

    @Test func startersKnowEachOtherAndBelongTogether() {
        let city = TestCity(people: 90, places: 30, seed: 5)
        for seed in city.plan(options) {
            for person in seed.starters {
                #expect(seed.starters.contains { city.areFriends(person, $0) })
                #expect((person.number - 100) % 3 == (seed.venue.number - 1000) % 3)
            }
        }
    }

    @Test func theFirstStarterIsTheMostWilling() {
        let city = TestCity(people: 60, places: 12, seed: 6)
        let context = city.context()
        for seed in city.plan(options) {
            guard let place = city.graph.localPlace(seed.venue) else {
                Issue.record("a venue of another city")
                continue
            }
            let audience = Audience(Cell(place: place, slot: Int(seed.slot.number), demand: 0), in: context)
            let chances = seed.starters.compactMap { city.graph.localPerson($0) }
                .compactMap { audience.position(of: $0) }.map { audience.acceptance[$0] }
            #expect(chances.count == seed.starters.count)
            #expect(zip(chances, chances.dropFirst()).allSatisfy { $0 >= $1 })
        }
    }

    @Test func theSamePlanForAnyNumberOfThreadsAndEveryTime() {
        let city = TestCity(people: 90, places: 30, seed: 7)
        let alone = city.plan(options, threads: 1)
        #expect(city.plan(options, threads: 1) == alone)
        for threads in [2, 3] { #expect(city.plan(options, threads: threads) == alone) }
    }

    @Test func withoutFriendsTheNearestAreBroughtTogether() {
        let city = TestCity(people: 40, places: 6, friends: 0, seed: 8)
        let seeds = city.plan(options)
        #expect(!seeds.isEmpty)
        #expect(seeds.allSatisfy { $0.starters.count == 2 })
    }

    @Test func thereIsNothingToPlanWithoutPeoplePlacesInterestOrWish() {
        #expect(TestCity(people: 0, places: 0, seed: 1).plan(options).isEmpty)
        #expect(TestCity(people: 1, places: 5, seed: 1).plan(options).isEmpty)
        #expect(TestCity(people: 20, places: 0, seed: 1).plan(options).isEmpty)
        let city = TestCity(people: 40, places: 6, kept: 0, seed: 1)
        #expect(city.plan(options).isEmpty)
        let none = PlanOptions(seedsPerCity: 0, modelVersion: ModelVersion(1), seed: 1)
        #expect(TestCity(people: 40, places: 6, seed: 1).plan(none).isEmpty)
    }

    @Test func nobodyIsAskedWhenInvitationsAreForbidden() {
        let city = TestCity(people: 60, places: 12, seed: 3)
        let silent = PlanOptions(
            seedsPerCity: 5, invites: 8, invitationsPerPerson: 0, modelVersion: ModelVersion(1), seed: 1)
        let seeds = city.plan(silent)
        #expect(seeds.count == 5 && seeds.allSatisfy { $0.invites.isEmpty })
        let asking = city.plan(PlanOptions(seedsPerCity: 5, modelVersion: ModelVersion(1), seed: 1))
        let total = { (seeds: [PlanSeed]) in seeds.reduce(0) { $0 + $1.expectedTurnout } }
        #expect(total(asking) > total(seeds) + 1)
    }

    @Test func cohesionGrowsWithFriendshipAndLikeness() {
        let city = TestCity(people: 30, places: 6, seed: 2)
        let context = city.context()
        let builder = GroupBuilder(
            audience: Audience(Cell(place: 0, slot: 0, demand: 0), in: context), context: context)
        let people = builder.audience.people
        var friends: [Double] = [], strangers: [Double] = []
        for first in people.indices {
            for second in people.indices where second != first {
                let value = builder.cohesion(first, second)
                #expect(value >= 0 && value <= 1)
                #expect(abs(value - builder.cohesion(second, first)) < 1e-6)
                let areFriends = city.areFriends(
                    city.graph.people[Int(people[first])], city.graph.people[Int(people[second])])
                let closeness = context.likeness.closeness(people[first], people[second])
                if areFriends {
                    friends.append(value - closeness / 2)
                } else {
                    strangers.append(value - closeness / 2)
                }
            }
        }
        #expect(friends.allSatisfy { $0 >= 0.25 - 1e-9 } && !friends.isEmpty)
        #expect(strangers.allSatisfy { abs($0) < 1e-9 })
    }

    @Test func turnoutIsThatOfTheCascadePlayedForwards() {
        let city = TestCity(people: 120, places: 9, friends: 8, seed: 4)
        let context = city.context()
        let audience = Audience(Cell(place: 0, slot: 1, demand: 0), in: context)
        let (order, turnout) = invitations(audience, starters: [0, 1], among: nil, count: 6)
        #expect(order.count == 6 && !order.contains(0) && !order.contains(1))
        var random = SeededRandom(seed: 9)
        var total = 0
        for _ in 0..<20_000 {
            var comes = Set([0, 1])
            for position in order where random.uniform() < Double(audience.acceptance[position]) {
                comes.insert(position)
            }
            var fresh = comes.sorted()
            while let friend = fresh.popLast() {
                let person = audience.people[friend]
                for edge in city.graph.friends(of: person) {
                    guard let other = audience.position(of: city.graph.socialNeighbors[edge]), !comes.contains(other)
                    else { continue }
                    let degree = city.graph.friends(of: audience.people[other]).count
                    if random.uniform() < Double(audience.acceptance[other]) / Double(degree) {
                        comes.insert(other)
                        fresh.append(other)
                    }
                }
            }
            total += comes.count
        }
        #expect(abs(turnout - Double(total) / 20_000) < 0.5)
    }
}
