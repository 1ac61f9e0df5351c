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
        let both = (one: pairs.people, other: pairs.places)
        let compared = tape.compare(
            rows.people, rows.places, rows: both, context: pairs.context, width: configuration.contextDimensions)
        let score = Self.judge(rows.people, rows.places, rows: both, compared.inputs, layout.head, on: &tape)
        tape.add(compared.product, to: score)
        if let bias { tape.add(tape.gather(bias, rows: pairs.places), to: score) }
        return score
    }

    /// The network alone, [pairs, 1]. Its first layer is a sum: what it makes of each of the two alone is computed once
    /// for each of their rows, and looked up by the pairs.
    static func judge<Number: Scalar>(
        _ one: Value, _ other: Value, rows: (one: [UInt32], other: [UInt32]), _ inputs: Value, _ blocks: HeadBlocks,
        on tape: inout Tape<Number>
    ) -> Value {
        var lookups = Lookups()
        let ofOne = tape.product(one, tape.parameter(blocks.person))
        lookups.append(Lookup(table: ofOne, keys: tape.keep(rows.one)))
        let ofOther = tape.product(other, tape.parameter(blocks.place))
        lookups.append(Lookup(table: ofOther, keys: tape.keep(rows.other)))
        var x = tape.linear(
            inputs, tape.parameter(blocks.pairs), bias: tape.parameter(blocks.firstBias), lookups: lookups,
            isRectified: true)
        for (number, layer) in blocks.layers.enumerated() {
            x = tape.linear(
                x, tape.parameter(layer.weights), bias: tape.parameter(layer.bias),
                isRectified: number + 1 < blocks.layers.count)
        }
        return x
    }
}
