// The loss closes a step: it puts the first gradient on the tape.

import Linalg

extension Tape {
    /// Bayesian personalized ranking (Rendle et al., 2009, section 4): the mean of -log sigmoid(positive - negative).
    /// `scores` is [(1 + k) · n, 1]: n scores of positives, then k times one negative for each of them. Returns the
    /// loss and leaves its gradient on `scores`; `backward` does the rest. Times `weight`; summed in Double.
    mutating func rankingLoss(_ scores: Value, positives n: Int, weight: Number = 1) -> Double {
        let from = node(scores)
        precondition(n > 0 && from.count > n && from.count % n == 0, "each positive has as many negatives")
        guard let gradient = gradientToAdd(scores) else { preconditionFailure("scores depend on parameters") }
        let pairs = from.count - n
        let share = weight / Number(pairs)
        var total = 0.0
        for pair in 0..<pairs {
            let positive = pair % n
            let margin = from.value[positive] - from.value[n + pair]
            // log(1 + e^-margin), without overflow on either side.
            let small = Number.exponential(-abs(margin))
            total += Double((margin < 0 ? -margin : 0) + Number.logOnePlus(small))
            let missing = (margin < 0 ? 1 : small) / (1 + small) * share
            gradient[positive] -= missing
            gradient[n + pair] += missing
        }
        return Double(weight) * total / Double(pairs)
    }
}
