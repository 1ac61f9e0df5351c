import Basics

/// The weights all cities share: encoders, message passing and head, as one vector that rounds average.
package struct SharedWeights: Sendable, Equatable {
    package let configuration: GraphRecConfiguration
    package var values: [Float]

    /// Takes over values from elsewhere; their count must be `count(for: configuration)`.
    package init(configuration: GraphRecConfiguration, values: [Float]) {
        precondition(values.count == Self.count(for: configuration), "weights belong to their configuration")
        self.configuration = configuration
        self.values = values
    }

    /// The weights before any training. The same seed gives the same weights.
    package static func initial(_ configuration: GraphRecConfiguration, seed: UInt64) -> SharedWeights {
        let layout = GraphRecLayout(configuration)
        var values: [Float] = []
        values.reserveCapacity(layout.count)
        for (number, block) in layout.blocks.enumerated() {
            var random = SeededRandom(seed: seed).child("shared weights", UInt64(number))
            for index in 0..<block.count {
                let isOnDiagonal = index / block.columns == index % block.columns
                values.append(block.start.draw(isOnDiagonal: isOnDiagonal, &random))
            }
        }
        return SharedWeights(configuration: configuration, values: values)
    }

    /// How many shared weights a model has.
    package static func count(for configuration: GraphRecConfiguration) -> Int { GraphRecLayout(configuration).count }
}

extension ParameterBlock.Start {
    func draw(isOnDiagonal: Bool, _ random: inout SeededRandom) -> Float {
        switch self {
        case .constant(let value):
            return value
        case .glorot(let inputs, let outputs):
            return (random.uniformFloat() * 2 - 1) * (6 / Float(inputs + outputs)).squareRoot()
        case .diagonal(let value):
            return isOnDiagonal ? value : 0
        case .normal(let deviation):
            return Float(random.normal()) * deviation
        }
    }
}
