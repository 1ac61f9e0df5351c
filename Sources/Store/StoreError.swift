/// What can go wrong with a store. Each description names the thing, the directory and the way out.
package enum StoreError: Error, Equatable {
    /// An outbox was acknowledged further than it ever reached.
    case acknowledgedBeyond(directory: String, last: UInt64, given: UInt64)
    case closed(directory: String)
    /// Bytes on disk are not what was written.
    case corrupt(directory: String, family: String, reason: String)
    case diskFull(directory: String, operation: String)
    /// RocksDB refused an operation for a reason of its own.
    case failed(directory: String, family: String, operation: String, reason: String)
    /// Another process, or another part of this one, has the directory open.
    case locked(directory: String, holder: String)
    /// As many events wait for Redis as may.
    case outboxFull(directory: String, waiting: UInt64)
    case staleEpoch(directory: String, stored: UInt64, given: UInt64)
    /// Outbox rows were asked for that have been acknowledged and removed since.
    case trimmed(directory: String, wanted: UInt64, first: UInt64)
    case unknownFormat(directory: String, found: UInt64, known: UInt64)
    case wrongCity(directory: String, stored: UInt64, given: UInt64)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .acknowledgedBeyond(let directory, let last, let given):
            """
            outbox of \(directory): acknowledged through \(given), but the last event is \(last); \
            the stream belongs to another or a newer copy of this shard
            """
        case .closed(let directory):
            "store \(directory) is closed; open it again"
        case .corrupt(let directory, let family, let reason):
            "store \(directory), \(family): damaged (\(reason)); restore the directory from a backup"
        case .diskFull(let directory, let operation):
            "store \(directory): too little space left on the disk for \(operation); free some and try again"
        case .failed(let directory, let family, let operation, let reason):
            "store \(directory), \(family): \(operation) failed: \(reason)"
        case .locked(let directory, let holder):
            "store \(directory) is open in \(holder); stop that one first or choose another directory"
        case .outboxFull(let directory, let waiting):
            """
            outbox of \(directory): \(waiting) events wait for Redis, as many as may; nothing that would make another \
            is done until Redis takes them
            """
        case .staleEpoch(let directory, let stored, let given):
            "store \(directory): epoch \(given) is older than the stored \(stored); the city has a newer owner"
        case .trimmed(let directory, let wanted, let first):
            "outbox of \(directory): event \(wanted) is no longer kept, the first one kept is \(first)"
        case .unknownFormat(let directory, let found, let known):
            "store \(directory) has format \(found), this build reads \(known); use the build that wrote it"
        case .wrongCity(let directory, let stored, let given):
            "store \(directory) belongs to city \(stored), not to city \(given); check the data directory"
        }
    }
}

extension StoreError {
    /// RocksDB's message turned into ours.
    init(rocksDB message: String, directory: String, family: String, operation: String) {
        if message.contains("No space left on device") {
            self = .diskFull(directory: directory, operation: operation)
        } else if message.contains("lock hold by current process") {
            self = .locked(directory: directory, holder: "this very process")
        } else if message.contains("While lock file") {
            self = .locked(directory: directory, holder: lockHolder(of: directory + "/LOCK"))
        } else if message.hasPrefix("Corruption") {
            self = .corrupt(directory: directory, family: family, reason: message)
        } else {
            self = .failed(directory: directory, family: family, operation: operation, reason: message)
        }
    }
}
