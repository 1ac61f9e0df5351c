import Basics
import Graph
import Influence
import Learn
import World

@testable import Plans

/// A city of communities: everybody likes the places of their own community, more or less, and has friends there.
struct TestCity {
    let graph: CityGraph
    let influence: InfluenceGraph
    let interests: [PersonInterest]
    let embeddings: CityEmbeddings

    /// Person i (id 100 + i) and place j (id 1000 + j) belong to communities i and j modulo `communities`.
    init(people: Int, places: Int, communities: Int = 3, friends: Int = 4, kept: Int = 8, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var builder = CityGraphBuilder(city: CityID(9))
        for person in 0..<people {
            builder.add(.person(Person(id: PersonID(UInt64(100 + person)), homeCity: CityID(9))))
        }
        // Two people from elsewhere, who must never be planned with.
        for person in 0..<2 { builder.add(.person(Person(id: PersonID(UInt64(person)), homeCity: CityID(8)))) }
        for place in 0..<places { builder.add(.place(Place(id: PlaceID(UInt64(1000 + place)), city: CityID(9)))) }
        for person in 0..<people {
            for _ in 0..<friends where people > communities {
                let other = (person + communities * (1 + random.below(max(people / communities, 2) - 1))) % people
                if other == person { continue }
                let pair = (min(person, other), max(person, other))
                builder.add(
                    .friendship(
                        Friendship(
                            first: PersonID(UInt64(100 + pair.0)), second: PersonID(UInt64(100 + pair.1)),
                            interestOverlap: random.uniformFloat())))
            }
            builder.add(.friendship(Friendship(first: PersonID(0), second: PersonID(UInt64(100 + person)))))
            for visit in 0..<4 where places > 0 {
                builder.add(
                    .visit(
                        Visit(
                            person: PersonID(UInt64(100 + person)), place: PlaceID(UInt64(1000 + random.below(places))),
                            time: Timestamp(milliseconds: Int64(visit * 200 + random.below(168)) * 3_600_000))))
            }
        }
        graph = builder.build(pool: ComputePool(threads: 1))
        influence = .weightedCascade(of: graph)
        interests = (0..<people).map { person in
            let own = (0..<places).filter { $0 % communities == person % communities }
            let ranked = own.map { (UInt32($0), 4 * random.uniformFloat()) }.sorted { $0.1 > $1.1 }.prefix(kept)
            return PersonInterest(places: ranked.map(\.0), scores: ranked.map(\.1))
        }
        let dimensions = 5
        embeddings = CityEmbeddings(
            dimensions: dimensions,
            people: (0..<graph.people.count * dimensions).map { _ in random.uniformFloat() - 0.5 },
            places: [Float](repeating: 0, count: places * dimensions))
    }

    func plan(_ options: PlanOptions, threads: Int = 2) -> [PlanSeed] {
        explainedPlan(options, threads: threads).map(\.seed)
    }

    func explainedPlan(
        _ options: PlanOptions, apart: PeopleApart = PeopleApart(), threads: Int = 2
    ) -> [PlannedSeed] {
        planCity(
            graph: graph, influence: influence, interests: interests, embeddings: embeddings, apart: apart,
            options: options, pool: ComputePool(threads: threads))
    }

    func context(_ options: PlanOptions = PlanOptions(modelVersion: ModelVersion(1), seed: 1)) -> PlanningContext {
        PlanningContext(
            graph: graph, influence: influence, interests: interests, embeddings: embeddings, options: options)
    }

    func areFriends(_ first: PersonID, _ second: PersonID) -> Bool {
        guard let one = graph.localPerson(first), let other = graph.localPerson(second) else { return false }
        return graph.friends(of: one).contains { graph.socialNeighbors[$0] == other }
    }
}
