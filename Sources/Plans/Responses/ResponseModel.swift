// Who says yes. A logistic regression on what is known of an invitation, with an intercept for each person and one for
// each pair of an asked person and the friend who asks, because some follow any invitation, and some follow this
// friend:
//
//     log-odds = weights · features + person's intercept + pair's intercept
//
// Weights have a normal prior around what was known before there were answers (from visits, or stated); intercepts one
// around zero. Weights and intercepts are refitted on all answers by turns, and the intercepts move a step at each
// answer, so the model learns during a campaign and not only between two.

import Learn

/// One answer to an invitation.
package struct InvitationAnswer: Equatable, Sendable {
    package var person: UInt32
    /// Who asked, nil for nobody in particular.
    package var friend: UInt32?
    package var features: [Float]
    package var saidYes: Bool

    package init(person: UInt32, friend: UInt32?, features: [Float], saidYes: Bool) {
        self.person = person
        self.friend = friend
        self.features = features
        self.saidYes = saidYes
    }
}

/// What is known of how people answer.
package struct ResponseModel: Equatable, Sendable {
    package private(set) var weights: [Double]
    private let prior: [Double]
    /// How sure the prior is: the inverse of its variance.
    private let precision: Double
    private var personIntercepts: [UInt32: Intercept] = [:]
    private var pairIntercepts: [UInt64: Intercept] = [:]

    /// A sum of what answers said beyond the features, and how much they can tell.
    private struct Intercept: Equatable, Sendable {
        var surprise = 0.0
        var information = 0.0

        /// The most likely value under a normal prior of the given precision, by one step.
        func value(_ precision: Double) -> Double { surprise / (information + precision) }
    }

    /// Precision of the intercepts' priors: people differ by about 0.5 in log-odds.
    private static let interceptPrecision = 4.0

    package init(prior: [Double], precision: Double) {
        precondition(precision > 0, "a prior has a width")
        weights = prior
        self.prior = prior
        self.precision = precision
    }

    /// The chance that the person says yes. O(features).
    package func chance(_ features: [Float], person: UInt32, friend: UInt32?) -> Double {
        logistic(logOdds(features, person: person, friend: friend))
    }

    package func logOdds(_ features: [Float], person: UInt32, friend: UInt32?) -> Double {
        var sum = 0.0
        for column in weights.indices { sum += weights[column] * Double(features[column]) }
        return sum + intercepts(person, friend)
    }

    /// What each feature adds to the log-odds: what an explanation is made of.
    package func contributions(_ features: [Float]) -> [Double] {
        weights.indices.map { weights[$0] * Double(features[$0]) }
    }

    private func intercepts(_ person: UInt32, _ friend: UInt32?) -> Double {
        let own = personIntercepts[person]?.value(Self.interceptPrecision) ?? 0
        guard let friend else { return own }
        return own + (pairIntercepts[Self.key(person, friend)]?.value(Self.interceptPrecision) ?? 0)
    }

    private static func key(_ person: UInt32, _ friend: UInt32) -> UInt64 {
        UInt64(min(person, friend)) << 32 | UInt64(max(person, friend))
    }

    /// Hears one answer: moves the intercepts of the person and the pair.
    package mutating func hear(_ answer: InvitationAnswer) {
        attribute(answer, chance: chance(answer.features, person: answer.person, friend: answer.friend))
    }

    /// What an answer says beyond a chance, to the person and the pair.
    private mutating func attribute(_ answer: InvitationAnswer, chance: Double) {
        let (surprise, information) = ((answer.saidYes ? 1 : 0) - chance, chance * (1 - chance))
        personIntercepts[answer.person, default: Intercept()].surprise += surprise
        personIntercepts[answer.person, default: Intercept()].information += information
        guard let friend = answer.friend else { return }
        let key = Self.key(answer.person, friend)
        pairIntercepts[key, default: Intercept()].surprise += surprise
        pairIntercepts[key, default: Intercept()].information += information
    }

    /// Refits the weights on all answers, then the intercepts on what the weights leave, by turns.
    /// O(rounds · answers · features²).
    package mutating func refit(_ answers: [InvitationAnswer], rounds: Int = 8) {
        for _ in 0..<Self.turns {
            let offsets = answers.map { intercepts($0.person, $0.friend) }
            fit(answers.map(\.features), offsets, answers.map { $0.saidYes ? 1 : 0 }, rounds: rounds)
            (personIntercepts, pairIntercepts) = ([:], [:])
            for answer in answers {
                // Each from zero, so that what one answer says does not depend on those before it.
                let chance = logistic(zip(weights, answer.features).reduce(0) { $0 + $1.0 * Double($1.1) })
                attribute(answer, chance: chance)
            }
        }
    }

    private static let turns = 2
    private static let stepMax = 2.0

    /// The most likely weights for rows of features and what became of them (1 for yes), by Newton's method, each step
    /// halved until it does not lead down.
    package mutating func fit(_ rows: [[Float]], _ offsets: [Double], _ outcomes: [Double], rounds: Int) {
        precondition(rows.count == outcomes.count && rows.count == offsets.count, "one outcome per row")
        var height = posterior(weights, rows, offsets, outcomes)
        for _ in 0..<rounds {
            let step = newtonStep(rows, offsets, outcomes)
            // Far from the top the parabola is a poor likeness: a step is held short, in its direction.
            let longest = step.reduce(0) { max($0, abs($1)) }
            var (share, next) = (min(1, Self.stepMax / max(longest, 1e-12)), weights)
            var reached = -Double.infinity
            while share > 1e-4 {
                next = zip(weights, step).map { $0 + share * $1 }
                reached = posterior(next, rows, offsets, outcomes)
                if reached >= height { break }
                share /= 2
            }
            if reached < height { break }
            (weights, height) = (next, reached)
            if step.allSatisfy({ abs($0) < 1e-6 }) { break }
        }
    }

    /// Log-likelihood of weights and their prior.
    private func posterior(
        _ weights: [Double], _ rows: [[Float]], _ offsets: [Double], _ outcomes: [Double]
    ) -> Double {
        var sum = zip(weights, prior).reduce(0.0) { $0 - precision / 2 * ($1.0 - $1.1) * ($1.0 - $1.1) }
        for (index, row) in rows.enumerated() {
            var odds = offsets[index]
            for column in weights.indices { odds += weights[column] * Double(row[column]) }
            sum += outcomes[index] * odds - max(odds, 0) - logarithm(1 + exponential(-abs(odds)))
        }
        return sum
    }

    private func newtonStep(_ rows: [[Float]], _ offsets: [Double], _ outcomes: [Double]) -> [Double] {
        let count = weights.count
        var gradient = (0..<count).map { precision * (prior[$0] - weights[$0]) }
        var hessian = [Double](repeating: 0, count: count * count)
        for column in 0..<count { hessian[column * count + column] = precision }
        for (index, row) in rows.enumerated() {
            var sum = offsets[index]
            for column in 0..<count { sum += weights[column] * Double(row[column]) }
            let chance = logistic(sum)
            let (miss, weight) = (outcomes[index] - chance, chance * (1 - chance))
            for column in 0..<count where row[column] != 0 {
                let own = Double(row[column])
                gradient[column] += miss * own
                for other in 0...column { hessian[column * count + other] += weight * own * Double(row[other]) }
            }
        }
        return solve(hessian, gradient)
    }
}

/// x of matrix · x = vector for a symmetric positive matrix of which the lower half is given, by Cholesky.
func solve(_ matrix: [Double], _ vector: [Double]) -> [Double] {
    let count = vector.count
    var lower = matrix
    for row in 0..<count {
        for column in 0...row {
            var sum = lower[row * count + column]
            for k in 0..<column { sum -= lower[row * count + k] * lower[column * count + k] }
            if row == column {
                precondition(sum > 0, "a sum of squares and a prior is positive")
                lower[row * count + row] = sum.squareRoot()
            } else {
                lower[row * count + column] = sum / lower[column * count + column]
            }
        }
    }
    var x = vector
    for row in 0..<count {
        for k in 0..<row { x[row] -= lower[row * count + k] * x[k] }
        x[row] /= lower[row * count + row]
    }
    for row in (0..<count).reversed() {
        for k in row + 1..<count { x[row] -= lower[k * count + row] * x[k] }
        x[row] /= lower[row * count + row]
    }
    return x
}
