import Basics
import Testing

@testable import Influence

@Suite struct InviteOrderTests {
    /// 0 brings 1 surely; 2, 3 and 4 stand alone.
    private func fixture() throws -> RRCollection {
        let graph = try makeGraph(5, [TestEdge(from: 0, to: 1, probability: 1)])
        return generateSets(graph, count: 50, roots: .inTurn, seed: 1)
    }

    @Test func whoBringsOthersIsAskedFirstAndTheBroughtLast() throws {
        let (order, turnout) = inviteOrder(try fixture(), already: [2], candidates: [4, 1, 3, 0], count: 4)
        #expect(order == [0, 3, 4, 1])
        #expect(turnout.map { ($0 * 1000).rounded() / 1000 } == [3, 4, 5, 5])
    }

    @Test func theUnlikelyAreAskedLater() throws {
        let (order, turnout) = inviteOrder(
            try fixture(), already: [], candidates: [0, 3, 4], acceptance: [0.3, 0.5, 0.7], count: 2)
        #expect(order == [4, 0])
        #expect(abs(turnout[0] - 0.7) < 1e-6 && abs(turnout[1] - 1.3) < 1e-6)
    }

    @Test func thoseWhoSaidYesAndRepeatsAreNotAskedAgain() throws {
        let (order, _) = inviteOrder(try fixture(), already: [0, 3], candidates: [3, 4, 4, 0], count: 9)
        #expect(order == [4])
    }

    @Test func expectedTurnoutIsThatOfCascadesWithRandomAnswers() throws {
        let graph = try randomGraph(vertices: 30, edges: 90, seed: 3)
        let sets = generateSets(graph, count: 60_000, seed: 3, pool: ComputePool(threads: 2))
        let (order, turnout) = inviteOrder(
            sets, already: [7], candidates: [1, 2, 3, 4, 5], acceptance: [0.9, 0.2, 0.6, 0.5, 0.4], count: 5)
        let chance: [UInt32: Double] = [1: 0.9, 2: 0.2, 3: 0.6, 4: 0.5, 5: 0.4]
        var random = SeededRandom(seed: 4)
        let forward = ForwardCascade(graph)
        var total = 0.0
        for run in 0..<3000 {
            let yes = order.filter { random.uniform() < chance[$0]! }
            total += forward.spread(of: [7] + yes, runs: 4, seed: UInt64(run)).mean
        }
        #expect(abs(turnout[4] - total / 3000) < 0.35)
    }

    @Test func attendanceSumsToTheTurnout() throws {
        let graph = try randomGraph(vertices: 12, edges: 40, seed: 5)
        let sets = generateSets(graph, count: 12 * 64, roots: .inTurn, seed: 5)
        var state = InviteState(sets, already: [3, 8])
        let promised = state.gain(1, acceptance: 0.5)
        let before = state.expectedTurnout
        state.invite(1, acceptance: 0.5)
        #expect(abs(state.expectedTurnout - before - promised) < 1e-12)
        let attendance = state.attendance()
        #expect(abs(attendance.reduce(0, +) - state.expectedTurnout) < 1e-9)
        #expect(attendance[3] == 1 && attendance[8] == 1 && attendance[1] >= 0.5)
    }

    @Test func theHeapGivesBackInOrder() {
        var random = SeededRandom(seed: 1)
        let numbers = (0..<200).map { _ in random.below(50) }
        var heap = MaxHeap(Array(numbers[..<100]))
        for number in numbers[100...] { heap.push(number) }
        var taken: [Int] = []
        while let number = heap.pop() { taken.append(number) }
        #expect(taken == numbers.sorted(by: >))
    }
}
