/// Why a stream of bytes cannot be read or written. `file` is the path, or what standard input is called.
package enum StreamError: Error, Equatable {
    /// A file that does not open, read or write; `reason` is the system's.
    case unreadable(file: String, reason: String)
    case unwritable(file: String, reason: String)
    /// Compressed bytes that end too early or contradict themselves.
    case damaged(file: String, reason: String)
}

extension StreamError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .unwritable(let file, let reason): "cannot write \(file): \(reason)"
        case .damaged(let file, let reason): "\(file) is damaged: \(reason)"
        }
    }
}
