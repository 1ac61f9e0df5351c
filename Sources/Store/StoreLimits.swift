/// The sizes of a store, in one place.
package enum StoreLimits {
    /// One family's rows in memory before they become a file. Memory is taken as it fills, not in advance.
    package static let memtableBytes = 64 << 20
    /// Logs together; beyond it the oldest rows still only in memory are written to files.
    package static let walBytesMax = 192 << 20
    /// Rows that an opening may have to replay after an orderly closing; more are written to files when closing.
    package static let replayedRowsMax: UInt64 = 20_000
    /// Visits of a block from which on it is staged and not written row by row: where one sweep over many rows begins
    /// to cost less than a sorted table in memory.
    package static let stagedBlockRows = 2_048
    /// Staged visits that become a file: about 50 MB of it. In memory a staged row takes 40 bytes and its share of
    /// the hash table, 8 to 16, and its block as much as it had on the wire.
    package static let stagedRows = 1_500_000
    /// Staged visits of all stores of a process together; beyond it each block becomes a file at once.
    package static let stagedRowsOfAllStores = 6_000_000
    /// Files of visits that may lie over one another before they are merged. A merge rewrites every row, and a load
    /// brings many files.
    package static let overlappingFiles: Int32 = 8
    /// Blocks of files kept in memory, for all families of one store.
    package static let blockCacheBytes = 32 << 20
    /// How far a scan of a whole family reads ahead.
    package static let scanAheadBytes = 256 << 10
    /// Room on the disk below which no rows are taken: what is in memory must still become files.
    package static let diskReserveBytes = 64 << 20
    /// Acknowledged outbox rows kept for a Redis that lost its tail.
    package static let outboxRetained = 100_000
    /// Outbox rows that may wait for Redis: of half a kilobyte each, half a gigabyte of disk a city.
    package static let outboxMax = 1_000_000
}
