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

    /// Takes the batch's positives out of their people's rows: a person's start is made of the places they visited, and
    /// would tell the model the answer, as an edge not excluded from the messages would. What is left keeps its
    /// length. `parts` is the part of each local place, see `SpectralStart.part`.
    func leaveOut(_ triplets: Triplets, positives: Int, _ own: OwnTables, parts: [Float], on tape: inout Tape<Float>) {
        let d = own.people.columns
        let start = tape.node(rows.people).value
        var taken = [[UInt32]](repeating: [], count: triplets.people.count)
        for index in 0..<positives {
            taken[Int(triplets.pairs.people[index])].append(triplets.places[Int(triplets.pairs.places[index])])
        }
        own.places.values.withUnsafeBufferPointer { places in
            for (row, person) in triplets.people.enumerated() where Int(person) < own.shares.rows {
                let target = UnsafeMutableBufferPointer(start: start + row * d, count: d)
                let before = squaredNorm(UnsafeBufferPointer(target))
                for place in taken[row] {
                    let amount = own.shares.values[Int(person)] * parts[Int(place)]
                    for column in 0..<d { target[column] -= amount * places[Int(place) * d + column] }
                }
                let after = squaredNorm(UnsafeBufferPointer(target))
                let scale = after > 0 ? Float((before / after).squareRoot()) : 1
                for column in 0..<d { target[column] *= scale }
            }
        }
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

    /// Biases have a step of their own: decay would pull every place towards the same popularity.
    func move(
        _ own: inout OwnTables, embeddings step: AdamStep, biases biasStep: AdamStep, on tape: inout Tape<Float>
    ) {
        if let gradient = tape.gradientToAdd(rows.people) {
            own.people.move(people, by: gradient, step, pool: tape.pool)
        }
        if let gradient = tape.gradientToAdd(rows.places) {
            own.places.move(places, by: gradient, step, pool: tape.pool)
        }
        if let gradient = tape.gradientToAdd(biases) {
            own.biases.move(targets, by: gradient, biasStep, pool: tape.pool)
        }
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
