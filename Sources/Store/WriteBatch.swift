// A list of changes that happen together or not at all. It is plain Swift data: it can be built on
// any thread, copied, looked at and thrown away; the database turns it into one RocksDB batch when
// it is committed. Keys and values lie behind one another in one buffer, so that a batch of
// thousands of rows is two growing arrays and not thousands of small ones.

/// Changes to a database, carried out in order by `Database.commit`.
package struct WriteBatch: Sendable {
    enum Change: Sendable {
        case put
        case delete
        /// Everything from the key up to, but not including, the key that stands in the value's place.
        case deleteRange
    }

    struct Entry: Sendable {
        let family: Family
        let change: Change
        let keyStart: Int
        let valueStart: Int
        let end: Int
    }

    private(set) var entries: [Entry] = []
    private(set) var bytes: [UInt8] = []

    package init() {}

    /// How many changes the batch holds.
    package var count: Int { entries.count }

    /// Whether committing it would change nothing.
    package var isEmpty: Bool { entries.isEmpty }

    /// Sets the value of a key, whatever it was before.
    package mutating func put(_ family: Family, key: [UInt8], value: [UInt8]) {
        append(.put, family, key, value)
    }

    /// Removes a key; one that is not there is no error.
    package mutating func delete(_ family: Family, key: [UInt8]) {
        append(.delete, family, key, [])
    }

    /// Removes every key from `start` up to, but not including, `end`. The cost does not grow with their number.
    package mutating func deleteRange(_ family: Family, from start: [UInt8], to end: [UInt8]) {
        append(.deleteRange, family, start, end)
    }

    /// Adds all changes of another batch behind one's own.
    package mutating func append(_ other: WriteBatch) {
        let shift = bytes.count
        bytes.append(contentsOf: other.bytes)
        for entry in other.entries {
            entries.append(
                Entry(
                    family: entry.family, change: entry.change, keyStart: entry.keyStart + shift,
                    valueStart: entry.valueStart + shift, end: entry.end + shift))
        }
    }

    mutating func append(
        _ change: Change, _ family: Family, _ key: some Collection<UInt8>, _ value: some Collection<UInt8>
    ) {
        let keyStart = bytes.count
        bytes.append(contentsOf: key)
        let valueStart = bytes.count
        bytes.append(contentsOf: value)
        entries.append(
            Entry(family: family, change: change, keyStart: keyStart, valueStart: valueStart, end: bytes.count))
    }
}
