import Events

// What a read of streams answers, taken apart as it stands on the wire:
//
//     XREAD, XREADGROUP    [[stream, [[id, [name, value, ...]], ...]], ...], or nothing
//     XAUTOCLAIM           [where to go on, [[id, [name, value, ...]], ...], ids that are gone]
//
// An entry that was removed has nothing in the place of its fields, or nothing in its own.

/// Goes over an answer once, from front to back.
struct StreamReply {
    private let reply: FlatReply
    private let address: String
    /// Of all parts, those that are texts, so that an entry's fields are neighbours.
    private let texts: [TextPlace]
    private var nextPart = 0
    private var nextText = 0

    init(_ reply: FlatReply, _ address: String) {
        self.reply = reply
        self.address = address
        var texts: [TextPlace] = []
        texts.reserveCapacity(reply.parts.count)
        for part in reply.parts { if case .text(let place) = part { texts.append(place) } }
        self.texts = texts
    }

    /// The entries of each stream, in their order.
    consuming func streams() throws(RedisError) -> [String: [StreamEntry]] {
        guard case .list = reply.parts.first else { return [:] }
        var found: [String: [StreamEntry]] = [:]
        for _ in 0..<(try list()) {
            guard try list() == 2 else { throw unexpected }
            let name = String(decoding: reply.bytes[try text()], as: UTF8.self)
            found[name] = try entries()
        }
        return found
    }

    /// What XAUTOCLAIM gives over.
    consuming func claimed() throws(RedisError) -> [StreamEntry] {
        guard try list() >= 2 else { throw unexpected }
        _ = try text()
        return try entries()
    }

    private mutating func entries() throws(RedisError) -> [StreamEntry] {
        let count = try list()
        var entries: [StreamEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            if skipsNone() { continue }
            guard try list() == 2, let id = EntryID(reply.bytes, in: try text()) else { throw unexpected }
            let first = nextText
            if !skipsNone() { for _ in 0..<(try list()) { _ = try text() } }
            let fields = EntryFields(bytes: reply.bytes, places: texts, range: first..<nextText)
            entries.append(StreamEntry(id: id, fields: fields))
        }
        return entries
    }

    private var unexpected: RedisError { .unexpected(address: address, command: "a read of streams") }

    private mutating func next() -> FlatReply.Part? {
        guard nextPart < reply.parts.count else { return nil }
        defer { nextPart += 1 }
        return reply.parts[nextPart]
    }

    private mutating func list() throws(RedisError) -> Int {
        guard case .list(let count) = next() else { throw unexpected }
        return count
    }

    private mutating func text() throws(RedisError) -> Range<Int> {
        guard case .text(let place) = next() else { throw unexpected }
        nextText += 1
        return place.range
    }

    private mutating func skipsNone() -> Bool {
        guard nextPart < reply.parts.count, reply.parts[nextPart] == .none else { return false }
        nextPart += 1
        return true
    }
}
