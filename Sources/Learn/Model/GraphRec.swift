// GraphRec: features and own embeddings in, two layers of message passing over friendships and visits, and a score
// for a person at a place out. Written once, for any tape: the trainer runs it in Float over sampled rows, inference
// in Float over blocks of the whole city, and gradient checks in Double.
//
//   x = norm(MLP(features)) + own               (halo people have no own embedding)
//   x' = norm(relu(x·S + Σ relations mean_w(x of neighbors)·M + b)) + x
//   score(u, p) = z_u · z_p + bias_p + MLP([z_u, z_p, z_u ⊙ z_p, |z_u - z_p|, context])
//
// The weight of a message is the mean over channels of relu(linear(edge features)).

import Basics
import Graph
import Linalg

/// The arrays of a city a model reads.
struct CityInputs: Sendable {
    /// [people, 148]
    let personFeatures: [Float]
    /// [places, 114]
    let placeFeatures: [Float]
    /// [edges, 3]
    let socialFeatures: [Float]
    let visitSignals: VisitSignalColumn
}

extension CityInputs {
    init(_ graph: CityGraph) {
        personFeatures = graph.personFeatures
        placeFeatures = graph.placeFeatures
        socialFeatures = graph.socialFeatures
        visitSignals = graph.visitSignals
    }
}

/// One matrix of each kind of vertex.
struct VertexRows {
    var people: Value
    var places: Value
}

/// The model without its weights, which are on the tape.
struct GraphRec: Sendable {
    let configuration: GraphRecConfiguration
    let layout: GraphRecLayout

    init(_ configuration: GraphRecConfiguration) {
        self.configuration = configuration
        layout = GraphRecLayout(configuration)
    }

    /// One layer: what `targets` become, hearing `sources`. Targets are the first rows of `targets`' matrices.
    func pass<Number: Scalar>(
        _ messages: SampledLayer, layer: Int, targets: VertexRows, sources: VertexRows, _ inputs: CityInputs,
        on tape: inout Tape<Number>
    ) -> VertexRows {
        let blocks = layout.layers[layer]
        let fromFriends = mean(
            messages.social, of: sources.people, blocks.social,
            edges: socialEdges(messages.social, inputs, on: &tape), on: &tape)
        let fromVisits = mean(
            messages.revInteracts, of: sources.places, blocks.revInteracts,
            edges: visitEdges(messages.revInteracts, inputs, on: &tape), on: &tape)
        let fromVisitors = mean(
            messages.interacts, of: sources.people, blocks.interacts,
            edges: visitEdges(messages.interacts, inputs, on: &tape), on: &tape)
        let people = update(
            targets.people, rows: messages.people, blocks.people,
            hearing: [(fromFriends, blocks.social), (fromVisits, blocks.revInteracts)], on: &tape)
        let places = update(
            targets.places, rows: messages.places, blocks.places, hearing: [(fromVisitors, blocks.interacts)],
            on: &tape)
        return VertexRows(people: people, places: places)
    }

    private func update<Number: Scalar>(
        _ x: Value, rows: Int, _ blocks: SelfBlocks, hearing relations: [(mean: Value, blocks: RelationBlocks)],
        on tape: inout Tape<Number>
    ) -> Value {
        let sum = tape.linear(x, tape.parameter(blocks.weights), bias: tape.parameter(blocks.bias), rows: rows)
        for relation in relations {
            tape.addProduct(relation.mean, tape.parameter(relation.blocks.messages), to: sum)
        }
        tape.relu(sum)
        let norm = tape.layerNorm(
            sum, gain: tape.parameter(blocks.norm.gain), shift: tape.parameter(blocks.norm.shift))
        tape.add(x, to: norm)
        return norm
    }

    private func mean<Number: Scalar>(
        _ relation: SampledRelation, of sources: Value, _ blocks: RelationBlocks, edges: Value,
        on tape: inout Tape<Number>
    ) -> Value {
        let channels = tape.linear(
            edges, tape.parameter(blocks.edges), bias: tape.parameter(blocks.edgeBias))
        tape.relu(channels)
        let weights = tape.rowMean(channels)
        return tape.segmentMean(sources, weights: weights, offsets: relation.offsets, sources: relation.sources)
    }

    private func socialEdges<Number: Scalar>(
        _ relation: SampledRelation, _ inputs: CityInputs, on tape: inout Tape<Number>
    ) -> Value {
        let columns = FriendshipColumns.count
        let edges = tape.leaf(rows: relation.edges.count, columns: columns, needsGradient: false)
        let to = tape.node(edges).value
        inputs.socialFeatures.withUnsafeBufferPointer { features in
            for (row, edge) in relation.edges.enumerated() {
                for column in 0..<columns {
                    to[row * columns + column] = Number(features[Int(edge) * columns + column])
                }
            }
        }
        return edges
    }

    private func visitEdges<Number: Scalar>(
        _ relation: SampledRelation, _ inputs: CityInputs, on tape: inout Tape<Number>
    ) -> Value {
        let columns = VisitSignals.featureCount
        let count = relation.edges.count * columns
        let features = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: 0)
            var span = MutableSpan(_unsafeElements: buffer)
            VisitSignals.features(of: relation.edges.span, in: inputs.visitSignals, into: &span)
            initialized = count
        }
        let edges = tape.leaf(rows: relation.edges.count, columns: columns, needsGradient: false)
        let to = tape.node(edges).value
        features.withUnsafeBufferPointer { source in
            for index in 0..<count { to[index] = Number(source[index]) }
        }
        return edges
    }
}

extension GraphRec {
    /// The embeddings of the vertices a batch asks for: encoders, own embeddings (one row for each input row,
    /// zero for the halo), then all layers.
    func embed<Number: Scalar>(
        _ subgraph: SampledSubgraph, _ inputs: CityInputs, own: VertexRows, on tape: inout Tape<Number>
    ) -> VertexRows {
        var rows = VertexRows(
            people: encode(people: subgraph.people, inputs, on: &tape),
            places: encode(places: subgraph.places, inputs, on: &tape))
        tape.add(own.people, to: rows.people)
        tape.add(own.places, to: rows.places)
        for (layer, messages) in subgraph.layers.enumerated() {
            rows = pass(messages, layer: layer, targets: rows, sources: rows, inputs, on: &tape)
        }
        return rows
    }
}
