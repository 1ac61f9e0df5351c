import Glibc

/// A TCP socket that listens on loopback. Made by us rather than by libmicrohttpd, which does not say why it failed.
struct ListeningSocket {
    let descriptor: Int32
    /// The port, chosen by the system when 0 was asked for.
    let port: UInt16

    /// `address` is numeric or `localhost`, and on loopback.
    init(address: String, port: UInt16) throws(GatewayError) {
        let place = try LoopbackAddress(address, port: port)
        let made = socket(place.family, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, Int32(IPPROTO_TCP))
        guard made >= 0 else { throw .bind(address: address, port: port, reason: Self.reason()) }
        var on: Int32 = 1
        // A restart must not wait for the connections of the process before it to be forgotten.
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var storage = place.storage
        var length = place.length
        let isListening = withUnsafeMutableBytes(of: &storage) { bytes in
            let generic = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return bind(made, generic, length) == 0 && listen(made, GatewayLimits.backlog) == 0
                && getsockname(made, generic, &length) == 0
        }
        guard isListening else {
            let reason = Self.reason()
            close(made)
            throw .bind(address: address, port: port, reason: reason)
        }
        descriptor = made
        // The port lies at the same place in IPv4 and IPv6 addresses.
        self.port = withUnsafeBytes(of: &storage) {
            UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}

/// A socket address in 127.0.0.0/8 or ::1.
struct LoopbackAddress {
    let family: Int32
    let length: socklen_t
    let storage: sockaddr_storage

    init(_ text: String, port: UInt16) throws(GatewayError) {
        let numeric = text == "localhost" ? "127.0.0.1" : text
        var storage = sockaddr_storage()
        var version4 = in_addr()
        var version6 = in6_addr()
        if inet_pton(AF_INET, numeric, &version4) == 1 {
            guard UInt32(bigEndian: version4.s_addr) >> 24 == 127 else { throw .notLoopback(text) }
            let address = sockaddr_in(
                sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian, sin_addr: version4,
                sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
            family = AF_INET
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
        } else if inet_pton(AF_INET6, numeric, &version6) == 1 {
            let bytes = withUnsafeBytes(of: version6) { Array($0) }
            guard bytes == [UInt8](repeating: 0, count: 15) + [1] else { throw .notLoopback(text) }
            let address = sockaddr_in6(
                sin6_family: sa_family_t(AF_INET6), sin6_port: port.bigEndian, sin6_flowinfo: 0, sin6_addr: version6,
                sin6_scope_id: 0)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
            family = AF_INET6
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        } else {
            throw .badAddress(text)
        }
        self.storage = storage
    }
}
