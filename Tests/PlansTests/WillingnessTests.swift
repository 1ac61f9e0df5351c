import Basics
import Testing

@testable import Plans

@Suite struct WillingnessTests {
    @Test func theMiddleInterestIsTakenUpOneTimeInTen() {
        let interest = PersonInterest(places: [2, 0, 1], scores: [9, 1, -9])
        let table = InterestTable([interest, interest], places: 4)
        #expect(table.offsets == [0, 2, 4, 6, 6])
        #expect(table.people == [0, 1, 0, 1, 0, 1])
        // m = 1, d = sqrt((64 + 0 + 100) / 3): odds of log(1/9), log(1/9) - 5 / d, log(1/9) + 4 / d.
        let expected: [Float] = [0.1, 0.1, 0.0535, 0.0535, 0.1603, 0.1603]
        #expect(zip(table.strengths, expected).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test func nobodyIsCertainAndScoresInAnyUnitSayTheSame() {
        let spread = [100] + [Float](repeating: 0, count: 200)
        func strength(_ score: Float, _ scores: [Float]) -> Float {
            Willingness.stated.strength(ScoreScale(scores).distance(score))
        }
        #expect(strength(100, spread) == 0.95)
        #expect(strength(-100, spread) == 0.05)
        #expect(strength(3, [3, 3]) == strength(-7, [-7]))
        #expect(abs(strength(3, [3, 1, 0]) - strength(300, [300, 100, 0])) < 1e-6)
    }

    @Test func repeatsCountOnceAndScoresThatAreNoNumbersNotAtAll() {
        let table = InterestTable(
            [
                PersonInterest(places: [0, 0, 1, 2], scores: [2, 1, .nan, 0]),
                PersonInterest(places: [1], scores: [.infinity]), PersonInterest(places: [], scores: []),
            ], places: 3)
        #expect(table.offsets == [0, 1, 1, 2])
        #expect(table.people == [0, 0])
        #expect(abs(table.strengths[0] - 0.1701) < 1e-3)  // m = 1, d = sqrt(2 / 3)
    }

    @Test func theMedianOfAnEvenNumberIsBetweenTheMiddleTwo() {
        #expect(median(ofFalling: [4, 3, 1, 0]) == 2)
        #expect(median(ofFalling: [7]) == 7)
    }

    @Test func theBestSlotOfAPairCostsNothingAndTheOthersTheirShare() {
        // Person 0 goes out in slot 5 only, person 1 has no visits; place 0 is visited evenly in slots 2 and 5.
        let rhythm = Rhythm(
            personSlots: [0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0], placeSlots: [0, 0, 0.5, 0, 0, 0.5])
        #expect(rhythm.factor(person: 0, place: 0, slot: 5) == 1)
        // lifts: 3.5 and 2 in slot 5, 0.5 and 2 in slot 2, 0.5 and 0.5 in slot 0.
        let seventh: Float = 1 / 7
        #expect(abs(rhythm.factor(person: 0, place: 0, slot: 2) - seventh.squareRoot()) < 1e-6)
        #expect(abs(rhythm.factor(person: 0, place: 0, slot: 0) - seventh.squareRoot() / 2) < 1e-6)
        #expect(rhythm.factor(person: 1, place: 0, slot: 2) == 1)
        #expect(rhythm.factor(person: 1, place: 0, slot: 5) == 1)
        #expect(rhythm.factor(person: 1, place: 0, slot: 1) == 0.5)
    }

    @Test func demandIsTheSumOfAcceptances() {
        let both = [PersonInterest(places: [0], scores: [3]), PersonInterest(places: [0], scores: [1])]
        let table = InterestTable(both, places: 2)
        let rhythm = Rhythm(
            personSlots: [Float](repeating: 0, count: 12), placeSlots: [0, 0, 0.5, 0, 0, 0.5] + [0, 0, 0, 0, 0, 0])
        let result = demand(table, rhythm: rhythm, places: 2)
        let expected = [0.1, 0.1, 0.2, 0.1, 0.1, 0.2, 0, 0, 0, 0, 0, 0]
        #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-6 } && result.count == 12)
        let cells = promisingCells(table, demand: result, count: 3)
        // The second-best slot counts half, the third a quarter; nobody cares for place 1.
        #expect(cells.map(\.slot) == [2, 5, 0] && cells.allSatisfy { $0.place == 0 })
    }

    @Test func conversionCountsEveryOutcomeWithTwoYeses() {
        #expect(abs(conversion([0.5, 0.5]) { _, _ in 0 } - 0.25) < 1e-12)
        // The second knows of the first yes: 1 - 0.5 * (1 - 0.3) = 0.65.
        #expect(abs(conversion([0.5, 0.5]) { _, _ in 1 } - 0.325) < 1e-12)
        // Independent: 3 * 0.125 + 0.125.
        #expect(abs(conversion([0.5, 0.5, 0.5]) { _, _ in 0 } - 0.5) < 1e-12)
        #expect(conversion([1, 1, 1]) { _, _ in 0.4 } == 1)
    }

    @Test func conversionIsThatOfAnswersPlayedOut() {
        let acceptance = [0.7, 0.4, 0.2], ties = [[0, 0, 0], [0.9, 0, 0], [0.1, 0.6, 0]] as [[Double]]
        var random = SeededRandom(seed: 3)
        var successes = 0
        for _ in 0..<200_000 {
            var yes: [Int] = []
            for person in 0..<3 {
                let doubt = yes.reduce(1 - acceptance[person]) { $0 * (1 - friendBoost * ties[person][$1]) }
                if random.uniform() < 1 - doubt { yes.append(person) }
            }
            if yes.count >= 2 { successes += 1 }
        }
        let exact = conversion(acceptance) { ties[$0][$1] }
        #expect(abs(Double(successes) / 200_000 - exact) < 0.005)
    }
}
