// Cities embed themselves together: before a version goes live each prepares, then their workers fetch parts from each
// other, stage by stage, as the coordinator orders. Stage 0 are the guests of a city and their visits, for where they
// live; stage k + 1 are rows of layer k. What a part holds only those who compute can read. After a stage's parts a
// city computes its next layer; after the last one the version is ready, as with `publishModel`.

package import Basics

/// Coordinator to worker: get ready to embed the header's city together with others, with these weights (bulk frame
/// 0). Answer: `ModelPrepared`; `Published` where the model's cities have nothing to tell each other, and then it is
/// done. Asked again, a city answers what it answered.
package struct PrepareModel: Body {
    package static let kind = Kind.prepareModel
    package var order: PublishModel

    package init(_ order: PublishModel) { self.order = order }

    package init(from reader: inout ByteReader) throws(ByteError) { order = try PublishModel(from: &reader) }

    package func encode(into writer: inout ByteWriter) { order.encode(into: &writer) }
}

/// Worker to coordinator: the header's city can give its parts of stage 0.
package struct ModelPrepared: Body {
    package static let kind = Kind.modelPrepared
    /// The job it belongs to.
    package var job: JobID
    /// Where its guests live.
    package var homes: [CityID]
    /// Layers that rows are exchanged before.
    package var layers: UInt32

    package init(job: JobID, homes: [CityID], layers: UInt32) {
        self.job = job
        self.homes = homes
        self.layers = layers
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        homes = try reader.getIdentifiers()
        layers = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(identifiers: homes)
        writer.put(layers)
    }
}

/// Coordinator to worker: all parts of a stage are there, go on to the next one. Answer: `ModelAdvanced`, after the
/// last stage `Published`. Asked again, a city answers what it answered.
package struct AdvanceModel: Body {
    package static let kind = Kind.advanceModel
    /// The job it belongs to.
    package var job: JobID
    package var stage: UInt32
    /// Whose parts there are. Cities that are not among them any more are left out from here on.
    package var from: [CityID]

    package init(job: JobID, stage: UInt32, from: [CityID]) {
        self.job = job
        self.stage = stage
        self.from = from
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        stage = try reader.get()
        from = try reader.getIdentifiers()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(stage)
        writer.put(identifiers: from)
    }
}

/// Worker to coordinator: the header's city has done a stage, and can give its parts of the next one.
package struct ModelAdvanced: Body {
    package static let kind = Kind.modelAdvanced
    /// The job it belongs to.
    package var job: JobID
    package var stage: UInt32

    package init(job: JobID, stage: UInt32) {
        self.job = job
        self.stage = stage
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        stage = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(stage)
    }
}

/// Coordinator to worker: fetch, for the header's city, another one's part of a stage from the worker that has that
/// city. Answer: `RowsFetched`. Can be asked any number of times.
package struct FetchRows: Body {
    package static let kind = Kind.fetchRows
    /// The job it belongs to.
    package var job: JobID
    package var stage: UInt32
    /// Whose part it is.
    package var from: CityID
    /// Where that city is, and its epoch there.
    package var worker: WorkerID
    package var epoch: Epoch

    package init(job: JobID, stage: UInt32, from: CityID, worker: WorkerID, epoch: Epoch) {
        self.job = job
        self.stage = stage
        self.from = from
        self.worker = worker
        self.epoch = epoch
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        stage = try reader.get()
        from = try reader.getIdentifier()
        worker = try reader.getIdentifier()
        epoch = try reader.getIdentifier()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(stage)
        writer.put(from)
        writer.put(worker)
        writer.put(epoch)
    }
}

/// Worker to coordinator: what became of a `FetchRows` for the header's city. That the header's city itself knows
/// nothing of the job is a `Failure`.
package struct RowsFetched: Body {
    package static let kind = Kind.rowsFetched
    package enum Outcome: UInt8, CaseIterable, Sendable {
        /// The part is here.
        case taken = 0
        /// The other worker does not answer, or cannot now: ask again later.
        case unreached = 1
        /// The other city keeps no such part (any more), and has to prepare again.
        case gone = 2
    }

    /// The job it belongs to.
    package var job: JobID
    package var stage: UInt32
    package var from: CityID
    package var outcome: Outcome
    /// Bytes that came from another worker.
    package var bytes: UInt64
    /// Why there is no part; names the other worker and where it is.
    package var detail: String

    package init(_ order: FetchRows, _ outcome: Outcome, bytes: UInt64 = 0, detail: String = "") {
        (job, stage, from) = (order.job, order.stage, order.from)
        self.outcome = outcome
        self.bytes = bytes
        self.detail = detail
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        stage = try reader.get()
        from = try reader.getIdentifier()
        let number: UInt8 = try reader.get()
        guard let outcome = Outcome(rawValue: number) else { throw .invalid("an outcome of a fetch \(number)") }
        self.outcome = outcome
        bytes = try reader.get()
        detail = try reader.getDetail()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(stage)
        writer.put(from)
        writer.put(outcome.rawValue)
        writer.put(bytes)
        writer.put(detail: detail)
    }
}

/// Worker to worker: the header's city's part of a stage for another one. Answer: `Rows`.
package struct RowsRequest: Body {
    package static let kind = Kind.rowsRequest
    /// The job it belongs to.
    package var job: JobID
    package var stage: UInt32
    /// Whom it is for.
    package var to: CityID

    package init(job: JobID, stage: UInt32, to: CityID) {
        self.job = job
        self.stage = stage
        self.to = to
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        stage = try reader.get()
        to = try reader.getIdentifier()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(stage)
        writer.put(to)
    }
}

/// Worker to worker: the part is bulk frame 0.
package struct Rows: Body {
    package static let kind = Kind.rows
    /// Whether the city keeps its parts of that stage; else there is no frame.
    package var isKept: Bool

    package init(isKept: Bool) { self.isKept = isKept }

    package init(from reader: inout ByteReader) throws(ByteError) { isKept = try reader.getBool() }

    package func encode(into writer: inout ByteWriter) { writer.put(isKept) }
}
