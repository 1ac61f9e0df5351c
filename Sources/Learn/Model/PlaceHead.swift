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

    /// One score for each of the `rows` of `places`, which is [places, width]; `person` is a row of embeddings, with
    /// its last column. `features` are [rows, 114], of which the wish's context is made; where nothing is wished for
    /// they are not read.
    package func scores(
        person: Span<Float>, places: Span<Float>, rows: [Int], features: [Float], wish: PlaceWish
    ) -> [Float] {
        precondition(person.count == width && places.count % width == 0, "rows have the embeddings' dimensions")
        var contexts: [Float] = []
        if !wish.isAnything {
            contexts.reserveCapacity(rows.count * configuration.contextDimensions)
            for index in rows.indices {
                let own = features[index * PlaceColumns.count..<(index + 1) * PlaceColumns.count]
                contexts += wish.context(place: own, width: configuration.contextDimensions)
            }
        }
        var scores = network.judge(one: person, others: places, stride: width, rows: rows, contexts: contexts)
        for (index, row) in rows.enumerated() {
            scores[index] += dot(person, places.extracting(row * width..<(row + 1) * width))
        }
        return scores
    }

    /// One score for each place, in the order given. `person` is a row of `embeddings.people`, `places` are rows of
    /// `embeddings.places`, `features` are `CityGraph.placeFeatures`.
    package func scores(
        person: Span<Float>, places: [UInt32], embeddings: CityEmbeddings, wish: PlaceWish, features: [Float]
    ) -> [Float] {
        var own: [Float] = []
        if !wish.isAnything {
            for place in places {
                own += features[Int(place) * PlaceColumns.count..<(Int(place) + 1) * PlaceColumns.count]
            }
        }
        return scores(
            person: person, places: embeddings.places.span, rows: places.map { Int($0) }, features: own, wish: wish)
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
