// Do chances learned from who followed whom foretell who follows whom later? Each city's visits are cut at a moment:
// those before teach, those after, as far as person and place had not met before, are foretold. Every edge is judged as
// often as its source went somewhere new; a follower of several friends gives each a part of the credit.
//
// `learned`, `constant` (one chance for all edges, the mean of what was learned) and `cascade` (1 / friends) are nats a
// trial, lower is better; `foretold` and `observed` are of five groups of edges, lowest chances first, and
// `calibration_error` is their mean distance, weighted by trials.

import Basics
import FoundationEssentials
import Glibc
import Graph
import Influence
import World

extension Bench {
    static let follows = Bench(
        name: "follows",
        summary: "foretell who follows whom, with chances learned from who did before",
        readsCities: true,
        settings: [
            Setting(
                "learn", "share of each city's visits, the first ones, that teach", .number(0.1...0.9),
                default: "0.7", scope: .call)
        ] + Cities.settings(people: 3_000, places: 3_000, cities: 4, visits: 100)
    ) { run in
        let cities = try run.loading { try Cities(run) }
        var builders = cities.names.indices.map { CityGraphBuilder(city: CityID(UInt32($0)), heldOutShare: 0) }
        var visits = [[Visit]](repeating: [], count: builders.count)
        try run.loading {
            try cities.read(emit: { city, record in
                builders[Int(city.number)].add(record)
                if case .visit(let visit) = record { visits[Int(city.number)].append(visit) }
            })
        }
        var edges: [ForetoldEdge] = [], learning = 0.0
        for (builder, visits) in zip(builders, visits) where !visits.isEmpty {
            let graph = run.loading { builder.build(pool: run.pool) }
            let (before, after) = split(visits, in: graph, share: run.settings.number("learn"))
            let (chances, cost) = run.working { learnedChances(of: graph, before) }
            learning += cost.cpu
            edges += judged(graph, chances, by: after)
        }
        let trials = edges.reduce(0) { $0 + $1.trials }
        let mean = edges.reduce(0) { $0 + $1.learned * $1.trials } / max(trials, 1)
        let bins = binned(edges.sorted { $0.learned < $1.learned }, count: 5)
        var metrics: [String: Figure] = [
            "edges": .whole(edges.count), "trials": .real(trials), "learn_cpu_seconds": .real(learning),
            "learned": .real(loss(edges) { $0.learned }), "constant": .real(loss(edges) { _ in mean }),
            "cascade": .real(loss(edges) { $0.cascade }),
            "calibration_error": .real(
                bins.reduce(0) { $0 + abs($1.foretold - $1.observed) * $1.trials } / max(trials, 1)),
        ]
        for (index, bin) in bins.enumerated() {
            metrics["foretold_\(index + 1)"] = .real(bin.foretold)
            metrics["observed_\(index + 1)"] = .real(bin.observed)
        }
        try run.report(metrics)
    }
}

/// An edge and what came after.
private struct ForetoldEdge {
    var learned: Double
    var cascade: Double
    var trials: Double
    var follows: Double
}

/// First visits before and after the moment at which `share` of all visits are over.
private func split(
    _ visits: [Visit], in graph: CityGraph, share: Double
) -> (before: [FollowableAction], after: [FollowableAction]) {
    let sorted = visits.sorted { $0.time < $1.time }
    let cut = min(Int(Double(sorted.count) * share), sorted.count - 1)
    var met: Set<UInt64> = []
    var parts: [[FollowableAction]] = [[], []]
    for (index, visit) in sorted.enumerated() {
        guard let person = graph.localPerson(visit.person), let place = graph.localPlace(visit.place),
            met.insert(UInt64(person) << 32 | UInt64(place)).inserted
        else { continue }
        parts[index < cut ? 0 : 1].append(
            FollowableAction(person: person, item: place, time: visit.time.milliseconds))
    }
    return (parts[0], parts[1])
}

private func judged(_ graph: CityGraph, _ chances: [Float], by after: [FollowableAction]) -> [ForetoldEdge] {
    let truth = FollowCounts(
        offsets: graph.socialOffsets, sources: graph.socialNeighbors, actions: after, window: followWindow)
    var edges: [ForetoldEdge] = []
    for person in UInt32(0)..<UInt32(graph.people.count) {
        let friends = graph.friends(of: person)
        for edge in friends where truth.trials[edge] > 0 {
            edges.append(
                ForetoldEdge(
                    learned: Double(chances[edge]), cascade: 1 / Double(friends.count),
                    trials: Double(truth.trials[edge]), follows: Double(truth.follows[edge])))
        }
    }
    return edges
}

/// Nats a trial; no chance is taken to be nearer to 0 or 1 than a millionth.
private func loss(_ edges: [ForetoldEdge], _ chance: (ForetoldEdge) -> Double) -> Double {
    var sum = 0.0, trials = 0.0
    for edge in edges {
        let chance = min(max(chance(edge), 1e-6), 1 - 1e-6)
        sum -= edge.follows * log(chance) + (edge.trials - edge.follows) * log(1 - chance)
        trials += edge.trials
    }
    return sum / max(trials, 1)
}

/// Groups of about as many trials each, in the given order.
private func binned(
    _ edges: [ForetoldEdge], count: Int
) -> [(foretold: Double, observed: Double, trials: Double)] {
    let all = edges.reduce(0) { $0 + $1.trials }
    var sums = [(foretold: Double, observed: Double, trials: Double)](repeating: (0, 0, 0), count: count)
    var seen = 0.0
    for edge in edges {
        let group = min(Int(seen / max(all, 1) * Double(count)), count - 1)
        sums[group].foretold += edge.learned * edge.trials
        sums[group].observed += edge.follows
        sums[group].trials += edge.trials
        seen += edge.trials
    }
    return sums.map { ($0.foretold / max($0.trials, 1), $0.observed / max($0.trials, 1), $0.trials) }
}
