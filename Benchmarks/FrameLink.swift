// Bytes in frames between two processes of a bench: a length (u64) and so many bytes, over a Unix socket.

import Glibc

/// One end. Closed with the object.
final class FrameLink {
    private let socket: Int32

    fileprivate init(_ socket: Int32) { self.socket = socket }

    deinit { close(socket) }

    convenience init(connectedTo path: String) throws {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.init(socket)
        guard withAddress(path, { connect(socket, $0, $1) }) == 0 else { throw BenchError("nobody listens at \(path)") }
    }

    func send(_ bytes: [UInt8]) throws {
        try withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { try write($0) }
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Nil when the other end is closed.
    func receive() throws -> [UInt8]? {
        var length: UInt64 = 0
        guard try withUnsafeMutableBytes(of: &length, { try read($0) }) else { return nil }
        guard length <= 1 << 34 else { throw BenchError("a frame of \(length) bytes") }
        var bytes = [UInt8](repeating: 0, count: Int(UInt64(littleEndian: length)))
        guard try bytes.withUnsafeMutableBytes({ try read($0) }) else { throw BenchError("a frame was cut short") }
        return bytes
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let count = Glibc.send(socket, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw BenchError("the other end is gone: \(String(cString: strerror(errno)))") }
            done += count
        }
    }

    /// False when the other end was closed before the first byte.
    private func read(_ bytes: UnsafeMutableRawBufferPointer) throws -> Bool {
        var done = 0
        while done < bytes.count {
            let count = recv(socket, bytes.baseAddress! + done, bytes.count - done, 0)
            if count < 0, errno == EINTR { continue }
            if count == 0, done == 0 { return false }
            guard count > 0 else { throw BenchError("the other end is gone") }
            done += count
        }
        return true
    }
}

/// Where others connect.
final class FrameListener {
    private let socket: Int32

    init(at path: String) throws {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.socket = socket
        guard withAddress(path, { bind(socket, $0, $1) }) == 0, listen(socket, 64) == 0 else {
            throw BenchError("no socket at \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(socket) }

    /// Waits ten seconds at most.
    func accept() throws -> FrameLink {
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 10_000) == 1 else { throw BenchError("a process that was started does not connect") }
        return FrameLink(Glibc.accept(socket, nil, nil))
    }
}

private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8CString)
    guard name.count <= MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
    withUnsafeMutableBytes(of: &address.sun_path) { room in
        name.withUnsafeBytes { room.copyMemory(from: $0) }
    }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
