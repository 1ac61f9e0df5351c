import CRocksDB

extension Database {
    /// Makes a copy of the present state in a directory that is not there yet, on the same disk: files that never
    /// change are second names of ours, so it costs little more than writing out what is only in memory. A file that
    /// has the same name in two copies of one database, or in one and in the closed database, and the same length, is
    /// the same file where its name ends in `.sst`.
    package func checkpoint(into copy: String) throws(StoreError) {
        let open = try opened()
        let checkpoint = try open.checked("hold fast", nil) { rocksdb_checkpoint_object_create(open.database, $0) }
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        try open.checked("hold fast", nil) { rocksdb_checkpoint_create(checkpoint, copy, 0, $0) }
    }
}
