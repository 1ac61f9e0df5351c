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

    /// Reads this moment, with the options for it.
    private func reading<Made>(
        _ body: (OpaquePointer?) throws(StoreError) -> Made
    ) throws(StoreError) -> Made {
        let options = rocksdb_readoptions_create()
        defer { rocksdb_readoptions_destroy(options) }
        rocksdb_readoptions_set_snapshot(options, snapshot)
        rocksdb_readoptions_set_fill_cache(options, 0)
        rocksdb_readoptions_set_readahead_size(options, StoreLimits.scanAheadBytes)
        // Families that are read this way are never deleted by range.
        rocksdb_readoptions_set_ignore_range_deletions(options, 1)
        return try body(options)
    }

    /// The value of a key, or nil when there is none.
    func get(_ family: Family, key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try reading { options throws(StoreError) in try open.get(family, key: key, options) }
    }

    /// Visits the keys from the first that is not below `from` (empty: from the beginning), in order, until `body`
    /// returns false. The bytes are good only during the call of `body`. Errors of `body` pass through.
    func walk(
        _ family: Family, from: [UInt8],
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try reading { options throws(StoreError) in try open.walk(family, from: from, options, body) }
    }

    /// Visits the keys whose first number, big-endian, is in `first`, likewise.
    func walk(
        _ family: Family, _ first: ClosedRange<UInt64>,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        let start = withUnsafeBytes(of: first.lowerBound.bigEndian) { Array($0) }
        try walk(family, from: start) { key, value throws(StoreError) in
            if let number = Self.number(key), number > first.upperBound { return false }
            try body(key, value)
            return true
        }
    }

    /// The first numbers of the family's first and last key; nil when it is empty.
    func span(_ family: Family) throws(StoreError) -> ClosedRange<UInt64>? {
        let ends = try reading { options throws(StoreError) in try open.ends(of: family, options, Self.number) }
        guard let first = ends?.first, let last = ends?.last else { return nil }
        return first...last
    }

    private static func number(_ key: UnsafeRawBufferPointer) -> UInt64? {
        key.count < 8 ? nil : UInt64(bigEndian: key.loadUnaligned(as: UInt64.self))
    }
}

extension Database {
    /// The state of now, to be read at leisure.
    func view() throws(StoreError) -> DatabaseView { DatabaseView(try opened()) }
}
