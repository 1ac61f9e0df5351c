import CZeroMQ
import Glibc

// CURVE is ZeroMQ's encryption and authentication by key pairs of Curve25519. A process proves who it is by its
// secret key; the others know it by its public key. Keys are written in Z85: 40 printable characters for 32 bytes.

/// One process's key pair.
package struct CurveKeys: Equatable, Sendable {
    /// 40 characters of Z85; may be shown to anyone.
    package let publicKey: String
    /// 40 characters of Z85; stays in its file and in this process.
    package let secretKey: String

    /// A new pair from the system's randomness.
    package static func generate() throws(TransportError) -> CurveKeys {
        var publicText = [CChar](repeating: 0, count: z85Characters + 1)
        var secretText = [CChar](repeating: 0, count: z85Characters + 1)
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw .system(operation: "make keys with", endpoint: "libzmq", reason: lastReason())
        }
        return CurveKeys(publicKey: text(of: publicText), secretKey: text(of: secretText))
    }

    /// Reads the two lines `public = ...` and `secret = ...`. Refuses a file that group or others may read, and a
    /// pair that does not belong together.
    package static func load(_ path: String) throws(TransportError) -> CurveKeys {
        let contents = try KeyFile.read(path, isSecret: true)
        var fields: [Substring: Substring] = [:]
        for line in contents.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let parts = line.split(separator: " = ", maxSplits: 1)
            guard parts.count == 2 else {
                throw .keyFile(path: path, reason: "a line is not of the form 'public = ...' or 'secret = ...'")
            }
            fields[parts[0]] = parts[1]
        }
        guard let publicKey = fields["public"], let secretKey = fields["secret"] else {
            throw .keyFile(path: path, reason: "it must hold the lines 'public = ...' and 'secret = ...'")
        }
        _ = try decodeKey(String(publicKey), place: path)
        _ = try decodeKey(String(secretKey), place: path)
        var derived = [CChar](repeating: 0, count: z85Characters + 1)
        guard zmq_curve_public(&derived, String(secretKey)) == 0, text(of: derived) == publicKey else {
            throw .badKey(place: path, rule: "the public key does not belong to the secret key; make a new pair")
        }
        return CurveKeys(publicKey: String(publicKey), secretKey: String(secretKey))
    }

    /// Writes a new file with mode 0600. An existing file is never overwritten: whoever trusts its public key
    /// would be cut off.
    package func save(_ path: String) throws(TransportError) {
        try KeyFile.create(path, mode: 0o600, contents: "public = \(publicKey)\nsecret = \(secretKey)\n")
    }

    /// Writes the public key alone into a new file that anyone may read.
    package func savePublicKey(_ path: String) throws(TransportError) {
        try KeyFile.create(path, mode: 0o644, contents: publicKey + "\n")
    }

    /// The public keys of a file, one a line, in order; empty lines and lines that start with `#` do not count.
    package static func loadPublicKeys(_ path: String) throws(TransportError) -> [String] {
        var keys: [String] = []
        for (index, line) in try KeyFile.read(path, isSecret: false).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            guard let key = line.split(whereSeparator: \.isWhitespace).first, !key.hasPrefix("#") else { continue }
            _ = try decodeKey(String(key), place: "\(path), line \(index + 1)")
            keys.append(String(key))
        }
        return keys
    }

    /// The one public key of a file, such as the server's.
    package static func loadPublicKey(_ path: String) throws(TransportError) -> String {
        let keys = try loadPublicKeys(path)
        guard keys.count == 1 else {
            throw .keyFile(path: path, reason: "it must hold one public key, it holds \(keys.count)")
        }
        return keys[0]
    }

    static let z85Characters = 40
    static let keyBytes = 32

    /// The 32 bytes behind 40 characters of Z85.
    static func decodeKey(_ key: String, place: String) throws(TransportError) -> [UInt8] {
        guard key.utf8.count == z85Characters else {
            throw .badKey(place: place, rule: "it has \(key.utf8.count) characters instead of \(z85Characters)")
        }
        var bytes = [UInt8](repeating: 0, count: keyBytes)
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), zmq_z85_decode(&bytes, key) != nil else {
            throw .badKey(place: place, rule: "it holds a character that Z85 does not have")
        }
        return bytes
    }

    private static func text(of characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension CurveKeys: CustomStringConvertible {
    /// The public half only, so that no log ever holds a secret.
    package var description: String { "key pair \(publicKey)" }
}

/// ZeroMQ's words for the last failed call of this thread.
func lastReason() -> String { String(cString: zmq_strerror(zmq_errno())) }
