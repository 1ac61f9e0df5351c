// GraphRec: features and own embeddings in, layers of message passing over friendships and visits, and a score
// for a person at a place out. Written once, for any tape: the trainer runs it in Float over a step's neighborhood,
// inference in Float over blocks of the whole city, and gradient checks in Double.
//
//   x = norm(MLP(features)) + own               (places only: people are what they say and do)
//   m = mean_w(x of neighbors), for each relation
//   x' = dropout(norm(relu(x·S + Σ m·M + b))) + x + Σ m·J
//   score(u, p) = z_u · z_p + bias_p + MLP([z_u, z_p, z_u ⊙ z_p, |z_u - z_p|, context])
//
// The weight of a message is the mean over channels of relu(linear(edge features)).

import Basics
import Linalg

/// One matrix of each kind of vertex.
struct VertexRows {
    var people: Value
    var places: Value
}

/// What weighs the messages of one layer, [kinds, 1] for each relation.
struct EdgeWeights {
    let social: Value
    let interacts: Value
    let revInteracts: Value
}

/// The model without its weights, which are on the tape.
struct GraphRec: Sendable {
    let configuration: GraphRecConfiguration
    let layout: GraphRecLayout

    init(_ configuration: GraphRecConfiguration) {
        self.configuration = configuration
        layout = GraphRecLayout(configuration)
    }

    /// The weights of all kinds of edges in one layer; `kinds` are numbered as the neighborhood does.
    func weigh<Number: Scalar>(
        friendships: Value, visits: Value, layer: Int, on tape: inout Tape<Number>
    ) -> EdgeWeights {
        func weights(_ features: Value, _ blocks: RelationBlocks, _ tape: inout Tape<Number>) -> Value {
            tape.kindWeights(features, tape.parameter(blocks.edges), bias: tape.parameter(blocks.edgeBias))
        }
        let blocks = layout.layers[layer]
        tape.begin("the weights of edges")
        return EdgeWeights(
            social: weights(friendships, blocks.social, &tape), interacts: weights(visits, blocks.interacts, &tape),
            revInteracts: weights(visits, blocks.revInteracts, &tape))
    }

    /// One layer: what `targets` become, hearing `sources`. The messages' targets are the first rows of `targets`.
    /// `dropout` is the layer's.
    func pass<Number: Scalar>(
        _ messages: LayerMessages, layer: Int, targets: VertexRows, sources: VertexRows, _ edges: EdgeWeights,
        dropout: Dropout, on tape: inout Tape<Number>
    ) -> VertexRows {
        let blocks = layout.layers[layer]
        tape.begin(layer == 0 ? "the first layer" : layer == 1 ? "the second layer" : "a later layer")
        let relations = configuration.relations
        func heard(
            _ relation: Relations, _ messages: Messages, of rows: Value, _ blocks: RelationBlocks, _ weights: Value,
            _ tape: inout Tape<Number>
        ) -> Heard? {
            if !relations.contains(relation) { return nil }
            return Heard(mean: hear(messages, of: rows, blocks, weights, on: &tape), blocks: blocks)
        }
        let fromFriends = heard(.social, messages.social, of: sources.people, blocks.social, edges.social, &tape)
        let fromVisits = heard(
            .revInteracts, messages.revInteracts, of: sources.places, blocks.revInteracts, edges.revInteracts, &tape)
        let fromVisitors = heard(
            .interacts, messages.interacts, of: sources.people, blocks.interacts, edges.interacts, &tape)
        let people = update(
            targets.people, rows: messages.people, blocks.people, fromFriends, fromVisits, dropout, on: &tape)
        let places = update(
            targets.places, rows: messages.places, blocks.places, fromVisitors, nil, dropout.next, on: &tape)
        return VertexRows(people: people, places: places)
    }

    /// What became of one relation's messages.
    private struct Heard {
        let mean: Value
        let blocks: RelationBlocks
    }

    private func update<Number: Scalar>(
        _ x: Value, rows: Int, _ blocks: SelfBlocks, _ first: Heard?, _ second: Heard?, _ dropout: Dropout,
        on tape: inout Tape<Number>
    ) -> Value {
        let sum = tape.linear(x, tape.parameter(blocks.weights), bias: tape.parameter(blocks.bias), rows: rows)
        var kept = x
        if let first { kept = add(first, to: sum, and: kept, on: &tape) }
        if let second { kept = add(second, to: sum, and: kept, on: &tape) }
        return finish(sum, kept, blocks, dropout, on: &tape)
    }

    /// Adds what was heard to what is rectified, in place; answers what is kept beside it.
    private func add<Number: Scalar>(
        _ heard: Heard, to sum: Value, and kept: Value, on tape: inout Tape<Number>
    ) -> Value {
        tape.addProduct(heard.mean, tape.parameter(heard.blocks.messages), to: sum)
        guard let straight = heard.blocks.straight else { return kept }
        let passed = tape.product(heard.mean, tape.parameter(straight))
        tape.add(kept, to: passed)
        return passed
    }

    private func finish<Number: Scalar>(
        _ sum: Value, _ x: Value, _ blocks: SelfBlocks, _ dropout: Dropout, on tape: inout Tape<Number>
    ) -> Value {
        let (gain, shift) = (tape.parameter(blocks.norm.gain), tape.parameter(blocks.norm.shift))
        if dropout.rate == 0 { return tape.layerNorm(sum, gain: gain, shift: shift, isRectified: true, adding: x) }
        let result = tape.layerNorm(sum, gain: gain, shift: shift, isRectified: true)
        tape.dropout(result, dropout)
        tape.add(x, to: result)
        return result
    }

    private func hear<Number: Scalar>(
        _ messages: Messages, of sources: Value, _ blocks: RelationBlocks, _ weights: Value,
        on tape: inout Tape<Number>
    ) -> Value {
        var factors: Value?
        if let attention = blocks.attention {
            let product = tape.product(sources, tape.parameter(attention))
            tape.exponential(product)
            factors = product
        }
        return tape.hear(
            messages, of: sources, weights: weights, factors: factors, isMean: configuration.aggregation != .sum)
    }
}

extension GraphRec {
    /// The embeddings of the vertices a batch asks for: encoders, places' own embeddings (one row for each input place)
    /// if any, then all layers. `dropoutKey` is the step's.
    func embed<Number: Scalar>(
        _ neighborhood: Neighborhood, _ inputs: CityInputs, own: Value?, dropoutKey: UInt32? = nil,
        on tape: inout Tape<Number>
    ) -> VertexRows {
        let friendships = tape.rows(
            neighborhood.friendshipKinds, of: inputs.friendshipKinds.features, columns: inputs.friendshipKinds.columns)
        let visits = tape.rows(
            neighborhood.visitKinds, of: inputs.visitKinds.features, columns: inputs.visitKinds.columns)
        var rows = VertexRows(
            people: encode(people: neighborhood.people, inputs, on: &tape),
            places: encode(places: neighborhood.places, inputs, on: &tape))
        if let own { tape.add(own, to: rows.places) }
        var dropout = Dropout(key: dropoutKey ?? 0, rate: dropoutKey == nil ? 0 : configuration.dropout)
        for layer in neighborhood.layers.indices {
            let messages = neighborhood.layers[layer]
            var targets = rows
            if let chosen = messages.peopleRows { targets.people = tape.gather(rows.people, rows: chosen) }
            if let chosen = messages.placeRows { targets.places = tape.gather(rows.places, rows: chosen) }
            let weights = weigh(friendships: friendships, visits: visits, layer: layer, on: &tape)
            rows = pass(messages, layer: layer, targets: targets, sources: rows, weights, dropout: dropout, on: &tape)
            dropout = dropout.next.next
        }
        return rows
    }
}
