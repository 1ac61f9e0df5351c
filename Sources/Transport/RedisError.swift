/// What can go wrong between us and Redis. No error carries an event or a password.
package enum RedisError: Error, Equatable {
    /// The address is neither `host:port`, with or without `rediss://`, nor the path of a socket.
    case badAddress(String)
    /// The connection broke while an answer was awaited: whether the command was carried out is unknown.
    /// Sending the same rows again is safe.
    case lost(address: String, reason: String)
    /// A user is named, and no file with the password.
    case passwordMissing(user: String)
    /// Redis answered with an error: out of memory, loading, a replica, no permission.
    case refused(address: String, command: String, reason: String)
    /// Redis answered with something that does not answer the question.
    case unexpected(address: String, command: String)
    case unreachable(address: String, reason: String)
    /// No encrypted connection came about: a certificate that is not believed, or a file of ours that is no use.
    case untrusted(address: String, reason: String)

    /// Whether Redis has refused an append: other streams may still be written, over the same connection.
    package var isAboutOneStream: Bool {
        if case .refused(_, "append", _) = self { true } else { false }
    }
}

extension RedisError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badAddress(let address):
            "redis address \"\(address)\" is neither host:port, rediss://host:port nor the path of a socket"
        case .lost(let address, let reason):
            "redis \(address): connection lost during a command (\(reason)); the same rows can be sent again"
        case .passwordMissing(let user):
            "redis user \"\(user)\" needs a password: name the file that holds it (redis-password-file)"
        case .refused(let address, let command, let reason):
            "redis \(address) refused \(command): \(reason)"
        case .unexpected(let address, let command):
            "redis \(address) gave an answer to \(command) that is none; is another program listening there?"
        case .unreachable(let address, let reason):
            "redis \(address) cannot be reached: \(reason); start it or correct the setting redis"
        case .untrusted(let address, let reason):
            "redis \(address): no encrypted connection: \(reason)"
        }
    }
}
