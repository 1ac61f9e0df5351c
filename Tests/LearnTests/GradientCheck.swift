import Basics
import Testing

@testable import Learn
@testable import Linalg

/// Compares what `backward` says with what happens when each parameter moves a little, in Double.
struct GradientCheck {
    let parameters: [Double]
    private static let move = 1e-6

    init(parameters: [Double]) { self.parameters = parameters }

    /// Parameters drawn uniformly from ±1.
    init(count: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        parameters = (0..<count).map { _ in random.uniform() * 2 - 1 }
    }

    /// `forward` makes [2n, 1] scores, which the ranking loss turns into one number. Names the parameters
    /// that disagree.
    func disagreements(ofScores forward: (inout Tape<Double>) -> Value) -> [String] {
        disagreements(ofAll: { tape in
            let scores = forward(&tape)
            return (scores, tape.node(scores).rows / 2)
        })
    }

    /// As above, where the first so many scores are positives.
    func disagreements(ofAll forward: (inout Tape<Double>) -> (scores: Value, positives: Int)) -> [String] {
        disagreements(ofLoss: { tape in
            let made = forward(&tape)
            return tape.rankingLoss(made.scores, positives: made.positives)
        })
    }

    /// As above for a whole loss.
    func disagreements(ofLoss forward: (inout Tape<Double>) -> Double) -> [String] {
        var tape = Tape<Double>(parameterCount: parameters.count, pool: ComputePool(threads: 1))
        _ = tape.parameters.update(fromContentsOf: parameters)
        _ = forward(&tape)
        tape.backward()
        let found = Array(tape.parameterGradients)
        var wrong: [String] = []
        for index in parameters.indices {
            func loss(_ change: Double) -> Double {
                tape.reset()
                tape.parameters[index] = parameters[index] + change
                defer { tape.parameters[index] = parameters[index] }
                return forward(&tape)
            }
            let expected = (loss(Self.move) - loss(-Self.move)) / (2 * Self.move)
            if abs(found[index] - expected) > 1e-7 + 1e-6 * abs(expected) {
                wrong.append("parameter \(index): backward \(found[index]), differences \(expected)")
            }
        }
        return wrong
    }

    /// As above for an operation with a result of any shape, whose rows are weighed with fixed numbers.
    func disagreements(ofMatrix forward: (inout Tape<Double>) -> Value) -> [String] {
        disagreements(ofScores: { tape in
            let result = forward(&tape)
            let node = tape.node(result)
            let weights = tape.leaf(rows: node.rows, columns: node.columns, needsGradient: false)
            var random = SeededRandom(seed: 99)
            for index in 0..<node.count { tape.node(weights).value[index] = random.uniform() * 4 - 2 }
            return tape.rowDot(result, weights)
        })
    }
}

extension Tape {
    /// The inner product of each row of a with the same row of b, [rows, 1].
    mutating func rowDot(_ a: Value, _ b: Value) -> Value {
        let rows = (0..<UInt32(node(a).rows)).map { $0 }
        return compare(a, b, rows: (one: rows, other: rows), context: [], width: 0).product
    }
}

/// A block of a check's parameters.
func block(_ offset: Int, _ rows: Int, _ columns: Int) -> ParameterBlock {
    ParameterBlock(offset: offset, rows: rows, columns: columns, start: .constant(0))
}
