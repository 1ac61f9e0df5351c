// What a GraphRec is made of and how it is trained. Travels with every job and every model, so that workers,
// checkpoints and servers agree on each shape.

package import Basics

/// Shapes and training settings of one GraphRec model. The defaults are what the demo trains.
package struct GraphRecConfiguration: Equatable, Sendable {
    /// Width of every vertex embedding.
    package var dimensions = 64
    /// Width of the hidden layer of both encoders.
    package var encoderHidden = 128
    /// Widths of the place head's hidden layers; at least one.
    package var headHidden = [128, 64]
    /// Width of the context vector, see `PlaceContext`.
    package var contextDimensions = 16
    /// Neighbors sampled per vertex and relation, for the layer nearest the targets first; one entry a layer.
    package var fanouts = [10, 5]
    /// Positives a step.
    package var batch = 256
    /// Places each positive is compared with, drawn from the step's own uniform sample of the city.
    package var negatives = 4
    /// Adam's rate for the shared weights.
    package var learningRate: Float = 1e-3
    /// Adam's rate for the place head: lower, since it corrects a ranking that is good already, and at the shared rate
    /// it wanders over it.
    package var headLearningRate: Float = 1e-4
    /// Adam's rate for the vertices' own embeddings, which see few gradients each.
    package var ownLearningRate: Float = 1e-3
    /// Decoupled decay of the shared weights, per unit of learning rate.
    package var weightDecay: Float = 1e-5
    /// Decoupled decay of the vertices' own embeddings, likewise.
    package var ownDecay: Float = 1e-2
    /// Longest gradient a step follows; a longer one is shortened to this.
    package var gradientNormMax: Float = 5
    /// A visit with at least this implicit rating (1...5) is a positive.
    package var positiveRating: Float = 3
    /// Rows of the city embedding; cities share a row modulo this.
    package var cityBuckets = 64
    /// Rows of the neighborhood embedding; neighborhoods share a row modulo this.
    package var neighborhoodBuckets = 64

    package init() {}

    private static let version: UInt16 = 1
    private static let widthMax = 4096

    /// | bytes | field |
    /// | --- | --- |
    /// | 2 | version 1 |
    /// | 4 each | dimensions, encoderHidden, contextDimensions, batch, negatives, cityBuckets, neighborhoodBuckets |
    /// | 4 + 4n each | headHidden, fanouts |
    /// | 4 each | the seven numbers in the order of `numbers` |
    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.version)
        let counts = [
            dimensions, encoderHidden, contextDimensions, batch, negatives, cityBuckets, neighborhoodBuckets,
        ]
        for count in counts { writer.put(UInt32(count)) }
        writer.put(array: headHidden.map { UInt32($0) })
        writer.put(array: fanouts.map { UInt32($0) })
        for number in numbers { writer.put(number) }
    }

    /// Refuses versions it does not know and shapes no model can have.
    package init(from reader: inout ByteReader) throws(ByteError) {
        let version = try reader.get(UInt16.self)
        guard version == Self.version else { throw .invalid("model configuration version \(version)") }
        dimensions = try Self.width(&reader)
        encoderHidden = try Self.width(&reader)
        contextDimensions = try Self.width(&reader)
        batch = try Self.width(&reader, atMost: 1 << 20)
        negatives = try Self.width(&reader)
        cityBuckets = try Self.width(&reader)
        neighborhoodBuckets = try Self.width(&reader)
        headHidden = try Self.widths(&reader)
        fanouts = try Self.widths(&reader)
        learningRate = try Self.number(&reader)
        headLearningRate = try Self.number(&reader)
        ownLearningRate = try Self.number(&reader)
        weightDecay = try Self.number(&reader)
        ownDecay = try Self.number(&reader)
        gradientNormMax = try Self.number(&reader)
        positiveRating = try Self.number(&reader)
        guard contextDimensions >= PlaceContext.slots else { throw .invalid("context of \(contextDimensions)") }
    }

    private var numbers: [Float] {
        [learningRate, headLearningRate, ownLearningRate, weightDecay, ownDecay, gradientNormMax, positiveRating]
    }

    private static func width(_ reader: inout ByteReader, atMost limit: Int = widthMax) throws(ByteError) -> Int {
        let width = Int(try reader.get(UInt32.self))
        guard (1...limit).contains(width) else { throw .invalid("size \(width), allowed 1...\(limit)") }
        return width
    }

    private static func widths(_ reader: inout ByteReader) throws(ByteError) -> [Int] {
        let widths = try reader.getArray(of: UInt32.self).map { Int($0) }
        guard (1...8).contains(widths.count), widths.allSatisfy({ (1...widthMax).contains($0) }) else {
            throw .invalid("layer sizes \(widths.prefix(9))")
        }
        return widths
    }

    private static func number(_ reader: inout ByteReader) throws(ByteError) -> Float {
        let number = try reader.getFloat()
        guard number.isFinite, number >= 0 else { throw .invalid("setting \(number)") }
        return number
    }
}

/// The context a place is judged in. Columns 0..<6 are the wanted time slot, one of them 1, all 0 when no
/// slot is asked for; the columns from 6 on are reserved and 0.
package enum PlaceContext {
    /// How many time slots there are.
    package static let slots = 6

    /// The context of a time slot, or of no slot at all.
    package static func vector(slot: Int?, configuration: GraphRecConfiguration) -> [Float] {
        var context = [Float](repeating: 0, count: configuration.contextDimensions)
        if let slot {
            precondition((0..<slots).contains(slot), "a time slot is in 0..<6")
            context[slot] = 1
        }
        return context
    }
}
