import Basics
import FoundationEssentials
import Gateway
import Transport
import Wire

/// muster-coordinator: knows who owns which city, runs jobs, averages weights, and answers people.
///
/// One loop thread (Coordinator) owns the socket and all state; HTTP threads, and the one that conducts searches over
/// several cities, hand it requests and wait for answers.
@main
enum CoordinatorProgram {
    static func main() {
        Program.run(
            .coordinator, arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment,
            build: Build.identifier, run)
    }

    /// A thread waits while its request is answered, and other connections of it meanwhile, so this is how many are
    /// under way at a time: thousands a second also when an answer takes twenty milliseconds.
    private static let httpThreads = 64

    private static func run(_ settings: Settings) throws {
        let waker = try Waker()
        let stop = Program.stopFlag { waker.wake() }
        let context = try MessageContext()
        let allowed = try settings.path("allowed-keys").map { try CurveKeys.loadPublicKeys($0) } ?? []
        let link = try RouterLink(
            context: context, endpoint: settings.text("endpoint"),
            keys: try settings.path("key-file").map { try CurveKeys.load($0) }, allowedClients: allowed, waker: waker)
        let ledger = try Ledger(directory: settings.text("data"))
        let desk = Desk(waker: waker)
        let conductor = SearchConductor(desk: desk) { waker.wake() }
        let coordinator = try Coordinator(
            link: link, ledger: ledger, desk: desk, conductor: conductor, patience: settings.integer("patience"),
            deadlineMilliseconds: settings.integer("request-deadline"))
        let front = HTTPFront(desk: desk)
        let server = try HTTPServer(
            address: settings.text("http-address"), port: UInt16(settings.integer("http-port")),
            threads: Self.httpThreads, handler: front.handler)
        Log.info(
            "ready", ["endpoint": link.boundEndpoint, "http": "http://\(settings.text("http-address")):\(server.port)"])
        coordinator.run(until: stop)
        conductor.close()
        server.stop()
        ledger.close()
    }
}
