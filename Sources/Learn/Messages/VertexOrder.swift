// In which order a city's vertices stand in memory. Whoever hears many gathers rows from all over a table; where people
// of one taste stand together, and places that they share, those rows are near each other and in the caches already.

import Basics
import Graph

/// An order of people and one of places.
struct VertexOrder: Sendable {
    /// The vertex of each row.
    let people: [UInt32]
    let places: [UInt32]
    /// The row of each vertex.
    let personRows: [UInt32]
    let placeRows: [UInt32]
    /// Whether every vertex is its own row.
    let isPlain: Bool

    /// The city's own order.
    init(people: Int, places: Int) {
        self.people = (0..<UInt32(people)).map { $0 }
        self.places = (0..<UInt32(places)).map { $0 }
        (personRows, placeRows, isPlain) = (self.people, self.places, true)
    }

    private static let dimensions = 16
    private static let rounds = 4

    /// Along a k-d tree of the spectrum of who visited what: see `SpectralOrder`. Costs some ten products with the
    /// visits, of few columns; the same for any number of threads.
    init(byVisitsOf graph: CityGraph, pool: ComputePool) {
        let people = graph.people.count
        let spectrum = SpectralFilter(
            InteractionGraph(DistinctVisits(graph).lists), dimensions: Self.dimensions, rounds: Self.rounds,
            random: SeededRandom(seed: 0).child("vertex order"), pool: pool)
        let order = SpectralOrder(spectrum).order
        self.people = order.filter { $0 < people }.map { UInt32($0) }
        places = order.filter { $0 >= people }.map { UInt32($0 - people) }
        (personRows, placeRows) = (Self.inverse(self.people), Self.inverse(places))
        isPlain = false
    }

    private static func inverse(_ order: [UInt32]) -> [UInt32] {
        var rows = [UInt32](repeating: 0, count: order.count)
        for (row, vertex) in order.enumerated() { rows[Int(vertex)] = UInt32(row) }
        return rows
    }
}
