package import Basics
import Graph
import Learn
import Plans
package import Store
import Synchronization
package import Wire
import World

// One city's life. A shard remembers what is imported (Store), sees it as a graph (Graph), trains on it (Learn),
// searches it (Nearest), knows who moves whom (Influence), proposes plans (Plans), and leaves events in its outbox.
// It conducts; each step is somebody else's work.
//
// Two kinds of calls meet here. Quick ones (import, seeds, report) may come at any time, from any thread. Long ones
// (a training round, publishing, planning, influencers) hold `computing` and so run one after the other.

/// Everything one city owns, and everything that can be done with it.
package final class CityShard: Sendable {
    /// What quick calls may look at while a long one runs.
    struct View {
        /// Rises with every import; a graph remembers the generation it was built from.
        var generation: UInt64 = 0
        var graph: CityGraph?
        var graphGeneration: UInt64 = 0
        /// What was imported since `graph` was built; nil when that is so much that building anew costs no more.
        var delta: GraphDelta?
        var modelVersion = ModelVersion(0)
        var seeds = 0
    }

    /// What only the running long call touches.
    struct Computing {
        var trainer: (any ModelTrainer)? {
            didSet { if trainer !== oldValue { across = nil } }
        }
        var trainerJob = JobID(0)
        /// The last round it has done; nil: none yet.
        var trainerRound: UInt32?
        /// What the trainer's turns hear of those cities, once they have.
        var across: (cities: [CityID], heard: CityAcross)?
        var model: CityModel?
        /// While it embeds itself together with others.
        var inference: OpenInference?
    }

    package let city: CityID
    package let name: String
    package let store: ShardStore
    /// The number of the cluster it belongs to.
    package let cluster: UInt64
    /// How people are asked.
    let policy: InvitationPolicy
    let view = Mutex(View())
    let computing = Monitor(Computing())
    let serving = Mutex(Serving())
    let exports: Mutex<ExportSnapshots>
    let delivery = Mutex(Delivery())
    /// A search over several cities that this one takes part in; nil too while one of its steps runs.
    let openSearch = Mutex<OpenSearch?>(nil)
    /// What other cities ask for while it embeds itself together with them.
    let exchange = Mutex<OpenExchange?>(nil)
    /// Who has blocked whom, as the rows say.
    let apart: Mutex<PeopleApart>
    /// Held while signals are taken or lives move, disk included.
    let signals = Mutex(SignalState())

    /// Opens the city's folder, or makes it. `name` is for messages, events and people; `cluster` goes into events.
    /// `outboxIfNew` is a number that no other outbox has been given; `outboxMax` is how many events may wait for
    /// Redis. `policy` says how people are asked.
    package init(
        directory: String, city: CityID, name: String, cluster: UInt64, outboxIfNew: UInt64,
        outboxMax: Int = StoreLimits.outboxMax, policy: InvitationPolicy = InvitationPolicy()
    ) throws {
        self.policy = policy
        self.city = city
        self.name = name
        self.cluster = cluster
        exports = Mutex(ExportSnapshots(city: city))
        store = try ShardStore(
            directory: directory, city: city, outboxIfNew: outboxIfNew, outboxMax: outboxMax)
        apart = Mutex(try ShardKeys.peopleApart(in: store.database))
        let version = try ShardKeys.currentModelVersion(in: store.database)
        let seeds = try currentPlan().count
        view.withLock {
            $0.modelVersion = version
            $0.seeds = seeds
        }
    }

    package var epoch: Epoch { store.epoch }

    /// The city's row of a heartbeat. Cheap: no scan.
    package func report() -> CityReport {
        exports.withLock { $0.drop(idleAt: monotonicSeconds()) }
        dropIdleSearch(at: monotonicSeconds())
        let counts = store.counts()
        let (version, seeds) = view.withLock { ($0.modelVersion, $0.seeds) }
        let delivery = delivery.withLock { $0 }
        let signalsWait = delivery.signalsSince.map { UInt64(max(millisecondsNow() - $0, 0)) } ?? 0
        return CityReport(
            city: city, epoch: epoch, people: counts.people, halo: counts.halo, places: counts.places,
            visits: counts.visits, friendships: counts.friendships, friendLabels: counts.friendLabels,
            gatherings: counts.gatherings, outboxLag: store.lastSequence - store.acknowledged, modelVersion: version,
            seeds: UInt64(seeds), outboxWait: delivery.eventsWait, signalsWait: signalsWait,
            signalsTaken: delivery.signals.taken, signalsRefused: delivery.signals.refused,
            deadLetters: UInt64(delivery.deadLetters),
            indexRecall: serving.withLock { $0.live?.recall ?? -1 })
    }

    /// Stores one block of rows; what it answers is durable. Rows that break a rule are named and left out,
    /// the rest is stored.
    package func importBlock(_ bytes: [UInt8]) throws -> Imported {
        guard let outcome = try importBlocks([bytes]).first else { preconditionFailure("a block without an outcome") }
        return outcome
    }

    /// The same for several blocks, which share what it costs to be durable. When it throws, some may be stored.
    package func importBlocks(_ encoded: [[UInt8]]) throws -> [Imported] {
        let blocks = try encoded.map { (block: try checked($0), encoded: $0) }
        let outcomes = try store.write(blocks)
        // Also when all were known: a known row may have changed.
        for (block, _) in blocks where block.count > 0 {
            let generation = view.withLock { view in
                view.changed(by: block)
                return view.generation
            }
            serving.withLock { $0.append(block.others, generation: generation) }
        }
        return zip(blocks, outcomes).map { blocks, outcome in
            Imported(
                new: UInt32(outcome.new), known: UInt32(outcome.known),
                rejects: blocks.block.faults.map { RowReject(index: $0.index, reason: $0.reason) })
        }
    }

    private func checked(_ bytes: [UInt8]) throws -> CheckedBlock {
        let block: CheckedBlock
        do {
            block = try CheckedBlock(decoding: bytes)
        } catch {
            throw ShardError.unreadableBlock(city: name, reason: error.description)
        }
        guard block.city == city else { throw ShardError.wrongCity(asked: block.city, here: city) }
        return block
    }

    /// Nothing may be asked of the shard afterwards.
    package func close() {
        exports.withLock { $0.dropAll() }
        store.close()
    }

    /// The same, and waits until nobody changes the city's files any more; false: not within the time.
    package func close(waitingMilliseconds milliseconds: Int) -> Bool {
        exports.withLock { $0.dropAll() }
        return store.close(waitingMilliseconds: milliseconds)
    }
}
