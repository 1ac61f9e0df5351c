// A city goes from one worker to another. The coordinator gives both their orders (`MoveOrder`); the files go from
// worker to worker, asked for by the one that receives them (`CityFilesRequest`, `CityFileRequest`).

package import Basics

/// Command to coordinator: the header's city is to live on another worker. Answer: `Moves` with it, under way.
package struct MoveCity: Body {
    package static let kind = Kind.moveCity
    /// nil: the one that carries least.
    package var worker: WorkerID?

    package init(worker: WorkerID?) { self.worker = worker }

    package init(from reader: inout ByteReader) throws(ByteError) {
        worker = try reader.getBool() ? try reader.getIdentifier() : nil
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(worker != nil)
        if let worker { writer.put(worker) }
    }
}

/// Command to coordinator: which cities move? Answer: `Moves`.
package struct MovesRequest: Body {
    package static let kind = Kind.movesRequest
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// One move of a city.
package struct MoveRow: Part {
    static let bytesMin = 40
    /// The phases in which it ends.
    package static let done = "done"
    package static let givenUp = "given up"

    package var city: CityID
    /// The city's number under its new owner.
    package var epoch: Epoch
    package var name: String
    /// Names of workers.
    package var from: String
    package var to: String
    /// The word for where it is.
    package var phase: String
    /// Copied so far.
    package var bytes: UInt64
    /// Why it was given up, or why something is tried again; else empty.
    package var detail: String

    package init(
        city: CityID, epoch: Epoch, name: String, from: String, to: String, phase: String, bytes: UInt64,
        detail: String
    ) {
        self.city = city
        self.epoch = epoch
        self.name = name
        self.from = from
        self.to = to
        self.phase = phase
        self.bytes = bytes
        self.detail = detail
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        epoch = try reader.getIdentifier()
        name = try reader.getName()
        from = try reader.getName()
        to = try reader.getName()
        phase = try reader.getName()
        bytes = try reader.get()
        detail = try reader.getDetail()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(epoch)
        writer.put(name)
        writer.put(from)
        writer.put(to)
        writer.put(phase)
        writer.put(bytes)
        writer.put(detail: detail)
    }

    package var isOver: Bool { phase == Self.done || phase == Self.givenUp }
}

/// Coordinator to command: moves under way, by city, then those that ended since the coordinator started, the newest
/// last.
package struct Moves: Body {
    package static let kind = Kind.moves
    package var rows: [MoveRow]

    package init(rows: [MoveRow]) { self.rows = rows }

    package init(from reader: inout ByteReader) throws(ByteError) {
        rows = try reader.getList(smallest: MoveRow.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) { writer.put(list: rows) }
}

/// Coordinator to worker: its part in moving the header's city. Answer: `MoveReply`. Each can be asked any number of
/// times.
package struct MoveOrder: Body {
    package static let kind = Kind.moveOrder
    package enum Step: UInt8, CaseIterable, Sendable {
        /// Copy the city's files from `other`, which works on with them.
        case receive = 1
        /// Copy those that `other` has closed, and see whether they are a whole city.
        case receiveRest = 2
        /// Close the city; what it holds stays as it is until the next word.
        case release = 3
        /// Delete its files: the former owner's, or those of a move that was given up.
        case drop = 4

        package var name: String { String(describing: self) }
    }

    package var step: Step
    /// Under which its new owner will hold it: the number of the move.
    package var epoch: Epoch
    /// The other worker of the move.
    package var other: WorkerID
    /// The city's name.
    package var name: String

    package init(_ step: Step, epoch: Epoch, other: WorkerID, name: String) {
        self.step = step
        self.epoch = epoch
        self.other = other
        self.name = name
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let number: UInt8 = try reader.get()
        guard let step = Step(rawValue: number) else { throw .invalid("a step of a move \(number)") }
        self.step = step
        epoch = try reader.getIdentifier()
        other = try reader.getIdentifier()
        name = try reader.getName()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(step.rawValue)
        writer.put(epoch)
        writer.put(other)
        writer.put(name)
    }
}

/// Worker to coordinator: how its part went.
package struct MoveReply: Body {
    package static let kind = Kind.moveReply
    package var step: MoveOrder.Step
    package var epoch: Epoch
    /// What went over the wire for it.
    package var bytes: UInt64
    /// Why it could not be done; empty: it is done.
    package var fault: String

    package init(_ order: MoveOrder, bytes: UInt64 = 0, fault: String = "") {
        (step, epoch) = (order.step, order.epoch)
        (self.bytes, self.fault) = (bytes, fault)
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        let number: UInt8 = try reader.get()
        guard let step = MoveOrder.Step(rawValue: number) else { throw .invalid("a step of a move \(number)") }
        self.step = step
        epoch = try reader.getIdentifier()
        bytes = try reader.get()
        fault = try reader.getDetail()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(step.rawValue)
        writer.put(epoch)
        writer.put(bytes)
        writer.put(detail: fault)
    }
}

/// Worker to worker: which files does the header's city have? Answer: `CityFiles`. Where the city works on, its present
/// state is held fast until the next such request.
package struct CityFilesRequest: Body {
    package static let kind = Kind.cityFilesRequest
    /// Whether the city is closed.
    package var isClosed: Bool

    package init(isClosed: Bool) { self.isClosed = isClosed }

    package init(from reader: inout ByteReader) throws(ByteError) { isClosed = try reader.getBool() }

    package func encode(into writer: inout ByteWriter) { writer.put(isClosed) }
}

/// Worker to worker.
package struct CityFiles: Body {
    package static let kind = Kind.cityFiles

    package struct File: Part {
        static let bytesMin = 12
        /// Without a folder.
        package var name: String
        package var bytes: UInt64

        package init(name: String, bytes: UInt64) {
            self.name = name
            self.bytes = bytes
        }

        package init(from reader: inout ByteReader) throws(ByteError) {
            name = try reader.getName()
            bytes = try reader.get()
        }

        package func encode(into writer: inout ByteWriter) {
            writer.put(name)
            writer.put(bytes)
        }
    }

    package var files: [File]

    package init(files: [File]) { self.files = files }

    package init(from reader: inout ByteReader) throws(ByteError) {
        files = try reader.getList(smallest: File.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) { writer.put(list: files) }
}

/// Worker to worker: a piece of a file of the header's city. Answer: `CityFilePart`.
package struct CityFileRequest: Body {
    package static let kind = Kind.cityFileRequest
    /// As in the request for its files.
    package var isClosed: Bool
    package var name: String
    package var offset: UInt64
    package var count: UInt32

    package init(isClosed: Bool, name: String, offset: UInt64, count: UInt32) {
        self.isClosed = isClosed
        self.name = name
        self.offset = offset
        self.count = count
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        isClosed = try reader.getBool()
        name = try reader.getName()
        offset = try reader.get()
        count = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(isClosed)
        writer.put(name)
        writer.put(offset)
        writer.put(count)
    }
}

/// Worker to worker: the bytes are bulk frame 0.
package struct CityFilePart: Body {
    package static let kind = Kind.cityFilePart
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}
