import CRocksDB

// Reading a family on several threads: one view of the database, many ranges of its keys, each walked by whoever takes
// it. The walk does not fill the block cache: a scan of a city would drive out what lookups need.

/// The database as it was at one moment.
///
/// SAFETY (@unchecked Sendable): the pointers never change after init, RocksDB reads a snapshot from any thread, and
/// the handle that it belongs to lives at least as long.
final class DatabaseView: @unchecked Sendable {
    let open: RocksHandle
    private let snapshot: OpaquePointer

    fileprivate init(_ open: RocksHandle) {
        self.open = open
        guard let snapshot = rocksdb_create_snapshot(open.database) else {
            preconditionFailure("no memory for a snapshot")
        }
        self.snapshot = snapshot
    }

    deinit { rocksdb_release_snapshot(open.database, snapshot) }

    /// How this moment is read; for the caller to destroy.
    func reading() -> OpaquePointer? {
        let options = rocksdb_readoptions_create()
        rocksdb_readoptions_set_snapshot(options, snapshot)
        rocksdb_readoptions_set_fill_cache(options, 0)
        rocksdb_readoptions_set_readahead_size(options, StoreLimits.scanAheadBytes)
        // Families that are read this way are never deleted by range.
        rocksdb_readoptions_set_ignore_range_deletions(options, 1)
        return options
    }

    /// Visits the keys whose first number, big-endian, is in `first`, in order. The bytes are good only during the call
    /// of `body`. Errors of `body` pass through.
    func walk(
        _ family: Family, _ first: ClosedRange<UInt64>,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        let options = reading()
        defer { rocksdb_readoptions_destroy(options) }
        guard let iterator = rocksdb_create_iterator_cf(open.database, options, open.handle(family)) else {
            preconditionFailure("no memory for an iterator")
        }
        defer { rocksdb_iter_destroy(iterator) }
        withUnsafeBytes(of: first.lowerBound.bigEndian) {
            rocksdb_iter_seek(iterator, $0.bindMemory(to: CChar.self).baseAddress, $0.count)
        }
        while rocksdb_iter_valid(iterator) != 0 {
            var keyCount = 0
            var valueCount = 0
            let key = UnsafeRawBufferPointer(start: rocksdb_iter_key(iterator, &keyCount), count: keyCount)
            let value = UnsafeRawBufferPointer(start: rocksdb_iter_value(iterator, &valueCount), count: valueCount)
            if keyCount >= 8, UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) > first.upperBound { return }
            try body(key, value)
            rocksdb_iter_next(iterator)
        }
        try open.checked("scan", family) { rocksdb_iter_get_error(iterator, $0) }
    }

    /// The first numbers of the family's first and last key; nil when it is empty.
    func span(_ family: Family) throws(StoreError) -> ClosedRange<UInt64>? {
        let options = rocksdb_readoptions_create()
        defer { rocksdb_readoptions_destroy(options) }
        rocksdb_readoptions_set_snapshot(options, snapshot)
        guard let iterator = rocksdb_create_iterator_cf(open.database, options, open.handle(family)) else {
            preconditionFailure("no memory for an iterator")
        }
        defer { rocksdb_iter_destroy(iterator) }
        func number() -> UInt64? {
            guard rocksdb_iter_valid(iterator) != 0 else { return nil }
            var count = 0
            let key = UnsafeRawBufferPointer(start: rocksdb_iter_key(iterator, &count), count: count)
            return count < 8 ? nil : UInt64(bigEndian: key.loadUnaligned(as: UInt64.self))
        }
        rocksdb_iter_seek_to_first(iterator)
        let first = number()
        rocksdb_iter_seek_to_last(iterator)
        let last = number()
        try open.checked("scan", family) { rocksdb_iter_get_error(iterator, $0) }
        guard let first, let last else { return nil }
        return first...last
    }
}

extension Database {
    /// The state of now, to be read at leisure.
    func view() throws(StoreError) -> DatabaseView { DatabaseView(try opened()) }
}
