// The encoders: looked-up numbers (city, neighborhood, price band, time slot) through embeddings, quantities as
// they are, one hidden layer, normalized.

import Basics
import Linalg

extension GraphRec {
    /// The encoded features of people, [rows, dimensions], without own embeddings. `rows` are local people.
    func encode<Number: Scalar>(people rows: [UInt32], _ inputs: CityInputs, on tape: inout Tape<Number>) -> Value {
        tape.begin("the people's encoder")
        return encode(rows, inputs.people, layout.people, on: &tape)
    }

    /// The encoded features of places, likewise.
    func encode<Number: Scalar>(places rows: [UInt32], _ inputs: CityInputs, on tape: inout Tape<Number>) -> Value {
        tape.begin("the places' encoder")
        return encode(rows, inputs.places, layout.places, on: &tape)
    }

    private func encode<Number: Scalar>(
        _ rows: [UInt32], _ inputs: VertexInputs, _ blocks: EncoderBlocks, on tape: inout Tape<Number>
    ) -> Value {
        var lookups = Lookups()
        for index in blocks.tables.indices {
            let table = blocks.tables[index]
            // The few rows of the table are multiplied once, instead of a looked-up row for every vertex.
            let looked = tape.product(tape.parameter(table.table), tape.parameter(table.weights))
            lookups.append(Lookup(table: looked, keys: tape.keep(inputs.keys[index], at: rows)))
        }
        let hidden = tape.featureLayer(
            inputs.quantities, rows: rows, tape.parameter(blocks.features), bias: tape.parameter(blocks.hiddenBias),
            lookups: lookups)
        let output = tape.linear(hidden, tape.parameter(blocks.output), bias: tape.parameter(blocks.outputBias))
        return tape.layerNorm(
            output, gain: tape.parameter(blocks.norm.gain), shift: tape.parameter(blocks.norm.shift),
            adding: straight(rows, inputs, blocks, on: &tape))
    }

    /// What features say past the hidden layer, [rows, dimensions].
    private func straight<Number: Scalar>(
        _ rows: [UInt32], _ inputs: VertexInputs, _ blocks: EncoderBlocks, on tape: inout Tape<Number>
    ) -> Value? {
        guard let straight = blocks.passing, let bias = blocks.straightBias, let features = inputs.straight else {
            return nil
        }
        var lookups = Lookups()
        for (index, table) in blocks.tables.enumerated() {
            guard let weights = table.straight else { continue }
            let looked = tape.product(tape.parameter(table.table), tape.parameter(weights))
            lookups.append(Lookup(table: looked, keys: tape.keep(inputs.keys[index], at: rows)))
        }
        return tape.featureLayer(
            features, rows: rows, tape.parameter(straight), bias: tape.parameter(bias), lookups: lookups,
            isRectified: false)
    }
}

extension Tape {
    /// Some rows of a matrix of floats, [rows, columns], without gradient.
    mutating func rows(_ rows: [UInt32], of matrix: [Float], columns: Int) -> Value {
        let result = leaf(rows: rows.count, columns: columns, needsGradient: false)
        // SAFETY: a block writes only its own rows of the leaf.
        nonisolated(unsafe) let to = node(result).value
        forEachBlock(of: rows.count, size: 1024, on: pool) { block in
            matrix.withUnsafeBufferPointer { source in
                for index in block {
                    let (target, start) = (to + index * columns, Int(rows[index]) * columns)
                    for column in 0..<columns { target[column] = Number(source[start + column]) }
                }
            }
        }
        return result
    }

    /// The step's own copy of some entries of an array.
    fileprivate mutating func keep(_ entries: [UInt32], at rows: [UInt32]) -> UnsafePointer<UInt32> {
        let kept = indices(rows.count)
        for (index, row) in rows.enumerated() { kept[index] = entries[Int(row)] }
        return UnsafePointer(kept)
    }
}
