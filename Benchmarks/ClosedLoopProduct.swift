// The product itself in the closed loop: a city's shard that is trained and planned every week, asks people as its
// seeds' lives go, and hears their answers as signals. Nothing of it is made for this bench.

import Basics
import Graph
import Learn
import Plans
import Shard
import Wire
import World

/// `muster train`, `muster plan` and the lives of seeds. People answer at once or never; the clock goes on by three
/// hours for as long as seeds are open.
final class MusterPolicy: LoopPolicy {
    let name = "muster"
    private let folder: ShardFolder
    private let shard: CityShard
    private let pool: ComputePool
    private let world: LoopWorld
    private let start: Int64
    private(set) var judgement: GroupJudge.Report?

    private static let model = ModelOrder(model: "graphrec", settings: [])
    private static let (rounds, steps): (Int, UInt32) = (4, 30)
    private static let hour: Int64 = 3_600_000
    private static let week = 7 * 24 * hour

    init(_ world: LoopWorld, _ cities: Cities, _ pool: ComputePool) throws {
        var policy = InvitationPolicy()
        policy.minimum = world.options.minimum
        policy.perWeek = world.options.invitationsPerPerson
        let folder = try ShardFolder(in: "/tmp", policy: policy)
        let shard = try folder.shard(CityID(0), name: "city")
        var last: Int64 = 0
        try cities.read(emit: { city, record in
            if city == CityID(0), case .visit(let visit) = record { last = max(last, visit.time.milliseconds) }
        })
        try cities.readBlocks { city, block, _ in if city == CityID(0) { _ = try shard.importBlock(block) } }
        (self.folder, self.shard) = (folder, shard)
        (self.pool, self.world, start) = (pool, world, last + Self.hour)
    }

    func spend(_ session: LoopSession) {
        do { try spendWeek(session) } catch { preconditionFailure("the shard of a bench failed: \(error)") }
    }

    private func spendWeek(_ session: LoopSession) throws {
        let version = UInt64(session.week + 1)
        try train(version)
        var now = start + Int64(session.week) * Self.week
        let order = PlanCity(job: JobID(version), seedsPerCity: UInt32(world.budget / 6), seed: world.seed)
        _ = try shard.plan(order, pool: pool, now: now)
        judgement = try shard.judgement(of: ModelVersion(version)) ?? judgement
        let seeds = try shard.seeds(count: Int(order.seedsPerCity))
        var heard: Set<[UInt64]> = []
        let end = now + 4 * 24 * Self.hour
        while now < end {
            while try answer(seeds, session, now, &heard) {}
            now += 3 * Self.hour
            try shard.tick(now: now)
        }
    }

    /// Answers what was asked since; whether there was something.
    private func answer(
        _ seeds: [SeedRow], _ session: LoopSession, _ now: Int64, _ heard: inout Set<[UInt64]>
    ) throws -> Bool {
        var signals: [String] = []
        for seed in seeds {
            guard let slot = Taxonomy.timeSlots.firstIndex(of: seed.slot),
                let place = world.graph.localPlace(seed.venue)
            else { continue }
            for (person, friend) in try shard.asked(by: seed.id)
            where heard.insert([seed.id.number, person.number]).inserted {
                guard let local = world.graph.localPerson(person), session.mayAsk(Int(local), slot: slot) else {
                    continue
                }
                let edge = friend.flatMap { world.graph.localPerson($0) }.flatMap { friend in
                    world.graph.friends(of: local).first { world.graph.socialNeighbors[$0] == friend }
                }
                let isYes = session.ask(Invitation(person: local, place: place, slot: slot, edge: edge))
                signals.append(
                    "{\"kind\":\"answer\",\"person\":\(person.number),\"seed\":\"\(seed.id.number)\","
                        + "\"answer\":\"\(isYes ? "accepted" : "declined")\",\"time\":\(now)}")
            }
        }
        for first in stride(from: 0, to: signals.count, by: 1000) {
            let part = signals[first..<min(first + 1000, signals.count)].joined(separator: ",")
            _ = try shard.take(PostSignals(key: ""), json: Array("[\(part)]".utf8), now: now)
        }
        return !signals.isEmpty
    }

    /// A few rounds of the product's training on this one city, and the model live.
    private func train(_ version: UInt64) throws {
        let (job, model) = (JobID(version), Self.model.block)
        var weights = try ModelConfiguration(Self.model).initialWeights(seed: world.seed)
        for round in 0..<Self.rounds {
            let order = TrainRound(
                job: job, round: UInt32(round), steps: Self.steps, seed: world.seed, model: model)
            _ = try shard.trainRound(order, weights: weights, pool: pool, isCancelled: { false })
            let (answer, frames) = try shard.delta(DeltaRequest(job: job, round: UInt32(round)))
            guard let delta = answer.format.unpacked(frames[0]) else { preconditionFailure("a delta of our own") }
            weights = zip(weights, delta).map { $0 + $1 }
        }
        let order = PublishModel(
            job: job, version: ModelVersion(version), seed: world.seed, model: model, rounds: UInt32(Self.rounds))
        _ = try shard.publish(order, weights: weights, pool: pool)
        try shard.keepVersion(ModelVersion(version), pool: pool)
    }
}
