import Basics
import Events
import Glibc

// The place to plug in what really books: an HTTP service, a voice call behind one. It is sent the event as it is, with
// the seed's id as `Idempotency-Key`, and must do the same key once. It answers 2xx (booked; the body names the
// booking), any other 4xx than 408 and 429 (it cannot be), or anything else (nobody knows: asked again).

/// A client of one address. Keeps its connection as long as that works. Belongs to one thread.
final class Webhook {
    private let host: String
    private let port: UInt16
    private let path: String
    private let milliseconds: Int
    private var descriptor: Int32 = -1

    private static let answerBytesMax = 64 << 10

    /// `url` is `http://HOST:PORT/PATH` with a numeric host or localhost: encryption is a proxy's business.
    init(_ url: String, milliseconds: Int) throws(WebhookError) {
        self.milliseconds = milliseconds
        guard url.hasPrefix("http://") else { throw WebhookError(url: url) }
        let rest = url.dropFirst(7)
        let place = rest.prefix { $0 != "/" }
        let parts = place.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, !first.isEmpty,
            let port = parts.count == 2 ? UInt16(parts[1]) : 80
        else { throw WebhookError(url: url) }
        host = first == "localhost" ? "127.0.0.1" : String(first)
        self.port = port
        path = rest.count > place.count ? String(rest.dropFirst(place.count)) : "/"
    }

    deinit { disconnect() }

    /// nil: no answer that decides.
    func book(_ event: [UInt8], key: String) -> BookingResult? {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nContent-Type: application/cloudevents+json\r\n"
            + "Idempotency-Key: \(key)\r\nContent-Length: \(event.count)\r\n\r\n"
        let isReused = descriptor >= 0
        var answer = exchange(Array(head.utf8) + event)
        // A connection that was kept may have been closed since: once more on a new one.
        if answer == nil, isReused { answer = exchange(Array(head.utf8) + event) }
        guard let answer else { return nil }
        switch answer.status {
        case 200..<300:
            let name = printable(answer.body)
            return .booked(reference: name.isEmpty ? "booked" : name)
        case 408, 429: return nil
        case 400..<500: return .failed(reason: "the booking service answered \(answer.status)")
        default: return nil
        }
    }

    private func printable(_ body: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: body, as: UTF8.self).unicodeScalars {
            if scalar.value < 0x20 || scalar.value == 0x7F { continue }
            if text.utf8.count + 4 > SignalLimits.textBytesMax { break }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    private func exchange(_ request: [UInt8]) -> (status: Int, body: [UInt8])? {
        guard descriptor >= 0 || connect() else { return nil }
        let deadline = monotonicSeconds() + Double(milliseconds) / 1000
        var rest = request[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0, monotonicSeconds() < deadline else { return drop() }
            rest = rest.dropFirst(count)
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while received.count < Self.answerBytesMax, monotonicSeconds() < deadline {
            if let answer = HTTPAnswer(received) {
                if answer.closes { disconnect() }
                return (answer.status, answer.body)
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return drop() }
            received.append(contentsOf: buffer[..<count])
        }
        return drop()
    }

    private func drop() -> (status: Int, body: [UInt8])? {
        disconnect()
        return nil
    }

    private func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func connect() -> Bool {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard made >= 0 else { return false }
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(made, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var on: Int32 = 1
        setsockopt(made, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        let isNumeric = inet_pton(AF_INET, host, &place.sin_addr) == 1
        let isOpen =
            isNumeric
            && withUnsafePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        if isOpen { descriptor = made } else { close(made) }
        return isOpen
    }
}

struct WebhookError: Error, CustomStringConvertible {
    let url: String

    var description: String { "webhook \"\(url)\" is not http://HOST:PORT/PATH with a numeric host or localhost" }
}

/// An answer, once it is whole.
struct HTTPAnswer {
    let status: Int
    let body: [UInt8]
    let closes: Bool

    /// nil: more must come.
    init?(_ bytes: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        guard bytes.count >= end.count,
            let head = (0...bytes.count - end.count).first(where: { bytes[$0..<$0 + 4].elementsEqual(end) })
        else { return nil }
        let lines = String(decoding: bytes[..<head], as: UTF8.self).lowercased().split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + ":") }.map {
                String($0.dropFirst(name.count + 1).drop { $0 == " " })
            }
        }
        let length = value("content-length").flatMap { Int($0) } ?? 0
        guard bytes.count >= head + 4 + length else { return nil }
        self.status = status
        body = Array(bytes[(head + 4)..<(head + 4 + length)])
        closes = value("connection") == "close"
    }
}
