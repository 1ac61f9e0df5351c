package import Basics
import Synchronization
import World

// The memory of one city: its records, how many there are, its outbox and its epoch, in one directory.
// Two locks, together only in this order: `writing` orders writers of records, because "is it new?" and "write
// it" must be one step for the counts to stay exact; `outbox` orders events, because their sequence must
// be the order in which they became durable. Readers take none.
//
// It does not judge records (that is `Record.validate`) and does not talk to Redis (that is the relay).

/// What a shard keeps, and where its meta family keeps it. Numbers are little-endian.
///
/// | key            | value                                                       |
/// | -------------- | ----------------------------------------------------------- |
/// | `format`       | u64, `ShardStore.format`                                    |
/// | `city`         | u64                                                         |
/// | `epoch`        | u64                                                         |
/// | `counts`       | see `Counts.numbers`, a u64 each                            |
/// | `acknowledged` | u64, the last outbox sequence that Redis is known to have   |
/// | `outbox`       | u64, `ShardStore.outboxIdentity`; older directories lack it |
enum MetaKey: String {
    case acknowledged, city, counts, epoch, format, outbox

    var bytes: [UInt8] { Array(rawValue.utf8) }
}

/// The store of one city. Any thread may call anything at any time.
package final class ShardStore: Sendable {
    /// How many rows of each kind there are. People are those who live here, the halo those who do not.
    package struct Counts: Equatable, Sendable {
        package var people: UInt64 = 0
        package var halo: UInt64 = 0
        package var places: UInt64 = 0
        package var visits: UInt64 = 0
        package var friendships: UInt64 = 0
        package var friendLabels: UInt64 = 0
        package var gatherings: UInt64 = 0

        package init() {}
    }

    /// What only the writer of records touches.
    struct Writing {
        var counts: Counts
        var stage = Stage()
        /// An earlier stage that becomes a file just now.
        var settling: Settling?
    }

    /// The layout of `Family` and `MetaKey` that this build reads and writes.
    package static let format: UInt32 = 1

    /// The directory below the records; for families that are the caller's own (seeds, model).
    package let database: Database
    package let city: CityID
    /// Held while a block is written, disk included.
    let writing: Mutex<Writing>
    /// The same counts after each write, for those who only look.
    let counted: Mutex<Counts>
    let outbox: Mutex<OutboxState>
    let marks: Mutex<OutboxMarks>
    /// Held while an acknowledgement is written.
    let acknowledging = Mutex<Void>(())
    /// Events that may wait for Redis.
    let outboxMax: Int
    let whenCommitted = Mutex<(@Sendable () -> Void)?>(nil)
    private let owner: Mutex<Epoch>

    /// Opens a city's directory or begins a new one. Throws `wrongCity` or `unknownFormat` for a directory
    /// that holds something else, `locked` when it is open elsewhere. `outboxIfNew` becomes the outbox's identity when
    /// the directory has none yet: a number that no other outbox has been given. `outboxMax` is how many events may
    /// wait for Redis, positive.
    package init(
        directory: String, city: CityID, outboxIfNew: UInt64, outboxMax: Int = StoreLimits.outboxMax
    ) throws(StoreError) {
        precondition(outboxMax > 0, "an outbox holds at least one event")
        self.outboxMax = outboxMax
        database = try Database(directory: directory)
        self.city = city
        try Self.adopt(database, city: city, outbox: outboxIfNew)
        let counts = try Self.readCounts(database)
        writing = Mutex(Writing(counts: counts))
        counted = Mutex(counts)
        owner = Mutex(Epoch(try Self.number(.epoch, in: database) ?? 0))
        let found = try OutboxMarks(of: database)
        marks = Mutex(found)
        outbox = Mutex(OutboxState(last: found.last))
        // What a crash left staged is settled at once: at most a second.
        try writing.withLock { (writing: inout Writing) throws(StoreError) in
            try reload(&writing.stage)
            try settle(&writing)
        }
    }

    /// Gives the directory free. See `Database.close`.
    package func close() {
        putInOrder()
        database.close()
    }

    /// The same, and waits until nobody changes the files any more; false: not within the time.
    package func close(waitingMilliseconds milliseconds: Int) -> Bool {
        putInOrder()
        return database.close(waitingMilliseconds: milliseconds)
    }

    private func putInOrder() {
        // Where this fails, the staged blocks stay and are settled by the next opening.
        try? settle()
        // Where this fails, some events are sent to Redis once more, which has them.
        try? writeAcknowledged()
    }

    /// How many rows there are, exact and durable. Does not wait for a write under way.
    package func counts() -> Counts { counted.withLock { $0 } }

    /// The epoch under which this shard was last owned; 0 when it never was.
    package var epoch: Epoch { owner.withLock { $0 } }

    /// Remembers a new epoch. Throws `staleEpoch` for one below the stored one; the stored one again is fine.
    package func setEpoch(_ epoch: Epoch) throws(StoreError) {
        try owner.withLock { (stored: inout Epoch) throws(StoreError) in
            guard epoch >= stored else {
                throw .staleEpoch(directory: database.directory, stored: stored.number, given: epoch.number)
            }
            if epoch == stored { return }
            var batch = WriteBatch()
            batch.put(.meta, key: MetaKey.epoch.bytes, value: Self.encoded(epoch.number))
            try database.commit(batch)
            stored = epoch
        }
    }

    func record(
        _ family: Family, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(StoreError) -> Record {
        do { return try Record(family: family, key: key, value: value) } catch {
            throw .corrupt(directory: database.directory, family: family.rawValue, reason: error.description)
        }
    }
}

extension ShardStore {
    /// Checks that a directory is this city's, or makes it so.
    private static func adopt(_ database: Database, city: CityID, outbox: UInt64) throws(StoreError) {
        guard let found = try number(.format, in: database) else {
            var batch = WriteBatch()
            batch.put(.meta, key: MetaKey.format.bytes, value: encoded(UInt64(format)))
            batch.put(.meta, key: MetaKey.city.bytes, value: encoded(UInt64(city.number)))
            batch.put(.meta, key: MetaKey.outbox.bytes, value: encoded(outbox))
            return try database.commit(batch)
        }
        guard found == UInt64(format) else {
            throw .unknownFormat(directory: database.directory, found: found, known: UInt64(format))
        }
        let stored = try number(.city, in: database)
        guard stored == UInt64(city.number) else {
            throw .wrongCity(
                directory: database.directory, stored: stored ?? 0, given: UInt64(city.number))
        }
        if try number(.outbox, in: database) == nil {
            var batch = WriteBatch()
            batch.put(.meta, key: MetaKey.outbox.bytes, value: encoded(outbox))
            try database.commit(batch)
        }
    }

    static func encoded(_ numbers: UInt64...) -> [UInt8] { encoded(numbers) }

    static func encoded(_ numbers: [UInt64]) -> [UInt8] {
        var writer = ByteWriter(capacity: numbers.count * 8)
        for number in numbers { writer.put(number) }
        return writer.bytes
    }

    /// The numbers of a meta value, as many as there are, or nil when it was never written.
    private static func numbers(_ key: MetaKey, in database: Database) throws(StoreError) -> [UInt64]? {
        guard let value = try database.get(.meta, key: key.bytes) else { return nil }
        var reader = ByteReader(value)
        var numbers: [UInt64] = []
        do {
            while reader.remaining > 0 { numbers.append(try reader.get()) }
        } catch {
            throw corrupt(key, error.description, database)
        }
        return numbers
    }

    static func number(_ key: MetaKey, in database: Database) throws(StoreError) -> UInt64? {
        guard let stored = try numbers(key, in: database) else { return nil }
        guard stored.count == 1 else { throw corrupt(key, "has \(stored.count) numbers", database) }
        return stored[0]
    }

    private static func readCounts(_ database: Database) throws(StoreError) -> Counts {
        guard let stored = try numbers(.counts, in: database) else { return Counts() }
        guard let counts = Counts(numbers: stored) else {
            throw corrupt(.counts, "has \(stored.count) numbers", database)
        }
        return counts
    }

    private static func corrupt(_ key: MetaKey, _ reason: String, _ database: Database) -> StoreError {
        .corrupt(directory: database.directory, family: Family.meta.rawValue, reason: "\(key.rawValue) \(reason)")
    }
}

extension ShardStore.Counts {
    /// All counts, in the order in which they are stored.
    var numbers: [UInt64] { [people, halo, places, visits, friendships, friendLabels, gatherings] }

    /// Counts from their stored numbers; nil for another number of them. A directory from before there were
    /// friend labels and gatherings has five.
    init?(numbers: [UInt64]) {
        guard numbers.count == 5 || numbers.count == 7 else { return nil }
        people = numbers[0]
        halo = numbers[1]
        places = numbers[2]
        visits = numbers[3]
        friendships = numbers[4]
        if numbers.count == 7 {
            friendLabels = numbers[5]
            gatherings = numbers[6]
        }
    }
}
