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

    init(_ batch: Batch, _ own: OwnTables, on tape: inout Tape<Float>) {
        people = batch.neighborhood.people
        places = batch.neighborhood.places
        targets = batch.triplets.places
        tape.begin("own embeddings")
        rows = VertexRows(
            people: Self.leaf(people, of: own.people, on: &tape), places: Self.leaf(places, of: own.places, on: &tape))
        biases = Self.leaf(targets, of: own.biases, on: &tape)
    }

    /// Takes the batch's positives out of their people's rows: a person's start is made of the places they visited, and
    /// would tell the model the answer, as an edge not excluded from the messages would. What is left keeps its
    /// length. `parts` is the part of each local place, see `SpectralStart.part`.
    func leaveOut(_ batch: Batch, positives: Int, _ own: OwnTables, parts: [Float], on tape: inout Tape<Float>) {
        let (d, pairs) = (own.people.columns, batch.triplets.pairs)
        let start = tape.node(rows.people).value
        let lengths = tape.scratch(batch.triplets.people.count)
        for row in 0..<batch.triplets.people.count { lengths[row] = norm(start, batch, row, d) }
        own.places.values.withUnsafeBufferPointer { places in
            for index in 0..<positives {
                let row = Int(pairs.people[index])
                let (person, place) = (
                    Int(batch.triplets.people[row]), Int(batch.triplets.places[Int(pairs.places[index])])
                )
                if person >= own.shares.rows { continue }
                let target = start + batch.neighborhood.inputRow(ofPerson: row) * d
                let amount = own.shares.values[person] * parts[place]
                for column in 0..<d { target[column] -= amount * places[place * d + column] }
            }
        }
        for row in 0..<batch.triplets.people.count where Int(batch.triplets.people[row]) < own.shares.rows {
            let target = start + batch.neighborhood.inputRow(ofPerson: row) * d
            let after = norm(start, batch, row, d)
            if after == 0 { continue }
            for column in 0..<d { target[column] *= lengths[row] / after }
        }
    }

    private func norm(_ start: UnsafeMutablePointer<Float>, _ batch: Batch, _ row: Int, _ d: Int) -> Float {
        let first = start + batch.neighborhood.inputRow(ofPerson: row) * d
        return Float(Learn.squaredNorm(UnsafeBufferPointer(start: first, count: d)).squareRoot())
    }

    private static func leaf(_ vertices: [UInt32], of table: OwnTable, on tape: inout Tape<Float>) -> Value {
        let leaf = tape.leaf(rows: vertices.count, columns: table.columns, needsGradient: true)
        table.copy(vertices, to: tape.node(leaf).value)
        return leaf
    }

    /// Summed in Double.
    func squaredGradientNorm(on tape: inout Tape<Float>) -> Double {
        Self.squaredNorm(rows.people, on: &tape) + Self.squaredNorm(rows.places, on: &tape)
            + Self.squaredNorm(biases, on: &tape)
    }

    private static func squaredNorm(_ leaf: Value, on tape: inout Tape<Float>) -> Double {
        guard let gradient = tape.node(leaf).gradient else { return 0 }
        return Learn.squaredNorm(UnsafeBufferPointer(start: gradient, count: tape.node(leaf).count))
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
    init(parameters values: [Float], pool: ComputePool, precision: MessagePrecision = .full) {
        self.init(parameterCount: values.count, pool: pool, precision: precision)
        _ = parameters.update(fromContentsOf: values)
    }
}
