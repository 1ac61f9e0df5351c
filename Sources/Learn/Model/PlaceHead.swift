// Re-ranking: what an index retrieved is judged once more with the network of the place head, in matrix products
// over many pairs at a time. It is the code that training runs, so served scores are trained scores.

package import Basics
import Graph
import Linalg

/// Scores places for people: retrieval inner product + MLP([z_u, z_p, z_u ⊙ z_p, |z_u - z_p|, context]).
package struct PlaceHead: Sendable {
    private let configuration: GraphRecConfiguration
    private let blocks: HeadBlocks
    private let weights: [Float]

    /// People whose candidates share one pass through the network.
    private static let peoplePerBlock = 16

    /// `weights` are a whole model's shared weights; the head keeps its own part.
    package init(configuration: GraphRecConfiguration, weights: [Float]) {
        let layout = GraphRecLayout(configuration)
        precondition(weights.count == layout.count, "weights belong to their configuration")
        self.configuration = configuration
        var allocator = ParameterAllocator()
        blocks = HeadBlocks(&allocator, configuration)
        self.weights = Array(weights[layout.headOffset...])
    }

    /// One score for each place, in the order given. `person` is a row of `embeddings.people`, `places` are rows of
    /// `embeddings.places`, `features` are `CityGraph.placeFeatures`.
    package func scores(
        person: Span<Float>, places: [UInt32], embeddings: CityEmbeddings, wish: PlaceWish, features: [Float]
    ) -> [Float] {
        precondition(person.count == embeddings.dimensions, "a person's row has the embeddings' dimensions")
        var row: [Float] = []
        for index in person.indices { row.append(person[index]) }
        return scores([(row[...], places)], embeddings, wish, features, ComputePool(threads: 1))[0]
    }

    /// For each of `people` (rows of `embeddings.people`) one score for each of its candidates, all for one wish.
    /// Blocks of people run in parallel; a score does not depend on who else is asked for.
    package func scores(
        people: [UInt32], candidates: [[UInt32]], embeddings: CityEmbeddings, wish: PlaceWish, features: [Float],
        pool: ComputePool
    ) -> [[Float]] {
        precondition(people.count == candidates.count, "every person has a list of candidates")
        let size = Self.peoplePerBlock
        let blocks = (people.count + size - 1) / size
        var results = [[[Float]]](repeating: [], count: blocks)
        results.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: block i writes only the i-th result.
            nonisolated(unsafe) let target = buffer
            pool.forEach(blocks) { block in
                let range = block * size..<min((block + 1) * size, people.count)
                let asked = range.map { (embeddings.person(Int(people[$0])), candidates[$0]) }
                target[block] = scores(asked, embeddings, wish, features, ComputePool(threads: 1))
            }
        }
        return results.flatMap { $0 }
    }

    private func scores(
        _ asked: [(person: ArraySlice<Float>, places: [UInt32])], _ embeddings: CityEmbeddings, _ wish: PlaceWish,
        _ features: [Float], _ alone: ComputePool
    ) -> [[Float]] {
        let pairs = asked.reduce(0) { $0 + $1.places.count }
        let d = configuration.dimensions
        precondition(embeddings.dimensions == d + 1, "embeddings belong to the head's configuration")
        let width = configuration.contextDimensions
        let plain = [Float](repeating: 0, count: width)
        var tape = Tape<Float>(parameters: weights, pool: alone)
        let people = tape.leaf(rows: asked.count, columns: d, needsGradient: false)
        let places = tape.leaf(rows: pairs, columns: d, needsGradient: false)
        let to = (tape.node(people).value, tape.node(places).value)
        var (retrieval, contexts): ([Float], [Float]) = ([], [])
        var rows: (one: [UInt32], other: [UInt32]) = ([], [])
        retrieval.reserveCapacity(pairs)
        contexts.reserveCapacity(pairs * width)
        for (number, (person, candidates)) in asked.enumerated() {
            Self.copy(person.prefix(d), to: to.0 + number * d)
            for place in candidates {
                let (pair, row) = (retrieval.count, embeddings.place(Int(place)))
                Self.copy(row.prefix(d), to: to.1 + pair * d)
                let start = Int(place) * PlaceColumns.count
                contexts +=
                    wish.isAnything
                    ? plain : wish.context(place: features[start..<start + PlaceColumns.count], width: width)
                retrieval.append(dot(person.span, row.span))
                rows.one.append(UInt32(number))
                rows.other.append(UInt32(pair))
            }
        }
        let inputs = tape.compare(people, places, rows: rows, context: contexts, width: width).inputs
        let judged = tape.node(GraphRec.judge(people, places, rows: rows, inputs, blocks, on: &tape)).value
        var pair = 0
        return asked.map { _, candidates in
            candidates.map { _ in
                defer { pair += 1 }
                return retrieval[pair] + judged[pair]
            }
        }
    }

    private static func copy(_ row: ArraySlice<Float>, to target: UnsafeMutablePointer<Float>) {
        row.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { target.update(from: start, count: source.count) }
        }
    }
}
