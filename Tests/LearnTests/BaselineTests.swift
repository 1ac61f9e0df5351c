import Basics
import Graph
import Testing
import World

@testable import Learn

/// Rankings without a graph model.
struct BaselineTests {
    @Test func heldOutPlacesAreWantedAndVisitedOnesAreMasked() {
        let graph = smallCity()
        let task = RankingTask(heldOutOf: graph)
        #expect(task.known.userCount == graph.residents && !task.judged.isEmpty)
        for person in 0..<UInt32(graph.residents) {
            #expect(Array(task.known[Int(person)]) == Set(graph.visitPlaces[graph.visits(of: person)]).sorted())
            #expect(Array(task.wanted[Int(person)]) == graph.heldOutPlaces[graph.heldOut(of: person)].sorted())
        }
    }

    @Test func everyBaselineRanksAndAnswersTheSameForAnyNumberOfThreads() {
        let graph = smallCity()
        let task = RankingTask(heldOutOf: graph)
        for baseline in Baseline.allCases {
            let answers = [1, 3].map {
                baseline.quality(in: graph, task, at: [10], seed: 7, pool: ComputePool(threads: $0))
            }
            #expect(answers[0] == answers[1], "\(baseline)")
            #expect(answers[0][0].recall > 0 && answers[0][0].users == task.judged.count, "\(baseline)")
        }
    }
}
