/// The sizes of a store, in one place.
package enum StoreLimits {
    /// One family's rows in memory before they become a file. Memory is taken as it fills, not in advance.
    package static let memtableBytes = 64 << 20
    /// Logs together; beyond it the oldest rows still only in memory are written to files.
    package static let walBytesMax = 192 << 20
    /// Rows that an opening may have to replay after an orderly closing; more are written to files when closing.
    package static let replayedRowsMax: UInt64 = 20_000
    /// Blocks of files kept in memory, for all families of one store.
    package static let blockCacheBytes = 32 << 20
    /// How far a scan of a whole family reads ahead.
    package static let scanAheadBytes = 256 << 10
    /// Acknowledged outbox rows kept for a Redis that lost its tail.
    package static let outboxRetained = 100_000
}
