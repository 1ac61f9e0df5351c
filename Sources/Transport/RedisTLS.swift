import COpenSSL

// The encrypted side of a connection to Redis. hiredis 0.14, which Debian 12 has, knows no TLS of its own; it connects,
// writes commands into its buffer and reads answers out of bytes it is fed. What lies between is here: OpenSSL over
// hiredis' socket. TLS 1.2 and 1.3; Redis must always prove who it is.

/// A TLS session over an open socket, which must outlive it. Belongs to one thread.
final class RedisTLS {
    private let session: OpaquePointer
    private let address: String
    private let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// Shakes hands, each step within the time-out of the socket.
    init(over descriptor: Int32, to host: String, _ trust: RedisTrust, address: String) throws(RedisError) {
        self.address = address
        let context = try Self.context(trust, address)
        defer { SSL_CTX_free(context) }
        guard let session = SSL_new(context) else { preconditionFailure("no memory for a TLS session") }
        self.session = session
        let name = trust.serverName ?? host
        SSL_set_fd(session, descriptor)
        guard SSL_set1_host(session, name) == 1 else {
            throw .untrusted(address: address, reason: "\(name) is no name that a certificate can have")
        }
        // Numbers are not asked for by name.
        if name.contains(where: { !$0.isHexDigit && $0 != "." && $0 != ":" }) {
            _ = name.withCString {
                SSL_ctrl(
                    session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                    UnsafeMutableRawPointer(mutating: $0))
            }
        }
        ERR_clear_error()
        let result = SSL_connect(session)
        if result != 1 { throw .untrusted(address: address, reason: handshakeFault(result, name)) }
    }

    deinit {
        SSL_free(session)
        received.deallocate()
    }

    /// Sends all of it.
    func write(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
            ERR_clear_error()
            let count = SSL_write(session, part.baseAddress, Int32(part.count))
            if count <= 0 { throw .lost(address: address, reason: lastWords() ?? fault(count)) }
            rest = rest.dropFirst(Int(count))
        }
    }

    /// Waits for some bytes and lends them until the next call.
    func read() throws(RedisError) -> UnsafeRawBufferPointer {
        ERR_clear_error()
        let count = SSL_read(session, received.baseAddress, Int32(received.count))
        if count <= 0 { throw .lost(address: address, reason: fault(count)) }
        return UnsafeRawBufferPointer(rebasing: received[..<Int(count)])
    }

    private static func context(_ trust: RedisTrust, _ address: String) throws(RedisError) -> OpaquePointer {
        guard let context = SSL_CTX_new(TLS_client_method()) else { preconditionFailure("no memory for TLS") }
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        ERR_clear_error()
        var refused: String?
        if let file = trust.authorities {
            if SSL_CTX_load_verify_locations(context, file, nil) != 1 { refused = "redis-ca-file \(file)" }
        } else {
            SSL_CTX_set_default_verify_paths(context)
        }
        if let file = trust.certificate, SSL_CTX_use_certificate_chain_file(context, file) != 1 {
            refused = refused ?? "redis-certificate-file \(file)"
        }
        if let file = trust.key, SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) != 1 {
            refused = refused ?? "redis-key-file \(file)"
        }
        guard let refused else { return context }
        SSL_CTX_free(context)
        throw .untrusted(address: address, reason: "\(refused) cannot be used: \(lastReason() ?? "no reason given")")
    }

    /// Why no handshake came about, in words; what is wrong with a certificate first.
    private func handshakeFault(_ result: Int32, _ name: String) -> String {
        let verdict = SSL_get_verify_result(session)
        guard verdict == Int(X509_V_OK) else {
            let reason = X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "\(verdict)"
            return "the certificate of \(name) is not believed: \(reason)"
        }
        return "\(fault(result)); does that port speak TLS?"
    }

    private func fault(_ result: Int32) -> String {
        switch SSL_get_error(session, result) {
        // The time-out of the socket has passed.
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: "no answer within \(RedisLimits.commandSeconds) s"
        case SSL_ERROR_ZERO_RETURN: "Redis has closed the connection"
        default: Self.lastReason() ?? "the connection ended"
        }
    }

    /// What Redis said before it closed the connection, if it is still to be read: why it does not want us, which with
    /// TLS 1.3 comes after the handshake.
    private func lastWords() -> String? {
        ERR_clear_error()
        return SSL_read(session, received.baseAddress, Int32(received.count)) <= 0 ? Self.lastReason() : nil
    }

    /// What OpenSSL has last complained of in this thread.
    private static func lastReason() -> String? {
        let code = ERR_peek_last_error()
        return code == 0 ? nil : ERR_reason_error_string(code).map { String(cString: $0) }
    }
}
