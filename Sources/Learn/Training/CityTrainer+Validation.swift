// What the end of training is good for: it was seen by no step, so how well it is ranked says how well the model does,
// how much popularity should count, and how much what a city's places learned of themselves.

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

/// How much a city's own knowledge counts beside what all cities share.
package struct OwnWeights: Sendable, Equatable {
    package var popularity = PopularityWeight()
    /// What the places' own embeddings count: nothing where features tell everything, much where there are none.
    package var share: Float = 1
    package var taste = TasteWeights()

    fileprivate static let shares: [Float] = [1, 0.5, 0.25, 0]
}

extension CityTrainer {
    /// How inner products rank the kept-back visits, with the best of all shares of the places' own embeddings; nil
    /// where none are kept back. Costs an inference and a ranking for each share.
    package func validation(weights: [Float], pool: ComputePool) -> ValidationQuality? {
        let task = validation.task(in: graph)
        return bestShare(task, weights: weights, pool: pool).map {
            ValidationQuality(people: task.judged.count, ndcg: $0.ndcg)
        }
    }

    private struct Tried {
        var share: Float
        var ndcg: Double
        var embeddings: CityEmbeddings
    }

    /// Nil where nobody is judged.
    private func bestShare(_ task: RankingTask, weights: [Float], pool: ComputePool) -> Tried? {
        if task.judged.isEmpty { return nil }
        var best: Tried?
        for share in own.places.rows == 0 ? [1] : OwnWeights.shares {
            let found = embeddings(weights: weights, excluding: validation.pairs, ownShare: share, pool: pool)
            let ndcg = ndcg(of: found, task, pool: pool)
            if ndcg > best?.ndcg ?? -1 { best = Tried(share: share, ndcg: ndcg, embeddings: found) }
        }
        return best
    }

    /// What a city's own knowledge counts: how much the places' own embeddings, what people like themselves
    /// (`TasteFit`) and the visits' spectrum, and how much popularity are chosen in this order so that the kept-back
    /// visits are ranked best. Costs an inference for each share, a fit for each strength, and a ranking for each
    /// weight that is tried.
    package func ownWeights(weights: [Float], pool: ComputePool) -> OwnWeights {
        var chosen = OwnWeights()
        let task = validation.task(in: graph)
        guard let before = bestShare(task, weights: weights, pool: pool) else { return chosen }
        chosen.share = before.share
        let tasted = bestTaste(before, task, pool: pool)
        chosen.taste = tasted.weights
        let visited = (0..<graph.residents).map { task.known[$0].count }
        var best = -1.0
        for weight in PopularityWeight.choices {
            let ndcg = ndcg(of: tasted.embeddings.weighed(weight, visited: visited), task, pool: pool)
            if ndcg > best { (best, chosen.popularity) = (ndcg, weight) }
        }
        return chosen
    }

    /// The network's rows of the whole city, made with the share of `own`, as they are to rank by: with what people
    /// like themselves and the visits' spectrum, and with the weight of popularity as the last column of people. Costs
    /// a fit.
    package func calibrated(_ network: CityEmbeddings, by own: OwnWeights, pool: ComputePool) -> CityEmbeddings {
        let visits = DistinctVisits(graph)
        let visited = (0..<graph.people.count).map { visits.row($0).count }
        guard own.taste != .none else { return network.weighed(own.popularity, visited: visited) }
        let taste = CityTaste(self, network, excluding: [], for: own.taste, pool: pool)
        let coefficients = own.taste.strength.map { taste.coefficients(strength: $0, guests: true) }
        return taste.embeddings(own.taste, coefficients: coefficients ?? [])
            .weighed(own.popularity, visited: visited)
    }

    /// The embeddings of the whole city to rank by, from what the city alone knows.
    package func calibratedEmbeddings(
        weights: [Float], pool: ComputePool
    ) -> (embeddings: CityEmbeddings, own: OwnWeights) {
        let chosen = ownWeights(weights: weights, pool: pool)
        let network = embeddings(weights: weights, ownShare: chosen.share, pool: pool)
        return (calibrated(network, by: chosen, pool: pool), chosen)
    }

    /// The best strength of people's own coefficients, and then the best weight of the visits' spectrum.
    private func bestTaste(
        _ before: Tried, _ task: RankingTask, pool: ComputePool
    ) -> (weights: TasteWeights, embeddings: CityEmbeddings) {
        let taste = CityTaste(self, before.embeddings, excluding: validation.pairs, for: nil, pool: pool)
        var best = (weights: TasteWeights(), embeddings: before.embeddings)
        var (ndcgOfBest, coefficients) = (before.ndcg, [Float]())
        func compare(_ weights: TasteWeights, _ tried: [Float]) {
            let embeddings = taste.embeddings(weights, coefficients: tried)
            let ndcg = ndcg(of: embeddings, task, pool: pool)
            if ndcg > ndcgOfBest { (best, ndcgOfBest, coefficients) = ((weights, embeddings), ndcg, tried) }
        }
        for strength in taste.strengths {
            compare(TasteWeights(strength: strength), taste.coefficients(strength: strength, guests: false))
        }
        let strength = best.weights.strength
        for weight in TasteWeights.spectrumWeights {
            compare(TasteWeights(strength: strength, spectrum: weight), coefficients)
        }
        return best
    }

    private func ndcg(of embeddings: CityEmbeddings, _ task: RankingTask, pool: ComputePool) -> Double {
        task.quality(of: embeddings.scorer(residents: graph.residents), at: [10], pool: pool)[0].ndcg
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
