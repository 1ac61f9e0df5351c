import Basics
import Synchronization
package import World

// Writing a block of records. The block is sorted first: RocksDB looks many sorted keys up together and
// inserts sorted neighbours at the cost of a step, and rows that name the same thing come to lie side by
// side. A row that is there already with the same value costs no write, so that an import that is
// repeated after a fault only reads.

/// One family's rows of a block, sorted by key, the last of equal keys only.
private struct SortedRows {
    struct Row {
        let key: RecordKey
        let position: Int
        let valueStart: Int
        let valueEnd: Int
    }

    let family: Family
    var rows: [Row]
    /// Rows that a later one of the same key made superfluous.
    private(set) var repeated = 0

    init(_ family: Family, _ rows: [Row]) {
        self.family = family
        let sorted = rows.sorted { left, right in
            if left.key.first != right.key.first { return left.key.first < right.key.first }
            if left.key.second != right.key.second { return left.key.second < right.key.second }
            if left.key.third != right.key.third { return left.key.third < right.key.third }
            return left.position < right.position
        }
        self.rows = []
        self.rows.reserveCapacity(sorted.count)
        for row in sorted {
            if let last = self.rows.last, last.key == row.key {
                self.rows[self.rows.count - 1] = row
                repeated += 1
            } else {
                self.rows.append(row)
            }
        }
    }
}

extension ShardStore {
    /// Writes a block in one synced batch, counts included, and tells how many rows were not there before.
    /// A row that is there is replaced by the later one. Writing the same block again changes nothing.
    /// Throws `wrongCity` for another city's block.
    package func write(_ block: RecordBlock) throws(StoreError) -> (new: Int, known: Int) {
        guard block.city == city else {
            throw .wrongCity(
                directory: database.directory, stored: UInt64(city.number), given: UInt64(block.city.number))
        }
        let (families, values) = Self.sorted(block.records)
        return try counting.withLock { (counts: inout Counts) throws(StoreError) in
            var batch = WriteBatch()
            var after = counts
            var known = 0
            for rows in families {
                known += try collect(rows, of: block.records, values: values, into: &batch, counts: &after)
            }
            if batch.isEmpty { return (0, known) }
            if after != counts {
                batch.put(.meta, key: MetaKey.counts.bytes, value: Self.encoded(after.numbers))
            }
            try database.commit(batch)
            counts = after
            counted.withLock { $0 = after }
            return (block.records.count - known, known)
        }
    }

    /// The rows of a block by family, and the buffer in which their values lie.
    private static func sorted(_ records: [Record]) -> (families: [SortedRows], values: [UInt8]) {
        var rows = [[SortedRows.Row]](repeating: [], count: Family.allCases.count)
        var writer = ByteWriter(capacity: records.count * 4)
        for (position, record) in records.enumerated() {
            let key = RecordKey(record)
            let start = writer.count
            record.encodeValue(into: &writer)
            rows[key.family.index].append(
                SortedRows.Row(key: key, position: position, valueStart: start, valueEnd: writer.count))
        }
        let families = Family.allCases.filter { !rows[$0.index].isEmpty }
        return (families.map { SortedRows($0, rows[$0.index]) }, writer.bytes)
    }

    /// Puts the rows that are new or changed into the batch, moves the counts, and returns how many rows were known.
    private func collect(
        _ sorted: SortedRows, of records: [Record], values: [UInt8], into batch: inout WriteBatch,
        counts: inout Counts
    ) throws(StoreError) -> Int {
        let family = sorted.family
        let keyBytes = RecordKey.bytes(of: family)
        var keys: [UInt8] = []
        keys.reserveCapacity(sorted.rows.count * keyBytes)
        for row in sorted.rows { row.key.append(to: &keys) }
        var known = sorted.repeated
        try database.lookUp(family, keys: keys, keyBytes: keyBytes) { index, stored throws(StoreError) in
            let row = sorted.rows[index]
            let key = keys[index * keyBytes..<(index + 1) * keyBytes]
            let value = values[row.valueStart..<row.valueEnd]
            if let stored {
                known += 1
                if stored.elementsEqual(value) { return }
            }
            batch.append(.put, family, key, value)
            try count(records[row.position], before: stored, &counts)
        }
        return known
    }

    /// Moves the counts for a record that is written. A person may also move between residents and halo.
    private func count(
        _ record: Record, before: UnsafeRawBufferPointer?, _ counts: inout Counts
    ) throws(StoreError) {
        switch record {
        case .person(let person):
            if let before {
                if try homeCity(Array(before)) == city { counts.people -= 1 } else { counts.halo -= 1 }
            }
            if person.homeCity == city { counts.people += 1 } else { counts.halo += 1 }
        case .place where before == nil: counts.places += 1
        case .visit where before == nil: counts.visits += 1
        case .friendship where before == nil: counts.friendships += 1
        case .friendLabel where before == nil: counts.friendLabels += 1
        case .gathering where before == nil: counts.gatherings += 1
        default: break
        }
    }

    /// Where a stored person lives.
    private func homeCity(_ value: [UInt8]) throws(StoreError) -> CityID {
        var reader = ByteReader(value)
        let stored: Record?
        do { stored = try Record(from: &reader) } catch { stored = nil }
        guard case .person(let person) = stored else {
            throw .corrupt(directory: database.directory, family: Family.people.rawValue, reason: "not a person")
        }
        return person.homeCity
    }
}
