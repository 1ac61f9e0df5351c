import Basics
import Plans
import Store
import Synchronization
import World

/// What the lives of seeds need of their city while one batch of things happens to them: who may be asked, whom a seed
/// may ask, and where answers are kept to be learned from. Belongs to who holds `signals`.
final class LivesDesk {
    let city: String
    let policy: InvitationPolicy
    /// Seconds since 1970.
    let now: UInt64
    private let apart: PeopleApart
    private let database: Database
    private var ledger: InvitationLedger
    private var rosters: [SeedID: Roster] = [:]
    private var judges: [ModelVersion: GroupJudge] = [:]
    private var kept = WriteBatch()

    init(_ shard: CityShard, now: Int64) {
        city = shard.name
        policy = shard.policy
        apart = shard.apart.withLock { $0 }
        self.now = UInt64(max(now, 0)) / 1000
        database = shard.store.database
        ledger = InvitationLedger(database, perWeek: policy.perWeek)
    }

    /// When quiet hours end that hold now; nil when none do.
    var quietUntil: UInt64? { policy.quietUntil(in: city, at: now) }

    func mayAsk(_ person: PersonID, to seed: PlanSeed, isStarter: Bool) throws -> Bool {
        try ledger.mayAsk(person, slot: seed.slot, isStarter: isStarter, now: now)
    }

    /// Whether somebody must not meet any of these, who are only looked up where anybody has blocked anybody.
    func isApart<People: Sequence<PersonID>>(_ person: PersonID, from people: @autoclosure () -> People) -> Bool {
        !apart.isEmpty && apart.contains(person, withAnyOf: people())
    }

    func noteAsked(_ person: PersonID, to seed: PlanSeed) throws { try ledger.note(person, slot: seed.slot, now: now) }

    /// Everybody a seed may ask. One that was planned by an earlier build asks whom it invites, in that order.
    func roster(of seed: PlanSeed) throws -> Roster {
        if let known = rosters[seed.id] { return known }
        var roster = Roster(inOrderOf: seed)
        if let bytes = try database.get(.signals, key: ShardKeys.signal("roster/", seed.id.number)) {
            var reader = ByteReader(bytes)
            roster = try Roster(from: &reader)
        }
        rosters[seed.id] = roster
        return roster
    }

    /// The chance that these people are a group for the seed, as the judge of the model sees it by which the seed was
    /// planned; nil where there is no judge, or it does not know them.
    func fit(of people: [PersonID], for seed: PlanSeed) throws -> Double? {
        let roster = try roster(of: seed)
        guard let judge = try judge(of: roster.model) else { return nil }
        let rows = people.compactMap { roster.position(of: $0) }.map { roster.members[$0].embedding }
        return judge.chance(venue: roster.venue, members: rows, pool: ComputePool(threads: 1))
    }

    private func judge(of model: ModelVersion) throws -> GroupJudge? {
        if let known = judges[model] { return known }
        guard let bytes = try database.get(.signals, key: ShardKeys.signal("judge/", model.number)) else { return nil }
        var reader = ByteReader(bytes)
        let judge = try GroupJudge(from: &reader)
        judges[model] = judge
        return judge
    }

    /// Keeps what somebody answered, as it looked when they were asked.
    func noteAnswer(_ saidYes: Bool, of person: PersonID, askedBy friend: PersonID?, to seed: PlanSeed) throws {
        let roster = try roster(of: seed)
        guard let position = roster.position(of: person) else { return }
        let answer = KeptAnswer(
            seed: seed.id, person: person, friend: friend, time: now, saidYes: saidYes,
            score: roster.members[position].score, rhythm: roster.members[position].rhythm,
            features: roster.features(of: position, askedBy: friend))
        if answer.features.isEmpty { return }
        kept.put(.signals, key: answer.key, value: answer.value)
    }

    /// Puts all that was noted into `batch`.
    func write(into batch: inout WriteBatch) {
        ledger.write(into: &batch)
        batch.append(kept)
    }
}

/// An answer to an invitation, or that none came, with what was known when it was asked.
struct KeptAnswer: Equatable {
    var seed: SeedID
    var person: PersonID
    var friend: PersonID?
    /// Seconds since 1970.
    var time: UInt64
    var saidYes: Bool
    /// See `Roster.Member`.
    var score: Float
    var rhythm: Float
    var features: [Float]

    static let prefix = ShardKeys.signal("answer/")

    /// A later answer of the same person replaces the earlier one.
    var key: [UInt8] { ShardKeys.signal("answer/", seed.number, person.number) }

    var value: [UInt8] {
        var writer = ByteWriter()
        writer.put(time)
        writer.put(saidYes)
        writer.put(friend != nil)
        writer.put(friend?.number ?? 0)
        writer.put(score)
        writer.put(rhythm)
        writer.put(array: features)
        return writer.bytes
    }

    init(
        seed: SeedID, person: PersonID, friend: PersonID?, time: UInt64, saidYes: Bool, score: Float, rhythm: Float,
        features: [Float]
    ) {
        self.seed = seed
        self.person = person
        self.friend = friend
        self.time = time
        self.saidYes = saidYes
        self.score = score
        self.rhythm = rhythm
        self.features = features
    }

    init(key: [UInt8], value: [UInt8]) throws(ByteError) {
        var name = ByteReader(Array(key.dropFirst(Self.prefix.count)))
        seed = SeedID(try name.getBigEndian(UInt64.self))
        person = PersonID(try name.getBigEndian(UInt64.self))
        var reader = ByteReader(value)
        time = try reader.get()
        saidYes = try reader.getBool()
        let (hasFriend, number) = (try reader.getBool(), try reader.get(UInt64.self))
        friend = hasFriend ? PersonID(number) : nil
        score = try reader.getFloat()
        rhythm = try reader.getFloat()
        features = try reader.getArray(of: Float.self)
        guard features.count == InvitationColumns.count else { throw .invalid("\(features.count) features") }
    }
}
