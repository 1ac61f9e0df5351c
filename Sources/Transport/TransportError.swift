/// What can go wrong between our processes (for Redis see `RedisError`). Every case names the place and carries the
/// system's own reason.
package enum TransportError: Error, Equatable {
    /// A key is not 40 characters of Z85, or the two halves of a pair do not belong together.
    case badKey(place: String, rule: String)
    /// An endpoint cannot be read, or cannot be used in this role.
    case badEndpoint(endpoint: String, rule: String)
    /// The link was closed before the call.
    case closed(endpoint: String)
    /// A key file cannot be read or written.
    case keyFile(path: String, reason: String)
    /// Others than its owner may read a file that holds a secret. `mode` is its permission bits.
    case keyFileExposed(path: String, mode: UInt32)
    /// Something outside this machine would be spoken to without encryption.
    case keysMissing(endpoint: String)
    /// A client has keys of its own but does not know whom to trust.
    case serverKeyMissing(endpoint: String)
    /// ZeroMQ refused an operation.
    case system(operation: String, endpoint: String, reason: String)
}

extension TransportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badKey(let place, let rule):
            "the key in \(place) cannot be used: \(rule)"
        case .badEndpoint(let endpoint, let rule):
            "endpoint '\(endpoint)' cannot be used: \(rule)"
        case .closed(let endpoint):
            "the link to \(endpoint) is closed already"
        case .keyFile(let path, let reason):
            "key file \(path): \(reason)"
        case .keyFileExposed(let path, let mode):
            "key file \(path) may be read by others (mode \(String(mode, radix: 8))); run: chmod 600 \(path)"
        case .keysMissing(let endpoint):
            "\(endpoint) is outside loopback and there are no keys: give this process a key file (key-file), "
                + "or use an address on 127.0.0.1"
        case .serverKeyMissing(let endpoint):
            "there are keys but no public key of the server at \(endpoint): name the file that holds it (server-key)"
        case .system(let operation, let endpoint, let reason):
            "cannot \(operation) \(endpoint): \(reason)"
        }
    }
}
