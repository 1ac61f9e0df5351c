import Basics
import Linalg

extension ExactIndex {
    /// Whether every row has bytes to be scanned by.
    var isRegular: Bool { quantized.irregular.isEmpty }

    /// The best `k` rows of each query by plain sums over all rows: what searches are measured against.
    func plainSearch(_ queries: [Float], count k: Int, pool: ComputePool) -> [[Neighbor]] {
        pool.map(queries.count / dimensions) { query in
            let asked = queries.span.extracting(query * dimensions..<(query + 1) * dimensions)
            var keys: [UInt64] = []
            for row in 0..<count {
                let score = dot(vectors.span.extracting(row * dimensions..<(row + 1) * dimensions), asked)
                if !score.isNaN { keys.append(~Neighbor(row: UInt32(row), score: score).key) }
            }
            keys.sort()
            return keys.prefix(k).map { Neighbor(key: ~$0) }
        }
    }
}
