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
    /// Width of the context vector, see `ContextColumns`.
    package var contextDimensions = 16
    /// Channels that the weight of an edge is the mean of.
    package var edgeChannels = 16
    /// What a vertex makes of its neighbors' messages.
    package var aggregation = Aggregation.mean
    /// Whether what a vertex hears also reaches it past the rectifier and the norm, which forget signs and lengths.
    package var passesStraight = true
    /// Along which relations messages pass.
    package var relations = Relations.all
    /// Share of a layer's entries that a step drops.
    package var dropout: Float = 0
    /// Whether places have embeddings and biases of their own beside their features.
    package var hasOwnEmbeddings = true
    /// How a step reads the graph.
    package var plan = StepPlan.cheapest
    /// A person's visit is half as likely to be sampled as the one so many visits later; 0 for all alike.
    package var recencyHalfLife = 0
    /// Neighbors sampled per vertex and relation, for the layer nearest the targets first; one entry a layer.
    package var fanouts = [10, 5]
    /// People a step hides visits of, at most.
    package var people = 2048
    /// Of their positives, the share that is hidden and has to be found.
    package var hiddenShare: Float = 0.2
    /// Places that compete to be found: all of a city up to so many, else an even draw.
    package var candidates = 16_384
    /// A person's part in the softmax grows with their hidden positives to this power: 0 weighs people, 1 visits.
    package var activityPower: Float = 0.5
    /// Weights of the losses: the softmax over inner products, and Bayesian personalized ranking of the place head's
    /// scores. Without softmax nothing is hidden but the batch's positives.
    package var softmaxWeight: Float = 1
    package var rankingWeight: Float = 1
    /// Of the friend head's cross-entropies: do two people get on, and would they come when invited together?
    package var friendWeight: Float = 0.5
    package var attendWeight: Float = 0.3
    /// Labelled pairs of people a step.
    package var friendBatch = 512
    /// Of each resident's training visits, the last share is kept back to choose checkpoints and settings by.
    package var validationShare: Float = 0.1
    /// Positives a step of the place head.
    package var batch = 256
    /// Places each positive is compared with, drawn from the step's own uniform sample of the city.
    package var negatives = 4
    /// Whether these places have a coarse category in common with the positive: harder to tell from it.
    package var negativesShareCategory = false
    /// What all rates are multiplied with, step by step.
    package var schedule = RateSchedule()
    /// Adam's rate for the shared weights.
    package var learningRate: Float = 3e-3
    /// Adam's rate for the place head: lower, since it corrects a ranking that is good already, and at the shared rate
    /// it wanders over it.
    package var headLearningRate: Float = 1e-4
    /// Adam's rate for the places' own embeddings, which see few gradients each.
    package var ownLearningRate: Float = 3e-3
    /// Adam's rate for the places' biases, which start at the popularity that was counted.
    package var biasLearningRate: Float = 1e-3
    /// Decoupled decay of the shared weights, per unit of learning rate.
    package var weightDecay: Float = 1e-5
    /// Decoupled decay of the places' own embeddings, likewise.
    package var ownDecay: Float = 1e-2
    /// Longest gradient a step follows; a longer one is shortened to this.
    package var gradientNormMax: Float = 5
    /// A visit with at least this implicit rating (1...5) is a positive; 0 for every visit.
    package var positiveRating: Float = 0
    /// Rows of the city embedding; cities share a row modulo this.
    package var cityBuckets = 64
    /// Rows of the neighborhood embedding; neighborhoods share a row modulo this.
    package var neighborhoodBuckets = 64

    package init() {}

    /// The sizes that the model was specified with, and the features alone to tell vertices apart.
    package static var specified: GraphRecConfiguration {
        var configuration = GraphRecConfiguration()
        configuration.dimensions = 128
        configuration.encoderHidden = 256
        configuration.edgeChannels = 128
        configuration.headHidden = [256, 128]
        configuration.hasOwnEmbeddings = false
        configuration.fanouts = [15, 10]
        configuration.batch = 512
        configuration.negatives = 1
        configuration.softmaxWeight = 0
        configuration.schedule.warmUpSteps = 1
        configuration.schedule.fall = .constant
        configuration.positiveRating = 3
        (configuration.friendWeight, configuration.attendWeight) = (0, 0)
        configuration.passesStraight = false
        configuration.validationShare = 0
        return configuration
    }

    private static let version: UInt16 = 4
    private static let widthMax = 4096

    /// | bytes | field |
    /// | --- | --- |
    /// | 2 | version 4 |
    /// | 4 each | dimensions, encoderHidden, contextDimensions, batch, negatives, cityBuckets, neighborhoodBuckets |
    /// | 4 each | edgeChannels, people, candidates, relations, passesStraight (0 or 1), friendBatch |
    /// | 4 each | negativesShareCategory (0 or 1) |
    /// | 4 each | recencyHalfLife, aggregation, hasOwnEmbeddings (0 or 1), plan |
    /// | 4 + 4n each | headHidden, fanouts |
    /// | 4 each | the numbers in the order of `numbers` |
    /// | 20 | `RateSchedule` |
    package func encode(into writer: inout ByteWriter) {
        writer.put(Self.version)
        let counts = [
            dimensions, encoderHidden, contextDimensions, batch, negatives, cityBuckets, neighborhoodBuckets,
            edgeChannels, people, candidates, Int(relations.rawValue), passesStraight ? 1 : 0, friendBatch,
            negativesShareCategory ? 1 : 0,
            recencyHalfLife, aggregation.rawValue, hasOwnEmbeddings ? 1 : 0, plan.rawValue,
        ]
        for count in counts { writer.put(UInt32(count)) }
        writer.put(array: headHidden.map { UInt32($0) })
        writer.put(array: fanouts.map { UInt32($0) })
        for number in numbers { writer.put(number) }
        schedule.encode(into: &writer)
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
        edgeChannels = try Self.width(&reader)
        people = try Self.width(&reader, atMost: 1 << 20)
        candidates = try Self.width(&reader, atMost: 1 << 24)
        relations = try Self.choice(&reader) { (0..<8).contains($0) ? Relations(rawValue: UInt8($0)) : nil }
        passesStraight = try Self.flag(&reader)
        friendBatch = try Self.width(&reader, atMost: 1 << 20)
        negativesShareCategory = try Self.flag(&reader)
        recencyHalfLife = Int(try reader.get(UInt32.self))
        aggregation = try Self.choice(&reader, Aggregation.init)
        hasOwnEmbeddings = try Self.flag(&reader)
        plan = try Self.choice(&reader, StepPlan.init)
        headHidden = try Self.widths(&reader)
        fanouts = try Self.widths(&reader)
        learningRate = try Self.number(&reader)
        headLearningRate = try Self.number(&reader)
        ownLearningRate = try Self.number(&reader)
        weightDecay = try Self.number(&reader)
        ownDecay = try Self.number(&reader)
        gradientNormMax = try Self.number(&reader)
        positiveRating = try Self.number(&reader)
        dropout = try Self.number(&reader)
        hiddenShare = try Self.number(&reader)
        activityPower = try Self.number(&reader)
        softmaxWeight = try Self.number(&reader)
        rankingWeight = try Self.number(&reader)
        validationShare = try Self.number(&reader)
        biasLearningRate = try Self.number(&reader)
        friendWeight = try Self.number(&reader)
        attendWeight = try Self.number(&reader)
        schedule = try RateSchedule(from: &reader)
        guard hiddenShare <= 1, validationShare < 1 else {
            throw .invalid("shares of \(hiddenShare) and \(validationShare)")
        }
        guard dropout < 1 else { throw .invalid("dropout of \(dropout)") }
        guard contextDimensions >= ContextColumns.count else { throw .invalid("context of \(contextDimensions)") }
    }

    private var numbers: [Float] {
        [
            learningRate, headLearningRate, ownLearningRate, weightDecay, ownDecay, gradientNormMax, positiveRating,
            dropout, hiddenShare, activityPower, softmaxWeight, rankingWeight, validationShare, biasLearningRate,
            friendWeight, attendWeight,
        ]
    }

    private static func flag(_ reader: inout ByteReader) throws(ByteError) -> Bool {
        try choice(&reader) { [0: false, 1: true][$0] }
    }

    private static func choice<Choice>(
        _ reader: inout ByteReader, _ choice: (Int) -> Choice?
    ) throws(ByteError) -> Choice {
        let number = Int(try reader.get(UInt32.self))
        guard let chosen = choice(number) else { throw .invalid("choice \(number)") }
        return chosen
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
        guard number.isFinite, number.sign == .plus else { throw .invalid("setting \(number)") }
        return number
    }
}

/// What a vertex makes of its neighbors' messages x, where w is the weight of the edge.
package enum Aggregation: Int, Sendable {
    /// Σ w · x / (Σ w + 0.001)
    case mean
    /// Σ w · x
    case sum
    /// Σ w · f · x / (Σ w · f + 0.001), where f = e^(a · x) is learned of the source: the softmax over a target's
    /// messages of a · x + log w. (A part of the target's own would cancel.)
    case attention
}

/// Relations along which messages pass.
package struct Relations: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// person <- person, over friendships.
    package static let social = Relations(rawValue: 1)
    /// place <- person, over visits.
    package static let interacts = Relations(rawValue: 2)
    /// person <- place, over visits.
    package static let revInteracts = Relations(rawValue: 4)
    package static let all: Relations = [.social, .interacts, .revInteracts]
}

/// How a step reads the graph.
package enum StepPlan: Int, Sendable {
    /// What costs less for the city and batch at hand.
    case cheapest
    /// Neighbors are sampled.
    case sampled
    /// All vertices hear all their neighbors, but in the last layer only those that the batch asks for.
    case whole
}
