// Makes batches: what a step predicts, and what it reads to do so. Which of the two plans reads less is reckoned from
// counts, not measured with a clock, so that two machines and two runs choose the same.

import Basics
import Graph

/// All that one step needs to know.
struct Batch: Sendable {
    let triplets: Triplets
    let neighborhood: Neighborhood
    /// The neighborhood's places, but for those whose own embeddings the step does without: these have a number beyond
    /// the table, so that their rows are zero and do not move.
    let ownPlaces: [UInt32]

    /// `dropout` is the share of own embeddings that the step does without; `random` says which.
    init(triplets: Triplets, neighborhood: Neighborhood, dropout: Float, _ random: SeededRandom) {
        (self.triplets, self.neighborhood) = (triplets, neighborhood)
        ownPlaces = neighborhood.places.map { place in
            var random = random.child("own dropout", UInt64(place))
            return random.uniformFloat() < dropout ? .max : place
        }
    }
}

/// Draws neighborhoods by the configuration's plan. May be used from several threads at once.
struct BatchMaker: Sendable {
    let plan: StepPlan
    private let sampler: NeighborSampler
    private let whole: WholeCity?
    private let inputs: CityInputs
    private let layers: Int
    private let ownDropout: Float
    private let silent: Set<UInt64>

    /// Arithmetic of a float operation in a product, and of a float in a message there and back, in nanoseconds: what
    /// one core with 512-bit vectors measured. Only their ratio matters.
    private static let nanosecondsPerOperation = 0.008
    private static let nanosecondsPerMessageEntry = 0.1

    /// `first` is the first batch, which decides where the plan is to be the cheapest. The visits of `silent` pairs,
    /// person << 32 | place, never carry a message.
    init(
        _ graph: CityGraph, _ inputs: CityInputs, _ configuration: GraphRecConfiguration, first: Triplets,
        silent: Set<UInt64> = []
    ) {
        self.inputs = inputs
        self.silent = silent
        layers = configuration.fanouts.count
        ownDropout = configuration.hasOwnEmbeddings ? configuration.ownDropout : 0
        let recency = configuration.recencyHalfLife
        sampler = NeighborSampler(
            graph: graph, fanouts: configuration.fanouts, recency: recency > 0 ? recency : nil)
        var plan = configuration.plan
        if plan == .cheapest {
            var random = SeededRandom(seed: 0).child("plan")
            let sample = sampler.sample(
                people: first.people, places: first.places, excluding: first.excluded, random: &random)
            let sampled = Self.cost(sample, configuration)
            plan = sampled <= Self.costOfWhole(graph, first, configuration) ? .sampled : .whole
        }
        self.plan = plan
        let order = plan == .whole ? VertexOrder(byVisitsOf: graph, pool: ComputePool(threads: 1)) : nil
        whole = order.map { WholeCity(graph, inputs, excluding: silent, order: $0) }
    }

    /// `random` draws neighbors, and which own embeddings are left out. With `across` vertices hear what is elsewhere.
    func make(_ triplets: Triplets, across: CityAcross? = nil, random: SeededRandom) -> Batch {
        let neighborhood =
            across?.messages.neighborhood(
                people: triplets.people, places: triplets.places, excluding: triplets.excluded.union(silent),
                silent: triplets.friends.silentFriendships, layers: layers) ?? neighborhood(triplets, random)
        return Batch(triplets: triplets, neighborhood: neighborhood, dropout: ownDropout, random)
    }

    private func neighborhood(_ triplets: Triplets, _ random: SeededRandom) -> Neighborhood {
        if let whole {
            return whole.neighborhood(
                people: triplets.people, places: triplets.places, excluding: triplets.excluded,
                silent: triplets.friends.silentFriendships, layers: layers)
        }
        var random = random
        let sample = sampler.sample(
            people: triplets.people, places: triplets.places, excluding: triplets.excluded.union(silent),
            random: &random)
        return Neighborhood(sample, inputs, silent: Set(triplets.friends.silentFriendships))
    }

    /// Nanoseconds of a step that reads a sample.
    static func cost(_ sample: SampledSubgraph, _ configuration: GraphRecConfiguration) -> Double {
        var cost = encoding(sample.people.count + sample.places.count, configuration)
        for layer in sample.layers {
            let messages = layer.social.edges.count + layer.interacts.edges.count + layer.revInteracts.edges.count
            cost += hearing(people: layer.people, places: layer.places, messages: messages, configuration)
        }
        return cost
    }

    /// Nanoseconds of a step that reads the whole city.
    static func costOfWhole(
        _ graph: CityGraph, _ triplets: Triplets, _ configuration: GraphRecConfiguration
    ) -> Double {
        let (people, places) = (graph.people.count, graph.places.count)
        let messages = graph.socialNeighbors.count + 2 * graph.visitPlaces.count
        let asked =
            triplets.people.reduce(0) { $0 + graph.friends(of: $1).count + graph.visits(of: $1).count }
            + triplets.places.reduce(0) { $0 + graph.visitors(of: $1).count }
        return encoding(people + places, configuration)
            + Double(configuration.fanouts.count - 1)
            * hearing(people: people, places: places, messages: messages, configuration)
            + hearing(
                people: triplets.people.count, places: triplets.places.count, messages: asked, configuration)
    }

    /// Forward once and backward twice, but for the features, which have no gradient.
    private static func encoding(_ vertices: Int, _ configuration: GraphRecConfiguration) -> Double {
        let hidden = configuration.encoderHidden
        return nanosecondsPerOperation * Double(vertices * hidden * (4 * 128 + 6 * configuration.dimensions))
    }

    private static func hearing(
        people: Int, places: Int, messages: Int, _ configuration: GraphRecConfiguration
    ) -> Double {
        let d = configuration.dimensions
        return nanosecondsPerOperation * Double(6 * d * d * (3 * people + 2 * places))
            + nanosecondsPerMessageEntry * Double(messages * d)
    }
}
