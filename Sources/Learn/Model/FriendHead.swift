// Two people judged together: do they get on, and would they come if invited together? Two networks over the same
// inputs, [z_u, z_v, z_u ⊙ z_v, |z_u - z_v|, context], of which the second ends in a probability.

package import Basics
import Linalg

/// The two networks of the friend head.
struct FriendBlocks: Sendable {
    let compatible: HeadBlocks
    let attends: HeadBlocks

    init(_ allocator: inout ParameterAllocator, _ configuration: GraphRecConfiguration) {
        compatible = HeadBlocks(&allocator, configuration)
        attends = HeadBlocks(&allocator, configuration)
    }
}

/// What a friend head says of a pair.
package struct FriendScore: Sendable, Equatable {
    /// A logit: how well the two get on.
    package var compatible: Float
    /// The probability that they come when invited together.
    package var attends: Float

    /// alpha · compatible + (1 - alpha) · attends (specification, 4.3.2); `alpha` in 0...1.
    package func combined(alpha: Float) -> Float { alpha * compatible + (1 - alpha) * attends }
}

extension GraphRec {
    /// Logits of pairs, [pairs, 1] each.
    func judge<Number: Scalar>(
        _ pairs: FriendPairs, people: Value, on tape: inout Tape<Number>
    ) -> (compatible: Value, attends: Value) {
        tape.begin("the friend head")
        let both = (one: pairs.first, other: pairs.second)
        let inputs = tape.compare(
            people, people, rows: both, context: pairs.context, width: configuration.contextDimensions
        ).inputs
        return (
            Self.judge(people, people, rows: both, inputs, layout.friends.compatible, on: &tape),
            Self.judge(people, people, rows: both, inputs, layout.friends.attends, on: &tape)
        )
    }
}

/// Scores pairs of people by a model's shared weights.
package struct FriendHead: Sendable {
    private let configuration: GraphRecConfiguration
    private let compatible: HeadNetwork
    private let attends: HeadNetwork

    private let width: Int

    /// `weights` are a whole model's shared weights; the head keeps its own part. It will be given rows with `columns`.
    package init(configuration: GraphRecConfiguration, weights: [Float], columns: TasteColumns = .none) {
        let layout = GraphRecLayout(configuration)
        precondition(weights.count == layout.count, "weights belong to their configuration")
        self.configuration = configuration
        compatible = HeadNetwork(layout.friends.compatible, weights, rowScale: columns.networkScale)
        attends = HeadNetwork(layout.friends.attends, weights, rowScale: columns.networkScale)
        width = configuration.dimensions + columns.count + 1
    }

    /// One score of `person` with each of the `rows` of `others`, which is [others, width], as `person` is a row of
    /// embeddings; `contexts` is a row of `FriendContext` for each of the rows, one behind the other.
    package func scores(
        person: Span<Float>, others: Span<Float>, rows: [Int], contexts: [Float]
    ) -> [FriendScore] {
        precondition(person.count == width && others.count % width == 0, "rows have the embeddings' dimensions")
        func judge(_ network: HeadNetwork) -> [Float] {
            network.judge(one: person, others: others, stride: width, rows: rows, contexts: contexts)
        }
        return zip(judge(compatible), judge(attends)).map { compatible, attends in
            FriendScore(compatible: compatible, attends: 1 / (1 + Float.exponential(-attends)))
        }
    }

    /// One score for each pair of rows of `embeddings.people`, in one context of `FriendContext`.
    package func scores(
        pairs: [(first: UInt32, second: UInt32)], embeddings: CityEmbeddings, context: [Float], pool: ComputePool
    ) -> [FriendScore] {
        pool.map(pairs.count) { pair in
            scores(
                person: embeddings.person(Int(pairs[pair].first)).span,
                others: embeddings.people.span, rows: [Int(pairs[pair].second)], contexts: context)[0]
        }
    }

    /// The same for pairs with a context each.
    func scores(_ pairs: FriendPairs, _ embeddings: CityEmbeddings, _ pool: ComputePool) -> [FriendScore] {
        let width = configuration.contextDimensions
        return pool.map(pairs.count) { pair in
            scores(
                person: embeddings.person(Int(pairs.first[pair])).span,
                others: embeddings.people.span, rows: [Int(pairs.second[pair])],
                contexts: Array(pairs.context[pair * width..<(pair + 1) * width]))[0]
        }
    }
}
