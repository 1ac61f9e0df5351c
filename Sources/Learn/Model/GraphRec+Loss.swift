// What a step learns from, put together: a softmax over places, Bayesian personalized ranking of the place head, and
// the cross-entropies of the friend head, each with its weight (specification, 4.4; the softmax is ours).

import Linalg

extension GraphRec {
    /// The sum of the losses that the configuration asks for; their gradients are left on the tape for `backward`.
    /// `bias`, if any, is [places, 1], row by row beside the places' embeddings.
    func loss<Number: Scalar>(
        _ triplets: Triplets, _ rows: VertexRows, bias: Value?, on tape: inout Tape<Number>
    ) -> Double {
        var loss = 0.0
        if triplets.targets.people > 0 {
            tape.begin("the softmax over places")
            loss += tape.softmaxLoss(
                people: rows.people, places: rows.places, bias: bias, triplets.targets,
                weight: Number(configuration.softmaxWeight))
        }
        if triplets.friends.count > 0 {
            let logits = judge(triplets.friends, people: rows.people, on: &tape)
            loss += tape.binaryLoss(
                logits.compatible, labels: triplets.friends.compatible, weight: Number(configuration.friendWeight))
            loss += tape.binaryLoss(
                logits.attends, labels: triplets.friends.attends, weight: Number(configuration.attendWeight))
        }
        if triplets.positives > 0 {
            let scores = score(triplets.pairs, rows, bias: bias, on: &tape)
            loss += tape.rankingLoss(
                scores, positives: triplets.positives, weight: Number(configuration.rankingWeight))
        }
        return loss
    }
}
