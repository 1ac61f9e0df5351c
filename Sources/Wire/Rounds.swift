// What a round needs beside the training: the deltas, which are fetched one by one so that the coordinator never holds
// many, the survey before the first round, and the switch to a new version at the end.

package import Basics

/// Coordinator to worker: the change of the shared weights that the header's city has kept. Answer: `Delta`.
package struct DeltaRequest: Body {
    package static let kind = Kind.deltaRequest
    /// The job it belongs to.
    package var job: JobID
    /// The round it was trained in.
    package var round: UInt32

    package init(job: JobID, round: UInt32) {
        self.job = job
        self.round = round
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        round = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(round)
    }
}

/// Worker to coordinator: weights after the round minus weights before it, in bulk frame 0. Of the first round, frame 1
/// holds the weights before it, 32-bit floats: nobody but the cities can draw them.
package struct Delta: Body {
    package static let kind = Kind.delta
    /// The job it belongs to.
    package var job: JobID
    /// The round it was trained in.
    package var round: UInt32
    /// What frame 0 is made of.
    package var format: DeltaFormat

    package init(job: JobID, round: UInt32, format: DeltaFormat) {
        self.job = job
        self.round = round
        self.format = format
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        round = try reader.get()
        format = try DeltaFormat(from: &reader)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(round)
        writer.put(format.rawValue)
    }
}

extension DeltaFormat {
    init(from reader: inout ByteReader) throws(ByteError) {
        let number = try reader.get(UInt8.self)
        guard let format = DeltaFormat(rawValue: number) else { throw .invalid("delta format \(number)") }
        self = format
    }
}

/// Coordinator to worker: measure what training the header's city will cost. Answer: `CitySurvey`. Nothing changes.
package struct SurveyTraining: Body {
    package static let kind = Kind.surveyTraining
    /// The job it belongs to.
    package var job: JobID
    /// Of the job.
    package var seed: UInt64
    /// Configuration of the model, opaque on the way; empty: the default.
    package var model: [UInt8]

    package init(job: JobID, seed: UInt64, model: [UInt8]) {
        self.job = job
        self.seed = seed
        self.model = model
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        seed = try reader.get()
        model = try reader.getBlock()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(seed)
        writer.put(block: model)
    }
}

/// Worker to coordinator: what training the header's city costs, measured on some steps.
package struct CitySurvey: Body {
    package static let kind = Kind.citySurvey
    /// The job it belongs to.
    package var job: JobID
    /// Positives there are to learn from: the size of the city.
    package var samples: UInt64
    /// Shared weights of the model.
    package var weights: UInt32
    /// Seconds of one local step.
    package var stepSeconds: Double
    /// Seconds of a round beside its steps: storing the state.
    package var roundSeconds: Double
    /// Seconds of embedding and judging the city at the end.
    package var indexSeconds: Double
    /// Bytes of memory that stay as long as the worker holds the city and its trainer.
    package var residentBytes: UInt64
    /// Bytes of memory while it computes, given back afterwards.
    package var workingBytes: UInt64
    /// Bytes of memory that the worker may use for all its cities.
    package var memoryBytes: UInt64
    /// Bytes that it tells other cities, or hears of its guests, before the model goes live.
    package var exchangeBytes: UInt64

    package init(
        job: JobID, samples: UInt64, weights: UInt32, stepSeconds: Double, roundSeconds: Double,
        indexSeconds: Double, residentBytes: UInt64, workingBytes: UInt64, memoryBytes: UInt64,
        exchangeBytes: UInt64 = 0
    ) {
        self.exchangeBytes = exchangeBytes
        self.job = job
        self.samples = samples
        self.weights = weights
        self.stepSeconds = stepSeconds
        self.roundSeconds = roundSeconds
        self.indexSeconds = indexSeconds
        self.residentBytes = residentBytes
        self.workingBytes = workingBytes
        self.memoryBytes = memoryBytes
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        samples = try reader.get()
        weights = try reader.get()
        stepSeconds = try reader.getDouble()
        roundSeconds = try reader.getDouble()
        indexSeconds = try reader.getDouble()
        residentBytes = try reader.get()
        workingBytes = try reader.get()
        memoryBytes = try reader.get()
        exchangeBytes = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(samples)
        writer.put(weights)
        writer.put(stepSeconds)
        writer.put(roundSeconds)
        writer.put(indexSeconds)
        writer.put(residentBytes)
        writer.put(workingBytes)
        writer.put(memoryBytes)
        writer.put(exchangeBytes)
    }
}

/// Command to coordinator: let every city answer with this version from now on; and coordinator to worker, for the
/// header's city. Answer of the coordinator: `Models`, of a worker: `ModelUsed`.
package struct UseModel: Body {
    package static let kind = Kind.useModel
    package var version: ModelVersion

    package init(version: ModelVersion) { self.version = version }

    package init(from reader: inout ByteReader) throws(ByteError) { version = try reader.getIdentifier() }

    package func encode(into writer: inout ByteWriter) { writer.put(version) }
}

/// Worker to coordinator: the header's city answers with this version.
package struct ModelUsed: Body {
    package static let kind = Kind.modelUsed
    package var version: ModelVersion

    package init(version: ModelVersion) { self.version = version }

    package init(from reader: inout ByteReader) throws(ByteError) { version = try reader.getIdentifier() }

    package func encode(into writer: inout ByteWriter) { writer.put(version) }
}

/// Command to coordinator: which versions are there? Answer: `Models`.
package struct ModelsRequest: Body {
    package static let kind = Kind.modelsRequest
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// One version of the model.
package struct ModelRow: Part {
    /// The number of the job that trained it.
    package var version: ModelVersion
    /// Whether cities answer with it.
    package var isLive: Bool
    /// Cities that have it, and cities that were to have it.
    package var ready: UInt32
    package var cities: UInt32
    /// Mean over the cities, weighted by people.
    package var ndcg: Double
    /// Of the last round.
    package var loss: Double

    package init(version: ModelVersion, isLive: Bool, ready: UInt32, cities: UInt32, ndcg: Double, loss: Double) {
        self.version = version
        self.isLive = isLive
        self.ready = ready
        self.cities = cities
        self.ndcg = ndcg
        self.loss = loss
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        version = try reader.getIdentifier()
        isLive = try reader.getBool()
        ready = try reader.get()
        cities = try reader.get()
        ndcg = try reader.getDouble()
        loss = try reader.getDouble()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(version)
        writer.put(isLive)
        writer.put(ready)
        writer.put(cities)
        writer.put(ndcg)
        writer.put(loss)
    }
}

/// Coordinator to command: the versions that cities still keep, ascending.
package struct Models: Body {
    package static let kind = Kind.models
    package var rows: [ModelRow]

    package init(rows: [ModelRow]) { self.rows = rows }

    package init(from reader: inout ByteReader) throws(ByteError) { rows = try reader.getList(smallest: 33) }

    package func encode(into writer: inout ByteWriter) { writer.put(list: rows) }
}
