// When to stop training: what a step learns helps until it is learned by heart, which only examples show that no step
// has seen (Prechelt, "Early stopping - but when?", 1998). Checkpoints are numbered and judged in their order; the best
// one counts, and a few in a row that are no better are the end. It holds no checkpoint, only numbers.

/// Which of a series of checkpoints is the best so far, and whether a better one is still waited for.
package struct EarlyStopping: Equatable, Sendable {
    /// So many checkpoints in a row that are no better than the best end the training; 0: none ever does.
    package let patience: Int
    /// The number of the best checkpoint, and how good it is; nil until one was judged.
    package private(set) var best: (number: Int, score: Double)?
    /// Checkpoints judged since the best.
    package private(set) var since = 0

    package init(patience: Int) {
        precondition(patience >= 0, "patience counts checkpoints")
        self.patience = patience
    }

    /// Goes on where one left off.
    package init(patience: Int, best: (number: Int, score: Double)?, since: Int) {
        self.init(patience: patience)
        (self.best, self.since) = (best, since)
    }

    /// Takes a checkpoint's score, higher being better, and says whether it is the best so far. Of equal ones the first
    /// is the best; a score that is no number is never better.
    package mutating func judge(_ number: Int, score: Double) -> Bool {
        if score.isFinite, best.map({ score > $0.score }) ?? true {
            (best, since) = ((number, score), 0)
            return true
        }
        since += 1
        return false
    }

    /// Whether patience is at its end.
    package var isOver: Bool { patience > 0 && since >= patience }

    package static func == (one: EarlyStopping, other: EarlyStopping) -> Bool {
        one.patience == other.patience && one.since == other.since && one.best?.number == other.best?.number
            && one.best?.score == other.best?.score
    }
}
