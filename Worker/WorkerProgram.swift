import Basics
import FoundationEssentials
import Glibc
import Linalg
import Transport

/// muster-worker: hosts city shards and computes for them.
///
/// The loop (WorkerLoop) owns the socket and answers nothing itself; the quick lane stores and reads, the long lane
/// trains and plans on the compute pool, and the relay carries the outboxes to Redis.
@main
enum WorkerProgram {
    static func main() {
        do {
            let core = BLAS.configure(arguments: CommandLine.arguments)
            let settings = try SettingsTable.worker.load(
                arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
            if settings.asksForHelp {
                print(SettingsTable.worker.usage)
                return
            }
            if let word = settings.rest.first {
                complain("muster-worker: '\(word)' is one word too many; --help shows the settings")
                exit(2)
            }
            Log.start(program: "muster-worker", level: Log.Level(rawValue: settings.text("log-level")) ?? .info)
            Log.info("starting", ["blas": core, "settings": settings.describe()])
            try run(settings)
        } catch {
            complain("muster-worker: \(error)")
            exit(error is SettingsError ? 2 : 1)
        }
    }

    private static func run(_ settings: Settings) throws {
        let stop = StopFlag()
        let waker = try Waker()
        onTermination { signal in
            Log.info("asked to stop", ["signal": signal])
            if !stop.raise() { exit(128 + signal) }
            waker.wake()
        }
        let context = try MessageContext()
        let connection = WorkerLoop.Connection(
            endpoint: settings.text("coordinator"),
            keys: try settings.path("key-file").map { try CurveKeys.load($0) },
            serverKey: try settings.path("server-key").map { try CurveKeys.loadPublicKey($0) })
        let host = try ShardHost(directory: settings.text("data"))
        let relay = Relay(
            host: host, address: settings.text("redis"),
            password: try settings.path("redis-password-file").map { try secret(in: $0) })
        let threads =
            settings.integer("threads") == 0 ? sysconf(Int32(_SC_NPROCESSORS_ONLN)) : settings.integer("threads")
        let lanes = Lanes(service: Service(host: host, pool: ComputePool(threads: threads))) { waker.wake() }
        let loop = WorkerLoop(
            context: context, connection: connection, name: settings.text("name"), host: host, lanes: lanes,
            waker: waker)
        relay.start()
        loop.run(until: stop)
        relay.stop()
        host.close()
        Log.info("stopped")
    }

    /// The first line of a file that holds a secret and nothing else.
    private static func secret(in path: String) throws -> String {
        let text = String(decoding: try readSmallFile(path), as: UTF8.self)
        return text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
    }
}
