import Basics
import Testing

@testable import Influence

@Suite struct AdaptiveInvitesTests {
    private func collections(_ graph: InfluenceGraph, count: Int) -> (RRCollection, RRCollection) {
        let sampler = SetSampler(graph, threads: 1)
        return (
            RRCollection(drawSets(sampler, count: count, seed: 1), vertices: graph.count),
            RRCollection(drawSets(sampler, count: count, seed: 2), vertices: graph.count)
        )
    }

    @Test func eachChoiceIsTheBestByAFullRecount() throws {
        let graph = try randomGraph(vertices: 60, edges: 240, seed: 4)
        let (choosing, judging) = collections(graph, count: 2000)
        var random = SeededRandom(seed: 3)
        let acceptance = (0..<60).map { $0 % 7 == 0 ? 0 : random.uniformFloat() }
        let costs = (0..<60).map { _ in 0.5 + random.uniformFloat() }
        var invites = AdaptiveInvites(choosing: choosing, judging: judging, acceptance: acceptance, costs: costs)
        var open = Set(0..<choosing.count), unasked = Set(0..<UInt32(60)).filter { acceptance[Int($0)] > 0 }
        for _ in 0..<40 {
            func worth(_ person: UInt32) -> Double {
                let gain = choosing.sets(holding: person).count { open.contains(Int($0)) }
                return Double(acceptance[Int(person)] / costs[Int(person)]) * Double(gain)
            }
            guard let person = invites.next() else { break }
            #expect(invites.next() == person)
            #expect(unasked.contains(person))
            #expect(unasked.allSatisfy { worth($0) < worth(person) || (worth($0) == worth(person) && $0 >= person) })
            let answer: AdaptiveInvites.Answer = random.uniformFloat() < acceptance[Int(person)] ? .yes : .no
            invites.take(answer, from: person)
            unasked.remove(person)
            if answer == .yes { open.subtract(choosing.sets(holding: person).map { Int($0) }) }
        }
        #expect(Set(invites.aboard).count == invites.aboard.count)
    }

    @Test func turnoutIsThatOfCascadesFromThoseAboard() throws {
        let graph = try randomGraph(vertices: 40, edges: 160, seed: 6)
        let (choosing, judging) = collections(graph, count: 60_000)
        var invites = AdaptiveInvites(
            choosing: choosing, judging: judging, acceptance: [Float](repeating: 0.5, count: 40))
        #expect(invites.expectedTurnout == 0)
        invites.came(7)
        while invites.aboard.count < 4, let person = invites.next() {
            invites.take(invites.aboard.count % 2 == 0 ? .silence : .yes, from: person)
            if invites.aboard.count == 2 { invites.came(invites.next()!) }
        }
        let played = ForwardCascade(graph).spread(of: invites.aboard, runs: 40_000, seed: 1).mean
        #expect(abs(invites.expectedTurnout - played) < 0.4)
    }

    @Test func followingWorldsOnIsPlayingCascades() throws {
        let graph = try randomGraph(vertices: 40, edges: 160, seed: 6)
        let forward = ForwardCascade(graph)
        var total = 0
        for world in UInt64(0)..<20_000 {
            var aboard = [Bool](repeating: false, count: 40)
            var came = 0
            // In one world the order of asking makes no difference to who comes in the end.
            for person in world % 2 == 0 ? [3, 21] : [21, 3] as [UInt32] where !aboard[Int(person)] {
                came += 1 + forward.follow(person, world: SeededRandom.mix(world), aboard: &aboard).count
            }
            #expect(came == aboard.count { $0 })
            total += came
        }
        #expect(abs(Double(total) / 20_000 - forward.spread(of: [3, 21], runs: 20_000, seed: 1).mean) < 0.3)
    }

    @Test func aCascadeThatWasSeenLeavesTheSetsOfTheResidualGraph() throws {
        for seed in UInt64(0)..<4 {
            let graph = try randomGraph(vertices: 50, edges: 220, weightedCascade: seed % 2 == 0, seed: seed)
            let sampler = SetSampler(graph, threads: 1)
            let choosing = RRCollection(drawSets(sampler, count: 1500, seed: 9), vertices: 50)
            var invites = AdaptiveInvites(
                choosing: choosing, judging: choosing, acceptance: [Float](repeating: 1, count: 50))
            var aboard: Set<UInt32> = []
            for people in [[4, 17], [30], [31, 2, 9]] as [[UInt32]] {
                invites.sawCascade(people, in: graph, seed: 9)
                aboard.formUnion(people)
                // From scratch: every set anew, around those aboard.
                let stream = SetStream(seed: 9, purpose: "sets", vertices: 50, roots: .uniform)
                var gains = [Int32](repeating: 0, count: 50)
                for set in 0..<1500 {
                    for member in slowSet(graph, stream, set, walls: aboard) { gains[Int(member)] += 1 }
                }
                #expect((0..<50).allSatisfy { aboard.contains(UInt32($0)) || invites.gains[$0] == gains[$0] })
            }
            #expect(Set(invites.aboard) == aboard && invites.next().map { aboard.contains($0) } == false)
        }
    }

    @Test func nobodyIsAskedTwiceAndNobodyWithoutAChance() throws {
        let (choosing, judging) = collections(try makeGraph(5, []), count: 500)
        var invites = AdaptiveInvites(choosing: choosing, judging: judging, acceptance: [1, 0, 1, 1, 0])
        invites.came(3)
        var asked: [UInt32] = []
        while let person = invites.next() {
            asked.append(person)
            invites.take(.no, from: person)
        }
        #expect(asked.sorted() == [0, 2])
        let (none, neither) = collections(try makeGraph(0, []), count: 0)
        var empty = AdaptiveInvites(choosing: none, judging: neither, acceptance: [])
        #expect(empty.next() == nil && empty.expectedTurnout == 0)
    }
}
