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

/// Seeds that ask people: in waves, within limits, through restarts.
struct LivesTests {
    private let folder = TemporaryFolder()
    /// A Tuesday, 22:13 UTC.
    private let now: Int64 = 1_700_000_000_000
    private let hour: Int64 = 3_600_000

    private func shard(_ change: (inout InvitationPolicy) -> Void = { _ in }) throws -> CityShard {
        var policy = InvitationPolicy()
        change(&policy)
        let shard = try CityShard(
            directory: folder.path, city: CityID(0), name: "Oslo", cluster: 1, outboxIfNew: 1, policy: policy)
        let people = (1...30).map { (id: UInt64) in Record.person(Person(id: PersonID(id), homeCity: CityID(0))) }
        _ = try shard.store.write(
            RecordBlock(city: CityID(0), records: people + [.place(Place(id: PlaceID(1), city: CityID(0)))]))
        return shard
    }

    private func seed(_ id: UInt64, starters: [UInt64], invites: [UInt64], slot: UInt8 = 2) -> PlanSeed {
        PlanSeed(
            id: SeedID(id), city: CityID(0), venue: PlaceID(1), starters: starters.map { PersonID($0) },
            slot: TimeSlot(number: slot), conversion: 0.5, expectedTurnout: 3, score: 1,
            invites: invites.map { PersonID($0) })
    }

    /// Plans seeds at a moment, as `keep` does at the present one.
    private func propose(_ seeds: [PlanSeed], _ shard: CityShard, at moment: Int64) throws {
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

    private func say(_ word: String, _ people: [UInt64], _ shard: CityShard, at moment: Int64, seed: UInt64 = 9) throws
    {
        let signals = people.map {
            "{\"kind\":\"answer\",\"person\":\($0),\"seed\":\"\(seed)\",\"answer\":\"\(word)\",\"time\":\(moment)}"
        }
        let taken = try shard.take(
            PostSignals(key: ""), json: Array("[\(signals.joined(separator: ","))]".utf8), now: moment)
        #expect(taken.refused == [])
    }

    /// Who was invited so far, in order.
    private func invited(_ shard: CityShard, seed: UInt64 = 9) throws -> [UInt64] {
        try shard.events(EventsRequest(seed: SeedID(seed), after: 0, count: 1000)).rows.compactMap { row in
            let data = Data(row.payload)
            guard try JSONDecoder().decode(EventFrame.self, from: data).type == EventType.seedInvited.rawValue else {
                return nil
            }
            return try JSONDecoder().decode(CloudEvent<SeedInvited>.self, from: data).data.person.number
        }
    }

    private func types(_ shard: CityShard) throws -> [String] {
        try shard.events(EventsRequest(seed: SeedID(9), after: 0, count: 1000)).rows.map {
            try JSONDecoder().decode(EventFrame.self, from: Data($0.payload)).type
        }
    }

    @Test func nobodyButStartersAndThePresentWaveIsAskedAndAnswersOrSilenceCallTheNext() throws {
        let shard = try shard()
        try propose([seed(9, starters: [1, 2], invites: [3, 4, 5, 6, 7, 8])], shard, at: now)
        #expect(try invited(shard) == [1], "of the starters one at a time, until somebody comes")
        try say("accepted", [1], shard, at: now + 1000)
        #expect(try invited(shard) == [1, 2], "one starter is no plan")
        try say("accepted", [2], shard, at: now + 2000)
        #expect(try invited(shard) == [1, 2, 3, 4, 5])
        try say("declined", [4], shard, at: now + 3000)
        #expect(try invited(shard) == [1, 2, 3, 4, 5, 6])
        try say("maybe", [3], shard, at: now + 4000)
        try shard.tick(now: now + 11 * hour)
        #expect(try invited(shard).count == 6, "whoever may still answer is waited for")
        try shard.tick(now: now + 13 * hour)
        #expect(try invited(shard) == [1, 2, 3, 4, 5, 6, 7, 8])
        // 3, 5 and 6 were silent; a late yes counts all the same.
        try say("accepted", [3], shard, at: now + 14 * hour)
        #expect(try types(shard).last == EventType.seedAnswered.rawValue)
        let desk = LivesDesk(shard, now: now)
        let plan = try #require(try shard.livePlan(of: SeedID(9), desk))
        #expect(plan.lifecycle.accepted == [PersonID(1), PersonID(2), PersonID(3)] && plan.momentum.count == 3)
        #expect(try LivePlan.decoding(plan.encoded(), of: plan.seed, desk: desk).encoded() == plan.encoded())
    }

    @Test func weeklyLimitsHoldThroughARestart() throws {
        do {
            let shard = try shard { $0.perWeek = 2 }
            try propose(
                [
                    seed(7, starters: [1, 20], invites: []), seed(8, starters: [1, 21], invites: [], slot: 3),
                    seed(9, starters: [1, 2], invites: [3, 4], slot: 4),
                ], shard, at: now)
            #expect(try invited(shard, seed: 8) == [1])
            #expect(try invited(shard) == [2], "1 was asked twice this week")
            shard.close()
        }
        let shard = try shard { $0.perWeek = 2 }
        try shard.tick(now: now + 2 * hour)
        #expect(try invited(shard) == [2])
        // After the plan's three days nothing is left to ask for; a plan of a week later may.
        try propose([seed(6, starters: [1, 2], invites: [])], shard, at: now + 8 * 24 * hour)
        #expect(try invited(shard, seed: 6) == [1])
    }

    @Test func whoIsAskedToAnotherPlanInTheSlotIsLeftAloneAndAskedLater() throws {
        let shard = try shard { $0.wave = 2 }
        try propose(
            [seed(8, starters: [10, 11], invites: [3]), seed(9, starters: [1, 2], invites: [3, 4, 5])], shard, at: now)
        try say("accepted", [10, 11], shard, at: now, seed: 8)
        try say("accepted", [1, 2], shard, at: now)
        #expect(try invited(shard, seed: 8) == [10, 11, 3])
        #expect(try invited(shard) == [1, 2, 4, 5])
    }

    @Test func aStarterWhoSaysNoCostsOneInvitationAndASilentOneMakesRoom() throws {
        let shard = try shard()
        try propose(
            [seed(8, starters: [1, 2], invites: [3]), seed(9, starters: [10, 11, 12], invites: [13])], shard, at: now)
        try say("declined", [1], shard, at: now, seed: 8)
        #expect(try invited(shard, seed: 8) == [1])
        try shard.tick(now: now + 13 * hour)
        #expect(try invited(shard) == [10, 11], "10 is silent")
        try say("declined", [11], shard, at: now + 14 * hour)
        #expect(try invited(shard) == [10, 11, 12], "10 and 12 may still come")
        try say("accepted", [10, 12], shard, at: now + 15 * hour)
        #expect(try invited(shard) == [10, 11, 12, 13])
    }

    private func block(_ person: UInt64, _ other: UInt64, _ shard: CityShard, kind: String = "block") throws {
        let json = "[{\"kind\":\"\(kind)\",\"person\":\(person),\"other\":\(other),\"time\":\(now)}]"
        #expect(try shard.take(PostSignals(key: ""), json: Array(json.utf8), now: now).refused == [])
    }

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
            if key.count > 8, key.suffix(8) == number[...] { left.append(key) }
            return true
        }
        #expect(left == [])
        let json = "[{\"kind\":\"feedback\",\"person\":1,\"seed\":\"9\",\"rating\":5,\"time\":\(now)}]"
        let taken = try shard.take(PostSignals(key: ""), json: Array(json.utf8), now: now)
        #expect(taken.refused.map(\.reason) == [SignalFault.unknownSeed.rawValue])
    }

    @Test func quietHoursAreKeptInTheCitysTimeAndEnd() throws {
        let shard = try shard {
            $0.quiet = .init(from: 22, until: 8)
            $0.clocks = ["Oslo": 60]
        }
        try propose([seed(9, starters: [1, 2], invites: [3])], shard, at: now)
        #expect(try invited(shard) == [])
        try shard.tick(now: now + 8 * hour)
        #expect(try invited(shard) == [], "it is 07:13 in Oslo")
        try shard.tick(now: now + 9 * hour)
        #expect(try invited(shard) == [1])
        let policy = shard.policy
        #expect(policy.quietUntil(in: "Oslo", at: UInt64(now / 1000)) == UInt64(now / 1000) + 31_600)
        #expect(policy.quietUntil(in: "Lima", at: UInt64(now / 1000)) == UInt64(now / 1000) + 35_200)
        #expect(policy.quietUntil(in: "Lima", at: UInt64(now / 1000) - 3600) == nil)
    }

    @Test func answersAreKeptAsTheyLookedWhenAsked() throws {
        let shard = try shard()
        let seed = seed(9, starters: [1, 2], invites: [3])
        let row = (0..<InvitationColumns.count).map { Float($0) }
        let members = [1, 2, 3].map { (id: UInt64) in
            Roster.Member(
                person: PersonID(id), score: Float(id), rhythm: -1, features: row, logOdds: 0, ties: [], embedding: [])
        }
        var (writer, batch) = (ByteWriter(), WriteBatch())
        Roster(starters: 2, members: members, venue: [], model: ModelVersion(1)).encode(into: &writer)
        batch.put(.signals, key: ShardKeys.signal("roster/", 9), value: writer.bytes)
        try shard.store.database.commit(batch)
        try propose([seed], shard, at: now)
        try say("accepted", [1, 2], shard, at: now)
        try shard.tick(now: now + 13 * hour)
        let answers = try shard.keptAnswers()
        #expect(answers.map(\.person) == [PersonID(1), PersonID(2), PersonID(3)])
        #expect(answers.map(\.saidYes) == [true, true, false] && answers.map(\.score) == [1, 2, 3])
        #expect(answers[2].features == row && answers[2].time == UInt64((now + 13 * hour) / 1000))
        try say("accepted", [3], shard, at: now + 14 * hour)
        #expect(try shard.keptAnswers().map(\.saidYes) == [true, true, true])
    }

    @Test func livesOfAnEarlierBuildGoOn() throws {
        let shard = try shard()
        let seed = seed(9, starters: [1, 2], invites: [3])
        let desk = LivesDesk(shard, now: now)
        var lifecycle = LivePlan(seed, pace: .stated, desk: desk).lifecycle
        _ = lifecycle.apply(.answered(PersonID(1), yes: true), number: 1, now: 0)
        _ = lifecycle.apply(.answered(PersonID(2), yes: true), number: 2, now: 0)
        _ = lifecycle.apply(.invited([PersonID(3)]), number: 3, now: 0)
        var writer = ByteWriter()
        writer.put(UInt32(5))
        writer.put(1.5)
        writer.put(UInt64(7))
        writer.put("table 4")
        lifecycle.encode(into: &writer)
        #expect(try LivePlan.due(writer.bytes) == 0)
        var plan = try LivePlan.decoding(writer.bytes, of: seed, desk: desk)
        #expect(plan.told == 5 && plan.reference == "table 4" && plan.lifecycle == lifecycle)
        try plan.tick(desk: desk)
        #expect(plan.drafts.isEmpty && plan.due == lifecycle.terms.deadline, "everybody was asked")
    }

    @Test(arguments: ["22", "22-24", "8-8", "a-b"])
    func quietHoursThatAreNoneAreRefused(text: String) throws {
        let settings = try SettingsTable.worker.load(arguments: ["--quiet-hours", text], environment: [:], files: [])
        #expect(throws: SettingsError.self) { try InvitationPolicy(settings) }
    }

    @Test func settingsBecomeAPolicy() throws {
        let settings = try SettingsTable.worker.load(
            arguments: ["--quiet-hours", "22-8", "--city-clocks", "Oslo=60, São Paulo=-180", "--wave", "2"],
            environment: [:], files: [])
        let policy = try InvitationPolicy(settings)
        #expect(policy.clocks == ["Oslo": 60, "São Paulo": -180] && policy.wave == 2 && policy.quiet?.until == 8)
        let defaults = try InvitationPolicy(SettingsTable.worker.load(arguments: [], environment: [:], files: []))
        #expect(defaults == InvitationPolicy(), "the settings' defaults are the policy's")
        let wrong = try SettingsTable.worker.load(arguments: ["--city-clocks", "Oslo=x"], environment: [:], files: [])
        #expect(throws: SettingsError.self) { try InvitationPolicy(wrong) }
    }
}
