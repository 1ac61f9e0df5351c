import CRocksDB
import Glibc

extension Database {
    /// Writes a sorted file and makes it part of a family in one step: all of its rows appear at once, newer than
    /// whatever the family holds, and are durable when this returns. After a crash in the middle none of them is
    /// there. `fill` must put ascending keys, each once. One call at a time.
    func ingest(_ family: Family, _ fill: (_ table: TableWriter) throws(StoreError) -> Void) throws(StoreError) {
        let open = try opened()
        // RocksDB takes over the file itself, by a second name. What a crash left here may be a file of the
        // database, so it is never written to again, only forgotten.
        let path = directory + "/ingest-\(family.rawValue)"
        unlink(path)
        defer { unlink(path) }
        let table = try TableWriter(path: path, family: family, of: open)
        try fill(table)
        try table.finish()
        let options = rocksdb_ingestexternalfileoptions_create()
        defer { rocksdb_ingestexternalfileoptions_destroy(options) }
        rocksdb_ingestexternalfileoptions_set_move_files(options, 1)
        let name = strdup(path)
        defer { free(name) }
        var names: [UnsafePointer<CChar>?] = [UnsafePointer(name)]
        try open.checked("ingest", family) {
            rocksdb_ingest_external_file_cf(open.database, open.handle(family), &names, 1, options, $0)
        }
    }

    /// Writes the rows that are only in memory to files, so that their memory and the whole log are free.
    func flush() throws(StoreError) {
        let open = try opened()
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        for family in Family.allCases {
            try open.checked("flush", family) { rocksdb_flush_cf(open.database, options, open.handle(family), $0) }
        }
    }
}

/// A file of sorted rows under way.
final class TableWriter {
    private let open: RocksHandle
    private let family: Family
    private let writer: OpaquePointer

    fileprivate init(path: String, family: Family, of open: RocksHandle) throws(StoreError) {
        let options = RocksHandle.options()
        defer { rocksdb_options_destroy(options) }
        let environment = rocksdb_envoptions_create()
        defer { rocksdb_envoptions_destroy(environment) }
        guard let writer = rocksdb_sstfilewriter_create(environment, options) else {
            preconditionFailure("no memory for a table")
        }
        self.open = open
        self.family = family
        self.writer = writer
        try open.checked("write a table", family) { rocksdb_sstfilewriter_open(writer, path, $0) }
    }

    deinit { rocksdb_sstfilewriter_destroy(writer) }

    /// Appends a row. The key must be greater than the last one.
    func put(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(StoreError) {
        try open.checked("write a table", family) {
            rocksdb_sstfilewriter_put(
                writer, key.bindMemory(to: CChar.self).baseAddress, key.count,
                value.bindMemory(to: CChar.self).baseAddress, value.count, $0)
        }
    }

    /// The file is whole and on the device.
    fileprivate func finish() throws(StoreError) {
        try open.checked("write a table", family) { rocksdb_sstfilewriter_finish(writer, $0) }
    }
}
