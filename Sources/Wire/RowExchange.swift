// Cities embed themselves together: before a version goes live each prepares, then they carry parts from one to the
// other, stage by stage, through the coordinator. Stage 0 are the guests of a city and their visits, for where they
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

/// Coordinator to worker: a part of the header's city for another one, or of another one (bulk frame 0) for it.
/// Answer: `RowsReply`. Both can be asked any number of times.
package struct RowsOrder: Body {
    package static let kind = Kind.rowsOrder
    /// Whether the header's city gives or takes.
    package enum Step: UInt8, CaseIterable, Sendable {
        case give = 0
        case take = 1
    }

    /// The job it belongs to.
    package var job: JobID
    package var stage: UInt32
    package var step: Step
    /// Whom it is for, or from.
    package var other: CityID

    package init(job: JobID, stage: UInt32, step: Step, other: CityID) {
        self.job = job
        self.stage = stage
        self.step = step
        self.other = other
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        stage = try reader.get()
        let number: UInt8 = try reader.get()
        guard let step = Step(rawValue: number) else { throw .invalid("a step of an exchange \(number)") }
        self.step = step
        other = try reader.getIdentifier()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(stage)
        writer.put(step.rawValue)
        writer.put(other)
    }
}

/// Worker to coordinator: done; what was to give is bulk frame 0.
package struct RowsReply: Body {
    package static let kind = Kind.rowsReply
    /// As it was asked.
    package var order: RowsOrder

    package init(_ order: RowsOrder) { self.order = order }

    package init(from reader: inout ByteReader) throws(ByteError) { order = try RowsOrder(from: &reader) }

    package func encode(into writer: inout ByteWriter) { order.encode(into: &writer) }
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
