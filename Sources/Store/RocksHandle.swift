import Basics
import CRocksDB
import Glibc

// Everything that RocksDB lends us, in one object that gives it all back. `Database` hands out a
// reference for the length of each operation, so that closing while another thread still reads only
// means that the last reader turns off the light.
//
// The choices, and what they cost:
// - kPointInTimeRecovery: after a crash the log is replayed up to the first damaged record. What was
//   synced is before it; what was torn was never acknowledged. (Tolerating torn tails alone would
//   refuse to open after a damaged middle, skipping damage would lose order.)
// - XXH3 checksums on every block, verified on each read.
// - Bloom filters of 10 bits a key in files, and for visits a small one in the memtable as well: "is
//   this row new?" is the question of every import, and the answer is mostly yes. (Without the one in
//   the memtable an import of 1.26 million visits took 5.1 CPU seconds instead of 3.1.)
// - Insertion hints for visits: a sorted block is inserted from neighbour to neighbour, not each row
//   from the top of the skip list. Worth another tenth.
// - Memtables of 64 MiB, no compression: the rows are short and numeric, and CPU is what is scarce.
// - What a long log would cost at the next opening is paid at closing, where rows are written as a
//   file in one sweep; after a crash the log is replayed at 2 to 3 microseconds a row.

/// An open RocksDB: the database, its families by their index, and the usual options.
///
/// SAFETY (@unchecked Sendable): the pointers never change after init, and RocksDB allows all the calls
/// made through them from any thread at once. deinit runs when nobody holds a reference any more.
final class RocksHandle: @unchecked Sendable {
    let directory: String
    let database: OpaquePointer
    private let families: [OpaquePointer?]
    let reading: OpaquePointer
    let synced: OpaquePointer
    let unsynced: OpaquePointer
    /// RocksDB insists on opening the family called "default"; nothing is kept there.
    private let unused: OpaquePointer
    /// Whether all of it was given back.
    let ended = Monitor(false)

    /// Makes the families that the directory lacks. `only` is for a directory as an earlier build left it: RocksDB
    /// refuses when there are others.
    init(directory: String, only wanted: [Family] = Family.allCases) throws(StoreError) {
        createDirectory(directory)
        let options = Self.options()
        defer { rocksdb_options_destroy(options) }
        let names = ["default"] + wanted.map(\.rawValue)
        let cNames = names.map { strdup($0) }
        defer { cNames.forEach { free($0) } }
        let pointers: [UnsafePointer<CChar>?] = cNames.map { UnsafePointer($0) }
        let visitOptions = try Self.options(forVisits: options, directory: directory)
        defer { rocksdb_options_destroy(visitOptions) }
        let perFamily: [OpaquePointer?] = names.map { $0 == Family.visits.rawValue ? visitOptions : options }
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        var message: UnsafeMutablePointer<CChar>?
        let opened = rocksdb_open_column_families(
            options, directory, Int32(names.count), pointers, perFamily, &handles, &message)
        if let message {
            defer { rocksdb_free(message) }
            throw StoreError(
                rocksDB: String(cString: message), directory: directory, family: "all families", operation: "open")
        }
        guard let opened, let unused = handles[0] else { preconditionFailure("RocksDB gave neither error nor handle") }
        self.directory = directory
        database = opened
        self.unused = unused
        var families = [OpaquePointer?](repeating: nil, count: Family.allCases.count)
        for (position, family) in wanted.enumerated() { families[family.index] = handles[position + 1] }
        self.families = families
        reading = rocksdb_readoptions_create()
        synced = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(synced, 1)
        unsynced = rocksdb_writeoptions_create()
    }

    deinit {
        shortenLog()
        rocksdb_cancel_all_background_work(database, 1)
        rocksdb_column_family_handle_destroy(unused)
        for case let family? in families { rocksdb_column_family_handle_destroy(family) }
        rocksdb_close(database)
        rocksdb_readoptions_destroy(reading)
        rocksdb_writeoptions_destroy(synced)
        rocksdb_writeoptions_destroy(unsynced)
        ended.withLock { ended, wake in
            ended = true
            wake()
        }
    }

    /// Writes what is only in the log and in memory to files, when replaying it would take long. A failure is
    /// no loss: the log stays.
    private func shortenLog() {
        var rows: UInt64 = 0
        for case let family? in families {
            var entries: UInt64 = 0
            if rocksdb_property_int_cf(database, family, "rocksdb.num-entries-active-mem-table", &entries) == 0 {
                rows += entries
            }
        }
        if rows < StoreLimits.replayedRowsMax { return }
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        for case let family? in families {
            var message: UnsafeMutablePointer<CChar>?
            rocksdb_flush_cf(database, options, family, &message)
            if let message { return rocksdb_free(message) }
        }
    }

    func handle(_ family: Family) -> OpaquePointer {
        guard let handle = families[family.index] else { preconditionFailure("family \(family) was not opened") }
        return handle
    }

    /// Runs a call of the C API and turns its message, if it leaves one, into an error.
    func checked<Result>(
        _ operation: String, _ family: Family?,
        _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) throws(StoreError) -> Result {
        var message: UnsafeMutablePointer<CChar>?
        let result = call(&message)
        guard let message else { return result }
        defer { rocksdb_free(message) }
        throw failure(String(cString: message), operation, family)
    }

    func failure(_ message: String, _ operation: String, _ family: Family?) -> StoreError {
        StoreError(
            rocksDB: message, directory: directory, family: family?.rawValue ?? "all families", operation: operation)
    }

    /// Merges of files, which nobody waits for, give way to whoever reads or writes: a city that was just loaded is
    /// opened while its files are merged. The threads are the process's, so once is enough.
    private static let yieldingMerges: Void = {
        let environment = rocksdb_create_default_env()
        rocksdb_env_lower_thread_pool_cpu_priority(environment)
        rocksdb_env_destroy(environment)
    }()

    /// The options of all families, and of files made for them. The caller destroys them.
    static func options() -> OpaquePointer {
        _ = yieldingMerges
        guard let options = rocksdb_options_create() else { preconditionFailure("no memory for options") }
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_create_missing_column_families(options, 1)
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_wal_recovery_mode(options, Int32(rocksdb_point_in_time_recovery))
        rocksdb_options_set_compression(options, Int32(rocksdb_no_compression))
        rocksdb_options_set_write_buffer_size(options, StoreLimits.memtableBytes)
        rocksdb_options_set_max_write_buffer_number(options, 3)
        rocksdb_options_set_max_total_wal_size(options, UInt64(StoreLimits.walBytesMax))
        rocksdb_options_set_max_background_jobs(options, 2)
        rocksdb_options_set_bytes_per_sync(options, 1 << 20)
        // Its own log: warnings only, two short files; no statistics threads; no statistics on opening.
        rocksdb_options_set_info_log_level(options, 2)
        rocksdb_options_set_max_log_file_size(options, 1 << 20)
        rocksdb_options_set_keep_log_file_num(options, 2)
        rocksdb_options_set_stats_dump_period_sec(options, 0)
        rocksdb_options_set_stats_persist_period_sec(options, 0)
        rocksdb_options_set_skip_stats_update_on_db_open(options, 1)

        let table = rocksdb_block_based_options_create()
        defer { rocksdb_block_based_options_destroy(table) }
        let cache = rocksdb_cache_create_lru(StoreLimits.blockCacheBytes)
        defer { rocksdb_cache_destroy(cache) }
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_block_size(table, 16 << 10)
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        rocksdb_block_based_options_set_checksum(table, 4)  // XXH3
        rocksdb_options_set_block_based_table_factory(options, table)
        return options
    }

    /// The common options and those of the family that grows to millions of rows.
    private static func options(
        forVisits common: OpaquePointer, directory: String
    ) throws(StoreError) -> OpaquePointer {
        guard let options = rocksdb_options_create() else { preconditionFailure("no memory for options") }
        var message: UnsafeMutablePointer<CChar>?
        // The C API has no call for the hints, only this language of options.
        let hints = "memtable_insert_with_hint_prefix_extractor=fixed:1"
        rocksdb_get_options_from_string(common, hints, options, &message)
        if let message {
            defer { rocksdb_free(message) }
            rocksdb_options_destroy(options)
            throw StoreError(
                rocksDB: String(cString: message), directory: directory, family: Family.visits.rawValue,
                operation: "open")
        }
        rocksdb_options_set_level0_file_num_compaction_trigger(options, StoreLimits.overlappingFiles)
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.02)
        rocksdb_options_set_memtable_whole_key_filtering(options, 1)
        return options
    }
}
