import Basics
import FoundationEssentials
import Glibc
import Transport

/// A program that a bench runs beside itself: started, hit with signals, waited for. It ends with the object.
final class Child {
    private(set) var pid: pid_t = 0
    private let words: [String]
    private let log: String

    /// Starts `words[0]`, found along PATH, with its output behind that in the file `log`.
    init(_ words: [String], log: String) throws {
        self.words = words
        self.log = log
        try start()
    }

    deinit { kill() }

    /// This program, or another of the same build beside it.
    static func sibling(_ name: String) -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        let own = String(decoding: path[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/\(name)"
    }

    func start() throws {
        precondition(pid == 0, "it runs already")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments = words.map { strdup($0) } + [nil]
        var variables = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        let result = posix_spawnp(&pid, words[0], &actions, nil, &arguments, &variables)
        guard result == 0 else {
            pid = 0
            throw BenchError("\(words[0]) cannot be started: \(String(cString: strerror(result)))")
        }
    }

    func signal(_ number: Int32) { if pid > 0 { Glibc.kill(pid, number) } }

    /// Ends it without a farewell and waits until it is gone.
    func kill() {
        guard pid > 0 else { return }
        Glibc.kill(pid, SIGKILL)
        wait()
    }

    /// Waits for its own end. Answers its exit code, 128 and more for a signal.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while pid > 0, waitpid(pid, &status, 0) < 0, errno == EINTR {}
        pid = 0
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    /// What a program prints, to its end.
    static func output(_ words: [String], in folder: String) throws -> String {
        let file = "\(folder)/output"
        unlink(file)
        let child = try Child(words, log: file)
        let code = child.wait()
        let text = String(decoding: try readSmallFile(file), as: UTF8.self)
        guard code == 0 else { throw BenchError("\(words[0]) ended with \(code): \(text.suffix(200))") }
        return text
    }
}

/// A folder that goes away with the object.
final class ScratchFolder {
    let path: String

    init(in scratch: String) throws {
        var template = Array("\(scratch)/muster-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchError("no folder can be made in \(scratch): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A redis-server of our own on a Unix socket.
final class PrivateRedis {
    let socket: String
    let folder: String
    private var child: Child?
    /// `always` or `everysec`.
    var fsync = "everysec"

    init(in folder: String, fsync: String = "everysec") throws {
        self.folder = "\(folder)/redis"
        socket = "\(folder)/redis/s"
        self.fsync = fsync
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        try start()
    }

    /// Returns when it answers.
    func start() throws {
        child = try Child(
            [
                "redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "",
                "--appendonly", "yes", "--appendfsync", fsync, "--aof-load-truncated", "yes",
            ], log: "\(folder)/log")
        let end = monotonicSeconds() + 30
        while monotonicSeconds() < end {
            if let answer = try? RedisClient(address: socket, login: nil).say("PING"), answer == "PONG" { return }
            usleep(10_000)
        }
        throw BenchError("redis-server does not answer; see \(folder)/log")
    }

    func kill() { child?.kill() }

    /// CPU seconds that it has used since it was started, to a hundredth.
    var cpuSeconds: Double {
        guard let pid = child?.pid, let text = try? readSmallFile("/proc/\(pid)/stat") else { return 0 }
        // Behind the name, which is in parentheses: the twelfth and thirteenth word.
        let words = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard words.count > 12, let user = Double(words[11]), let system = Double(words[12]) else { return 0 }
        return (user + system) / 100
    }

    /// Cuts bytes off the end of the newest part of its log, while it is down. Answers how many.
    func truncateLog(by bytes: Int) throws -> Int {
        let parts = "\(folder)/appendonlydir"
        let names = try FileManager.default.contentsOfDirectory(atPath: parts).filter { $0.contains(".incr.") }
        let newest = names.max { part($0) < part($1) }
        guard let newest else { return 0 }
        var facts = stat()
        guard stat("\(parts)/\(newest)", &facts) == 0 else { return 0 }
        let cut = min(bytes, Int(facts.st_size))
        truncate("\(parts)/\(newest)", facts.st_size - cut)
        return cut
    }

    private func part(_ name: String) -> Int {
        name.split(separator: ".").compactMap { Int($0) }.first ?? 0
    }
}
