package import Basics
package import Graph

// What a model has to beat, ranked for the same people under the same masks: what everybody likes, what resembles what
// one liked, and two ways to factor who was where without any features or friends.

/// A ranking that needs no graph model.
package enum Baseline: String, CaseIterable, Sendable {
    /// By different visitors in training.
    case popularity
    /// By the cosine between a place's fine tags and those of the places visited. Without categories: the tags tell
    /// them, and mixed in they rank worse.
    case tags = "tags of visited places"
    /// The truncated spectrum of the visits, 64 dimensions, see `SpectralFilter`.
    case filter = "SVD filter"
    /// Matrix factorization by Bayesian personalized ranking, 64 dimensions, 50 epochs.
    case factors = "MF-BPR"
}

extension Baseline {
    private static let epochs = 50

    /// The quality of this ranking of a city's places at each cutoff. The filter and the factors are computed here,
    /// from the known visits only: about epochs · visits · 64 operations for the factors. The same seed gives the same
    /// figures for any number of threads.
    package func quality(
        in graph: CityGraph, _ task: RankingTask, at cutoffs: [Int], seed: UInt64, pool: ComputePool
    ) -> [RankingQuality] {
        switch self {
        case .popularity: task.quality(of: PopularityScorer(task.known), at: cutoffs, pool: pool)
        case .tags:
            task.quality(
                of: EmbeddingScorer.content(task.known, features: graph.placeTags, width: PlaceColumns.fineTags.count),
                at: cutoffs, pool: pool)
        case .filter:
            task.quality(
                of: SpectralFilter(
                    InteractionGraph(task.known), dimensions: 64, random: SeededRandom(seed: seed), pool: pool
                ).scorer, at: cutoffs, pool: pool)
        case .factors: task.quality(of: Self.factors(task.known, seed: seed, pool), at: cutoffs, pool: pool)
        }
    }

    private static func factors(_ known: ItemLists, seed: UInt64, _ pool: ComputePool) -> EmbeddingScorer {
        var configuration = LightConfiguration.plain
        configuration.layers = 0
        let trainer = LightTrainer(InteractionGraph(known), configuration, seed: seed, pool: pool)
        for _ in 0..<epochs { _ = trainer.epoch(of: epochs, pool: pool) }
        return trainer.embeddings(pool)
    }
}

extension CityGraph {
    /// [places, 100]: fine tags.
    fileprivate var placeTags: [Float] {
        places.indices.flatMap { place in
            let row = place * PlaceColumns.count
            return placeFeatures[row + PlaceColumns.fineTags.lowerBound..<row + PlaceColumns.fineTags.upperBound]
        }
    }
}
