import Basics
import FoundationEssentials
import Glibc
import Shard
import Store
import Synchronization
import Wire

/// The cities this worker holds, each in a folder of its own (`CityFolders`), so that relaying goes on after a restart
/// even when the coordinator is away.
final class ShardHost: Sendable {
    let folders: CityFolders
    private let outboxMax: Int
    private let policy: InvitationPolicy
    private let pool: ComputePool
    private let wake: @Sendable () -> Void

    private struct Cities {
        var open: [CityID: CityShard] = [:]
        /// Open, but the coordinator is not told yet: they have just come and get ready to answer.
        var arriving: Set<CityID> = []
        /// Whether one of them has become ready since somebody looked.
        var isNews = false
        /// Closed for another worker, until their folders are put aside: something may still work in them.
        var closing: [CityID: CityShard] = [:]
        /// What was ordered and not said otherwise since. Orders wait in lanes, and what the coordinator has said
        /// meanwhile counts.
        var toRelease: Set<CityID> = []
        /// Whose release is being carried out.
        var releasing: Set<CityID> = []
        var toReceive: Set<CityID> = []
    }

    private let cities = Mutex(Cities())
    /// When a city's state of one moment was last asked for.
    private let held = Mutex<[CityID: Double]>([:])
    /// Held while one is made or deleted: one after the other.
    private let holding = Mutex<Void>(())
    /// A copy that pauses for so long makes a new one.
    private static let heldSeconds = 15.0

    /// Opens every city found in `directory`. `outboxMax` is how many events of each may wait for Redis, `policy` how
    /// people are asked. `wake` is called from another thread when there is something new to report.
    init(
        directory: String, outboxMax: Int, policy: InvitationPolicy, pool: ComputePool,
        wake: @escaping @Sendable () -> Void
    ) throws {
        (self.pool, self.wake) = (pool, wake)
        folders = CityFolders(directory: directory)
        self.outboxMax = outboxMax
        self.policy = policy
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for city in try folders.cities(.city) {
            attempt("city \(city)") { try open(city, CityLabel(file: folders.label(city))) }
        }
        for city in try folders.cities(.held) { attempt("city \(city)") { try folders.remove(.held, city) } }
    }

    /// Gets every city that has a model ready to answer questions, one after the other.
    func prepare() {
        for shard in all() { attempt(shard.name) { try shard.prepareServing(pool: pool) } }
    }

    /// Makes a city's state of this moment, in place of an earlier one.
    func hold(_ shard: CityShard) throws {
        let city = shard.city
        noteHeld(city)
        try holding.withLock { _ in
            try folders.remove(.held, city)
            try folders.create(.held, city)
            try shard.store.database.checkpoint(into: folders.rows(.held, city))
            noteHeld(city)
        }
    }

    /// The state is being copied.
    func noteHeld(_ city: CityID) { held.withLock { $0[city] = monotonicSeconds() } }

    /// Deletes states of one moment that nobody copies any more, on a thread of its own. Quick.
    func dropHeld(now: Double) {
        let old = held.withLock { held in
            let old = held.filter { now - $0.value > Self.heldSeconds }.map(\.key)
            for city in old { held[city] = nil }
            return old
        }
        if !old.isEmpty { startThread { [self] in delete(held: old) } }
    }

    private func delete(held cities: [CityID]) {
        holding.withLock { _ in
            // What was asked for again meanwhile stays.
            for city in cities where held.withLock({ $0[city] }) == nil {
                attempt("city \(city)") { try folders.remove(.held, city) }
            }
        }
    }

    /// What the coordinator is told of the cities here, by number.
    func reports() -> [CityReport] {
        let shards = cities.withLock { cities in
            cities.isNews = false
            return cities.open.values.filter { !cities.arriving.contains($0.city) }
        }
        return shards.sorted { $0.city < $1.city }.map { $0.report() }
    }

    /// Whether there is more to report than last time.
    var isNews: Bool { cities.withLock { $0.isNews } }

    /// The cluster that the cities here belong to; nil while there are none.
    var cluster: UInt64? { all().first?.cluster }

    /// Takes over what the coordinator says is ours: opens what is new, and notes each city's epoch.
    /// A city that cannot be opened is said so, and keeps none of the others away.
    func accept(_ assignments: [CityAssignment], cluster: UInt64) {
        for assignment in assignments {
            attempt(assignment.name) {
                try take(assignment, cluster: cluster)
                try shard(assignment.city)?.store.setEpoch(assignment.epoch)
            }
        }
    }

    private func take(_ assignment: CityAssignment, cluster: UInt64) throws {
        let city = assignment.city
        let (isReleasing, closing) = cities.withLock { cities in
            cities.toRelease.remove(city)
            return (cities.releasing.contains(city), cities.closing[city])
        }
        if isReleasing { throw MoveError.stillBusy(city) }
        if let closing {
            // It was closed for another worker, and is given back.
            guard closing.close(waitingMilliseconds: 0) else { throw MoveError.stillBusy(city) }
            cities.withLock { $0.closing[city] = nil }
        }
        if shard(city) != nil { return }
        if !folders.exists(.city, city) {
            if assignment.isArriving {
                guard folders.mark("arrived", of: city) == assignment.epoch else {
                    throw MoveError.notArrived(city: assignment.name, epoch: assignment.epoch)
                }
                try folders.rename(city, from: .incoming, to: .city)
                try folders.remove(.leaving, city)
            } else if folders.exists(.leaving, city) {
                try folders.rename(city, from: .leaving, to: .city)
            }
        }
        let label = CityLabel(name: assignment.name, cluster: cluster)
        try folders.create(.city, city)
        try label.write(file: folders.label(city))
        try open(city, label)
        _ = cities.withLock { $0.toReceive.remove(city) }
        // What comes is reported when it can answer; what is given back answers as soon as it can.
        if assignment.isArriving { _ = cities.withLock { $0.arriving.insert(city) } }
        startThread { [self] in welcome(city) }
    }

    /// Gets a city ready that was opened. What is asked of one that comes from another worker waits until then.
    private func welcome(_ city: CityID) {
        if let shard = shard(city) { attempt(shard.name) { try shard.prepareServing(pool: pool) } }
        cities.withLock { cities in
            cities.arriving.remove(city)
            cities.isNews = true
        }
        wake()
    }

    /// The coordinator has ordered a step of a move; called as it comes, before any lane carries it out.
    func note(_ order: MoveOrder, of city: CityID) {
        cities.withLock { cities in
            switch order.step {
            case .release: cities.toRelease.insert(city)
            case .receive, .receiveRest: cities.toReceive.insert(city)
            case .drop: cities.toReceive.remove(city)
            }
        }
    }

    /// Whether a city is to be copied from another worker, still.
    func isExpected(_ city: CityID) -> Bool { cities.withLock { $0.toReceive.contains(city) } }

    /// Closes a city for another worker. What it holds lies in its folder `leaving-N` then. Again: nothing happens.
    /// Throws `stillBusy` where something works in it for more than `milliseconds`; it is closed all the same.
    func release(_ city: CityID, waitingMilliseconds milliseconds: Int) throws {
        let (isOrdered, leaving) = cities.withLock { cities in
            guard cities.toRelease.contains(city) else { return (false, CityShard?.none) }
            cities.releasing.insert(city)
            if let shard = cities.open.removeValue(forKey: city) { cities.closing[city] = shard }
            return (true, cities.closing[city])
        }
        guard isOrdered else { throw MoveError.calledOff }
        defer { _ = cities.withLock { $0.releasing.remove(city) } }
        if let leaving, !leaving.close(waitingMilliseconds: milliseconds) { throw MoveError.stillBusy(city) }
        defer { cities.withLock { $0.closing[city] = nil } }
        if folders.exists(.city, city) {
            try folders.rename(city, from: .city, to: .leaving)
            Log.info("city closed for another worker", ["city": leaving?.name ?? "\(city)"])
        }
        guard folders.exists(.leaving, city) else { throw MoveError.notHere(city) }
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
            directory: folders.rows(.city, city), city: city, name: label.name, cluster: label.cluster,
            outboxIfNew: Self.drawOutbox(of: city, cluster: label.cluster), outboxMax: outboxMax, policy: policy)
        cities.withLock { $0.open[city] = shard }
        Log.info("city opened", ["city": label.name, "epoch": shard.epoch])
    }

    /// A number that no outbox has had before, in this cluster or another one: the moment, the process and the city.
    private static func drawOutbox(of city: CityID, cluster: UInt64) -> UInt64 {
        let moment = UInt64(Date().timeIntervalSince1970 * 1e6)
        return SeededRandom(seed: moment).child("outbox", UInt64(getpid()), UInt64(city.number), cluster).state
    }

    func shard(_ city: CityID) -> CityShard? { cities.withLock { $0.open[city] } }

    /// All cities, by number.
    func all() -> [CityShard] { cities.withLock { $0.open.values.sorted { $0.city < $1.city } } }

    func close() {
        delete(
            held: held.withLock { held in
                defer { held = [:] }
                return Array(held.keys)
            })
        for shard in all() { shard.close() }
        cities.withLock { $0 = Cities() }
    }
}
