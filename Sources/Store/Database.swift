import CRocksDB
import Synchronization

// A directory of ordered keys and values. It knows nothing of cities: the coordinator keeps its own
// state in one as well. Durability is one sentence: a commit that is `synced` has returned only after
// the log that holds the whole batch was flushed to the device.

/// One RocksDB directory, open in one process at a time. Any thread may call anything at any time.
package final class Database: Sendable {
    /// Where it lives.
    package let directory: String
    private let handle: Mutex<RocksHandle?>

    /// Opens the directory, creating it and its families when missing, and replays the log of a process
    /// that did not close. Throws `locked` when the directory is open elsewhere.
    package init(directory: String) throws(StoreError) {
        self.directory = directory
        handle = Mutex(try RocksHandle(directory: directory))
    }

    /// Gives the directory free, at once or as soon as the operations under way on other threads have ended.
    /// Nothing is flushed: what was committed is in the log. Closing twice is harmless.
    package func close() {
        let last = handle.withLock { handle in
            let last = handle
            handle = nil
            return last
        }
        withExtendedLifetime(last) {}
    }

    func opened() throws(StoreError) -> RocksHandle {
        guard let open = handle.withLock({ $0 }) else { throw .closed(directory: directory) }
        return open
    }

    /// Carries out a batch atomically. When `synced`, returns after the log is on the device, with
    /// everything committed before it; otherwise a crash of the machine (not of the process) may undo it.
    package func commit(_ batch: WriteBatch, synced: Bool = true) throws(StoreError) {
        if batch.isEmpty { return }
        let open = try opened()
        guard let rows = rocksdb_writebatch_create() else { preconditionFailure("no memory for a write batch") }
        defer { rocksdb_writebatch_destroy(rows) }
        batch.bytes.withUnsafeBytes { bytes in
            let base = bytes.bindMemory(to: CChar.self).baseAddress
            for entry in batch.entries {
                let family = open.handle(entry.family)
                let key = base.map { $0 + entry.keyStart }
                let keyCount = entry.valueStart - entry.keyStart
                let value = base.map { $0 + entry.valueStart }
                let valueCount = entry.end - entry.valueStart
                switch entry.change {
                case .put: rocksdb_writebatch_put_cf(rows, family, key, keyCount, value, valueCount)
                case .delete: rocksdb_writebatch_delete_cf(rows, family, key, keyCount)
                case .deleteRange:
                    rocksdb_writebatch_delete_range_cf(rows, family, key, keyCount, value, valueCount)
                }
            }
        }
        try open.checked("commit", nil) { error in
            rocksdb_write(open.database, synced ? open.synced : open.unsynced, rows, error)
        }
    }

    /// The value of a key, or nil when there is none.
    package func get(_ family: Family, key: [UInt8]) throws(StoreError) -> [UInt8]? {
        let open = try opened()
        let slice = try open.checked("get", family) { error in
            key.withUnsafeBytes {
                rocksdb_get_pinned_cf(
                    open.database, open.reading, open.handle(family), $0.bindMemory(to: CChar.self).baseAddress,
                    $0.count, error)
            }
        }
        guard let slice else { return nil }
        defer { rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        let start = rocksdb_pinnableslice_value(slice, &count)
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Visits the keys that begin with `prefix`, in order, from the first that is not below `from`
    /// (empty: from the beginning), until `body` returns false. It sees the state at the time of the call.
    /// Errors of `body` pass through.
    package func scan(
        _ family: Family, from: [UInt8] = [], prefix: [UInt8] = [],
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        var failure: (any Error)?
        try walk(family, from: from, prefix: prefix) { key, value in
            do { return try body(Array(key), Array(value)) } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }
}

extension Database {
    /// `scan` without copies: the bytes are good only during the call of `body`.
    func walk(
        _ family: Family, from: [UInt8] = [], prefix: [UInt8] = [],
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let open = try opened()
        guard let iterator = rocksdb_create_iterator_cf(open.database, open.reading, open.handle(family)) else {
            preconditionFailure("no memory for an iterator")
        }
        defer { rocksdb_iter_destroy(iterator) }
        let start = from.lexicographicallyPrecedes(prefix) ? prefix : from
        start.withUnsafeBytes {
            rocksdb_iter_seek(iterator, $0.bindMemory(to: CChar.self).baseAddress, $0.count)
        }
        while rocksdb_iter_valid(iterator) != 0 {
            var keyCount = 0
            var valueCount = 0
            let key = UnsafeRawBufferPointer(start: rocksdb_iter_key(iterator, &keyCount), count: keyCount)
            let value = UnsafeRawBufferPointer(start: rocksdb_iter_value(iterator, &valueCount), count: valueCount)
            guard key.starts(with: prefix), try body(key, value) else { return }
            rocksdb_iter_next(iterator)
        }
        try open.checked("scan", family) { rocksdb_iter_get_error(iterator, $0) }
    }

    /// The last key of a family, or nil when it is empty.
    func lastKey(_ family: Family) throws(StoreError) -> [UInt8]? {
        let open = try opened()
        guard let iterator = rocksdb_create_iterator_cf(open.database, open.reading, open.handle(family)) else {
            preconditionFailure("no memory for an iterator")
        }
        defer { rocksdb_iter_destroy(iterator) }
        rocksdb_iter_seek_to_last(iterator)
        try open.checked("scan", family) { rocksdb_iter_get_error(iterator, $0) }
        guard rocksdb_iter_valid(iterator) != 0 else { return nil }
        var count = 0
        return Array(UnsafeRawBufferPointer(start: rocksdb_iter_key(iterator, &count), count: count))
    }

    /// Looks up many keys of one length at once. `keys` holds them behind one another, ascending; `body` is
    /// called for each in order with its value, or nil when it is absent. The bytes are good only during the call.
    func lookUp(
        _ family: Family, keys: [UInt8], keyBytes: Int,
        _ body: (_ index: Int, _ value: UnsafeRawBufferPointer?) throws(StoreError) -> Void
    ) throws(StoreError) {
        let open = try opened()
        let count = keys.count / keyBytes
        if count == 0 { return }
        var values = [OpaquePointer?](repeating: nil, count: count)
        var messages = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        let sizes = [Int](repeating: keyBytes, count: count)
        keys.withUnsafeBytes { bytes in
            let base = bytes.bindMemory(to: CChar.self).baseAddress
            let starts = (0..<count).map { index in base.map { $0 + index * keyBytes } }
            rocksdb_batched_multi_get_cf(
                open.database, open.reading, open.handle(family), count, starts, sizes, &values, &messages, true)
        }
        defer {
            for value in values { if let value { rocksdb_pinnableslice_destroy(value) } }
            for message in messages { if let message { rocksdb_free(message) } }
        }
        for index in 0..<count {
            if let message = messages[index] { throw open.failure(String(cString: message), "look up", family) }
            guard let value = values[index] else {
                try body(index, nil)
                continue
            }
            var length = 0
            let start = rocksdb_pinnableslice_value(value, &length)
            try body(index, UnsafeRawBufferPointer(start: start, count: length))
        }
    }
}
