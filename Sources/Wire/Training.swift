// A training job in messages: perhaps surveyTraining / survey, then rounds of trainRound / roundResult and
// deltaRequest / delta with every city, then publishModel / published, at last useModel / modelUsed. Weights are bulk
// frame 0, 32-bit floats; the model block is the configuration of the model, which only those who compute can read.

package import Basics

/// Command to coordinator: train on all cities. Answer: `JobAccepted`.
package struct StartTraining: Body {
    package static let kind = Kind.startTraining
    /// At least 1.
    package var rounds: UInt32
    /// Local steps of each city per round.
    package var steps: UInt32
    /// All randomness of the work follows from it.
    package var seed: UInt64
    /// Configuration of the model, a `ModelOrder`; empty: the default.
    package var model: [UInt8]
    /// So many rounds in a row whose weights rank no better end the training; 0: none do.
    package var patience: UInt32
    /// How rounds are made.
    package var policy: RoundPolicy

    package init(
        rounds: UInt32, steps: UInt32, seed: UInt64, model: [UInt8] = [], patience: UInt32 = 0,
        policy: RoundPolicy = RoundPolicy()
    ) {
        self.patience = patience
        self.rounds = rounds
        self.steps = steps
        self.seed = seed
        self.model = model
        self.policy = policy
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        rounds = try reader.get()
        steps = try reader.get()
        seed = try reader.get()
        model = try reader.getBlock()
        patience = try reader.get()
        policy = try RoundPolicy(from: &reader)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(rounds)
        writer.put(steps)
        writer.put(seed)
        writer.put(block: model)
        writer.put(patience)
        writer.put(policy)
    }
}

/// Coordinator to worker: one round of the header's city, from the weights in bulk frame 0 (no floats: from the
/// model's initial weights, which follow from the seed). Answer: `RoundResult`.
///
/// It may come more than once, under another request number too, because an answer may be lost and the coordinator
/// may have restarted. A worker that is at it goes on; one that is through answers the same again, so it keeps its
/// last result or the state from before the round.
package struct TrainRound: Body {
    package static let kind = Kind.trainRound
    /// The job it belongs to.
    package var job: JobID
    /// From 0.
    package var round: UInt32
    /// Local steps; 0: the weights are only judged, and there is no delta.
    package var steps: UInt32
    /// All randomness of the work follows from it.
    package var seed: UInt64
    /// Configuration of the model, opaque on the way; empty: the default.
    package var model: [UInt8]
    /// The city must be able to go back to where it was after so many rounds, the best so far; 0: it need not.
    package var kept: UInt32
    /// How the delta will be asked for.
    package var format: DeltaFormat
    /// Whether the city is to say how well the weights rank.
    package var judges: Bool
    /// The cities whose word of the city's people its steps hear, and where those are; none: steps hear what is here.
    package var others: [CityHome]

    package init(
        job: JobID, round: UInt32, steps: UInt32, seed: UInt64, model: [UInt8], kept: UInt32 = 0,
        format: DeltaFormat = .float32, judges: Bool = true, others: [CityHome] = []
    ) {
        self.others = others
        self.judges = judges
        self.kept = kept
        self.format = format
        self.job = job
        self.round = round
        self.steps = steps
        self.seed = seed
        self.model = model
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        round = try reader.get()
        steps = try reader.get()
        seed = try reader.get()
        model = try reader.getBlock()
        kept = try reader.get()
        format = try DeltaFormat(from: &reader)
        judges = try reader.getBool()
        others = try reader.getList(smallest: 16)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(round)
        writer.put(steps)
        writer.put(seed)
        writer.put(block: model)
        writer.put(kept)
        writer.put(format.rawValue)
        writer.put(judges)
        writer.put(list: others)
    }
}

/// Worker to coordinator: the header's city has done its round, and keeps the change of the shared weights until it is
/// asked for it (`DeltaRequest`).
package struct RoundResult: Body {
    package static let kind = Kind.roundResult
    /// The job it belongs to.
    package var job: JobID
    /// As it was asked for.
    package var round: UInt32
    /// Training samples seen: the weight of this city in the average.
    package var samples: UInt64
    /// Over the samples.
    package var meanLoss: Double
    /// What the computing took, on the worker's clock.
    package var seconds: Double
    /// How the weights that the round began with, the average of the round before, rank what no step has seen: how many
    /// people were judged, 0 where nobody was, and their mean NDCG at 10.
    package var judged: UInt64
    package var ndcg: Double

    package init(
        job: JobID, round: UInt32, samples: UInt64, meanLoss: Double, seconds: Double = 0, judged: UInt64 = 0,
        ndcg: Double = 0
    ) {
        self.judged = judged
        self.ndcg = ndcg
        self.seconds = seconds
        self.job = job
        self.round = round
        self.samples = samples
        self.meanLoss = meanLoss
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        round = try reader.get()
        samples = try reader.get()
        meanLoss = try reader.getDouble()
        seconds = try reader.getDouble()
        judged = try reader.get()
        ndcg = try reader.getDouble()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(round)
        writer.put(samples)
        writer.put(meanLoss)
        writer.put(seconds)
        writer.put(judged)
        writer.put(ndcg)
    }
}

/// Coordinator to worker: embed the header's city with these weights (bulk frame 0) and keep that as this version of
/// the model, which is not used yet. Answer: `Published`. Asked again, a city answers what it answered.
package struct PublishModel: Body {
    package static let kind = Kind.publishModel
    /// The job it belongs to.
    package var job: JobID
    /// Above 0, rising.
    package var version: ModelVersion
    /// All randomness of the work follows from it.
    package var seed: UInt64
    /// Configuration of the model, opaque on the way; empty: the default.
    package var model: [UInt8]
    /// The weights are those after so many rounds; the city goes back to where it was then.
    package var rounds: UInt32

    package init(job: JobID, version: ModelVersion, seed: UInt64, model: [UInt8], rounds: UInt32) {
        self.rounds = rounds
        self.job = job
        self.version = version
        self.seed = seed
        self.model = model
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        version = try reader.getIdentifier()
        seed = try reader.get()
        model = try reader.getBlock()
        rounds = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(version)
        writer.put(seed)
        writer.put(block: model)
        writer.put(rounds)
    }
}

/// Worker to coordinator: the model is ready in the header's city, and this is how good it is there.
package struct Published: Body {
    package static let kind = Kind.published
    /// The job it belongs to.
    package var job: JobID
    /// Residents with held-out places: the weight of this city in averages of the values.
    package var people: UInt64
    /// At 10, each in 0...1: recall, ndcg, popularity recall, popularity ndcg.
    package var values: [Double]

    package init(job: JobID, people: UInt64, values: [Double]) {
        self.job = job
        self.people = people
        self.values = values
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        people = try reader.get()
        values = try reader.getArray(of: Double.self)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(people)
        writer.put(array: values)
    }
}
