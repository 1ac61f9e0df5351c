import CRocksDB

extension Database {
    /// The value of a key, or nil when there is none.
    package func get(_ family: Family, key: [UInt8]) throws(StoreError) -> [UInt8]? {
        let open = try opened()
        return try open.get(family, key: key, open.reading)
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
        let start = from.lexicographicallyPrecedes(prefix) ? prefix : from
        try open.walk(family, from: start, open.reading) { key, value throws(StoreError) in
            guard key.starts(with: prefix) else { return false }
            return try body(key, value)
        }
    }

    /// The last key of a family, or nil when it is empty.
    func lastKey(_ family: Family) throws(StoreError) -> [UInt8]? {
        let open = try opened()
        return try open.ends(of: family, open.reading) { Array($0) }?.last
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
