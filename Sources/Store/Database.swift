import Basics
import CRocksDB
import Glibc
import Synchronization

// A directory of ordered keys and values. It knows nothing of cities: the coordinator keeps its own
// state in one as well. Durability is one sentence: a commit that is `synced` has returned only after
// the log that holds the whole batch was flushed to the device.

/// One RocksDB directory, open in one process at a time. Any thread may call anything at any time.
package final class Database: Sendable {
    /// Where it lives.
    package let directory: String
    private let handle: Mutex<RocksHandle?>
    /// Whether all of the handle was given back.
    private let ended: Monitor<Bool>

    /// Opens the directory, creating it and its families when missing, and replays the log of a process
    /// that did not close. Throws `locked` when the directory is open elsewhere.
    package init(directory: String) throws(StoreError) {
        self.directory = directory
        let opened = try RocksHandle(directory: directory)
        handle = Mutex(opened)
        ended = opened.ended
    }

    /// A directory with some of the families only, as an earlier build made it.
    init(directory: String, only families: [Family]) throws(StoreError) {
        self.directory = directory
        let opened = try RocksHandle(directory: directory, only: families)
        handle = Mutex(opened)
        ended = opened.ended
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

    /// The same, and waits until it is free: then nobody changes the files any more. False: some operation lasted
    /// longer than `milliseconds`; it is closed all the same.
    package func close(waitingMilliseconds milliseconds: Int) -> Bool {
        close()
        return ended.wait(milliseconds: milliseconds) { $0 ? .done(()) : .notYet } != nil
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
        try requireRoom(for: batch.bytes.count)
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

    /// Throws where the disk would be nearly full. A log that fails in the middle of a write stays broken until the
    /// store is opened again, and RocksDB's own attempt to mend it ends the process; so it must not come to that.
    private func requireRoom(for bytes: Int) throws(StoreError) {
        var facts = statvfs()
        guard statvfs(directory, &facts) == 0 else { return }
        if Int(facts.f_bavail) * Int(facts.f_frsize) < bytes + StoreLimits.diskReserveBytes {
            throw .diskFull(directory: directory, operation: "commit")
        }
    }
}
