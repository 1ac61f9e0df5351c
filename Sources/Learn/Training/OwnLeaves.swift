// Own embeddings on the tape of one step: copied in as leaves, moved by the gradients that reach them.

import Basics
import Graph
import Linalg

/// The leaves of one step and the vertices their rows belong to.
struct OwnLeaves {
    let rows: VertexRows
    /// [target places, 1]
    let biases: Value
    private let people: [UInt32]
    private let places: [UInt32]
    private let targets: [UInt32]

    init(_ subgraph: SampledSubgraph, targets: [UInt32], _ own: OwnTables, on tape: inout Tape<Float>) {
        people = subgraph.people
        places = subgraph.places
        self.targets = targets
        rows = VertexRows(
            people: Self.leaf(people, of: own.people, on: &tape), places: Self.leaf(places, of: own.places, on: &tape))
        biases = Self.leaf(targets, of: own.biases, on: &tape)
    }

    private static func leaf(_ vertices: [UInt32], of table: OwnTable, on tape: inout Tape<Float>) -> Value {
        let leaf = tape.leaf(rows: vertices.count, columns: table.columns, needsGradient: true)
        table.copy(vertices, to: tape.node(leaf).value)
        return leaf
    }

    /// Summed in Double.
    func squaredGradientNorm(on tape: inout Tape<Float>) -> Double {
        [rows.people, rows.places, biases].reduce(0.0) { sum, leaf in
            guard let gradient = tape.node(leaf).gradient else { return sum }
            return sum + squaredNorm(UnsafeBufferPointer(start: gradient, count: tape.node(leaf).count))
        }
    }

    func move(_ own: inout OwnTables, _ step: AdamStep, on tape: inout Tape<Float>) {
        if let gradient = tape.gradientToAdd(rows.people) {
            own.people.move(people, by: gradient, step, pool: tape.pool)
        }
        if let gradient = tape.gradientToAdd(rows.places) {
            own.places.move(places, by: gradient, step, pool: tape.pool)
        }
        if let gradient = tape.gradientToAdd(biases) {
            own.biases.move(targets, by: gradient, step, pool: tape.pool)
        }
    }
}

extension OwnTables {
    /// Deviation of a new own embedding's entries.
    private static let deviation = 0.1

    /// Every vertex's own embedding is drawn from its identifier, so it starts the same wherever its row is. A place's
    /// bias starts at log(1 + training visits): under uniform negatives that is the best score that ignores
    /// the person, so the very first ranking is the one by popularity and training only has to improve on it.
    static func initial(_ graph: CityGraph, _ configuration: GraphRecConfiguration, _ seed: SeededRandom) -> OwnTables {
        func table(_ kind: String, _ ids: some Collection<UInt64>) -> OwnTable {
            var values: [Float] = []
            values.reserveCapacity(ids.count * configuration.dimensions)
            for id in ids {
                var random = seed.child(kind, id)
                for _ in 0..<configuration.dimensions { values.append(Float(random.normal() * deviation)) }
            }
            return OwnTable(values: values, columns: configuration.dimensions)
        }
        let biases = (0..<UInt32(graph.places.count)).map { place in
            Float.logOnePlus(Float(graph.visitors(of: place).count))
        }
        return OwnTables(
            people: table("person", graph.people[0..<graph.residents].map(\.number)),
            places: table("place", graph.places.map(\.number)), biases: OwnTable(values: biases, columns: 1))
    }
}

/// Summed in Double, in pieces summed in Float.
func squaredNorm(_ values: UnsafeBufferPointer<Float>) -> Double {
    var total = 0.0
    var start = 0
    while start < values.count {
        let end = min(start + 1024, values.count)
        var sum: Float = 0
        for index in start..<end { sum = Float.relaxedMultiplyAdd(values[index], values[index], sum) }
        total += Double(sum)
        start = end
    }
    return total
}

extension Tape where Number == Float {
    /// Of the parameters' gradients, summed in Double.
    func squaredGradientNorm() -> Double { squaredNorm(UnsafeBufferPointer(parameterGradients)) }

    /// A tape whose parameters are `parameters`.
    init(parameters values: [Float], pool: ComputePool) {
        self.init(parameterCount: values.count, pool: pool)
        _ = parameters.update(fromContentsOf: values)
    }
}
