import Basics
import Events
import Foundation
import Plans
import Store
import Testing
import Transport
import Wire
import World

@testable import Courier
@testable import Shard

/// A city of ten people and ten places, under epoch 1, in a folder of its own.
final class TestCity {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString)")
    private(set) var shard: CityShard

    init(outboxMax: Int = 1000) throws {
        shard = try Self.open(folder, outboxMax)
        let people = (1...10).map { (id: UInt64) in Record.person(Person(id: PersonID(id), homeCity: CityID(0))) }
        let places = (1...10).map { (id: UInt64) in
            Record.place(Place(id: PlaceID(id), city: CityID(0)))
        }
        _ = try shard.store.write(RecordBlock(city: CityID(0), records: people + places))
        try shard.store.setEpoch(Epoch(1))
    }

    deinit {
        shard.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func open(_ folder: URL, _ outboxMax: Int) throws -> CityShard {
        try CityShard(
            directory: folder.path, city: CityID(0), name: "Oslo", cluster: 1, outboxIfNew: 1, outboxMax: outboxMax)
    }

    func reopen() throws {
        shard.close()
        shard = try Self.open(folder, 1000)
    }

    func commit(_ count: Int) throws {
        let draft = EventDraft(
            SeedReleased(city: "Oslo", venue: 1, slot: "night", reason: .expired), about: 7, seed: SeedID(7),
            key: "7/1",
            cause: "clock")
        _ = try shard.store.commit(
            WriteBatch(), events: shard.outboxEvents([EventDraft](repeating: draft, count: count)))
    }
}

private let events = RedisStream.eventsKey(city: "Oslo")
private let signals = RedisConsumer.signalsKey(city: "Oslo")
private let dead = RedisConsumer.deadLettersKey(city: "Oslo")

@Suite(.enabled(if: RedisProcess.isHere, "no redis-server on this machine"), .serialized)
struct CourierTests {
    private func place(_ redis: RedisProcess, keeping kept: Int = 0) -> RedisPlace {
        RedisPlace(address: redis.socket, login: nil, entriesKept: kept)
    }

    @Test func eventsFollowTheirCommitAndComeBackToARedisThatLostThem() throws {
        let (redis, city) = (try RedisProcess(), try TestCity())
        let relay = Relay(cities: { [shard = city.shard] in [shard] }, redis: place(redis))
        relay.start()
        defer { relay.stop() }
        try city.commit(700)
        #expect(eventually { redis.length(events) == 700 })
        try redis.run("FLUSHALL")
        try city.commit(1)
        #expect(eventually { redis.length(events) == 701 && city.shard.store.acknowledged == 701 })
        redis.kill()
        try city.commit(9)
        #expect(city.shard.store.acknowledged == 701)
        try redis.start()
        #expect(eventually { redis.length(events) == 710 })
        #expect(try city.shard.events(EventsRequest(after: 0, count: 0)).state == "flows")
    }

    @Test func aFullOutboxRefusesEventsAndLosesNone() throws {
        let city = try TestCity(outboxMax: 5)
        try city.commit(5)
        #expect(throws: StoreError.self) { try city.commit(1) }
        #expect(throws: ShardError.outboxFull(city: "Oslo", waiting: 5)) { try city.shard.requireOutboxRoom() }
        let answer = try city.shard.events(EventsRequest(after: 0, count: 10))
        #expect(answer.rows.map(\.sequence) == [1, 2, 3, 4, 5] && answer.state.hasPrefix("full"))
        let redis = try RedisProcess()
        let relay = Relay(cities: { [shard = city.shard] in [shard] }, redis: place(redis))
        relay.start()
        defer { relay.stop() }
        #expect(eventually { !city.shard.store.isOutboxFull })
        try city.commit(1)
        #expect(eventually { redis.length(events) == 6 })
    }

    @Test func withoutRedisEventsCountAsDeliveredAndStayReadable() throws {
        let city = try TestCity(outboxMax: 5)
        let relay = Relay(cities: { [shard = city.shard] in [shard] }, redis: nil)
        relay.start()
        defer { relay.stop() }
        for _ in 0..<4 {
            try city.commit(4)
            #expect(eventually { city.shard.store.acknowledged == city.shard.store.lastSequence })
        }
        #expect(try city.shard.events(EventsRequest(after: 14, count: 10)).rows.map(\.sequence) == [15, 16])
        let history = try city.shard.events(EventsRequest(seed: SeedID(7), after: 3, count: 2))
        #expect(history.rows.map(\.sequence) == [4, 5])
    }

    @Test func signalsHaveTheirEffectOnceHoweverOftenTheyAreRead() throws {
        let (redis, city) = (try RedisProcess(), try TestCity())
        let intake = Intake(cities: { [shard = city.shard] in [shard] }, redis: place(redis, keeping: 1))
        try redis.run("XADD", signals, "5-1", "kind", "view", "person", "1", "place", "2", "time", "1690000000000")
        try redis.run("XADD", signals, "5-2", "kind", "view", "person", "99", "place", "2", "time", "1690000000000")
        try redis.run("XADD", signals, "5-3", "kind", "sing")
        try redis.run("XADD", signals, "5-4", "kind", "friend", "person", "4", "other", "3", "time", "1690000000000")
        intake.start()
        func account() throws -> [UInt64] {
            let account = try city.shard.signalAccount()
            return [account.taken, account.refused, account.replayed]
        }
        #expect(try eventually { try account() == [2, 2, 0] })
        #expect(city.shard.store.counts().visits == 1 && city.shard.store.counts().friendships == 1)
        #expect(eventually { redis.length(dead) == 2 })
        #expect(
            eventually {
                let report = city.shard.report()
                return report.deadLetters == 2 && report.signalsTaken == 2 && report.signalsRefused == 2
                    && report.signalsWait == 0
            })
        intake.stop()
        // The city forgets that it has them only together with their effect.
        try city.reopen()
        #expect(try city.shard.signalAccount().offset == EntryID(milliseconds: 5, sequence: 4))
        let again = Intake(cities: { [shard = city.shard] in [shard] }, redis: place(redis))
        again.start()
        defer { again.stop() }
        try redis.run("XADD", signals, "6-1", "kind", "block", "person", "3", "other", "4", "time", "1690000000000")
        #expect(try eventually { try account() == [3, 2, 0] })
        #expect(city.shard.store.counts().friendships == 0 && redis.length(dead) == 2)
    }

    @Test func aCityThatCannotTakeItsSignalsTakesThemLaterInTheirOrder() throws {
        let (redis, city) = (try RedisProcess(), try TestCity(outboxMax: 1))
        let seed = PlanSeed(
            id: SeedID(9), city: CityID(0), venue: PlaceID(1), starters: [PersonID(1), PersonID(2)],
            slot: TimeSlot(number: 2), conversion: 0.5, expectedTurnout: 3, score: 1, invites: [])
        var writer = ByteWriter()
        seed.encode(into: &writer)
        var batch = WriteBatch()
        batch.put(.seeds, key: ShardKeys.seed(seed.id), value: writer.bytes)
        try city.shard.store.database.commit(batch)
        try city.commit(1)
        let intake = Intake(cities: { [shard = city.shard] in [shard] }, redis: place(redis))
        intake.start()
        defer { intake.stop() }
        let time = "1690000000000"
        // An answer makes an event, for which there is no room.
        try redis.run(
            "XADD", signals, "5-1", "kind", "answer", "person", "1", "seed", "9", "answer", "accepted", "time", time)
        usleep(300_000)
        for number in 2...4 {
            try redis.run(
                "XADD", signals, "5-\(number)", "kind", "view", "person", "1", "place", "\(number)", "time", time)
        }
        usleep(1_600_000)
        #expect(try city.shard.signalAccount() == SignalAccount() && city.shard.store.counts().visits == 0)
        #expect(eventually { city.shard.report().signalsWait > 0 }, "it is seen to be behind")
        try city.shard.store.acknowledge(through: 1)
        #expect(try eventually { try city.shard.signalAccount().taken == 4 })
        let account = try city.shard.signalAccount()
        #expect(account.offset == EntryID(milliseconds: 5, sequence: 4) && account.replayed == 0)
        #expect(eventually { city.shard.report().signalsWait == 0 })
        #expect(city.shard.store.counts().visits == 3 && city.shard.store.lastSequence == 2)
    }
}
