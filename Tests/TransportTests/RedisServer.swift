import Foundation

/// A private redis-server in a temporary directory, listening on a Unix socket only (or on a free port as well),
/// ended with the object.
final class RedisServer {
    /// Where the program is, searched along PATH.
    static let binary: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/redis-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    let directory: URL
    let port: UInt16
    private let password: String?
    private var process = Process()

    var socket: String { directory.appendingPathComponent("s").path }

    init(password: String? = nil, overTCP: Bool = false) throws {
        let name = "muster-\(UUID().uuidString.prefix(8))"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        port = overTCP ? Self.freePort() : 0
        self.password = password
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts the server and returns once it says that it accepts connections.
    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binary ?? "")
        process.arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socket, "--dir", directory.path,
            "--save", "", "--appendonly", "no", "--daemonize", "no",
        ]
        if let password { process.arguments? += ["--requirepass", password] }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        var said = ""
        while !said.contains("eady to accept connections") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw CocoaError(.executableLoad, userInfo: ["said": said]) }
            said += String(decoding: more, as: UTF8.self)
        }
    }

    /// As a power cut would: no farewell, nothing saved.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// A TCP port of the loopback that nobody listens on at the moment.
    static func freePort() -> UInt16 {
        let descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(descriptor, address, size)
                _ = getsockname(descriptor, address, &size)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
