// Own embeddings on the tape of one step: copied in as leaves, moved by the gradients that reach them.

import Basics
import Graph
import Linalg

/// The leaves of one step and the places their rows belong to.
struct OwnLeaves {
    /// [input places, dimensions]
    let rows: Value
    /// [target places, 1]
    let biases: Value
    private let places: [UInt32]
    private let targets: [UInt32]

    init(_ batch: Batch, _ own: OwnTables, on tape: inout Tape<Float>) {
        places = batch.ownPlaces
        targets = batch.triplets.places
        tape.begin("own embeddings")
        rows = Self.leaf(places, of: own.places, on: &tape)
        biases = Self.leaf(targets, of: own.biases, on: &tape)
    }

    private static func leaf(_ vertices: [UInt32], of table: OwnTable, on tape: inout Tape<Float>) -> Value {
        let leaf = tape.leaf(rows: vertices.count, columns: table.columns, needsGradient: true)
        table.copy(vertices, to: tape.node(leaf).value)
        return leaf
    }

    /// Summed in Double.
    func squaredGradientNorm(on tape: inout Tape<Float>) -> Double {
        Self.squaredNorm(rows, on: &tape) + Self.squaredNorm(biases, on: &tape)
    }

    private static func squaredNorm(_ leaf: Value, on tape: inout Tape<Float>) -> Double {
        guard let gradient = tape.node(leaf).gradient else { return 0 }
        return Learn.squaredNorm(UnsafeBufferPointer(start: gradient, count: tape.node(leaf).count))
    }

    /// Biases have a step of their own: decay would pull every place towards the same popularity.
    func move(
        _ own: inout OwnTables, embeddings step: AdamStep, biases biasStep: AdamStep, on tape: inout Tape<Float>
    ) {
        if let gradient = tape.gradientToAdd(rows) {
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
    init(parameters values: [Float], pool: ComputePool, precision: MessagePrecision = .full) {
        self.init(parameterCount: values.count, pool: pool, precision: precision)
        _ = parameters.update(fromContentsOf: values)
    }
}
