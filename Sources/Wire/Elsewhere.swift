// Steps that hear what a city's people do in other cities: before the first of them the city's worker asks those of the
// others. What a part holds only those who compute can read.

package import Basics

/// Where a city is.
package struct CityHome: Part {
    package var city: CityID
    package var worker: WorkerID
    /// Of the city there.
    package var epoch: Epoch

    package init(city: CityID, worker: WorkerID, epoch: Epoch) {
        self.city = city
        self.worker = worker
        self.epoch = epoch
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        worker = try reader.getIdentifier()
        epoch = try reader.getIdentifier()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(worker)
        writer.put(epoch)
    }
}

/// Worker to worker: what the header's city knows of another one's people, who are its residents and the guests in bulk
/// frame 0, u64 each, ascending. Answer: `Elsewhere`.
package struct ElsewhereRequest: Body {
    package static let kind = Kind.elsewhereRequest
    /// The job it belongs to.
    package var job: JobID
    /// As in `TrainRound`.
    package var seed: UInt64
    package var model: [UInt8]
    /// Whom it is for.
    package var to: CityID

    package init(job: JobID, seed: UInt64, model: [UInt8], to: CityID) {
        self.job = job
        self.seed = seed
        self.model = model
        self.to = to
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        job = try reader.getIdentifier()
        seed = try reader.get()
        model = try reader.getBlock()
        to = try reader.getIdentifier()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(job)
        writer.put(seed)
        writer.put(block: model)
        writer.put(to)
    }
}

/// Worker to worker: the part is bulk frame 0.
package struct Elsewhere: Body {
    package static let kind = Kind.elsewhere
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}
