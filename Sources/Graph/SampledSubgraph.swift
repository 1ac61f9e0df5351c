// A mini-batch's share of the city: the vertices whose embeddings are wanted, and layer by layer the
// neighbors whose messages they are computed from.
//
// Rows are handed out in the order of discovery, so the targets of a layer are the first rows of its inputs,
// and one list of people and one of places serve all layers: the inputs of layer 0 are all rows, the inputs
// of layer i > 0 are the targets of layer i - 1, and the targets of the last layer are what was asked for.

/// One relation's sampled messages in one layer: for every target row, where its messages come from.
package struct SampledRelation: Sendable, Equatable {
    /// Messages of target t are at `offsets[t]..<offsets[t + 1]`; one entry more than the layer has targets.
    package var offsets: [UInt32]
    /// Of each message, the row of its source among the layer's input rows of the source's kind.
    package var sources: [UInt32]
    /// Of each message, its edge: a row of `CityGraph.socialFeatures` for the social relation, an index into
    /// `CityGraph.visitSignals` for both visit relations. Those of one source stand together,
    /// in the order of the graph.
    package var edges: [UInt32]

    package init(offsets: [UInt32] = [0], sources: [UInt32] = [], edges: [UInt32] = []) {
        self.offsets = offsets
        self.sources = sources
        self.edges = edges
    }
}

/// The messages of one layer, and how many rows of each kind receive them.
package struct SampledLayer: Sendable, Equatable {
    /// Target people: the first rows of the layer's input people.
    package var people: Int
    /// Target places: the first rows of the layer's input places.
    package var places: Int
    /// person <- person, over friendships.
    package var social: SampledRelation
    /// place <- person, over visits.
    package var interacts: SampledRelation
    /// person <- place, over visits.
    package var revInteracts: SampledRelation

    package init(
        people: Int, places: Int, social: SampledRelation, interacts: SampledRelation, revInteracts: SampledRelation
    ) {
        self.people = people
        self.places = places
        self.social = social
        self.interacts = interacts
        self.revInteracts = revInteracts
    }
}

/// What a sampler drew for one batch.
package struct SampledSubgraph: Sendable, Equatable {
    /// The local person of each input row.
    package var people: [UInt32]
    /// The local place of each input row.
    package var places: [UInt32]
    /// First the layer nearest to the input; the targets of the last are the vertices asked for.
    package var layers: [SampledLayer]

    package init(people: [UInt32], places: [UInt32], layers: [SampledLayer]) {
        self.people = people
        self.places = places
        self.layers = layers
    }
}
