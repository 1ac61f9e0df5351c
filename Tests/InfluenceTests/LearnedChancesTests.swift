import Basics
import Testing

@testable import Influence

@Suite struct LearnedChancesTests {
    @Test func followsAreCountedInOrderAndInTime() {
        // In-edges of 2: from 0 and from 1. Item 7: 0 at 10, 1 at 12, 2 at 15; item 8: 2 at 1, 0 at 3; item 9: 0 at 0,
        // 2 late.
        let actions = [
            FollowableAction(person: 2, item: 7, time: 15), FollowableAction(person: 0, item: 7, time: 10),
            FollowableAction(person: 1, item: 7, time: 12), FollowableAction(person: 0, item: 7, time: 14),
            FollowableAction(person: 2, item: 8, time: 1), FollowableAction(person: 0, item: 8, time: 3),
            FollowableAction(person: 0, item: 9, time: 0), FollowableAction(person: 2, item: 9, time: 99),
        ]
        func counts(sharesCredit: Bool) -> FollowCounts {
            FollowCounts(
                offsets: [0, 0, 0, 2], sources: [0, 1], actions: actions, window: 10, sharesCredit: sharesCredit)
        }
        #expect(counts(sharesCredit: false).trials == [3, 1])
        #expect(counts(sharesCredit: false).follows == [1, 1])
        #expect(counts(sharesCredit: true).follows == [0.5, 0.5])
        // Two follows in four trials is the mean.
        let chances = counts(sharesCredit: false).chances(weight: 2)
        #expect(abs(chances[0] - 2.0 / 5) < 1e-6 && abs(chances[1] - 2.0 / 3) < 1e-6)
        let nothing = FollowCounts(offsets: [0, 1, 1], sources: [1], actions: [], window: 1)
        #expect(nothing.chances() == [0])
    }

    @Test func learnedChancesForetellHeldOutFollows() throws {
        // Chances in two kinds; items start at one person each and are followed along edges, one unit of time a step.
        let truth = try randomGraph(vertices: 60, edges: 300, seed: 2)
        let graph = try InfluenceGraph(
            offsets: truth.offsets, sources: truth.sources,
            chances: .each(truth.sources.map { $0 % 2 == 0 ? 0.02 : 0.2 }))
        func observed(_ items: Range<UInt32>) -> FollowCounts {
            var random = SeededRandom(seed: UInt64(items.lowerBound) + 1)
            var actions: [FollowableAction] = []
            for item in items {
                let leader = UInt32(random.below(60))
                actions.append(FollowableAction(person: leader, item: item, time: 0))
                for person in UInt32(0)..<60 where person != leader {
                    for edge in Int(graph.offsets[Int(person)])..<Int(graph.offsets[Int(person) + 1])
                    where graph.sources[edge] == leader {
                        if random.uniform() < graph.chance(of: edge, into: Int(person)) {
                            actions.append(FollowableAction(person: person, item: item, time: 1))
                        }
                    }
                }
            }
            return FollowCounts(
                offsets: graph.offsets, sources: graph.sources, actions: actions, window: 1, sharesCredit: false)
        }
        let chances = observed(0..<12_000).chances(weight: 4)
        let bins = observed(12_000..<24_000).calibration(of: chances, bins: 4)
        #expect(bins.count == 4)
        // Whoever follows acts as well, and leads nobody in this log: trials count those too, for truth and for us.
        for bin in bins { #expect(abs(bin.foretold - bin.observed) < 0.02) }
        #expect(bins[3].observed > 4 * bins[0].observed)
    }

    @Test func lossIsLeastAtTheTruth() {
        // Two follows in eight trials.
        let actions = (0..<UInt32(8)).flatMap { item in
            [FollowableAction(person: 0, item: item, time: 0)]
                + (item < 2 ? [FollowableAction(person: 1, item: item, time: 1)] : [])
        }
        let counts = FollowCounts(offsets: [0, 0, 1], sources: [0], actions: actions, window: 5)
        #expect(counts.ratio(to: [0.5]) == 0.5 && counts.ratio(to: [0]) == nil)
        let truth = -(0.25 * naturalLogarithm(0.25) + 0.75 * naturalLogarithm(0.75))
        #expect(abs(counts.loss(of: [0.25]) - truth) < 1e-9)
        #expect(counts.loss(of: [0.2]) > truth && counts.loss(of: [0.3]) > truth && counts.loss(of: [0]).isFinite)
    }
}
