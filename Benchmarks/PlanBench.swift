// The plan of one large city: what everybody would like (retrieval among all places and the ranking head), which cells
// promise most, starter groups, the joint choice, the invitations, and which of the plans promise the most people; then
// questions for the seeds, from the store. People belong to circles that share places and friends, and embeddings say
// so as a trained model's would; the head has its first weights, which cost as much as trained ones.
//
// The floor: each person meets each place once, 128 byte products; 100,000 times 50,000 of them are 0.64 T operations.

import Basics
import Glibc
import Graph
import Influence
import Learn
import Plans
import Shard
import World

extension Bench {
    static let plan = Bench(
        name: "plan", summary: "plan a large city and ask for its seeds",
        settings: [
            Setting("people", "people of the city", .integer(10...10_000_000), default: "20000", scope: .call),
            Setting("places", "places of the city", .integer(10...10_000_000), default: "10000", scope: .call),
            Setting("friendships", "friendships", .integer(0...1_000_000_000), default: "400000", scope: .call),
            Setting("visits-per-person", "visits of each", .integer(1...1000), default: "12", scope: .call),
            Setting("seeds", "seeds wanted", .integer(1...100_000), default: "50", scope: .call),
            Setting("queries", "questions for the seeds", .integer(1...10_000_000), default: "2000", scope: .call),
            ShardFolder.setting,
        ],
        body: { run in
            let city = CircleCity(run)
            run.data = "synthetic city of \(city.people) people, \(city.places) places, \(city.friendships) friendships"
            let (graph, embeddings) = run.loading { (city.graph(run.pool), city.embeddings()) }
            let configuration = GraphRecConfiguration()
            let weights = SharedWeights.initial(configuration, seed: run.seed)
            let wanted = run.settings.integer("seeds")
            let options = PlanOptions(
                seedsPerCity: wanted * CityShard.plansPerSeed, modelVersion: ModelVersion(1), seed: run.seed)
            let planned = run.working {
                chooseSeeds(
                    graph: graph, influence: .weightedCascade(of: graph), embeddings: embeddings,
                    configuration: .graphRec(configuration), weights: weights.values, options: options, pool: run.pool)
            }.result
            let rosters = run.working {
                let builder = RosterBuilder(
                    planned, answers: [], graph: graph, embeddings: embeddings,
                    isKnown: [Bool](repeating: true, count: graph.people.count), seed: run.seed, pool: run.pool)
                return planned.map { builder.roster(of: $0, model: ModelVersion(1)) }
            }
            let minimum = InvitationPolicy().minimum
            let seeds = CityShard.likeliest(rosters.result, count: wanted, minimum: minimum).map { planned[$0].seed }
            let folder = try ShardFolder(in: run.settings.path("scratch") ?? "/tmp")
            let shard = try folder.shard(CityID(0), name: "city")
            _ = try shard.keep(seeds, model: ModelVersion(1), job: JobID(1))
            let times = try (0..<run.settings.integer("queries")).map { _ in
                let start = monotonicSeconds()
                let rows = try shard.seeds(count: seeds.count)
                precondition(rows.count == seeds.count, "a kept plan is found again")
                return monotonicSeconds() - start
            }.sorted()
            folder.close()
            let starters = Set(seeds.flatMap(\.starters))
            try run.report([
                "seeds": .whole(seeds.count), "candidates": .whole(graph.places.count * TimeSlot.count),
                "query_p50_seconds": .real(times[times.count / 2]),
                "query_p99_seconds": .real(times[min(times.count * 99 / 100, times.count - 1)]),
                "venues": .whole(Set(seeds.map(\.venue)).count), "starters": .whole(starters.count),
                "graph_bytes": .whole(graph.bytes), "roster_cpu_seconds": .real(rosters.cost.cpu),
                "roster_people": .whole(rosters.result.reduce(0) { $0 + $1.members.count }),
                "expected_turnout": .real(seeds.reduce(0) { $0 + $1.conversion * $1.expectedTurnout }),
            ])
        })
}

/// A city of circles: everybody visits the places of their circle, mostly, and has friends there, mostly.
private struct CircleCity {
    let people: Int
    let places: Int
    let friendships: Int
    private let visitsPerPerson: Int
    private let random: SeededRandom
    private var circles: Int { max(1, people / 100) }

    init(_ run: Run) {
        people = run.settings.integer("people")
        places = run.settings.integer("places")
        friendships = run.settings.integer("friendships")
        visitsPerPerson = run.settings.integer("visits-per-person")
        random = SeededRandom(seed: run.seed).child("circles")
    }

    /// One of the circle of `person` in nine of ten cases, else anybody. Numbers of a circle are alike modulo circles.
    private func near(_ person: Int, of count: Int, _ random: inout SeededRandom) -> Int {
        if random.uniform() < 0.1 || count <= circles { return random.below(count) }
        let circle = person % circles
        return circle + circles * random.below((count - circle + circles - 1) / circles)
    }

    func graph(_ pool: ComputePool) -> CityGraph {
        var random = random.child("graph")
        var builder = CityGraphBuilder(city: CityID(0))
        for person in 0..<people {
            builder.add(.person(Person(id: PersonID(UInt64(person)), homeCity: CityID(0))))
        }
        for place in 0..<places { builder.add(.place(Place(id: PlaceID(UInt64(place)), city: CityID(0)))) }
        for person in 0..<people {
            for _ in 0..<visitsPerPerson {
                builder.add(
                    .visit(
                        Visit(
                            person: PersonID(UInt64(person)), place: PlaceID(UInt64(near(person, of: places, &random))),
                            time: Timestamp(milliseconds: 1_700_000_000_000 + Int64(random.below(1 << 33))),
                            attended: true)))
            }
        }
        var made = 0
        while made < friendships {
            let one = random.below(people)
            let other = near(one, of: people, &random)
            if one == other { continue }
            builder.add(
                .friendship(
                    Friendship(
                        first: PersonID(UInt64(min(one, other))), second: PersonID(UInt64(max(one, other))),
                        interestOverlap: random.uniformFloat())))
            made += 1
        }
        return builder.build(pool: pool)
    }

    /// Rows of a model's width: a circle's direction and something of one's own, and the bias.
    func embeddings() -> CityEmbeddings {
        let width = GraphRecConfiguration().dimensions
        var random = random.child("embeddings")
        let directions = (0..<circles * width).map { _ in 2 * random.uniformFloat() - 1 }
        func rows(_ count: Int, bias: (inout SeededRandom) -> Float) -> [Float] {
            var rows: [Float] = []
            rows.reserveCapacity(count * (width + 1))
            for number in 0..<count {
                let start = number % circles * width
                for column in 0..<width { rows.append(directions[start + column] + random.uniformFloat() - 0.5) }
                rows.append(bias(&random))
            }
            return rows
        }
        return CityEmbeddings(
            dimensions: width + 1, people: rows(people) { _ in 1 }, places: rows(places) { $0.uniformFloat() })
    }
}
