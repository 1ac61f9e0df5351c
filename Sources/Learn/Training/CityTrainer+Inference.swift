// Inference over the whole city, layer by layer: every vertex's row of one layer is computed once, from all its
// neighbors and none sampled, before the next layer begins. Memory is two matrices of the city and one block.

package import Basics
import Graph

/// Vertices per block.
private let blockRows = 1024

extension CityTrainer {
    /// The embeddings of all people (halo included) and places under `weights`. O(edges · layers); deterministic.
    /// The visits of `excluded` pairs, person << 32 | place, carry no message, nor do
    /// the `silent` edges of the social relation. The places' own embeddings count `ownShare`.
    package func embeddings(
        weights: [Float], excluding excluded: Set<UInt64> = [], silent: [UInt32] = [], ownShare: Float = 1,
        pool: ComputePool
    ) -> CityEmbeddings {
        precondition(weights.count == model.layout.count, "weights belong to the trainer's configuration")
        var tape = Tape<Float>(parameters: weights, pool: pool)
        var (people, places) = encodedRows(ownShare: ownShare, on: &tape)
        let city = WholeCity(graph, inputs, excluding: excluded, silent: silent)
        let kinds = (friendships: inputs.friendshipKinds, visits: inputs.visitKinds)
        for layer in model.layout.layers.indices {
            let before = (people: people, places: places)
            pass(layer, city, kinds, before, people: &people, places: &places, on: &tape)
        }
        return embeddings(people: people, places: places)
    }

    /// What vertices are before they hear of others, [people, dimensions] and [places, dimensions].
    /// The places' own embeddings count `ownShare`.
    func encodedRows(ownShare: Float = 1, on tape: inout Tape<Float>) -> (people: [Float], places: [Float]) {
        let people = encoded(graph.people.count, nil, ownShare, on: &tape) { rows, tape in
            self.model.encode(people: rows, self.inputs, on: &tape)
        }
        let places = encoded(graph.places.count, own.places, ownShare, on: &tape) { rows, tape in
            self.model.encode(places: rows, self.inputs, on: &tape)
        }
        return (people, places)
    }

    /// The rows of the last layer as embeddings, with what popularity says.
    func embeddings(people: [Float], places: [Float]) -> CityEmbeddings {
        let d = model.configuration.dimensions
        return CityEmbeddings(
            dimensions: d + 1, people: widened(people, d) { _ in 1 },
            places: widened(places, d) { row in self.own.biases.rows == 0 ? 0 : self.own.biases.values[row] })
    }

    private func encoded(
        _ count: Int, _ table: OwnTable?, _ share: Float, on tape: inout Tape<Float>,
        _ encode: ([UInt32], inout Tape<Float>) -> Value
    ) -> [Float] {
        let d = model.configuration.dimensions
        return [Float](unsafeUninitializedCapacity: count * d) { buffer, initialized in
            for start in stride(from: 0, to: count, by: blockRows) {
                let rows = (UInt32(start)..<UInt32(min(start + blockRows, count))).map { $0 }
                tape.reset()
                let x = encode(rows, &tape)
                if let table {
                    let own = tape.leaf(rows: rows.count, columns: d, needsGradient: false)
                    table.copy(rows, to: tape.node(own).value)
                    for index in 0..<rows.count * d { tape.node(own).value[index] *= share }
                    tape.add(own, to: x)
                }
                (buffer.baseAddress! + start * d).initialize(from: tape.node(x).value, count: rows.count * d)
            }
            initialized = count * d
        }
    }

    /// One layer for all that `city` has rows of; `before` may have more places, which are heard and do not hear.
    func pass(
        _ layer: Int, _ city: WholeCity, _ kinds: (friendships: EdgeKindTable, visits: EdgeKindTable),
        _ before: (people: [Float], places: [Float]), people: inout [Float], places: inout [Float],
        on tape: inout Tape<Float>
    ) {
        let d = model.configuration.dimensions
        let (peopleCount, placesCount) = (city.visits.rows, city.visitors.rows)
        let weights = weights(layer, kinds, on: &tape)
        before.people.withUnsafeBufferPointer { x in
            before.places.withUnsafeBufferPointer { y in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                for start in stride(from: 0, to: max(peopleCount, placesCount), by: blockRows) {
                    let persons = min(start, peopleCount)..<min(start + blockRows, peopleCount)
                    let spots = min(start, placesCount)..<min(start + blockRows, placesCount)
                    tape.reset()
                    let result = model.pass(
                        city.messages(people: persons.map { UInt32($0) }, places: spots.map { UInt32($0) }),
                        layer: layer,
                        targets: VertexRows(
                            people: tape.constant(x + persons.lowerBound * d, rows: persons.count, columns: d),
                            places: tape.constant(y + spots.lowerBound * d, rows: spots.count, columns: d)),
                        sources: VertexRows(
                            people: tape.constant(x, rows: peopleCount, columns: d),
                            places: tape.constant(y, rows: before.places.count / d, columns: d)),
                        EdgeWeights(
                            social: tape.constant(weights.social), interacts: tape.constant(weights.interacts),
                            revInteracts: tape.constant(weights.revInteracts)),
                        dropout: Dropout(key: 0, rate: 0), on: &tape)
                    Self.write(tape.node(result.people), to: &people, at: persons.lowerBound * d)
                    Self.write(tape.node(result.places), to: &places, at: spots.lowerBound * d)
                }
            }
        }
    }

    /// The weights of all kinds of edges in one layer.
    private func weights(
        _ layer: Int, _ kinds: (friendships: EdgeKindTable, visits: EdgeKindTable), on tape: inout Tape<Float>
    ) -> (social: [Float], interacts: [Float], revInteracts: [Float]) {
        tape.reset()
        func features(_ table: EdgeKindTable) -> Value {
            tape.rows((0..<UInt32(table.count)).map { $0 }, of: table.features, columns: table.columns)
        }
        let edges = model.weigh(
            friendships: features(kinds.friendships), visits: features(kinds.visits), layer: layer, on: &tape)
        return (tape.array(edges.social), tape.array(edges.interacts), tape.array(edges.revInteracts))
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

extension Tape {
    /// A column of numbers, copied.
    fileprivate mutating func constant(_ column: [Number]) -> Value {
        let result = leaf(rows: column.count, columns: 1, needsGradient: false)
        for (row, number) in column.enumerated() { node(result).value[row] = number }
        return result
    }

    fileprivate func array(_ value: Value) -> [Number] {
        Array(UnsafeBufferPointer(start: node(value).value, count: node(value).count))
    }
}
