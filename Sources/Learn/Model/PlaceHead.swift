// Re-ranking: what an index retrieved is judged once more with the network of the place head, in matrix products
// over all candidates of a person. The weights are those of training; tests hold the scores against the tape's.

package import Basics
import Graph
import Linalg

/// Scores places for people: retrieval inner product + MLP([z_u, z_p, z_u ⊙ z_p, |z_u - z_p|, context]).
package struct PlaceHead: Sendable {
    private let configuration: GraphRecConfiguration
    private let network: HeadNetwork

    private let width: Int

    /// `weights` are a whole model's shared weights; the head keeps its own part. It will be given rows with `columns`.
    package init(configuration: GraphRecConfiguration, weights: [Float], columns: TasteColumns = .none) {
        let layout = GraphRecLayout(configuration)
        precondition(weights.count == layout.count, "weights belong to their configuration")
        self.configuration = configuration
        network = HeadNetwork(layout.head, weights, rowScale: columns.networkScale)
        width = configuration.dimensions + columns.count + 1
    }

    /// One score for each place. `person` is a row of embeddings, with its last column; `places` are [places, the same
    /// width]; `features` are the places' rows of [places, 114], of which the wish's context is made.
    package func scores(person: Span<Float>, places: Span<Float>, features: [Float], wish: PlaceWish) -> [Float] {
        precondition(person.count == width && places.count % width == 0, "rows have the embeddings' dimensions")
        let count = places.count / width
        var contexts: [Float] = []
        if !wish.isAnything {
            contexts.reserveCapacity(count * configuration.contextDimensions)
            for place in 0..<count {
                let own = features[place * PlaceColumns.count..<(place + 1) * PlaceColumns.count]
                contexts += wish.context(place: own, width: configuration.contextDimensions)
            }
        }
        var scores = network.judge(one: person, others: places, stride: width, count: count, contexts: contexts)
        for place in 0..<count { scores[place] += dot(person, places.extracting(place * width..<(place + 1) * width)) }
        return scores
    }

    /// One score for each place, in the order given. `person` is a row of `embeddings.people`, `places` are rows of
    /// `embeddings.places`, `features` are `CityGraph.placeFeatures`.
    package func scores(
        person: Span<Float>, places: [UInt32], embeddings: CityEmbeddings, wish: PlaceWish, features: [Float]
    ) -> [Float] {
        var rows: [Float] = []
        var own: [Float] = []
        rows.reserveCapacity(places.count * embeddings.dimensions)
        for place in places {
            rows += embeddings.place(Int(place))
            if wish.isAnything { continue }
            own += features[Int(place) * PlaceColumns.count..<(Int(place) + 1) * PlaceColumns.count]
        }
        return scores(person: person, places: rows.span, features: own, wish: wish)
    }

    /// For each of `people` (rows of `embeddings.people`) one score for each of its candidates, all for one wish.
    /// People are judged in parallel; a score does not depend on who else is asked for.
    package func scores(
        people: [UInt32], candidates: [[UInt32]], embeddings: CityEmbeddings, wish: PlaceWish, features: [Float],
        pool: ComputePool
    ) -> [[Float]] {
        precondition(people.count == candidates.count, "every person has a list of candidates")
        return pool.map(people.count) { index in
            scores(
                person: embeddings.person(Int(people[index])).span, places: candidates[index], embeddings: embeddings,
                wish: wish, features: features)
        }
    }
}
