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
    private let model: GraphRec
    private let weights: [Float]

    /// Pairs that go through the networks together.
    private static let pairsPerBlock = 2048

    /// `weights` are a whole model's shared weights.
    package init(configuration: GraphRecConfiguration, weights: [Float]) {
        model = GraphRec(configuration)
        precondition(weights.count == model.layout.count, "weights belong to their configuration")
        self.weights = weights
    }

    /// One score for each pair of rows of `embeddings.people`, in one context of `FriendContext`.
    package func scores(
        pairs: [(first: UInt32, second: UInt32)], embeddings: CityEmbeddings, context: [Float], pool: ComputePool
    ) -> [FriendScore] {
        var asked = FriendPairs()
        asked.first = pairs.map(\.first)
        asked.second = pairs.map(\.second)
        asked.context = pairs.flatMap { _ in context }
        return scores(asked, embeddings, pool)
    }

    func scores(_ pairs: FriendPairs, _ embeddings: CityEmbeddings, _ pool: ComputePool) -> [FriendScore] {
        let (d, width) = (model.configuration.dimensions, model.configuration.contextDimensions)
        precondition(embeddings.dimensions == d + 1, "embeddings belong to the head's configuration")
        var tape = Tape<Float>(parameters: weights, pool: pool)
        var scores: [FriendScore] = []
        for start in stride(from: 0, to: pairs.count, by: Self.pairsPerBlock) {
            let block = start..<min(start + Self.pairsPerBlock, pairs.count)
            tape.reset()
            let people = tape.leaf(rows: 2 * block.count, columns: d, needsGradient: false)
            var asked = FriendPairs()
            for (row, pair) in block.enumerated() {
                for (index, person) in [pairs.first[pair], pairs.second[pair]].enumerated() {
                    let target = tape.node(people).value + (2 * row + index) * d
                    for (column, entry) in embeddings.person(Int(person)).prefix(d).enumerated() {
                        target[column] = entry
                    }
                }
                asked.first.append(UInt32(2 * row))
                asked.second.append(UInt32(2 * row + 1))
            }
            asked.context = Array(pairs.context[block.lowerBound * width..<block.upperBound * width])
            let logits = model.judge(asked, people: people, on: &tape)
            let (compatible, attends) = (tape.node(logits.compatible).value, tape.node(logits.attends).value)
            for row in 0..<block.count {
                let chance = 1 / (1 + Float.exponential(-attends[row]))
                scores.append(FriendScore(compatible: compatible[row], attends: chance))
            }
        }
        return scores
    }
}
