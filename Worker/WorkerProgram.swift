import Basics
import Linalg
import Transport

/// muster-worker: hosts city shards and computes for them.
///
/// Three threads of its own beside the compute pool. The loop (WorkerLoop) owns the socket and answers nothing itself;
/// the quick lane stores and reads; the long lane trains and plans. The relay carries outboxes to Redis.
@main
enum WorkerProgram {
    static func main() {
        do {
            let core = BLAS.configure()
            let settings = try SettingsTable.worker.load(
                arguments: Array(CommandLine.arguments.dropFirst()), environment: processEnvironment())
            Log.start(program: "muster-worker", level: settings.text("log-level"))
            Log.info("starting", ["core": core, "settings": settings.describe()])
            try run(settings)
        } catch {
            exitWithMessage("muster-worker: \(error)", code: 78)
        }
    }

    private static func run(_ settings: Settings) throws {
        let keys = settings.text("key-file").isEmpty ? nil : try CurveKeys.load(settings.text("key-file"))
        let serverKey =
            settings.text("server-key").isEmpty ? nil : try CurveKeys.loadPublicKey(settings.text("server-key"))
        let stop = StopFlag()
        let context = try MessageContext()
        let threads = settings.integer("threads") == 0 ? processorCount() : settings.integer("threads")
        let host = try ShardHost(directory: settings.text("data"))
        let relay = Relay(host: host, address: settings.text("redis"), password: try password(settings))
        let loop = WorkerLoop(
            context: context,
            connection: .init(endpoint: settings.text("coordinator"), keys: keys, serverKey: serverKey),
            name: settings.text("name"), host: host, lanes: Lanes(host: host, threads: threads), stop: stop)
        onTermination { signal in
            Log.info("asked to stop", ["signal": signal])
            if stop.raise() == .again { exitWithMessage("muster-worker: stopped at once", code: 128 + signal) }
            loop.wake()
        }
        relay.start()
        loop.run()
        relay.stop()
        host.close()
        Log.info("stopped", [:])
    }

    private static func password(_ settings: Settings) throws -> String? {
        let path = settings.text("redis-password-file")
        return path.isEmpty ? nil : try readSecret(path)
    }
}
