import Basics
import Events
import Foundation
import Store
import Synchronization
import Testing
import Wire
import World

@testable import Plans
@testable import Shard

/// Who is in a plan and who must not be; what each sees of it, and for how long it is known.
struct LivesOfPeopleTests: LivesSuite {
    let folder = TemporaryFolder()

    @Test func whoeverIsBlockedByOneOfAPlanIsNotAskedThroughARestartEither() throws {
        do {
            let shard = try shard()
            try propose([seed(9, starters: [1, 2], invites: [3, 4, 5, 6, 7, 8, 10])], shard, at: now)
            try block(3, 1, shard)
            try block(2, 4, shard)
            try block(2, 5, shard)
            try block(2, 5, shard, kind: "friend")
            try block(5, 7, shard)
            try block(20, 21, shard)
            shard.close()
        }
        let shard = try shard()
        try say("accepted", [1, 2], shard, at: now)
        #expect(try invited(shard) == [1, 2, 5, 6, 8], "3 and 4 are apart from starters, 7 from somebody asked")
        try say("declined", [5], shard, at: now)
        #expect(try invited(shard) == [1, 2, 5, 6, 8, 7], "5 does not come")
        try propose([seed(8, starters: [20, 21], invites: [], slot: 3)], shard, at: now)
        try say("accepted", [20], shard, at: now, seed: 8)
        #expect(try invited(shard, seed: 8) == [20], "they would meet")
    }

    @Test func theInvitationNamesTheFriendInWhoseNameItIs() throws {
        let shard = try shard()
        func tie(_ friend: Int) -> Roster.Tie {
            let count = InvitationColumns.count - InvitationColumns.friend
            return Roster.Tie(friend: friend, features: [Float](repeating: 0, count: count), logOdds: 1)
        }
        let members = [1, 2, 3, 4].map { (id: UInt64) in
            Roster.Member(
                person: PersonID(id), score: 0, rhythm: 0, features: [], logOdds: 0,
                ties: id == 2 ? [tie(0)] : id == 4 ? [tie(1)] : [], embedding: [])
        }
        var (writer, batch) = (ByteWriter(), WriteBatch())
        Roster(starters: 2, members: members, venue: [], model: ModelVersion(1)).encode(into: &writer)
        batch.put(.signals, key: ShardKeys.signal("roster/", 9), value: writer.bytes)
        try shard.store.database.commit(batch)
        try propose([seed(9, starters: [1, 2], invites: [3, 4])], shard, at: now)
        try say("accepted", [1, 2], shard, at: now)
        let events = try shard.events(EventsRequest(seed: SeedID(9), after: 0, count: 1000)).rows.compactMap {
            try? JSONDecoder().decode(CloudEvent<SeedInvited>.self, from: Data($0.payload)).data
        }
        #expect(events.map(\.person) == [1, 2, 4, 3])
        #expect(events.map(\.friends) == [[], [1], [2], []])
    }

    @Test func aFeedShowsOpenPlansOfFormerListsAndNoneThatIsDeclinedReleasedOrOfSomebodyApart() throws {
        let shard = try shard()
        let seeds = [
            seed(7, starters: [1, 2], invites: [3, 4]), seed(8, starters: [10, 11], invites: [3, 4], slot: 3),
            seed(9, starters: [20, 21], invites: [4], slot: 4),
        ]
        var batch = WriteBatch()
        for seed in seeds {
            var writer = ByteWriter()
            // Of nobody in particular: format, demand, rank, cells, and two empty lists.
            writer.put(UInt8(1))
            writer.put(1.0)
            for number in [1, 1, 0, 0] as [UInt32] { writer.put(number) }
            batch.put(.meta, key: ShardKeys.reasons(seed.id), value: writer.bytes)
        }
        try shard.store.database.commit(batch)
        let start = millisecondsNow()
        _ = try shard.keep(seeds, model: ModelVersion(1), job: JobID(1), now: start)
        func plans(_ person: UInt64) throws -> Set<UInt64> {
            Set(try shard.feed(of: PersonID(person), count: 10).map(\.seed.id.number))
        }
        #expect(try plans(4) == [7, 8, 9])
        #expect(try plans(3) == [7, 8] && plans(12) == [])
        // Another list: these are still open.
        _ = try shard.keep([seeds[2]], model: ModelVersion(1), job: JobID(2), now: start)
        #expect(try plans(4) == [7, 8, 9])
        try block(10, 4, shard)
        #expect(try plans(4) == [7, 9] && plans(3) == [7, 8])
        try say("declined", [1], shard, at: start, seed: 7)
        #expect(try plans(1) == [] && plans(4) == [9], "with one starter left it is released")
    }

    @Test func oldSeedsAreForgottenWithAllThatCameOfThem() throws {
        let shard = try shard { $0.daysKept = 7 }
        let day = 24 * hour
        try propose([seed(9, starters: [1, 2], invites: [3])], shard, at: now)
        try say("declined", [1, 2], shard, at: now)
        let rated = "[{\"kind\":\"feedback\",\"person\":20,\"seed\":\"9\",\"rating\":5,\"time\":\(now)}]"
        #expect(try shard.take(PostSignals(key: ""), json: Array(rated.utf8), now: now).taken == 1)
        try propose([seed(8, starters: [10, 11], invites: [12])], shard, at: now + 5 * day)
        try say("declined", [10, 11], shard, at: now + 5 * day, seed: 8)
        // As if a model went live after the one, unknown, of these seeds.
        shard.view.withLock { $0.modelVersion = ModelVersion(1) }
        try shard.forgetOldSeeds(now: now + 9 * day)
        #expect(try shard.livePlan(of: SeedID(9), LivesDesk(shard, now: now)) != nil, "its time ended six days ago")
        try shard.forgetOldSeeds(now: now + 11 * day)
        #expect(try shard.livePlan(of: SeedID(9), LivesDesk(shard, now: now)) == nil)
        #expect(try shard.livePlan(of: SeedID(8), LivesDesk(shard, now: now)) != nil)
        var left: [[UInt8]] = []
        let number = ShardKeys.seed(SeedID(9))
        try shard.store.database.scan(.signals) { key, _ in
            if key.count >= 8, (0...key.count - 8).contains(where: { key[$0..<$0 + 8] == number[...] }) {
                left.append(key)
            }
            return true
        }
        #expect(left == [])
        let json = "[{\"kind\":\"feedback\",\"person\":1,\"seed\":\"9\",\"rating\":5,\"time\":\(now)}]"
        let taken = try shard.take(PostSignals(key: ""), json: Array(json.utf8), now: now)
        #expect(taken.refused.map(\.reason) == [SignalFault.unknownSeed.rawValue])
    }
}
