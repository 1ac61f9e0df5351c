import Basics
import Events
import Foundation
import Store
import Testing
import Wire
import World

@testable import Plans
@testable import Shard

/// Tests of seeds' lives: a shard with thirty people and one place, seeds of them, and what they say.
protocol LivesSuite {
    var folder: TemporaryFolder { get }
}

extension LivesSuite {
    /// A Tuesday, 22:13 UTC.
    var now: Int64 { 1_700_000_000_000 }
    var hour: Int64 { 3_600_000 }

    func shard(_ change: (inout InvitationPolicy) -> Void = { _ in }) throws -> CityShard {
        var policy = InvitationPolicy()
        change(&policy)
        let shard = try CityShard(
            directory: folder.path, city: CityID(0), name: "Oslo", cluster: 1, outboxIfNew: 1, policy: policy)
        let people = (1...30).map { (id: UInt64) in Record.person(Person(id: PersonID(id), homeCity: CityID(0))) }
        _ = try shard.store.write(
            RecordBlock(city: CityID(0), records: people + [.place(Place(id: PlaceID(1), city: CityID(0)))]))
        return shard
    }

    func seed(_ id: UInt64, starters: [UInt64], invites: [UInt64], slot: UInt8 = 2) -> PlanSeed {
        PlanSeed(
            id: SeedID(id), city: CityID(0), venue: PlaceID(1), starters: starters.map { PersonID($0) },
            slot: TimeSlot(number: slot), conversion: 0.5, expectedTurnout: 3, score: 1,
            invites: invites.map { PersonID($0) })
    }

    /// Plans seeds at a moment, as `keep` does at the present one.
    func propose(_ seeds: [PlanSeed], _ shard: CityShard, at moment: Int64) throws {
        let desk = LivesDesk(shard, now: moment)
        var batch = WriteBatch()
        var drafts: [EventDraft] = []
        for seed in seeds {
            var writer = ByteWriter()
            seed.encode(into: &writer)
            batch.put(.seeds, key: ShardKeys.seed(seed.id), value: writer.bytes)
            let plan = try LivePlan(proposing: seed, pace: .stated, cause: "job/1", desk: desk)
            drafts += shard.keep(plan, in: &batch)
        }
        desk.write(into: &batch)
        _ = try shard.store.commit(batch, events: shard.outboxEvents(drafts))
    }

    func say(_ word: String, _ people: [UInt64], _ shard: CityShard, at moment: Int64, seed: UInt64 = 9) throws {
        let signals = people.map {
            "{\"kind\":\"answer\",\"person\":\($0),\"seed\":\"\(seed)\",\"answer\":\"\(word)\",\"time\":\(moment)}"
        }
        let taken = try shard.take(
            PostSignals(key: ""), json: Array("[\(signals.joined(separator: ","))]".utf8), now: moment)
        #expect(taken.refused == [])
    }

    /// Who was invited so far, in order.
    func invited(_ shard: CityShard, seed: UInt64 = 9) throws -> [UInt64] {
        try shard.events(EventsRequest(seed: SeedID(seed), after: 0, count: 1000)).rows.compactMap { row in
            let data = Data(row.payload)
            guard try JSONDecoder().decode(EventFrame.self, from: data).type == EventType.seedInvited.rawValue else {
                return nil
            }
            return try JSONDecoder().decode(CloudEvent<SeedInvited>.self, from: data).data.person.number
        }
    }

    func types(_ shard: CityShard) throws -> [String] {
        try shard.events(EventsRequest(seed: SeedID(9), after: 0, count: 1000)).rows.map {
            try JSONDecoder().decode(EventFrame.self, from: Data($0.payload)).type
        }
    }

    func block(_ person: UInt64, _ other: UInt64, _ shard: CityShard, kind: String = "block") throws {
        let json = "[{\"kind\":\"\(kind)\",\"person\":\(person),\"other\":\(other),\"time\":\(now)}]"
        #expect(try shard.take(PostSignals(key: ""), json: Array(json.utf8), now: now).refused == [])
    }
}
