import Basics
import Events
import Foundation
import Store
import Testing
import Wire
import World

@testable import Plans
@testable import Shard

/// Seeds that ask people: in waves, within limits, through restarts.
struct LivesTests: LivesSuite {
    let folder = TemporaryFolder()

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
