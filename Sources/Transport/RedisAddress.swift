/// Where a Redis listens: `host:port`, `[IPv6]:port`, either behind `rediss://` for TLS, or the path of a Unix socket.
struct RedisAddress: Equatable {
    enum Place: Equatable {
        case host(String, port: UInt16)
        case socket(String)
    }

    /// As it was written, for messages.
    let text: String
    let place: Place
    let isEncrypted: Bool
    static let encrypted = "rediss://"

    init(_ text: String) throws(RedisError) {
        self.text = text
        isEncrypted = text.hasPrefix(Self.encrypted)
        if text.hasPrefix("/") {
            place = .socket(text)
            return
        }
        let rest = isEncrypted ? text.dropFirst(Self.encrypted.count) : text[...]
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
            throw .badAddress(text)
        }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("/") else { throw .badAddress(text) }
        place = .host(String(host), port: port)
    }
}
