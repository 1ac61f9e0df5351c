import Glibc
import Testing

@testable import Gateway

/// Speaks to a server on loopback in raw bytes; gives up after ten seconds of silence.
struct TinyClient: ~Copyable {
    private let descriptor: Int32

    init(port: UInt16, address host: UInt32 = 0x7F00_0001) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw Refused() }
    }

    struct Refused: Error {}

    deinit { close(descriptor) }

    /// Whether all bytes were taken.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Everything until the server closes.
    func readToEnd() -> [UInt8] {
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count <= 0 { return received }
            received += piece[..<count]
        }
    }

    /// One response's status line, headers and, after an empty line, its body.
    func answer() -> Answer { Answer(readToEnd()) }
}

struct Answer {
    let text: String

    init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    var status: Int? { text.split(separator: " ").dropFirst().first.flatMap { Int($0) } }

    var head: String { String(text.split(separator: "\r\n\r\n", maxSplits: 1).first ?? "") }

    var body: String {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[1]) : ""
    }

    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ":") {
            return String(line.dropFirst(name.count + 1).drop { $0 == " " })
        }
        return nil
    }
}

extension HTTPServer {
    /// Sends one request on a connection of its own and reads all that comes back.
    func ask(_ method: String, _ target: String, headers: String = "", body: String = "") throws -> Answer {
        let client = try TinyClient(port: port)
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        client.send("\(method) \(target) HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\(headers)\(length)\r\n\(body)")
        return client.answer()
    }
}
