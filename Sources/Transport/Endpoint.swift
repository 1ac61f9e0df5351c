import Glibc

/// Where a link binds or connects: `tcp://HOST:PORT`. HOST is an IPv4 address, an IPv6 address in brackets, a name,
/// or, for binding, an interface or `*` (all of them). PORT 0 (or `*`) lets the system choose when binding.
package struct Endpoint: Equatable, Sendable {
    /// As it was given.
    package let text: String
    /// Without brackets.
    package let host: String
    /// 0 means: the system chooses.
    package let port: UInt16

    /// Throws `badEndpoint` with the rule that `text` breaks.
    package init(_ text: String) throws(TransportError) {
        let scheme = "tcp://"
        guard text.hasPrefix(scheme) else {
            throw .badEndpoint(endpoint: text, rule: "it must look like tcp://127.0.0.1:7400")
        }
        let rest = text.dropFirst(scheme.count)
        guard let colon = rest.lastIndex(of: ":") else {
            throw .badEndpoint(endpoint: text, rule: "the port is missing, as in tcp://127.0.0.1:7400")
        }
        let number = rest[rest.index(after: colon)...]
        guard let port = number == "*" ? 0 : UInt16(number), number.first != "+" else {
            throw .badEndpoint(endpoint: text, rule: "the port must be a number from 0 to 65535")
        }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .badEndpoint(endpoint: text, rule: "an IPv6 address is written in brackets, as in tcp://[::1]:7400")
        }
        guard !host.isEmpty, !host.contains(where: { $0 == "/" || $0 == "@" || $0 == ";" || $0.isWhitespace }) else {
            throw .badEndpoint(endpoint: text, rule: "the host must be an address or a name")
        }
        self.text = text
        self.host = String(host)
        self.port = port
    }

    /// Whether only processes of this machine can be at the other end: 127.0.0.0/8, ::1 and localhost.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    /// Whether it names all of a machine's interfaces, which says where to listen and not where to connect to.
    var isEverywhere: Bool { host == "*" || host == "0.0.0.0" || host == "::" }

    var isIPv6: Bool { host.contains(":") }

    /// What ZeroMQ binds to: it takes addresses and interfaces here, no names.
    var bindable: String {
        let place = host == "localhost" ? "127.0.0.1" : isIPv6 ? "[\(host)]" : host
        return "tcp://\(place):\(port)"
    }
}
