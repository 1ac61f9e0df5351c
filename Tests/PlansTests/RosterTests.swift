import Basics
import Graph
import Learn
import Testing
import World

@testable import Plans

@Suite struct RosterTests {
    private let city = TestCity(people: 80, places: 12, seed: 4)
    private let options = PlanOptions(seedsPerCity: 6, modelVersion: ModelVersion(1), seed: 3)

    private func rosters(threads: Int = 2) -> [(planned: PlannedSeed, roster: Roster)] {
        let plan = city.explainedPlan(options, threads: threads)
        let builder = RosterBuilder(
            plan, answers: [], graph: city.graph, embeddings: city.embeddings,
            isKnown: [Bool](repeating: true, count: city.graph.people.count), seed: 7,
            pool: ComputePool(threads: threads))
        return plan.map { ($0, builder.roster(of: $0, model: ModelVersion(1))) }
    }

    @Test func aRosterHoldsWhomTheSeedNamesThenOthersAndComesBackFromItsBytes() throws {
        let all = rosters()
        #expect(!all.isEmpty)
        for (planned, roster) in all {
            let people = roster.members.map(\.person)
            let named = planned.seed.starters + planned.seed.invites
            #expect(Array(people.prefix(named.count)) == named && Set(people).count == people.count)
            #expect(people.count <= named.count + 24 && roster.starters == planned.seed.starters.count)
            for (index, member) in roster.members.enumerated() {
                for tie in member.ties {
                    #expect(city.areFriends(member.person, people[tie.friend]) && tie.friend != index)
                }
            }
            var writer = ByteWriter()
            roster.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            #expect(try Roster(from: &reader) == roster)
            var short = ByteReader(Array(writer.bytes.dropLast()))
            #expect(throws: ByteError.self) { try Roster(from: &short) }
        }
        #expect(all.map(\.roster) == rosters(threads: 1).map(\.roster))
    }

    private func member(_ person: UInt64, _ logOdds: Double, friend: Int? = nil, asked: Double = 0) -> Roster.Member {
        let width = InvitationColumns.count - InvitationColumns.friend
        return Roster.Member(
            person: PersonID(person), score: 0, rhythm: 0,
            features: [Float](repeating: 0, count: InvitationColumns.count), logOdds: logOdds,
            ties: friend.map { [Roster.Tie(friend: $0, features: [Float](repeating: 1, count: width), logOdds: asked)] }
                ?? [], embedding: [])
    }

    @Test func aYesOpensFriendsAndNobodyIsAskedTwiceOrInVain() {
        let roster = Roster(
            starters: 2,
            members: [
                member(1, 0), member(2, 0), member(3, 1), member(4, -1, friend: 2, asked: 2),
                member(5, 0.5, friend: 1, asked: 0.7), member(6, -4),
            ], venue: [], model: ModelVersion(1))
        func next(_ accepted: [UInt64], _ asked: [UInt64], busy: UInt64 = 0) -> Roster.Ask? {
            roster.next(
                after: accepted.map { PersonID($0) }, asked: Set(asked.map { PersonID($0) }),
                isFree: { $0.number != busy })
        }
        #expect(next([], []) == nil, "nobody comes yet")
        // 5 is a friend of 2, who comes; 3, whom nobody asks, is likelier than 5 alone, but friends go first.
        #expect(next([1, 2], [1, 2])?.person == PersonID(5) && next([1, 2], [1, 2])?.friend == PersonID(2))
        #expect(next([1, 2], [1, 2, 5])?.person == PersonID(3))
        #expect(next([1, 2], [1, 2], busy: 5)?.person == PersonID(3))
        // The yes of 3 opens 4, which nobody else would have asked yet.
        #expect(next([1, 2, 3], [1, 2, 3, 5])?.person == PersonID(4))
        #expect(next([1, 2], [1, 2, 3, 4, 5]) == nil, "6 is not likely enough")
        #expect(roster.pull(of: PersonID(4)) > roster.pull(of: PersonID(3)))
        #expect(roster.features(of: 3, askedBy: PersonID(3))[InvitationColumns.friend] == 1)
        #expect(roster.features(of: 3, askedBy: nil)[InvitationColumns.friend] == 0)
    }

    @Test func aPromiseIsWhatTheGroupThatWouldGrowBringsForAnInvitation() {
        let roster = Roster(
            starters: 2,
            members: [
                member(1, 0), member(2, -2, friend: 0, asked: 0.3), member(3, 1), member(4, -1, friend: 2, asked: 2),
                member(5, 0.5, friend: 1, asked: 0.7), member(6, -4),
            ], venue: [], model: ModelVersion(1))
        // 2 is asked by 1; then 5 by 2, 3 by nobody, 4 by 3; 6 is not likely enough.
        let chances = [0, 0.3, 0.7, 1, 2].map { logistic($0) }
        let expected = chances[0] * (1 + chances[1...].reduce(0, +)) / (1 + chances[0] * 4)
        #expect(abs(roster.promise(minimum: 3) - expected) < 1e-12)
        #expect(roster.promise(minimum: 5) == roster.promise(minimum: 4) && roster.promise(minimum: 6) == 0)
        let first = chances[0] * (1 + chances[1] + chances[2] + chances[3]) / (1 + chances[0] * 3)
        #expect(abs(roster.promise(minimum: 2) - first) < 1e-12, "two more than there must be are looked at")
        #expect(roster.friend(of: PersonID(2), among: [PersonID(3)]) == nil)
        #expect(roster.friend(of: PersonID(2), among: [PersonID(3), PersonID(1)]) == PersonID(1))
    }

    @Test func answersMoveWillingnessAwayFromWhatIsStatedAsFarAsTheyTell() {
        var random = SeededRandom(seed: 5)
        func answers(_ count: Int) -> [(score: Float, rhythm: Float, isFriend: Bool, saidYes: Bool)] {
            (0..<count).map { index in
                let score = Float(random.normal())
                let odds = -0.5 + 1.2 * score + (index % 3 == 0 ? 0.8 : 0)
                return (score, 0, index % 3 == 0, random.uniformFloat() < 1 / (1 + exponential(-odds)))
            }
        }
        let few = Willingness(learningFrom: answers(5))
        #expect(abs(few.middle - Willingness.stated.middle) < 0.4)
        let many = Willingness(learningFrom: answers(8000))
        #expect(abs(many.middle + 0.5) < 0.15 && abs(many.reliability - 1.2) < 0.15)
        #expect(abs(many.distance(many.strength(0.7)) - 0.7) < 1e-3)
    }
}

@Suite struct PlanMomentumTests {
    private func plan(_ pace: AcceptancePace = .stated) -> PlanMomentum {
        PlanMomentum(pace, opened: 1000, until: 1000 + 3 * 86_400, expected: 6)
    }

    private func foresee(_ momentum: inout PlanMomentum) {
        momentum.foresee(minimum: 5, capacity: 11, random: SeededRandom(seed: 1))
    }

    @Test func acceptancesAtOnceCrossTheBarAndSlowOnesDoNot() throws {
        var (fast, slow) = (plan(), plan())
        for index in 0..<4 {
            fast.accept(at: 2000 + UInt64(index) * 60, mark: 1)
            slow.accept(at: 2000 + UInt64(index) * 40_000, mark: 1)
            foresee(&fast)
            foresee(&slow)
            #expect((fast.intensity >= fast.bar) == (index >= 2))
            #expect(slow.intensity < slow.bar)
        }
        #expect(try #require(fast.reachesMinimum) > (try #require(slow.reachesMinimum)))
        #expect(fast.finalSize >= 4 && fast.finalSize <= 11)
        var writer = ByteWriter()
        fast.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try PlanMomentum(from: &reader) == fast)
        var short = ByteReader(Array(writer.bytes.dropLast()))
        #expect(throws: ByteError.self) { try PlanMomentum(from: &short) }
    }

    @Test func momentsThatRunBackwardsCountAsTheLast() {
        var momentum = plan()
        momentum.accept(at: 5000, mark: 1)
        momentum.accept(at: 10, mark: 1)
        momentum.accept(at: .max, mark: 1)
        foresee(&momentum)
        #expect(momentum.cascade.times == [4000, 4000, 3 * 86_400])
    }

    @Test func thePaceOfACityIsFittedWhenThereIsEnough() throws {
        let truth = Hawkes(base: 4.0 / 259_200, branching: 0.6, kernel: .exponential(decay: 1.0 / 7200))
        var random = SeededRandom(seed: 3)
        let plans = (0..<200).compactMap { _ in truth.simulate(to: 259_200, &random) }
        #expect(AcceptancePace(fitting: Array(plans.prefix(3))) == nil)
        let pace = try #require(AcceptancePace(fitting: plans))
        #expect(abs(pace.branching - 0.6) < 0.1 && abs(pace.decay * 7200 - 1) < 0.25)
    }
}
