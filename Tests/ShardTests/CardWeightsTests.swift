import Basics
import Learn
import Testing

@testable import Shard

struct CardWeightsTests {
    private func choices(_ count: Int, by objective: Objective?) -> [CardChoice] {
        var random = SeededRandom(seed: 4)
        return (0..<count).map { _ in
            var cards = (0..<2).map { _ in
                CardFacts(
                    objectives: Objective.allCases.map { _ in random.uniformFloat() },
                    situation: (0..<SituationColumns.count).map { _ in random.uniformFloat() })
            }
            if let objective {
                cards.sort { $0.objectives[objective.rawValue] > $1.objectives[objective.rawValue] }
            }
            return CardChoice(taken: cards[0], skipped: cards[1])
        }
    }

    @Test func weightsAreLearnedWhereTheyDoBetterAndComeBackFromTheirBytes() throws {
        let weights = CardWeights(learningFrom: choices(600, by: .cohesion))
        #expect(weights.choices == 600 && weights.agreement > weights.fixedAgreement + 0.1)
        let situation = [Float](repeating: 0.5, count: SituationColumns.count)
        #expect(weights.scalarizer.weights(situation)[Objective.cohesion.rawValue] > 0.5)
        #expect(try CardWeights(decoding: weights.encoded()) == weights)
        #expect(throws: ByteError.self) { try CardWeights(decoding: Array(weights.encoded().dropLast())) }
    }

    @Test func tooFewChoicesLeaveTheFixedWeights() {
        #expect(CardWeights(learningFrom: choices(CardWeights.choicesMin - 1, by: .cohesion)) == CardWeights())
    }
}
