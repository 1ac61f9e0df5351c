package import Basics
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
    /// Throws `wrongCity` for another city's block. Precondition: the records are valid.
    package func write(_ block: RecordBlock) throws(StoreError) -> (new: Int, known: Int) {
        var visits: [Visit] = []
        var others: [Record] = []
        for record in block.records {
            if case .visit(let visit) = record { visits.append(visit) } else { others.append(record) }
        }
        return try write(visits, others, of: block.city) { block.encoded() }
    }

    /// The same for a block that was read from `encoded`; its faults are not written.
    package func write(_ block: CheckedBlock, encoded: [UInt8]) throws(StoreError) -> (new: Int, known: Int) {
        try write(block.visits, block.others, of: block.city) { encoded }
    }

    /// Writes blocks one after the other, each as `write` does, and tells of each how many rows were new. Neighbouring
    /// blocks of many visits share one synced batch: one flush of the disk instead of one each. When it throws, some of
    /// the blocks may be stored.
    package func write(
        _ blocks: [(block: CheckedBlock, encoded: [UInt8])]
    ) throws(StoreError) -> [(new: Int, known: Int)] {
        for (block, _) in blocks { try check(block.city) }
        return try writing.withLock { (writing: inout Writing) throws(StoreError) in
            try reloadIfDoubtful(&writing)
            var outcomes: [(new: Int, known: Int)] = []
            var change = Change(counts: writing.counts)
            for (block, encoded) in blocks {
                if !block.others.isEmpty || !isStaged(block.visits, writing) { try commit(&change, to: &writing) }
                outcomes.append(try add(block.visits, block.others, to: &change, &writing) { encoded })
            }
            try commit(&change, to: &writing)
            return outcomes
        }
    }

    /// What signals do to a city, in one step: rows, ties that end, whatever else the owner keeps, and events.
    package struct SignalChange: Sendable {
        package var visits: [Visit] = []
        /// Each pair once; a tie that is there already stays as it is.
        package var friendships: [Friendship] = []
        package var ended: [(first: PersonID, second: PersonID)] = []
        /// Put behind the rows, into families that are no records.
        package var alongside = WriteBatch()
        package var events: [OutboxEvent] = []

        package init() {}
    }

    /// Carries out a change in one synced batch, counts and events included. Throws `outboxFull`, having changed
    /// nothing, when there is no room for events. Precondition: the rows are valid, and no pair is in both lists.
    package func apply(_ signals: SignalChange) throws(StoreError) {
        try writing.withLock { (writing: inout Writing) throws(StoreError) in
            try reloadIfDoubtful(&writing)
            if !signals.events.isEmpty, isOutboxFull {
                throw .outboxFull(directory: database.directory, waiting: lastSequence - acknowledged)
            }
            var change = Change(counts: writing.counts)
            let ties = try newTies(signals.friendships)
            _ = try add(signals.visits, ties, to: &change, &writing) {
                RecordBlock(city: city, records: signals.visits.map { .visit($0) }).encoded()
            }
            for (first, second) in signals.ended {
                let tie = Record.friendship(Friendship(first: first, second: second))
                var key: [UInt8] = []
                RecordKey(tie).append(to: &key)
                guard try database.get(.friendships, key: key) != nil else { continue }
                change.batch.delete(.friendships, key: key)
                change.counts.friendships -= 1
            }
            change.batch.append(signals.alongside)
            change.events = signals.events
            try commit(&change, to: &writing)
        }
    }

    /// The ties that are not there yet.
    private func newTies(_ friendships: [Friendship]) throws(StoreError) -> [Record] {
        var fresh: [Record] = []
        for friendship in friendships {
            var key: [UInt8] = []
            RecordKey(.friendship(friendship)).append(to: &key)
            if try database.get(.friendships, key: key) == nil { fresh.append(.friendship(friendship)) }
        }
        return fresh
    }

    /// Which of these ids are keys of a family of records named by one number. The answer has one flag for each.
    package func holds(_ family: Family, _ ids: [UInt64]) throws(StoreError) -> [Bool] {
        precondition(RecordKey.bytes(of: family) == 8, "a family named by one number")
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        var keys: [UInt8] = []
        keys.reserveCapacity(ids.count * 8)
        for index in order { withUnsafeBytes(of: ids[index].bigEndian) { keys.append(contentsOf: $0) } }
        var isHeld = [Bool](repeating: false, count: ids.count)
        try database.lookUp(family, keys: keys, keyBytes: 8) { index, value in isHeld[order[index]] = value != nil }
        return isHeld
    }

    private func write(
        _ visits: [Visit], _ others: [Record], of given: CityID, encoded: () -> [UInt8]
    ) throws(StoreError) -> (new: Int, known: Int) {
        try check(given)
        return try writing.withLock { (writing: inout Writing) throws(StoreError) in
            try reloadIfDoubtful(&writing)
            var change = Change(counts: writing.counts)
            let outcome = try add(visits, others, to: &change, &writing, encoded: encoded)
            try commit(&change, to: &writing)
            return outcome
        }
    }

    private func check(_ given: CityID) throws(StoreError) {
        guard given == city else {
            throw .wrongCity(
                directory: database.directory, stored: UInt64(city.number), given: UInt64(given.number))
        }
    }

    /// What is to become durable in one step. Rows that are written one by one are looked up in the database, so a
    /// change holds the rows of one block only, or of staged blocks.
    private struct Change {
        var batch = WriteBatch()
        var counts: Counts
        var isStaged = false
        var events: [OutboxEvent] = []
    }

    private func isStaged(_ visits: [Visit], _ writing: Writing) -> Bool {
        !visits.isEmpty
            && (visits.count >= StoreLimits.stagedBlockRows || !writing.stage.isEmpty || writing.settling != nil)
    }

    private func add(
        _ visits: [Visit], _ others: [Record], to change: inout Change, _ writing: inout Writing,
        encoded: () -> [UInt8]
    ) throws(StoreError) -> (new: Int, known: Int) {
        let isStaged = isStaged(visits, writing)
        let records = isStaged ? others : others + visits.map { Record.visit($0) }
        var known = 0
        if !records.isEmpty {
            let (families, values) = Self.sorted(records)
            for rows in families {
                known += try collect(rows, of: records, values: values, into: &change.batch, counts: &change.counts)
            }
        }
        if isStaged {
            // Until the batch is durable, the stage holds what may never be.
            (change.isStaged, writing.stage.isDoubtful) = (true, true)
            let (fresh, isChanged) = try stage(visits, in: &writing)
            known += visits.count - fresh
            change.counts.visits += UInt64(fresh)
            if isChanged {
                change.batch.put(.staged, key: Self.blockKey(writing.stage.nextBlock), value: encoded())
                writing.stage.nextBlock += 1
            }
        }
        return (visits.count + others.count - known, known)
    }

    /// Makes a change durable and begins the next.
    private func commit(_ change: inout Change, to writing: inout Writing) throws(StoreError) {
        if !change.batch.isEmpty || !change.events.isEmpty {
            if change.counts != writing.counts {
                change.batch.put(.meta, key: MetaKey.counts.bytes, value: Self.encoded(change.counts.numbers))
            }
            _ = try commit(change.batch, events: change.events)
            writing.counts = change.counts
            counted.withLock { $0 = change.counts }
        }
        if change.isStaged { writing.stage.isDoubtful = false }
        change = Change(counts: writing.counts)
        if writing.stage.isFull { try beginSettling(&writing) }
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
