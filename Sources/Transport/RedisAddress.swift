/// Where a Redis listens: `host:port`, `[IPv6]:port`, or the path of a Unix socket.
struct RedisAddress: Equatable {
    enum Place: Equatable {
        case host(String, port: UInt16)
        case socket(String)
    }

    /// As it was written, for messages.
    let text: String
    let place: Place

    init(_ text: String) throws(RedisError) {
        self.text = text
        if text.hasPrefix("/") {
            place = .socket(text)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw .badAddress(text)
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .badAddress(text) }
        place = .host(String(host), port: port)
    }
}
