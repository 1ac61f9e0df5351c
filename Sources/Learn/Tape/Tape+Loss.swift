// The loss closes a step: it puts the first gradient on the tape.

import Linalg

extension Tape {
    /// Bayesian personalized ranking (Rendle et al., 2009, section 4): the mean of -log sigmoid(positive - negative).
    /// `scores` is [2n, 1]: n scores of positives, then their n negatives. Returns the loss and leaves its gradient
    /// on `scores`; `backward` does the rest. Summed in Double.
    mutating func rankingLoss(_ scores: Value) -> Double {
        let from = node(scores)
        precondition(from.columns == 1 && from.rows % 2 == 0 && from.rows > 0, "as many negatives as positives")
        let pairs = from.rows / 2
        guard let gradient = gradientToAdd(scores) else { preconditionFailure("scores depend on parameters") }
        var total = 0.0
        for pair in 0..<pairs {
            let margin = from.value[pair] - from.value[pairs + pair]
            // log(1 + e^-margin), without overflow on either side.
            let small = Number.exponential(-abs(margin))
            total += Double((margin < 0 ? -margin : 0) + Number.logOnePlus(small))
            let missing = (margin < 0 ? 1 : small) / (1 + small)
            gradient[pair] -= missing / Number(pairs)
            gradient[pairs + pair] += missing / Number(pairs)
        }
        return total / Double(pairs)
    }
}
