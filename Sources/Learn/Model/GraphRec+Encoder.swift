// The encoders: looked-up numbers (city, neighborhood, price band, time slot) through embeddings, quantities as
// they are, one hidden layer, normalized.

import Basics
import Graph
import Linalg

extension GraphRec {
    /// The encoded features of people, [rows, dimensions], without own embeddings. `rows` are local people.
    func encode<Number: Scalar>(people rows: [UInt32], _ inputs: CityInputs, on tape: inout Tape<Number>) -> Value {
        encode(rows, of: inputs.personFeatures, columns: PersonColumns.count, layout.people, on: &tape)
    }

    /// The encoded features of places, likewise.
    func encode<Number: Scalar>(places rows: [UInt32], _ inputs: CityInputs, on tape: inout Tape<Number>) -> Value {
        encode(rows, of: inputs.placeFeatures, columns: PlaceColumns.count, layout.places, on: &tape)
    }

    private func encode<Number: Scalar>(
        _ rows: [UInt32], of features: [Float], columns: Int, _ blocks: EncoderBlocks, on tape: inout Tape<Number>
    ) -> Value {
        let quantities = quantities(rows, of: features, columns: columns, blocks, on: &tape)
        let hidden = tape.linear(
            quantities, tape.parameter(blocks.features), bias: tape.parameter(blocks.hiddenBias))
        for table in blocks.tables {
            let numbers = rows.map { row in
                Self.bucket(features[Int(row) * columns + table.column], of: table.table.rows)
            }
            // The few rows of the table are multiplied once, instead of a looked-up row for every vertex.
            let rows = tape.product(tape.parameter(table.table), tape.parameter(table.weights))
            tape.addRows(rows, rows: numbers, to: hidden)
        }
        tape.relu(hidden)
        let output = tape.linear(hidden, tape.parameter(blocks.output), bias: tape.parameter(blocks.outputBias))
        return tape.layerNorm(
            output, gain: tape.parameter(blocks.norm.gain), shift: tape.parameter(blocks.norm.shift))
    }

    /// The row of an embedding that a number stored as a feature looks up.
    private static func bucket(_ feature: Float, of buckets: Int) -> UInt32 {
        UInt32(max(0, Int(feature)) % buckets)
    }

    private func quantities<Number: Scalar>(
        _ rows: [UInt32], of features: [Float], columns: Int, _ blocks: EncoderBlocks, on tape: inout Tape<Number>
    ) -> Value {
        let width = blocks.features.rows
        let result = tape.leaf(rows: rows.count, columns: width, needsGradient: false)
        // SAFETY: a block writes only its own rows of the leaf.
        nonisolated(unsafe) let to = tape.node(result).value
        forEachBlock(of: rows.count, size: 1024, on: tape.pool) { block in
            features.withUnsafeBufferPointer { source in
                for index in block {
                    var target = to + index * width
                    let row = Int(rows[index]) * columns
                    for range in blocks.quantities {
                        for column in 0..<range.count {
                            target[column] = Number(source[row + range.lowerBound + column])
                        }
                        target += range.count
                    }
                }
            }
        }
        return result
    }
}
