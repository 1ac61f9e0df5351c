import Basics
import Foundation
import Synchronization
import Testing
import Transport

/// What a finished program left behind.
struct Outcome: Sendable {
    var status: Int32
    var output: String
    var complaint: String

    /// The last line of a command that waited for a job and printed `--json`; the rounds stand before it.
    func job() throws -> JobAnswer {
        guard status == 0 else { throw ClusterFault("the command failed: \(complaint)") }
        return try anyJob()
    }

    /// The same where the job may have done without some city for a while.
    func anyJob() throws -> JobAnswer {
        guard let last = output.split(separator: "\n").last else {
            throw ClusterFault("the command failed: \(complaint)")
        }
        return try JSONDecoder().decode(JobAnswer.self, from: Data(last.utf8))
    }
}

/// A cluster of real processes in a folder of its own, on free loopback ports. `stop` leaves nothing behind.
final class TestCluster: Sendable {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let programs = root.appending(path: ".build/release")

    let home: URL

    /// Starts Redis, the coordinator and the workers.
    init(workers: Int = 2) throws {
        home = FileManager.default.temporaryDirectory.appending(path: "muster-test-\(UUID().uuidString)")
        let up = try run("cluster/up", ["--workers", String(workers)])
        guard up.status == 0 else { throw ClusterFault("cluster/up: \(up.complaint)") }
    }

    func stop() {
        _ = try? run("cluster/down", [])
        try? FileManager.default.removeItem(at: home)
    }

    /// A program or script of the project, by its path below the root or its name, to its end. What it prints goes to
    /// files: a pipe would stay open as long as the processes that `cluster/up` leaves running.
    @discardableResult
    func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try start(name, arguments, environment: environment).finish()
    }

    func start(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> RunningProgram {
        let url =
            name.contains("/") ? Self.root.appending(path: name) : Self.programs.appending(path: name)
        return try RunningProgram(url, arguments, home: home, more: environment)
    }

    func muster(_ arguments: String...) throws -> Outcome { try run("muster", arguments) }

    /// The answer of `muster ... --json`.
    func json<Answer: Decodable>(_ arguments: String..., as _: Answer.Type = Answer.self) throws -> Answer {
        let outcome = try run("muster", arguments + ["--json"])
        guard outcome.status == 0 else { throw ClusterFault("muster \(arguments): \(outcome.complaint)") }
        return try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
    }

    /// What became of the job of `muster train|plan|resume ...`.
    func job(_ arguments: String...) throws -> JobAnswer { try run("muster", arguments + ["--json"]).job() }

    /// The process that cluster/up wrote down.
    private func process(_ name: String) throws -> Int32 {
        let text = try String(contentsOf: home.appending(path: "\(name)/pid"), encoding: .utf8)
        guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ClusterFault("\(name) has no pid")
        }
        return pid
    }

    /// SIGSTOP or SIGCONT.
    func signal(_ signal: Int32, _ name: String) throws { Foundation.kill(try process(name), signal) }

    /// SIGKILL, to exactly that process.
    func kill(_ name: String) throws {
        let pid = try process(name)
        Foundation.kill(pid, SIGKILL)
        // A process that waits for the disk dies when that answers; until then cluster/start takes it for running.
        let isGone = eventually(10) { (try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")))?.isEmpty ?? true }
        guard isGone else { throw ClusterFault("\(name) does not die") }
    }

    func restart(_ name: String) throws {
        let outcome = try run("cluster/start", [name])
        guard outcome.status == 0 else { throw ClusterFault("cluster/start \(name): \(outcome.complaint)") }
    }

    func setting(_ name: String) throws -> String {
        let text = try String(contentsOf: home.appending(path: "cluster.env"), encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("\(name)=") {
            return String(line.dropFirst(name.count + 1))
        }
        throw ClusterFault("cluster.env has no \(name)")
    }

    /// Every event of a city's stream, in order.
    func events(of city: String) throws -> [(id: String, payload: [UInt8])] {
        let redis = RedisStream(address: try setting("MUSTER_REDIS"), login: nil)
        return try redis.first(100_000, of: RedisStream.eventsKey(city: city))
    }

    /// Asks again until it is so, at most `seconds`.
    func eventually(_ seconds: Double = 30, _ isSo: () throws -> Bool) rethrows -> Bool {
        let deadline = monotonicSeconds() + seconds
        while monotonicSeconds() < deadline {
            if try isSo() { return true }
            usleep(100_000)
        }
        return try isSo()
    }
}

/// One program under way; what it prints is collected in files. Not Foundation's `Process`: that one waits until the
/// last descendant is gone, and `cluster/up` leaves some running on purpose.
final class RunningProgram {
    private let folder: URL
    private let pid: pid_t
    private var status: Int32?

    init(_ url: URL, _ arguments: [String], home: URL, more: [String: String]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "muster-out-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var environment = ProcessInfo.processInfo.environment
        environment["MUSTER_HOME"] = home.path
        environment["MUSTER_BIN"] = TestCluster.programs.path
        environment.merge(more) { $1 }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(Int32(1), "out"), (2, "err")] {
            let path = folder.appending(path: name).path
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT, 0o600)
        }
        var words = ([url.path] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + settings).forEach { free($0) } }
        // Threads of the test runner block signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child = pid_t()
        let fault = posix_spawn(&child, url.path, &actions, &attributes, &words, &settings)
        guard fault == 0 else { throw ClusterFault("\(url.path): \(String(cString: strerror(fault)))") }
        pid = child
    }

    var isRunning: Bool {
        if status == nil {
            var value: Int32 = 0
            if waitpid(pid, &value, WNOHANG) == pid { status = value }
        }
        return status == nil
    }

    /// Ctrl-C.
    func interrupt() { kill(pid, SIGINT) }

    /// Waits for the end, at most `seconds`; a program that has not ended by then is killed, which is a fault.
    func finish(within seconds: Double = 120) throws -> Outcome {
        let deadline = monotonicSeconds() + seconds
        while isRunning {
            if monotonicSeconds() > deadline {
                kill(pid, SIGKILL)
                throw ClusterFault("a program had not ended after \(seconds) s: \(try text("err"))")
            }
            usleep(5_000)
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        let value = status ?? 0
        return Outcome(
            status: value & 0x7F == 0 ? (value >> 8) & 0xFF : 128 + (value & 0x7F), output: try text("out"),
            complaint: try text("err"))
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
}

struct ClusterFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
