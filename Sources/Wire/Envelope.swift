// Everything that travels is one multipart message: a header every version can read, a small body whose
// layout its kind decides, and bulk frames (weights, rows) that nobody on the way needs to open.
//
// | frame | what                                                          |
// | ---   | ---                                                           |
// | 0     | header, 40 bytes, the table below                             |
// | 1     | body of the kind; empty for kinds that say all by their name  |
// | 2...  | bulk, opaque bytes                                            |
//
// | offset | width | header field, little-endian                                                 |
// | ---    | ---   | ---                                                                         |
// | 0      | 4     | magic, the letters M S T R                                                  |
// | 4      | 2     | protocol                                                                    |
// | 6      | 2     | kind                                                                        |
// | 8      | 8     | request: chosen by the asker, repeated in the answer and in every retry     |
// | 16     | 4     | city it is about; 0xFFFFFFFF: none                                          |
// | 20     | 4     | deadline: milliseconds the asker waits, counted from sending; 0: for ever   |
// | 24     | 8     | epoch of the city as the sender knows it; 0: none                           |
// | 32     | 8     | job; 0: none                                                                |
//
// This file does not know a socket: who sent a message and where it goes is the transport's business.

package import Basics

/// One message, its body still as bytes.
package struct Envelope: Equatable, Sendable {
    /// "MSTR" read as a little-endian number.
    package static let magic: UInt32 = 0x5254_534D
    private static let noCity = UInt32.max

    /// What the body says.
    package var kind: Kind
    /// The protocol it is written in. Ours, unless it is a stranger's handshake.
    package var protocolVersion: UInt16
    /// Chosen by the asker, repeated by the answer and by retries.
    package var request: RequestID
    /// nil: about no city.
    package var city: CityID?
    /// How long the asker waits, counted from sending; 0: for ever.
    package var deadlineMilliseconds: UInt32
    /// The city's epoch as the sender knows it; 0: none.
    package var epoch: Epoch
    /// 0: part of no job.
    package var job: JobID
    /// Read it with `decode`.
    package var body: [UInt8]
    /// Rows and weights; what they are is said by the kind.
    package var bulk: [[UInt8]]

    /// Puts a message into its envelope. `CityID(UInt32.max)` is no city and must not be given.
    package init<Message: Body>(
        _ message: Message, request: RequestID = RequestID(0), city: CityID? = nil,
        deadlineMilliseconds: UInt32 = 0, epoch: Epoch = Epoch(0), job: JobID = JobID(0), bulk: [[UInt8]] = []
    ) {
        precondition(city?.number != Self.noCity, "the highest city number means no city")
        var writer = ByteWriter()
        message.encode(into: &writer)
        kind = Message.kind
        protocolVersion = Build.protocolHighest
        self.request = request
        self.city = city
        self.deadlineMilliseconds = deadlineMilliseconds
        self.epoch = epoch
        self.job = job
        body = writer.bytes
        self.bulk = bulk
    }

    /// An envelope for the answer: same request, city, epoch and job; no deadline.
    package func answer(_ message: some Body, bulk: [[UInt8]] = []) -> Envelope {
        Envelope(message, request: request, city: city, epoch: epoch, job: job, bulk: bulk)
    }

    /// The message inside. Throws `unexpectedKind` when it is another one, `body` when it is damaged.
    package func decode<Message: Body>(_: Message.Type = Message.self) throws(WireError) -> Message {
        guard kind == Message.kind else { throw .unexpectedKind(expected: Message.kind, found: kind) }
        var reader = ByteReader(body)
        do throws(ByteError) {
            let message = try Message(from: &reader)
            try reader.finish()
            return message
        } catch {
            throw .body(kind, error)
        }
    }
}

extension Envelope {
    /// The message as it goes to a socket. Bulk frames are shared, not copied.
    package func frames() -> [[UInt8]] {
        var writer = ByteWriter(capacity: WireLimits.headerBytes)
        writer.put(Self.magic)
        writer.put(protocolVersion)
        writer.put(kind.rawValue)
        writer.put(request)
        writer.put(city?.number ?? Self.noCity)
        writer.put(deadlineMilliseconds)
        writer.put(epoch)
        writer.put(job)
        return [writer.bytes, body] + bulk
    }

    /// Opens what came from a socket. Checks magic, sizes, protocol and kind; the body is checked by `decode`.
    package init(frames: [[UInt8]]) throws(WireError) {
        guard (2...2 + WireLimits.bulkFramesMax).contains(frames.count) else { throw .frameCount(frames.count) }
        guard frames[0].count == WireLimits.headerBytes else { throw .headerSize(frames[0].count) }
        for (index, frame) in frames.enumerated().dropFirst() {
            let limit = index == 1 ? WireLimits.bodyBytesMax : WireLimits.frameBytesMax
            guard frame.count <= limit else { throw .frameSize(index: index, bytes: frame.count, limit: limit) }
        }
        let header: Header
        do throws(ByteError) {
            var reader = ByteReader(frames[0])
            header = try Header(from: &reader)
        } catch {
            throw .headerSize(frames[0].count)
        }
        guard header.magic == Self.magic else { throw .foreign(header.magic) }
        let known = Kind(rawValue: header.kind)
        guard Build.protocolRange.contains(header.version) || known?.isHandshake == true else {
            throw .unsupportedProtocol(header.version)
        }
        guard let known else { throw .unknownKind(header.kind) }
        kind = known
        protocolVersion = header.version
        request = header.request
        city = header.city == Self.noCity ? nil : CityID(header.city)
        deadlineMilliseconds = header.deadline
        epoch = header.epoch
        job = header.job
        body = frames[1]
        bulk = Array(frames.dropFirst(2))
    }
}

/// The 40 bytes as they lie, before anything is believed.
private struct Header {
    let magic: UInt32, version: UInt16, kind: UInt16, request: RequestID
    let city: UInt32, deadline: UInt32, epoch: Epoch, job: JobID

    init(from reader: inout ByteReader) throws(ByteError) {
        magic = try reader.get()
        version = try reader.get()
        kind = try reader.get()
        request = try reader.getIdentifier()
        city = try reader.get()
        deadline = try reader.get()
        epoch = try reader.getIdentifier()
        job = try reader.getIdentifier()
    }
}
