import Basics
import Testing

@testable import Learn

/// Choices of people for whom cohesion counts on weekends and convenience otherwise.
private func choices(_ count: Int, seed: UInt64) -> [CardChoice] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in
        let cards = (0..<2).map { _ in
            var situation = (0..<SituationColumns.count).map { _ in random.uniformFloat() }
            situation[SituationColumns.weekend] = random.uniform() < 0.5 ? 1 : 0
            return CardFacts(objectives: Objective.allCases.map { _ in random.uniformFloat() }, situation: situation)
        }
        let worth = cards.map { card in
            let aim = card.situation[SituationColumns.weekend] == 1 ? Objective.cohesion : .convenience
            return Double(card.objectives[aim.rawValue])
        }
        let takesFirst = random.uniform() < logistic(10 * (worth[0] - worth[1]))
        return CardChoice(taken: cards[takesFirst ? 0 : 1], skipped: cards[takesFirst ? 1 : 0])
    }
}

@Suite struct ScalarizerTests {
    @Test func gradientsAreThoseOfFiniteDifferences() {
        var random = SeededRandom(seed: 2)
        let parameters = (0..<Scalarizer.parameterCount).map { _ in random.uniform() - 0.5 }
        let sample = choices(20, seed: 3)
        let gradient = Scalarizer(parameters: parameters).slope(sample).gradient
        for index in parameters.indices {
            func loss(_ change: Double) -> Double {
                var moved = parameters
                moved[index] += change
                return Scalarizer(parameters: moved).slope(sample).loss
            }
            #expect(abs(gradient[index] - (loss(1e-6) - loss(-1e-6)) / 2e-6) < 1e-7)
        }
    }

    @Test func weightsThatDependOnTheSituationBeatFixedOnes() {
        var learned = Scalarizer.fixed
        let losses = learned.learn(choices(1500, seed: 4))
        let fresh = choices(1000, seed: 5)
        #expect(losses[losses.count - 1] < losses[0])
        #expect(learned.agreement(fresh) > Scalarizer.fixed.agreement(fresh) + 0.1)
        var situation = [Float](repeating: 0.5, count: SituationColumns.count)
        situation[SituationColumns.weekend] = 1
        #expect(learned.weights(situation)[Objective.cohesion.rawValue] > 0.6)
        situation[SituationColumns.weekend] = 0
        #expect(learned.weights(situation)[Objective.convenience.rawValue] > 0.6)
        #expect(abs(learned.weights(situation).reduce(0, +) - 1) < 1e-12)
    }

    @Test func termsAreWhatMovesTheScore() {
        let situation = [Float](repeating: 0.3, count: SituationColumns.count)
        let card = CardFacts(objectives: [0.9, 0.2, 0.6, 0.4, 0.5], situation: situation)
        let scalarizer = Scalarizer.fixed
        let terms = scalarizer.terms(card)
        for objective in Objective.allCases {
            var without = card
            without.objectives[objective.rawValue] = 0
            let fall = scalarizer.score(card) - scalarizer.score(without)
            #expect(abs(fall - terms[objective.rawValue]) < 1e-9 && fall > 0)
        }
    }
}
