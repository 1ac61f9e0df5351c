/// Why the HTTP server cannot start. Requests that cannot be answered are problems, not errors.
package enum GatewayError: Error, Equatable {
    /// The address is not a numeric IPv4 or IPv6 address.
    case badAddress(String)
    /// The system refused the port.
    case bind(address: String, port: UInt16, reason: String)
    /// There are no tokens yet, so nobody outside this machine may be served.
    case notLoopback(String)
    /// libmicrohttpd would not start.
    case start(reason: String)
}

extension GatewayError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badAddress(let address):
            "HTTP address '\(address)' is not a numeric address such as 127.0.0.1 (http-address)"
        case .bind(let address, let port, let reason):
            "cannot serve HTTP at \(address) port \(port): \(reason); choose another port (http-port), or 0 for any"
        case .notLoopback(let address):
            "HTTP address \(address) is outside loopback, and HTTP has no tokens to tell callers apart: "
                + "use 127.0.0.1 (http-address) and a proxy that checks who calls"
        case .start(let reason):
            "the HTTP server did not start: \(reason)"
        }
    }
}
