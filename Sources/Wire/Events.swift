// A city's events as its store has them, and signals that come by HTTP. Both go by way of the coordinator to the city's
// owner. Events are opaque here: they are JSON already.

package import Basics

/// Command to the header's city's owner: what of its outbox follows an event, or of the history of one seed. Answer:
/// `EventRows`.
package struct EventsRequest: Body {
    package static let kind = Kind.eventsRequest
    /// Only events about this seed, from its history, which is kept; nil: from the outbox.
    package var seed: SeedID?
    /// The sequence that was seen last; 0: none.
    package var after: UInt64
    /// How many at most; 0: only how things stand.
    package var count: UInt32

    package init(seed: SeedID? = nil, after: UInt64, count: UInt32) {
        self.seed = seed
        self.after = after
        self.count = count
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        seed = try reader.getBool() ? try reader.getIdentifier() : nil
        after = try reader.get()
        count = try reader.get()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(seed != nil)
        if let seed { writer.put(seed) }
        writer.put(after)
        writer.put(count)
    }
}

/// One event and its number.
package struct EventRow: Part {
    package var sequence: UInt64
    /// JSON.
    package var payload: [UInt8]

    package init(sequence: UInt64, payload: [UInt8]) {
        self.sequence = sequence
        self.payload = payload
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        sequence = try reader.get()
        payload = try reader.getBlock()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(sequence)
        writer.put(block: payload)
    }
}

/// Worker to command: events in the order of their sequence, and how the outbox stands.
package struct EventRows: Body {
    package static let kind = Kind.eventRows
    /// Bytes of events of one answer; the last may go beyond.
    package static let bytesMax = 1 << 20

    /// The first event kept; one after `last` when none is.
    package var first: UInt64
    /// The last event that Redis is known to have.
    package var acknowledged: UInt64
    /// The last event committed.
    package var last: UInt64
    /// How long the oldest event that Redis does not have has been waiting; 0 when none is.
    package var waitingMilliseconds: UInt64
    /// One line: whether events flow, and if not, why.
    package var state: String
    package var rows: [EventRow]

    package init(
        first: UInt64, acknowledged: UInt64, last: UInt64, waitingMilliseconds: UInt64, state: String,
        rows: [EventRow]
    ) {
        self.first = first
        self.acknowledged = acknowledged
        self.last = last
        self.waitingMilliseconds = waitingMilliseconds
        self.state = state
        self.rows = rows
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        first = try reader.get()
        acknowledged = try reader.get()
        last = try reader.get()
        waitingMilliseconds = try reader.get()
        state = try reader.getDetail()
        rows = try reader.getList(smallest: 12)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(first)
        writer.put(acknowledged)
        writer.put(last)
        writer.put(waitingMilliseconds)
        writer.put(detail: state)
        writer.put(list: rows)
    }
}

/// Command to the header's city's owner: signals, as JSON in bulk frame 0. The same key again is the same request: it
/// is answered as before and has no further effect. Answer: `SignalsTaken`, when all is durable.
package struct PostSignals: Body {
    package static let kind = Kind.postSignals
    /// Bytes of UTF-8 of a key.
    package static let keyBytesMax = 128
    /// The asker's name for this request; empty: it has none, and is taken each time.
    package var key: String

    package init(key: String) { self.key = key }

    package init(from reader: inout ByteReader) throws(ByteError) {
        key = try reader.getName()
        guard key.utf8.count <= Self.keyBytesMax else { throw .invalid("a key of \(key.utf8.count) bytes") }
    }

    package func encode(into writer: inout ByteWriter) { writer.put(key) }
}

/// Worker to command: what became of signals. taken + refused = signals of the request.
package struct SignalsTaken: Body {
    package static let kind = Kind.signalsTaken
    package var taken: UInt32
    /// Those that had no effect, with the reason; the others did.
    package var refused: [RowReject]

    package init(taken: UInt32, refused: [RowReject]) {
        self.taken = taken
        self.refused = refused
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        taken = try reader.get()
        refused = try reader.getList(smallest: 8)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(taken)
        writer.put(list: refused)
    }
}
