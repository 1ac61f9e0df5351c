// What the end of training is good for: it was seen by no step, so how well it is ranked says how well the model does,
// and how much popularity should count.

package import Basics
import Graph

/// How much a place's bias counts in a person's ranking: base · (1 + doubt / (places visited + 1/2)). The less is known
/// of somebody, the safer it is to show what everybody likes; how much safer differs from city to city.
package struct PopularityWeight: Sendable, Equatable {
    package var base: Float = 1
    package var doubt: Float = 0

    func weight(visited: Int) -> Float { base * (1 + doubt / (Float(visited) + 0.5)) }

    /// What is tried, the plainest first: of equally good ones the first is taken.
    fileprivate static let choices: [PopularityWeight] = [1, 0.7, 0.5, 1.4, 2, 3].flatMap { base in
        [0, 1, 4, 16].map { PopularityWeight(base: base, doubt: $0) }
    }
}

extension CityTrainer {
    /// How inner products rank the kept-back visits; nil where none are kept back.
    package func validation(weights: [Float], pool: ComputePool) -> ValidationQuality? {
        let task = validation.task(in: graph)
        if task.judged.isEmpty { return nil }
        let before = embeddings(weights: weights, excluding: validation.pairs, pool: pool)
        let quality = task.quality(of: before.scorer(residents: graph.residents), at: [10], pool: pool)[0]
        return ValidationQuality(people: task.judged.count, ndcg: quality.ndcg)
    }

    /// The embeddings of the whole city to rank by: the last column of people is how much popularity counts for them,
    /// as the kept-back visits are ranked best. Costs two inferences and a ranking for each weight that is tried.
    package func calibratedEmbeddings(
        weights: [Float], pool: ComputePool
    ) -> (embeddings: CityEmbeddings, popularity: PopularityWeight) {
        var best = (weight: PopularityWeight(), ndcg: -1.0)
        let task = validation.task(in: graph)
        if !task.judged.isEmpty {
            let before = embeddings(weights: weights, excluding: validation.pairs, pool: pool)
            let visited = (0..<graph.residents).map { task.known[$0].count }
            for weight in PopularityWeight.choices {
                let tried = before.weighed(weight, visited: visited).scorer(residents: graph.residents)
                let ndcg = task.quality(of: tried, at: [10], pool: pool)[0].ndcg
                if ndcg > best.ndcg { best = (weight, ndcg) }
            }
        }
        let visits = DistinctVisits(graph)
        let visited = (0..<graph.people.count).map { visits.row($0).count }
        return (embeddings(weights: weights, pool: pool).weighed(best.weight, visited: visited), best.weight)
    }
}

extension CityEmbeddings {
    /// The same with the first people's last column set by how many places they visited.
    fileprivate func weighed(_ weight: PopularityWeight, visited: [Int]) -> CityEmbeddings {
        var result = self
        for (person, count) in visited.enumerated() {
            result.people[(person + 1) * dimensions - 1] = weight.weight(visited: count)
        }
        return result
    }

    /// Ranks for residents, who are the first people.
    fileprivate func scorer(residents: Int) -> EmbeddingScorer {
        EmbeddingScorer(users: Array(people[..<(residents * dimensions)]), items: places, dimensions: dimensions)
    }
}
