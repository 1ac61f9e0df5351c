package import Basics
import Linalg

extension ExactIndex {
    /// The share of the ten best rows that a search finds, for some rows of [rows, stride] as queries, evenly spread;
    /// against plain sums over all rows. 1 where there is nothing to find.
    package func recallAt10(of rows: [Float], stride: Int, queries wanted: Int, pool: ComputePool) -> Double {
        precondition(stride >= dimensions && rows.count % stride == 0, "queries have the index's dimensions")
        let total = rows.count / stride
        if total == 0 || count == 0 { return 1 }
        let asked = (0..<min(wanted, total)).map { $0 * total / min(wanted, total) }
        let queries = asked.flatMap { rows[$0 * stride..<$0 * stride + dimensions] }
        let found = search(queries: queries.span, count: 10, excluding: { _ in [] }, pool: pool)
        let hits = pool.map(asked.count) { index -> (found: Int, wanted: Int) in
            let best = plainScores(Array(queries[index * dimensions..<(index + 1) * dimensions])).prefix(10)
            guard let least = best.last else { return (0, 0) }
            return (found[index].count { $0.score >= least }, best.count)
        }
        let all = hits.reduce(0) { $0 + $1.wanted }
        return all == 0 ? 1 : Double(hits.reduce(0) { $0 + $1.found }) / Double(all)
    }

    /// The scores of all rows, best first.
    private func plainScores(_ query: [Float]) -> [Float] {
        var scores: [Float] = []
        for row in 0..<count {
            let score = dot(vectors.span.extracting(row * dimensions..<(row + 1) * dimensions), query.span)
            if !score.isNaN { scores.append(score) }
        }
        return scores.sorted(by: >)
    }
}
