// The score of pairs: an inner product that an index can search, and a small network that corrects it where a
// product cannot say what it should. The network's last layer starts at zero, so at first both agree.

import Linalg

/// Pairs to be scored, as rows of the people's and places' matrices, and what they are judged by.
struct ScoredPairs {
    var people: [UInt32]
    var places: [UInt32]
    /// [pairs, contextDimensions]
    var context: [Float]
}

extension GraphRec {
    /// [pairs, 1]. `bias`, if any, is [places, 1], row by row beside the places' embeddings.
    func score<Number: Scalar>(
        _ pairs: ScoredPairs, _ rows: VertexRows, bias: Value?, on tape: inout Tape<Number>
    ) -> Value {
        tape.begin("the place head")
        let person = tape.gather(rows.people, rows: pairs.people)
        let place = tape.gather(rows.places, rows: pairs.places)
        let width = configuration.contextDimensions
        let context = tape.leaf(rows: pairs.people.count, columns: width, needsGradient: false)
        let to = tape.node(context).value
        for (index, entry) in pairs.context.enumerated() { to[index] = Number(entry) }
        let score = Self.judge(person, place, context, layout.head, on: &tape)
        tape.add(tape.rowDot(person, place), to: score)
        if let bias { tape.add(tape.gather(bias, rows: pairs.places), to: score) }
        return score
    }

    /// The network alone, [pairs, 1], for row i of each matrix.
    static func judge<Number: Scalar>(
        _ person: Value, _ place: Value, _ context: Value, _ blocks: HeadBlocks, on tape: inout Tape<Number>
    ) -> Value {
        var x = tape.linear(person, tape.parameter(blocks.person), bias: tape.parameter(blocks.firstBias))
        tape.addProduct(place, tape.parameter(blocks.place), to: x)
        tape.addProduct(tape.multiply(person, place), tape.parameter(blocks.product), to: x)
        tape.addProduct(tape.distance(person, place), tape.parameter(blocks.distance), to: x)
        tape.addProduct(context, tape.parameter(blocks.context), to: x)
        for layer in blocks.layers {
            tape.relu(x)
            x = tape.linear(x, tape.parameter(layer.weights), bias: tape.parameter(layer.bias))
        }
        return x
    }
}
