// Inference over cities that exchange rows between layers, beside one process that has the union of their edges: the
// largest difference of any number in any embedding, what the exchange takes, and what is wrong without it.
//
// The floor of the exchange: one row a layer for each guest and each place visited elsewhere, 4 · 64 bytes each, and
// once 10 bytes for each visit of a guest. Workers fetch it from each other, so what is between workers goes over
// wires once.

import Basics
import Graph
import Learn
import Shard

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
        let own = run.timing { trainers.map { $0.ownWeights(weights: weights, pool: run.pool) } }.result
        let shares = own.map(\.share)
        var exchange = UnionExchange(trainers: trainers, workers: workers)
        let (found, cost) = run.working { exchange.embed(weights: weights, shares: shares, pool: run.pool) }
        let (whole, single) = run.timing {
            unionEmbeddings(of: trainers, weights: weights, ownShares: shares, pool: run.pool)
        }
        let apart = zip(trainers, shares).map { $0.embeddings(weights: weights, ownShare: $1, pool: run.pool) }
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
        let ranked = run.timing { ranking(trainers, own, found, apart, weights: weights, pool: run.pool) }.result
        try run.report([
            "ndcg_at_10": .real(ranked.union), "ndcg_at_10_without_exchange": .real(ranked.apart),
            "cities": .whole(trainers.count), "workers": .whole(workers), "rows": .whole(rows),
            "largest_difference": .real(largest), "without_exchange": .real(without),
            "bytes": .whole(exchange.bytes), "bytes_between_workers": .whole(exchange.bytesBetweenWorkers),
            "exchange_cpu_seconds": .real(cost.cpu), "single_cpu_seconds": .real(single.cpu),
        ])
    }
}

/// Mean NDCG@10 of what residents held out, by the rows of the union and by those of each city alone.
private func ranking(
    _ trainers: [CityTrainer], _ own: [OwnWeights], _ union: [CityEmbeddings], _ apart: [CityEmbeddings],
    weights: [Float], pool: ComputePool
) -> (union: Double, apart: Double) {
    var (people, sums) = (0, [0.0, 0.0])
    for (index, trainer) in trainers.enumerated() {
        let task = RankingTask(heldOutOf: trainer.graph)
        if task.judged.isEmpty { continue }
        people += task.judged.count
        for (way, rows) in [union[index], apart[index]].enumerated() {
            let ranked = rankNewPlaces(
                for: task.judged, graph: trainer.graph,
                embeddings: trainer.calibrated(rows, by: own[index], pool: pool),
                configuration: .graphRec(trainer.configuration), weights: weights, keep: 10, pool: pool)
            sums[way] += task.quality(of: ranked, at: [10])[0].ndcg * Double(task.judged.count)
        }
    }
    let count = Double(max(people, 1))
    return (sums[0] / count, sums[1] / count)
}

/// Carries rows between cities, and counts them.
struct UnionExchange {
    let trainers: [CityTrainer]
    let workers: Int
    private(set) var bytes = 0
    private(set) var bytesBetweenWorkers = 0

    init(trainers: [CityTrainer], workers: Int) { (self.trainers, self.workers) = (trainers, workers) }

    private mutating func count(_ amount: Int, from one: Int, to other: Int) {
        bytes += amount
        if one % workers != other % workers { bytesBetweenWorkers += amount }
    }

    mutating func embed(weights: [Float], shares: [Float], pool: ComputePool) -> [CityEmbeddings] {
        let told = trainers.map { $0.guestVisits() }
        var cities: [CityInference] = []
        for (index, trainer) in trainers.enumerated() {
            var visits: [CityID: GuestVisits] = [:]
            for (other, source) in trainers.enumerated() where other != index {
                guard let part = told[other][trainer.graph.city] else { continue }
                count(12 * part.people.count + 10 * part.places.count, from: other, to: index)
                visits[source.graph.city] = part
            }
            cities.append(
                CityInference(trainer, weights: weights, ownShare: shares[index], visits: visits, pool: pool))
        }
        for _ in 0..<(cities.first?.layers ?? 0) {
            var taken = [[CityID: GuestRows]](repeating: [:], count: cities.count)
            for to in cities.indices {
                for from in cities.indices where from != to {
                    let rows = cities[from].rows(for: trainers[to].graph.city)
                    count(4 * rows.rows.count + 8 * (rows.people.count + rows.places.count), from: from, to: to)
                    taken[to][trainers[from].graph.city] = rows
                }
            }
            for (city, rows) in zip(cities, taken) { precondition(city.take(rows) == nil, "rows of one model") }
            for city in cities { city.advance() }
        }
        return cities.map { $0.embeddings() }
    }
}
