import Testing

@testable import Basics

@Suite struct EarlyStoppingTests {
    @Test func theFirstOfTheBestIsKeptAndPatienceCountsFromIt() {
        var stopping = EarlyStopping(patience: 2)
        #expect(stopping.best == nil && !stopping.isOver)
        func judge(_ number: Int, _ score: Double) -> Bool { stopping.judge(number, score: score) }
        #expect(judge(1, 0.2))
        #expect(!judge(2, 0.2), "no better")
        #expect(!stopping.isOver)
        #expect(judge(3, 0.3))
        #expect(!judge(4, .nan))
        #expect(!stopping.isOver)
        #expect(!judge(5, 0.1))
        #expect(stopping.isOver)
        #expect(stopping.best?.number == 3 && stopping.best?.score == 0.3 && stopping.since == 2)
        #expect(EarlyStopping(patience: 2, best: stopping.best, since: 2) == stopping)
    }

    @Test func withoutPatienceNothingEnds() {
        var stopping = EarlyStopping(patience: 0)
        for number in 1...100 { _ = stopping.judge(number, score: 1 / Double(number)) }
        #expect(!stopping.isOver && stopping.best?.number == 1)
    }
}
