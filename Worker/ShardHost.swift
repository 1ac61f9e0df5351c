import Basics
import FoundationEssentials
import Glibc
import Shard
import Store
import Synchronization
import Wire

/// The cities this worker holds, each in a folder of its own: DATA/city-NUMBER with the city's name and the
/// cluster's number in a small file, so that relaying goes on after a restart even when the coordinator is away.
final class ShardHost: Sendable {
    private let directory: String
    private let outboxMax: Int
    private let policy: InvitationPolicy
    private let shards = Mutex<[CityID: CityShard]>([:])

    /// Opens every city found in `directory`. `outboxMax` is how many events of each may wait for Redis, `policy` how
    /// people are asked.
    init(directory: String, outboxMax: Int, policy: InvitationPolicy) throws {
        self.directory = directory
        self.outboxMax = outboxMax
        self.policy = policy
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for folder in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
            guard folder.hasPrefix("city-"), let number = UInt32(folder.dropFirst(5)) else { continue }
            attempt(folder) { try open(CityID(number), CityLabel(file: labelPath(CityID(number)))) }
        }
    }

    /// Gets every city that has a model ready to answer questions, one after the other.
    func prepare(pool: ComputePool) {
        for shard in all() { attempt(shard.name) { try shard.prepareServing(pool: pool) } }
    }

    /// The cluster that the cities here belong to; nil while there are none.
    var cluster: UInt64? { all().first?.cluster }

    /// Takes over what the coordinator says is ours: opens what is new, and notes each city's epoch.
    /// A city that cannot be opened is said so, and keeps none of the others away.
    func accept(_ assignments: [CityAssignment], cluster: UInt64) {
        for assignment in assignments {
            attempt(assignment.name) {
                if shard(assignment.city) == nil {
                    let label = CityLabel(name: assignment.name, cluster: cluster)
                    try FileManager.default.createDirectory(
                        atPath: folder(assignment.city), withIntermediateDirectories: true)
                    try label.write(file: labelPath(assignment.city))
                    try open(assignment.city, label)
                }
                try shard(assignment.city)?.store.setEpoch(assignment.epoch)
            }
        }
    }

    private func attempt(_ city: String, _ opening: () throws -> Void) {
        do {
            try opening()
        } catch {
            Log.error("a city cannot be opened", ["city": city, "reason": "\(error)"])
        }
    }

    private func open(_ city: CityID, _ label: CityLabel) throws {
        let shard = try CityShard(
            directory: folder(city) + "/rows", city: city, name: label.name, cluster: label.cluster,
            outboxIfNew: Self.drawOutbox(of: city, cluster: label.cluster), outboxMax: outboxMax, policy: policy)
        shards.withLock { $0[city] = shard }
        Log.info("city opened", ["city": label.name, "epoch": shard.epoch])
    }

    /// A number that no outbox has had before, in this cluster or another one: the moment, the process and the city.
    private static func drawOutbox(of city: CityID, cluster: UInt64) -> UInt64 {
        let moment = UInt64(Date().timeIntervalSince1970 * 1e6)
        return SeededRandom(seed: moment).child("outbox", UInt64(getpid()), UInt64(city.number), cluster).state
    }

    func shard(_ city: CityID) -> CityShard? { shards.withLock { $0[city] } }

    /// All cities, by number.
    func all() -> [CityShard] { shards.withLock { $0.values.sorted { $0.city < $1.city } } }

    func close() {
        for shard in all() { shard.close() }
        shards.withLock { $0 = [:] }
    }

    private func folder(_ city: CityID) -> String { "\(directory)/city-\(city)" }

    private func labelPath(_ city: CityID) -> String { folder(city) + "/label" }
}

/// What is written on a city's folder: two lines, its name and its cluster.
private struct CityLabel {
    var name: String
    var cluster: UInt64

    init(name: String, cluster: UInt64) {
        self.name = name
        self.cluster = cluster
    }

    init(file: String) throws {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        guard lines.count == 2, let cluster = UInt64(lines[1]) else { throw CocoaError(.fileReadCorruptFile) }
        self.init(name: String(lines[0]), cluster: cluster)
    }

    /// Whole or not at all: written aside, then renamed.
    func write(file: String) throws {
        try "\(name)\n\(cluster)\n".write(toFile: file, atomically: true, encoding: .utf8)
    }
}
