// What a job asks of a city, whatever the model: rounds, a state between them, a judgement, and at last embeddings.

package import Basics
package import Graph

/// How well a city's kept-back visits are ranked.
package struct ValidationQuality: Equatable, Sendable {
    /// Residents judged.
    package var people: Int
    /// Mean NDCG@10.
    package var ndcg: Double
}

/// What a trainer takes and holds.
package struct TrainerCosts: Equatable, Sendable {
    /// Positives there are to learn from: the size of the city.
    package var samples: Int
    /// Bytes of memory that it holds between rounds, beside the graph.
    package var residentBytes: Int
    /// The most memory that a step took, of those taken so far.
    package var stepBytes: Int
    /// Bytes of its state.
    package var stateBytes: Int
}

/// One city's part in training a model. Rows of single vertices belong to it and leave with `state` alone; what all
/// cities share comes in as `weights` and goes out with a round's outcome. Belongs to one thread at a time.
package protocol ModelTrainer: AnyObject {
    var graph: CityGraph { get }
    var costs: TrainerCosts { get }
    /// `steps` steps from `weights`. Deterministic in (state, weights, seed, round), for any pool. A city with nothing
    /// to learn from hands the weights back with zero samples. On an error nothing has changed.
    func round(
        _ round: Int, weights: [Float], steps: Int, pool: ComputePool, isCancelled: () -> Bool
    ) throws(LearnError) -> RoundOutcome
    /// All that a trainer needs to go on bit-identically, beside the shared weights.
    func state() -> [UInt8]
    /// How the kept-back visits are ranked under `weights`; nil where none are kept back.
    func validation(weights: [Float], pool: ComputePool) -> ValidationQuality?
    /// The embeddings of all people and places to go live: what they have become with all visits heard.
    func publishedEmbeddings(weights: [Float], pool: ComputePool) -> CityEmbeddings
    /// How pairs that were held out are judged; nil where the model does not judge pairs, or there are none.
    func friendQuality(weights: [Float], pool: ComputePool) -> FriendQuality?
}

/// Which model, and all about it. Travels with every job and every model, so that workers, checkpoints and servers
/// agree on each shape.
package enum ModelConfiguration: Equatable, Sendable {
    case graphRec(GraphRecConfiguration)
    /// LightGCN, or with friendships SocialLGN.
    case light(LightConfiguration)

    /// A model of this configuration in a city: at its beginning, or where `state` left off.
    package func trainer(
        graph: CityGraph, seed: UInt64, state: [UInt8]?
    ) throws(LearnError) -> any ModelTrainer {
        switch self {
        case .graphRec(let configuration):
            try CityTrainer(graph: graph, configuration: configuration, seed: seed, state: state)
        case .light(let configuration):
            try CityLightTrainer(graph: graph, configuration: configuration, seed: seed, state: state)
        }
    }

    /// How many numbers all cities share. A light model without a fusion shares nothing, and still one number, 0:
    /// no weights at all would mean that training has not begun.
    package var sharedCount: Int {
        switch self {
        case .graphRec(let configuration): SharedWeights.count(for: configuration)
        case .light(let configuration): max(configuration.fusionCount, 1)
        }
    }

    /// What they share before any training. The same seed gives the same weights.
    package func initialWeights(seed: UInt64) -> [Float] {
        switch self {
        case .graphRec(let configuration): return SharedWeights.initial(configuration, seed: seed).values
        case .light(let configuration):
            if configuration.fusionCount == 0 { return [0] }
            return FusionWeights(
                dimensions: configuration.dimensions, SeededRandom(seed: seed).child("fusion")
            ).values
        }
    }

    /// What ranks the retrieved places again, by rows with `columns`; nil where the inner product itself is the model's
    /// ranking.
    package func placeHead(weights: [Float], columns: TasteColumns = .none) -> PlaceHead? {
        guard case .graphRec(let configuration) = self else { return nil }
        return PlaceHead(configuration: configuration, weights: weights, columns: columns)
    }

    /// What judges pairs of people, likewise; nil where the model does not.
    package func friendHead(weights: [Float], columns: TasteColumns = .none) -> FriendHead? {
        guard case .graphRec(let configuration) = self else { return nil }
        return FriendHead(configuration: configuration, weights: weights, columns: columns)
    }

    /// What embeds by features alone; nil where the model reads none.
    package func featureEncoder(weights: [Float]) -> FeatureEncoder? {
        guard case .graphRec(let configuration) = self else { return nil }
        return FeatureEncoder(configuration: configuration, weights: weights)
    }

    /// Columns of the contexts that the heads read; 0 where there are none.
    package var contextDimensions: Int {
        guard case .graphRec(let configuration) = self else { return 0 }
        return configuration.contextDimensions
    }

    /// | bytes | field |
    /// | --- | --- |
    /// | 1 | 0 GraphRec, 1 light |
    /// | | the configuration |
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .graphRec(let configuration):
            writer.put(UInt8(0))
            configuration.encode(into: &writer)
        case .light(let configuration):
            writer.put(UInt8(1))
            configuration.encode(into: &writer)
        }
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        switch try reader.get(UInt8.self) {
        case 0: self = .graphRec(try GraphRecConfiguration(from: &reader))
        case 1: self = .light(try LightConfiguration(from: &reader))
        case let other: throw .invalid("model \(other)")
        }
    }
}

extension LightConfiguration {
    var fusionCount: Int {
        if case .learned = fusion { return FusionWeights.count(dimensions: dimensions) }
        return 0
    }
}

extension CityTrainer: ModelTrainer {
    package func publishedEmbeddings(weights: [Float], pool: ComputePool) -> CityEmbeddings {
        calibratedEmbeddings(weights: weights, pool: pool).embeddings
    }
}
