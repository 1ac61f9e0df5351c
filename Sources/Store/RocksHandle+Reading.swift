import CRocksDB

// How keys are read, at whichever moment `options` name: one value, or the keys of a family in order. The bytes that
// RocksDB lends are good only during a call.

extension RocksHandle {
    /// The value of a key, or nil when there is none.
    func get(_ family: Family, key: [UInt8], _ options: OpaquePointer?) throws(StoreError) -> [UInt8]? {
        let slice = try checked("get", family) { error in
            key.withUnsafeBytes {
                rocksdb_get_pinned_cf(
                    database, options, handle(family), $0.bindMemory(to: CChar.self).baseAddress, $0.count, error)
            }
        }
        guard let slice else { return nil }
        defer { rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        let start = rocksdb_pinnableslice_value(slice, &count)
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Visits the keys of a family from the first that is not below `from` (empty: from the beginning), in order,
    /// until `body` returns false. Errors of `body` pass through.
    func walk(
        _ family: Family, from: [UInt8], _ options: OpaquePointer?,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try iterating(over: family, options) { iterator throws(StoreError) in
            // RocksDB counts its own steps for whoever asks, thread by thread; nobody does, and a scan takes millions.
            rocksdb_set_perf_level(Int32(rocksdb_disable))
            from.withUnsafeBytes {
                rocksdb_iter_seek(iterator, $0.bindMemory(to: CChar.self).baseAddress, $0.count)
            }
            while rocksdb_iter_valid(iterator) != 0 {
                var count = 0
                let start = rocksdb_iter_value(iterator, &count)
                let value = UnsafeRawBufferPointer(start: start, count: count)
                guard try body(Self.key(of: iterator), value) else { return }
                rocksdb_iter_next(iterator)
            }
        }
    }

    /// What `body` makes of the first and the last key of a family; nil when it is empty.
    func ends<Made>(
        of family: Family, _ options: OpaquePointer?, _ body: (UnsafeRawBufferPointer) -> Made
    ) throws(StoreError) -> (first: Made, last: Made)? {
        try iterating(over: family, options) { iterator throws(StoreError) in
            rocksdb_iter_seek_to_first(iterator)
            guard rocksdb_iter_valid(iterator) != 0 else { return nil }
            let first = body(Self.key(of: iterator))
            rocksdb_iter_seek_to_last(iterator)
            return rocksdb_iter_valid(iterator) == 0 ? nil : (first, body(Self.key(of: iterator)))
        }
    }

    /// An iterator for the length of a call, and whatever went wrong below it.
    private func iterating<Made>(
        over family: Family, _ options: OpaquePointer?, _ body: (OpaquePointer) throws(StoreError) -> Made
    ) throws(StoreError) -> Made {
        guard let iterator = rocksdb_create_iterator_cf(database, options, handle(family)) else {
            preconditionFailure("no memory for an iterator")
        }
        defer { rocksdb_iter_destroy(iterator) }
        let made = try body(iterator)
        try checked("scan", family) { rocksdb_iter_get_error(iterator, $0) }
        return made
    }

    private static func key(of iterator: OpaquePointer) -> UnsafeRawBufferPointer {
        var count = 0
        let start = rocksdb_iter_key(iterator, &count)
        return UnsafeRawBufferPointer(start: start, count: count)
    }
}
