// Inference over the whole city, layer by layer: every vertex's row of one layer is computed once, from all its
// neighbors and none sampled, before the next layer begins. Memory is two matrices of the city and one block.

package import Basics
import Graph
import Linalg

/// Vertices per block.
private let blockRows = 1024

extension CityTrainer {
    /// The embeddings of all people (halo included) and places under `weights`. O(edges · layers); deterministic.
    package func embeddings(weights: [Float], pool: ComputePool) -> CityEmbeddings {
        precondition(weights.count == model.layout.count, "weights belong to the trainer's configuration")
        BLAS.configure()
        var tape = Tape<Float>(parameters: weights, pool: pool)
        let d = model.configuration.dimensions
        var people = encoded(graph.people.count, own.people, on: &tape) { rows, tape in
            self.model.encode(people: rows, self.inputs, on: &tape)
        }
        var places = encoded(graph.places.count, own.places, on: &tape) { rows, tape in
            self.model.encode(places: rows, self.inputs, on: &tape)
        }
        for layer in model.layout.layers.indices {
            let before = (people: people, places: places)
            pass(layer, before, people: &people, places: &places, on: &tape)
        }
        return CityEmbeddings(
            dimensions: d + 1, people: widened(people, d) { _ in 1 },
            places: widened(places, d) { row in self.own.biases.values[row] })
    }

    private func encoded(
        _ count: Int, _ table: OwnTable, on tape: inout Tape<Float>,
        _ encode: ([UInt32], inout Tape<Float>) -> Value
    ) -> [Float] {
        let d = table.columns
        return [Float](unsafeUninitializedCapacity: count * d) { buffer, initialized in
            for start in stride(from: 0, to: count, by: blockRows) {
                let rows = (UInt32(start)..<UInt32(min(start + blockRows, count))).map { $0 }
                tape.reset()
                let x = encode(rows, &tape)
                let own = tape.leaf(rows: rows.count, columns: d, needsGradient: false)
                table.copy(rows, to: tape.node(own).value)
                tape.add(own, to: x)
                (buffer.baseAddress! + start * d).initialize(from: tape.node(x).value, count: rows.count * d)
            }
            initialized = count * d
        }
    }

    private func pass(
        _ layer: Int, _ before: (people: [Float], places: [Float]), people: inout [Float], places: inout [Float],
        on tape: inout Tape<Float>
    ) {
        let d = model.configuration.dimensions
        let (peopleCount, placesCount) = (graph.people.count, graph.places.count)
        before.people.withUnsafeBufferPointer { x in
            before.places.withUnsafeBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                for start in stride(from: 0, to: max(peopleCount, placesCount), by: blockRows) {
                    let persons = min(start, peopleCount)..<min(start + blockRows, peopleCount)
                    let spots = min(start, placesCount)..<min(start + blockRows, placesCount)
                    tape.reset()
                    let result = model.pass(
                        graph.allMessages(people: persons, places: spots), layer: layer,
                        targets: VertexRows(
                            people: tape.constant(x + persons.lowerBound * d, rows: persons.count, columns: d),
                            places: tape.constant(y + spots.lowerBound * d, rows: spots.count, columns: d)),
                        sources: VertexRows(
                            people: tape.constant(x, rows: peopleCount, columns: d),
                            places: tape.constant(y, rows: placesCount, columns: d)),
                        inputs, on: &tape)
                    Self.write(tape.node(result.people), to: &people, at: persons.lowerBound * d)
                    Self.write(tape.node(result.places), to: &places, at: spots.lowerBound * d)
                }
            }
        }
    }

    private static func write(_ node: Tape<Float>.Node, to target: inout [Float], at start: Int) {
        target.withUnsafeMutableBufferPointer { buffer in
            for index in 0..<node.count { buffer[start + index] = node.value[index] }
        }
    }

    /// Rows of d entries, each with one more.
    private func widened(_ rows: [Float], _ d: Int, _ last: (Int) -> Float) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(rows.count / d * (d + 1))
        for row in 0..<rows.count / d {
            result.append(contentsOf: rows[row * d..<(row + 1) * d])
            result.append(last(row))
        }
        return result
    }
}

extension CityGraph {
    /// All messages to some people and places, none sampled; sources are local vertices.
    fileprivate func allMessages(people: Range<Int>, places: Range<Int>) -> SampledLayer {
        SampledLayer(
            people: people.count, places: places.count,
            social: Self.messages(people, socialOffsets) { edge in (socialNeighbors[edge], UInt32(edge)) },
            interacts: Self.messages(places, placeOffsets) { edge in (placeVisitors[edge], placeEdges[edge]) },
            revInteracts: Self.messages(people, visitOffsets) { edge in (visitPlaces[edge], UInt32(edge)) })
    }

    private static func messages(
        _ targets: Range<Int>, _ offsets: [UInt32], _ message: (Int) -> (source: UInt32, edge: UInt32)
    ) -> SampledRelation {
        let first = offsets[targets.lowerBound]
        var relation = SampledRelation()
        for target in targets { relation.offsets.append(offsets[target + 1] - first) }
        for edge in Int(first)..<Int(offsets[targets.upperBound]) {
            let (source, number) = message(edge)
            relation.sources.append(source)
            relation.edges.append(number)
        }
        return relation
    }
}
