// Load on an HTTP server from one thread: some connections that stay open, requests at fixed moments, and the time
// each answer took, counted from the moment its request was due. A server that stalls is so charged for the requests
// that could not even be sent meanwhile.

import Basics
import Glibc

/// What became of the requests of one run.
struct LoadOutcome {
    /// Seconds from when a request was due until its answer was whole, in the order of the answers.
    var seconds: [Double] = []
    /// Answers with another status than 200, and connections that broke.
    var failed = 0
    /// From the first request due to the last answer.
    var wall = 0.0
    /// Of this thread.
    var cpu = 0.0

    /// The smallest time that this share of the requests did not exceed.
    func quantile(_ share: Double) -> Double {
        if seconds.isEmpty { return 0 }
        let sorted = seconds.sorted()
        return sorted[min(sorted.count - 1, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
    }
}

/// A server's address and open connections to it.
final class HTTPLoad {
    private struct Channel {
        let socket: Int32
        /// When the request under way was due; nil while there is none.
        var due: Double?
        var received: [UInt8] = []
    }

    private var channels: [Channel] = []
    /// What the system is asked to watch, a channel each.
    private var watched: [pollfd] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// Connects; `address` is `HOST:PORT` with a numeric host.
    init(address: String, connections: Int) throws {
        let parts = address.replacing("http://", with: "").split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw BenchError("'\(address)' is no address such as 127.0.0.1:30315")
        }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = inet_addr(String(parts[0]))
        for _ in 0..<connections {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let connected = withUnsafePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { throw BenchError("nobody listens at \(address)") }
            var one: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            watched.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
            channels.append(Channel(socket: socket))
        }
    }

    deinit {
        for channel in channels { close(channel.socket) }
    }

    /// Sends `count` requests, the i-th to `path(i)`, `rate` a second; at rate 0 each connection sends its next as soon
    /// as it has its answer.
    func run(count: Int, rate: Double, path: (Int) -> String) -> LoadOutcome {
        var outcome = LoadOutcome()
        outcome.seconds.reserveCapacity(count)
        let (start, cpu) = (monotonicSeconds() + 0.01, processCPUSeconds())
        var free = Array(channels.indices)
        var (sent, done) = (0, 0)
        while done < count {
            while sent < count, let channel = free.last {
                let due = rate > 0 ? start + Double(sent) / rate : monotonicSeconds()
                if rate > 0, due > monotonicSeconds() { break }
                free.removeLast()
                send(path(sent), on: channel, due: due)
                sent += 1
            }
            var wait = 1.0
            if sent < count, !free.isEmpty { wait = max(0, start + Double(sent) / rate - monotonicSeconds()) }
            for channel in ready(wait) {
                guard let isFine = receive(channel) else { continue }
                done += 1
                if isFine { outcome.seconds.append(monotonicSeconds() - (channels[channel].due ?? start)) }
                if !isFine { outcome.failed += 1 }
                channels[channel].due = nil
                free.append(channel)
            }
        }
        outcome.wall = monotonicSeconds() - start
        outcome.cpu = processCPUSeconds() - cpu
        return outcome
    }

    /// The channels on which something arrives within the time. The system waits for whole milliseconds; less is slept
    /// in short naps, which answers are then charged for.
    private func ready(_ seconds: Double) -> [Int] {
        if seconds > 0, seconds < 0.001 { usleep(UInt32(min(seconds, Self.napSeconds) * 1e6)) }
        guard poll(&watched, nfds_t(watched.count), Int32(seconds * 1000)) > 0 else { return [] }
        return watched.indices.filter { watched[$0].revents != 0 && channels[$0].due != nil }
    }

    private static let napSeconds = 0.0001

    private func send(_ path: String, on channel: Int, due: Double) {
        channels[channel].due = due
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        _ = Glibc.send(channels[channel].socket, request, request.count, Int32(MSG_NOSIGNAL))
    }

    /// Nil while the answer is not whole; else whether its status is 200.
    private func receive(_ channel: Int) -> Bool? {
        let count = recv(channels[channel].socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        channels[channel].received += buffer[..<count]
        let received = channels[channel].received
        guard let length = Self.wholeLength(received) else { return nil }
        guard received.count >= length else { return nil }
        channels[channel].received.removeAll(keepingCapacity: true)
        return received.starts(with: "HTTP/1.1 200".utf8)
    }

    /// Bytes of an answer with its head; nil while the head is not whole.
    private static func wholeLength(_ bytes: [UInt8]) -> Int? {
        let limit = bytes.count - 3
        guard let end = (0..<max(limit, 0)).first(where: { bytes[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) }) else {
            return nil
        }
        let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        let line = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst("content-length:".count).filter(\.isNumber)) } ?? 0
        return end + 4 + length
    }
}
