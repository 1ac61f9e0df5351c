import Basics
import FoundationEssentials
import Gateway
import Glibc
import Transport
import Wire

/// muster-coordinator: knows who owns which city, runs jobs, averages weights, and answers people.
///
/// One loop thread (Coordinator) owns the socket and all state; HTTP threads hand it requests and wait for answers.
@main
enum CoordinatorProgram {
    static func main() {
        do {
            let settings = try SettingsTable.coordinator.load(
                arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
            if settings.asksForHelp {
                print(SettingsTable.coordinator.usage)
                return
            }
            if let word = settings.rest.first {
                complain("muster-coordinator: '\(word)' is one word too many; --help shows the settings")
                exit(2)
            }
            Log.start(program: "muster-coordinator", level: Log.Level(rawValue: settings.text("log-level")) ?? .info)
            Log.info("starting", ["build": Build.identifier, "settings": settings.describe()])
            try run(settings)
        } catch {
            complain("muster-coordinator: \(error)")
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
        let allowed = try settings.path("allowed-keys").map { try CurveKeys.loadPublicKeys($0) } ?? []
        let link = try RouterLink(
            context: context, endpoint: settings.text("endpoint"),
            keys: try settings.path("key-file").map { try CurveKeys.load($0) }, allowedClients: allowed, waker: waker)
        let ledger = try Ledger(directory: settings.text("data"))
        let desk = Desk(waker: waker)
        let coordinator = try Coordinator(
            link: link, ledger: ledger, desk: desk, patience: settings.integer("patience"),
            deadlineMilliseconds: settings.integer("request-deadline"))
        let front = HTTPFront(desk: desk)
        let server = try HTTPServer(
            address: settings.text("http-address"), port: UInt16(settings.integer("http-port")), threads: 4,
            handler: front.handler)
        Log.info(
            "ready", ["endpoint": link.boundEndpoint, "http": "http://\(settings.text("http-address")):\(server.port)"])
        coordinator.run(until: stop)
        server.stop()
        ledger.close()
        Log.info("stopped")
    }
}
