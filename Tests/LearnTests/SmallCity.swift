import Basics
import Graph
import World

@testable import Learn

/// A made-up city of tastes and friendships, the same for the same numbers.
func smallCity(people: Int = 60, places: Int = 40, visitsPerPerson: Int = 30, seed: UInt64 = 3) -> CityGraph {
    let world = SyntheticDataSet(
        SyntheticConfiguration(
            people: people, places: places, cities: 1, neighborhoodsPerCity: 4, visitsPerPerson: visitsPerPerson,
            seed: seed))
    var builder = CityGraphBuilder(city: CityID(7))
    do {
        let names = try world.cityNames()
        try world.read(
            cities: [names[0]: CityID(7)], emit: { _, record in builder.add(record) }, reject: { _ in },
            progress: { _ in })
    } catch {
        preconditionFailure("the made-up world failed: \(error)")
    }
    return builder.build(pool: ComputePool(threads: 1))
}

/// A model that trains in no time.
func smallConfiguration() -> GraphRecConfiguration {
    var configuration = GraphRecConfiguration()
    configuration.dimensions = 8
    configuration.encoderHidden = 12
    configuration.headHidden = [10, 6]
    configuration.fanouts = [4, 3]
    configuration.batch = 32
    return configuration
}

/// Each resident's places by inner product, training places masked.
func retrieve(_ graph: CityGraph, _ embeddings: CityEmbeddings) -> [[UInt32]] {
    (0..<graph.residents).map { person in
        let visited = Set(graph.visitPlaces[graph.visits(of: UInt32(person))])
        let scores = (0..<graph.places.count).map { place in
            zip(embeddings.person(person), embeddings.place(place)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        }
        return (0..<UInt32(graph.places.count)).filter { !visited.contains($0) }.sorted { left, right in
            (scores[Int(right)], left) < (scores[Int(left)], right)
        }
    }
}
