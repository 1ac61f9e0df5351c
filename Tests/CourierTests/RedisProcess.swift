import Basics
import Foundation

@testable import Transport

/// A private redis-server on a Unix socket in a folder of its own, ended with the object.
final class RedisProcess {
    static let isHere = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/redis-server") }

    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString.prefix(8))")
    private var process = Process()

    var socket: String { folder.appending(path: "s").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    func start() throws {
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder.path, "--save", "",
            "--appendonly", "yes", "--appendfsync", "everysec",
        ]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<200 {
            if (try? run("PING")) == .text(Array("PONG".utf8)) { return }
            usleep(20_000)
        }
        throw CocoaError(.executableLoad)
    }

    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    @discardableResult
    func run(_ words: String...) throws -> RedisReply {
        try RedisConnection(to: RedisAddress(socket), login: nil).command(words.map { Array($0.utf8) })
    }

    func length(_ stream: String) -> Int {
        if case .integer(let count)? = try? run("XLEN", stream) { Int(count) } else { -1 }
    }
}

/// Whether something comes true in time.
func eventually(_ seconds: Double = 20, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = monotonicSeconds() + seconds
    while monotonicSeconds() < end {
        if try condition() { return true }
        usleep(20_000)
    }
    return try condition()
}
