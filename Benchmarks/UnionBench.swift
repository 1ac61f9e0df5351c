// Inference over cities that exchange rows between layers, beside one process that has the union of their edges: the
// largest difference of any number in any embedding, what the exchange takes, and what is wrong without it.
//
// The floor of the exchange: one row a layer for each guest and each place visited elsewhere, 4 · 64 bytes each, and
// once 10 bytes for each visit of a guest.

import Basics
import Graph
import Learn

extension Bench {
    static let union = Bench(
        name: "union",
        summary:
            "embed all cities with rows exchanged between layers, beside one process with the union of their edges",
        readsCities: true,
        settings: [
            Setting("workers", "workers that the cities are dealt to", .integer(1...1024), default: "3", scope: .call),
            Setting(
                "steps", "steps of each city before, so that weights are not the first ones", .integer(0...1000),
                default: "2", scope: .call),
        ] + Cities.settings(people: 3_000, places: 3_000, cities: 6, visits: 60)
    ) { run in
        let world = try ScaleOutWorld(run)
        let configuration = GraphRecConfiguration()
        var weights = SharedWeights.initial(configuration, seed: run.seed).values
        let trainers = try run.loading {
            try world.graphs.filter { !$0.places.isEmpty && $0.residents > 0 }.map {
                try CityTrainer(graph: $0, configuration: configuration, seed: run.seed, state: nil)
            }
        }
        try run.loading {
            for trainer in trainers {
                weights = try trainer.round(
                    0, weights: weights, steps: run.settings.integer("steps"), pool: run.pool, isCancelled: { false }
                ).weights
            }
        }
        let workers = run.settings.integer("workers")
        var exchange = UnionExchange(trainers: trainers, workers: workers)
        let (found, cost) = run.working { exchange.embed(weights: weights, pool: run.pool) }
        let (whole, single) = run.timing { unionEmbeddings(of: trainers, weights: weights, pool: run.pool) }
        let apart = trainers.map { $0.embeddings(weights: weights, pool: run.pool) }
        let d = configuration.dimensions
        var (largest, without, rows) = (0.0, 0.0, 0)
        for (index, trainer) in trainers.enumerated() {
            let graph = trainer.graph
            func compare(_ embedding: [Float], _ cut: [Float], _ truth: [Float], _ count: Int) {
                for row in 0..<count {
                    for column in 0..<d {
                        let value = truth[row * d + column]
                        largest = max(largest, Double(abs(embedding[row * (d + 1) + column] - value)))
                        without = max(without, Double(abs(cut[row * (d + 1) + column] - value)))
                    }
                }
                rows += count
            }
            compare(found[index].people, apart[index].people, whole[index].residents, graph.residents)
            compare(found[index].places, apart[index].places, whole[index].places, graph.places.count)
        }
        try run.report([
            "cities": .whole(trainers.count), "workers": .whole(workers), "rows": .whole(rows),
            "largest_difference": .real(largest), "without_exchange": .real(without),
            "bytes": .whole(exchange.bytes), "bytes_between_workers": .whole(exchange.bytesBetweenWorkers),
            "exchange_cpu_seconds": .real(cost.cpu), "single_cpu_seconds": .real(single.cpu),
        ])
    }
}

/// Carries rows between cities, and counts them.
private struct UnionExchange {
    let trainers: [CityTrainer]
    let workers: Int
    private(set) var bytes = 0
    private(set) var bytesBetweenWorkers = 0

    init(trainers: [CityTrainer], workers: Int) { (self.trainers, self.workers) = (trainers, workers) }

    private mutating func count(_ amount: Int, from one: Int, to other: Int) {
        bytes += amount
        if one % workers != other % workers { bytesBetweenWorkers += amount }
    }

    mutating func embed(weights: [Float], pool: ComputePool) -> [CityEmbeddings] {
        var cities: [CityInference] = []
        for (index, trainer) in trainers.enumerated() {
            var visits: [GuestVisits] = []
            for (other, source) in trainers.enumerated() where other != index {
                let part = source.guestVisits(from: trainer.graph.city)
                count(12 * part.people.count + 10 * part.places.count, from: other, to: index)
                visits.append(part)
            }
            cities.append(CityInference(trainer, weights: weights, visits: visits, pool: pool))
        }
        let homes = Dictionary(uniqueKeysWithValues: trainers.enumerated().map { ($0.element.graph.city, $0.offset) })
        // Who gives what to whom stays the same from layer to layer.
        var routes: [(from: Int, to: Int, people: [PersonID], places: [PlaceID])] = []
        for (index, city) in cities.enumerated() {
            var people: [Int: [PersonID]] = [:]
            var places: [Int: [PlaceID]] = [:]
            for guest in city.guests {
                // A guest whose home does not know them has no row there, and is heard as a stranger.
                guard let home = homes[guest.home], let row = trainers[home].graph.localPerson(guest.person),
                    Int(row) < trainers[home].graph.residents
                else { continue }
                people[home, default: []].append(guest.person)
            }
            for place in city.placesElsewhere {
                if let home = trainers.firstIndex(where: { $0.graph.localPlace(place) != nil }) {
                    places[home, default: []].append(place)
                }
            }
            for home in trainers.indices where people[home] != nil || places[home] != nil {
                routes.append((home, index, people[home] ?? [], places[home] ?? []))
            }
        }
        for _ in 0..<(cities.first?.layers ?? 0) {
            for route in routes {
                let (people, places) = (
                    cities[route.from].rows(people: route.people), cities[route.from].rows(places: route.places)
                )
                count(4 * (people.count + places.count), from: route.from, to: route.to)
                cities[route.to].set(people: route.people, to: people)
                cities[route.to].set(places: route.places, to: places)
            }
            for city in cities { city.advance() }
        }
        return cities.map { $0.embeddings() }
    }
}
