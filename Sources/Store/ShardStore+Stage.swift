import Basics
import Synchronization
import World

// How large blocks of visits are written. What is acknowledged is the raw block, put under the next number into the
// family `staged` by the same synced batch that moves the counts: for the disk one long write. Its rows wait in a
// `Stage`. When they are many, a thread of its own sorts them, writes them as one file, makes that part of `visits` and
// removes their blocks, while the next blocks fill a new stage (`Settling`). When somebody reads, or the store is
// closed, all that waits is settled at once. Until a file is durable its blocks are there, and opening the store after
// a crash does the step again: the same rows under the same keys, so twice is once.
//
// As long as anything is staged, every visit goes this way, or an older staged row would come to lie over a newer one.

extension ShardStore {
    /// Makes staged rows visible to scans of `Family.visits`. Costs nothing when there are none; else the first reader
    /// pays for sorting and writing what is staged, at most a second.
    package func settle() throws(StoreError) {
        try writing.withLock { (writing: inout Writing) throws(StoreError) in
            try reloadIfDoubtful(&writing)
            try settle(&writing)
        }
    }

    /// Takes visits into the stage; nothing is durable yet. `fresh` were not there before, `isChanged` tells whether
    /// anything must be written at all.
    func stage(
        _ visits: [Visit], in writing: inout Writing
    ) throws(StoreError) -> (fresh: Int, isChanged: Bool) {
        if writing.settling?.isOver == true { try awaitSettling(&writing) }
        var (news, changed) = (visits, [Visit]())
        let range = Self.keyRange(of: visits)
        let settling = range.flatMap { writing.settling?.stage(overlapping: $0.least, $0.greatest) }
        if let range, try holdsVisits(in: range) {
            (news, changed) = try unknown(visits, to: writing.stage, settling)
        }
        var fresh = 0
        var isChanged = !changed.isEmpty
        for visit in news {
            if let settling, let older = settling.row(of: visit), !writing.stage.contains(visit) {
                if older.hasSameSignals(as: visit) { continue }
                // At once: the block may go on to change it back.
                _ = writing.stage.put(visit)
                isChanged = true
                continue
            }
            switch writing.stage.put(visit) {
            case .new:
                fresh += 1
                isChanged = true
            case .changed: isChanged = true
            case .same: break
            }
        }
        for visit in changed { _ = writing.stage.put(visit) }
        writing.stage.declare()
        return (fresh, isChanged)
    }

    /// Hands what is staged to a thread that settles it. Waits for the one before: what is in memory stays bounded.
    func beginSettling(_ writing: inout Writing) throws(StoreError) {
        try awaitSettling(&writing)
        if writing.stage.isEmpty || writing.stage.isDoubtful { return }
        let settling = Settling(writing.stage)
        writing.stage = Stage()
        writing.stage.nextBlock = settling.stage.nextBlock
        writing.settling = settling
        settling.begin { [self] () throws(StoreError) in try takeIn(settling.stage) }
    }

    /// Waits for the thread that settles, if there is one. When it failed, the blocks are the truth.
    private func awaitSettling(_ writing: inout Writing) throws(StoreError) {
        guard let settling = writing.settling else { return }
        writing.settling = nil
        guard let fault = settling.outcome() else { return }
        writing.stage.isDoubtful = true
        throw fault
    }

    /// Settles everything that waits.
    func settle(_ writing: inout Writing) throws(StoreError) {
        let hasSettled = writing.settling != nil
        try awaitSettling(&writing)
        if writing.stage.isEmpty && !hasSettled { return }
        if !writing.stage.isEmpty {
            writing.stage.isDoubtful = true
            try takeIn(writing.stage)
            writing.stage = writing.stage.emptied()
        }
        // The log holds the blocks; without this each opening would read through it.
        try database.flush()
    }

    /// Sorts rows into a file, takes that in, and removes the blocks they came in.
    private func takeIn(_ stage: Stage) throws(StoreError) {
        let rows = inOrderOfKeys(stage.rows)
        try database.ingest(.visits) { table throws(StoreError) in
            for row in rows {
                try row.withStoredBytes { key, value throws(StoreError) in try table.put(key: key, value: value) }
            }
        }
        var batch = WriteBatch()
        batch.deleteRange(.staged, from: Self.blockKey(0), to: Self.blockKey(stage.nextBlock))
        // Need not be synced: should it be lost, the blocks are taken in once more, and nothing later is kept.
        try database.commit(batch, synced: false)
    }

    /// Reads the blocks on disk, after opening or after a fault. Nobody may be settling.
    func reload(_ stage: inout Stage) throws(StoreError) {
        let next = stage.nextBlock
        stage = Stage()
        stage.nextBlock = next
        stage.isDoubtful = true
        try database.walk(.staged) { key, value throws(StoreError) in
            do throws(ByteError) {
                var reader = ByteReader(Array(key))
                stage.nextBlock = max(stage.nextBlock, try reader.getBigEndian(UInt64.self) + 1)
                for visit in try CheckedBlock(decoding: Array(value)).visits { _ = stage.put(visit) }
            } catch {
                throw .corrupt(
                    directory: database.directory, family: Family.staged.rawValue, reason: error.description)
            }
            return true
        }
        stage.isDoubtful = false
        stage.declare()
    }

    func reloadIfDoubtful(_ writing: inout Writing) throws(StoreError) {
        guard writing.stage.isDoubtful else { return }
        // The blocks of one who still settles would be read as well.
        if let settling = writing.settling { _ = settling.outcome() }
        writing.settling = nil
        try reload(&writing.stage)
    }

    static func blockKey(_ number: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacity: 8)
        writer.putBigEndian(number)
        return writer.bytes
    }

    /// The visits that are not stored as they are, the last of each key: those whose key is nowhere in `visits` or that
    /// the stage holds, and those that replace a stored row.
    private func unknown(
        _ visits: [Visit], to stage: Stage, _ settling: Stage?
    ) throws(StoreError) -> (news: [Visit], changed: [Visit]) {
        var news: [Visit] = []
        var changed: [Visit] = []
        var asked: [Visit] = []
        for visit in visits {
            let isWaiting = stage.contains(visit) || settling?.contains(visit) == true
            if isWaiting { news.append(visit) } else { asked.append(visit) }
        }
        asked = Self.sortedByKey(asked)
        var keys: [UInt8] = []
        keys.reserveCapacity(asked.count * RecordKey.bytes(of: .visits))
        for visit in asked { RecordKey(visit).append(to: &keys) }
        try database.lookUp(
            .visits, keys: keys, keyBytes: RecordKey.bytes(of: .visits)
        ) { index, stored throws(StoreError) in
            let visit = asked[index]
            guard let stored else { return news.append(visit) }
            let isSame = visit.withStoredBytes { _, value in stored.elementsEqual(value) }
            if !isSame { changed.append(visit) }
        }
        return (news, changed)
    }

    /// Ascending by key, of each key the last.
    private static func sortedByKey(_ visits: [Visit]) -> [Visit] {
        let isSorted = zip(visits, visits.dropFirst()).allSatisfy { $0.precedes($1) }
        if isSorted { return visits }
        let order = visits.indices.sorted { left, right in
            if visits[left].precedes(visits[right]) { return true }
            return left < right && !visits[right].precedes(visits[left])
        }
        var kept: [Visit] = []
        kept.reserveCapacity(visits.count)
        for index in order {
            if let last = kept.last, !last.precedes(visits[index]) { kept.removeLast() }
            kept.append(visits[index])
        }
        return kept
    }

    /// The least and the greatest key, or nil when there is none.
    private static func keyRange(of visits: [Visit]) -> (least: Visit, greatest: Visit)? {
        guard var least = visits.first else { return nil }
        var greatest = least
        for visit in visits {
            if visit.precedes(least) { least = visit }
            if greatest.precedes(visit) { greatest = visit }
        }
        return (least, greatest)
    }

    /// Whether any stored visit lies between two keys: one step into the files instead of a question per row, for
    /// data that comes person by person.
    private func holdsVisits(in range: (least: Visit, greatest: Visit)) throws(StoreError) -> Bool {
        var (from, to, found) = ([UInt8](), [UInt8](), false)
        RecordKey(range.least).append(to: &from)
        RecordKey(range.greatest).append(to: &to)
        try database.walk(.visits, from: from) { key, _ in
            found = !to.lexicographicallyPrecedes(key)
            return false
        }
        return found
    }
}
