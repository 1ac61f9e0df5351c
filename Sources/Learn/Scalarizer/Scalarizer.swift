// How much each aim counts, by the situation. A card has five objectives, each 0...1; what makes one card better than
// another on a Friday night for four is not what makes it better at a Tuesday lunch for two. So the weights are a
// function of twelve numbers that describe the situation,
//
//     weights(c) = softmax(A · c + b)          score(card | c) = sharpness · Σ weights(c)[k] · objective[k]
//
// learned from which of two cards shown to one person was taken: log(1 + e^-(score(taken) - score(skipped))), as in
// RankNet (Burges et al., ICML 2005), by full gradients and Adam; 66 numbers need no tape.

import Linalg

/// What a situation is described by. All in 0...1.
package enum SituationColumns {
    /// Friday evening to Sunday.
    package static let weekend = 0
    package static let evening = 1
    package static let night = 2
    /// Members of the group / 10.
    package static let groupSize = 3
    /// Share of the group who are the person's friends.
    package static let friendShare = 4
    /// How much the weather speaks for being outside; one half when unknown.
    package static let weather = 5
    /// Distance from home / 10 km, or 0 in the own neighborhood and one half elsewhere in the city.
    package static let distance = 6
    /// Price band / 4.
    package static let price = 7
    /// Days ahead / 14.
    package static let leadTime = 8
    /// Share of invitations the person accepted lately.
    package static let acceptance = 9
    /// Share of the week's invitations already used.
    package static let used = 10
    /// Share of the places shown that the person has never been to.
    package static let novelty = 11
    package static let count = 12
}

/// What a card is good for. All in 0...1.
package enum Objective: Int, CaseIterable, Sendable {
    case taste
    case cohesion
    case conversion
    case convenience
    case concentration
}

/// What one card is good for, and the situation it is shown in: two plans for one person differ in both.
package struct CardFacts: Equatable, Sendable {
    package var objectives: [Float]
    package var situation: [Float]

    package init(objectives: [Float], situation: [Float]) {
        precondition(situation.count == SituationColumns.count, "a situation has twelve numbers")
        precondition(objectives.count == Objective.allCases.count, "a card has five objectives")
        self.objectives = objectives
        self.situation = situation
    }
}

/// Two cards shown to one person, of which one was taken.
package struct CardChoice: Equatable, Sendable {
    package var taken: CardFacts
    package var skipped: CardFacts

    package init(taken: CardFacts, skipped: CardFacts) {
        self.taken = taken
        self.skipped = skipped
    }
}

/// Weighs the objectives of a card by the situation.
package struct Scalarizer: Equatable, Sendable {
    /// [5, 12], then 5 offsets, then the logarithm of the sharpness.
    package private(set) var parameters: [Double]

    private static let objectives = Objective.allCases.count
    private static let columns = SituationColumns.count
    private static let offsets = objectives * columns
    package static let parameterCount = offsets + objectives + 1

    /// The same weights in every situation: taste and conversion count most. The baseline, and the start of learning.
    package static let fixed = Scalarizer(weights: [0.3, 0.15, 0.3, 0.15, 0.1])

    /// The given weights in every situation; positive, sum to one.
    package init(weights: [Double]) {
        precondition(weights.count == Self.objectives && weights.allSatisfy { $0 > 0 }, "one weight per objective")
        parameters = [Double](repeating: 0, count: Self.parameterCount)
        for (objective, weight) in weights.enumerated() { parameters[Self.offsets + objective] = logarithm(weight) }
        parameters[Self.parameterCount - 1] = logarithm(8)
    }

    /// Takes over parameters from elsewhere.
    package init(parameters: [Double]) {
        precondition(parameters.count == Self.parameterCount, "parameters of this very shape")
        self.parameters = parameters
    }

    /// The weights of the five objectives in a situation; they sum to one.
    package func weights(_ situation: [Float]) -> [Double] {
        var weights = (0..<Self.objectives).map { objective in
            var sum = parameters[Self.offsets + objective]
            for column in 0..<Self.columns {
                sum += parameters[objective * Self.columns + column] * Double(situation[column])
            }
            return sum
        }
        let greatest = weights.max() ?? 0
        var total = 0.0
        for index in weights.indices {
            weights[index] = Double.exponential(weights[index] - greatest)
            total += weights[index]
        }
        return weights.map { $0 / total }
    }

    /// What each objective adds to a card's score: the terms of an explanation.
    package func terms(_ card: CardFacts) -> [Double] {
        let sharpness = Double.exponential(parameters[Self.parameterCount - 1])
        return zip(weights(card.situation), card.objectives).map { sharpness * $0 * Double($1) }
    }

    package func score(_ card: CardFacts) -> Double { terms(card).reduce(0, +) }

    /// The share of choices whose taken card scores higher; ties count half.
    package func agreement(_ choices: [CardChoice]) -> Double {
        if choices.isEmpty { return 0 }
        let sum = choices.reduce(0.0) { sum, choice in
            let margin = score(choice.taken) - score(choice.skipped)
            return sum + (margin > 0 ? 1 : margin == 0 ? 0.5 : 0)
        }
        return sum / Double(choices.count)
    }

    /// Learns from choices, starting from what it is. `decay` draws the situation's part towards zero, that is, towards
    /// the same weights everywhere. Answers the mean loss before each round. O(rounds · choices).
    package mutating func learn(
        _ choices: [CardChoice], rounds: Int = 300, rate: Double = 0.05, decay: Double = 1e-3
    ) -> [Double] {
        if choices.isEmpty { return [] }
        var first = [Double](repeating: 0, count: Self.parameterCount)
        var second = first
        var losses: [Double] = []
        var (firstPower, secondPower) = (1.0, 1.0)
        for _ in 0..<rounds {
            let (loss, gradient) = slope(choices)
            losses.append(loss)
            firstPower *= 0.9
            secondPower *= 0.999
            let corrections = (1 - firstPower, 1 - secondPower)
            for index in gradient.indices {
                let change = gradient[index] + (index < Self.offsets ? decay * parameters[index] : 0)
                first[index] = 0.9 * first[index] + 0.1 * change
                second[index] = 0.999 * second[index] + 0.001 * change * change
                parameters[index] -=
                    rate * (first[index] / corrections.0) / ((second[index] / corrections.1).squareRoot() + 1e-8)
            }
        }
        return losses
    }

    /// Mean loss and its gradient. With w the weights and o the objectives of a card: d score / d (A c + b)[k] =
    /// sharpness · w[k] · (o[k] - Σ w · o).
    func slope(_ choices: [CardChoice]) -> (loss: Double, gradient: [Double]) {
        var loss = 0.0
        var gradient = [Double](repeating: 0, count: Self.parameterCount)
        let sharpness = Double.exponential(parameters[Self.parameterCount - 1])
        for choice in choices {
            let cards = [(choice.taken, 1.0), (choice.skipped, -1.0)].map { card, sign in
                let weights = weights(card.situation)
                let mean = zip(weights, card.objectives).reduce(0) { $0 + $1.0 * Double($1.1) }
                return (card: card, weights: weights, mean: mean, sign: sign)
            }
            let margin = sharpness * (cards[0].mean - cards[1].mean)
            let small = Double.exponential(-abs(margin))
            loss += (margin < 0 ? -margin : 0) + Double.logOnePlus(small)
            let missing = (margin < 0 ? 1 : small) / (1 + small)
            for (card, weights, mean, sign) in cards {
                for objective in 0..<Self.objectives {
                    let share = weights[objective] * (Double(card.objectives[objective]) - mean)
                    let change = -sign * missing * sharpness * share
                    gradient[Self.offsets + objective] += change
                    for column in 0..<Self.columns {
                        gradient[objective * Self.columns + column] += change * Double(card.situation[column])
                    }
                }
            }
            gradient[Self.parameterCount - 1] -= missing * margin
        }
        let count = Double(choices.count)
        return (loss / count, gradient.map { $0 / count })
    }
}

/// The natural logarithm of a positive number.
private func logarithm(_ x: Double) -> Double { Double.logOnePlus(x - 1) }
