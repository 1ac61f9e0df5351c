import Basics
import Courier
import FoundationEssentials
import Glibc
import Linalg
import Shard
import Transport
import Wire

/// muster-worker: hosts city shards and computes for them.
///
/// The loop (WorkerLoop) owns the socket and answers nothing itself; the quick lane stores and reads, the long lane
/// trains and plans on the compute pool, other workers ask at the door, the relay carries the outboxes to Redis, and
/// the intake brings signals from there.
@main
enum WorkerProgram {
    static func main() {
        let core = BLAS.configure(arguments: CommandLine.arguments)
        Program.run(
            .worker, arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment,
            build: Build.identifier
        ) { settings in
            Log.info("computing with OpenBLAS", ["blas": core])
            try run(settings)
        }
    }

    private static func run(_ settings: Settings) throws {
        let waker = try Waker()
        let stop = Program.stopFlag { waker.wake() }
        let context = try MessageContext()
        let connection = WorkerLoop.Connection(
            endpoint: settings.text("coordinator"),
            keys: try settings.path("key-file").map { try CurveKeys.load($0) },
            serverKey: try settings.path("server-key").map { try CurveKeys.loadPublicKey($0) })
        let threads =
            settings.integer("threads") == 0 ? sysconf(Int32(_SC_NPROCESSORS_ONLN)) : settings.integer("threads")
        let pool = ComputePool(threads: threads)
        let host = try ShardHost(
            directory: settings.text("data"), outboxMax: settings.integer("outbox-max"),
            policy: try InvitationPolicy(settings), pool: pool
        ) { waker.wake() }
        let redis = try redis(settings)
        let relay = Relay(cities: { host.all() }, redis: redis)
        let intake = redis.map { Intake(cities: { host.all() }, redis: $0) }
        let neighbors = PeerService(host: host, pool: pool)
        let door = try PeerDoor(
            context: context, listen: settings.text("peer-listen"), address: settings.text("peer-address"),
            keys: connection.keys
        ) { neighbors.answer($0) }
        let peers = Peers(context: context, keys: connection.keys, name: settings.text("name")) { neighbors.answer($0) }
        let service = Service(
            host: host, peers: peers, pool: pool, memoryBytes: memoryBytes(settings.integer("memory")))
        let lanes = Lanes(service: service) { waker.wake() }
        let loop = WorkerLoop(
            context: context, connection: connection, name: settings.text("name"), host: host, lanes: lanes,
            door: door, peers: peers, waker: waker)
        let clock = PlanClock(cities: { host.all() })
        relay.start()
        startThread { host.prepare() }
        intake?.start()
        clock.start()
        loop.run(until: stop)
        door.close()
        clock.stop()
        intake?.stop()
        relay.stop()
        host.close()
    }

    /// What trainings may use: as set, or four fifths of what the machine has.
    private static func memoryBytes(_ mebibytes: Int) -> UInt64 {
        if mebibytes > 0 { return UInt64(mebibytes) << 20 }
        let all = UInt64(max(sysconf(Int32(_SC_PHYS_PAGES)), 0)) * UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 0))
        return all / 5 * 4
    }

    /// Where events go; nil: nowhere.
    private static func redis(_ settings: Settings) throws -> RedisPlace? {
        guard settings.text("events") == "redis" else { return nil }
        return RedisPlace(
            address: settings.text("redis"), login: try RedisLogin(settings),
            entriesKept: settings.integer("entries-kept"))
    }
}
