// One city's part in training. A round starts from the weights all cities share, takes some steps on this city's
// graph, and hands its weights back to be averaged; the vertices' own embeddings and all optimizer moments stay.
//
// A round either succeeds or leaves no trace: what it changes is copied on the first write and put back when it
// throws. Nothing depends on the number of threads: the batches of a few steps are drawn ahead, each from
// its own seed, and every sum has a fixed order. Belongs to one thread at a time.

package import Basics
package import Graph
import Linalg

/// What a city contributes to a round.
package struct RoundOutcome: Sendable {
    /// The shared weights after the city's steps.
    package var weights: [Float]
    /// Positives learned from, each beside several negatives: the city's weight in the average.
    package var samples: Int
    /// Mean over the steps.
    package var meanLoss: Double
}

/// Trains one city, and computes its embeddings.
package final class CityTrainer {
    package let graph: CityGraph
    let model: GraphRec
    let inputs: CityInputs
    let seed: SeededRandom
    private let neighbors: NeighborSampler
    private var triplets: TripletSampler
    private let placeParts: [Float]
    var own: OwnTables
    var moments: Moments
    /// Steps taken since the very first round.
    var steps = 0

    package var configuration: GraphRecConfiguration { model.configuration }

    /// How many batches are drawn at once, in parallel. Fixed, though no result depends on it.
    private static let batchesAhead = 4

    /// A trainer at the beginning, or where `state` left off. `seed` starts the own embeddings and draws batches.
    package init(
        graph: CityGraph, configuration: GraphRecConfiguration, seed: UInt64, state: [UInt8]?
    ) throws(LearnError) {
        self.graph = graph
        model = GraphRec(configuration)
        inputs = CityInputs(graph)
        self.seed = SeededRandom(seed: seed).child("city", UInt64(graph.city.number))
        neighbors = NeighborSampler(graph: graph, fanouts: configuration.fanouts)
        let visits = DistinctVisits(graph)
        triplets = TripletSampler(graph: graph, visits: visits, configuration: configuration, seed: self.seed)
        placeParts = visits.visitors.map { SpectralStart.part(ofPlaceWithVisitors: $0) }
        own = OwnTables.initial(
            graph, visits, dimensions: configuration.dimensions, seed: self.seed, isFresh: state == nil)
        moments = Moments(count: model.layout.count)
        if let state { try restore(state) }
    }

    /// `steps` Adam steps of BPR from `weights`. Deterministic in (state, weights, seed, round), for any pool.
    /// A city without positives hands the weights back with zero samples. On an error nothing has changed.
    package func round(
        _ round: Int, weights: [Float], steps: Int, pool: ComputePool, isCancelled: () -> Bool
    ) throws(LearnError) -> RoundOutcome {
        guard weights.count == model.layout.count else {
            throw .weights(city: graph.city, have: weights.count, need: model.layout.count)
        }
        if triplets.count == 0 || steps <= 0 { return RoundOutcome(weights: weights, samples: 0, meanLoss: 0) }
        BLAS.configure()
        let before = (own, moments, self.steps)
        var tape = Tape<Float>(parameters: weights, pool: pool)
        do throws(LearnError) {
            let loss = try run(steps, round: round, on: &tape, isCancelled: isCancelled)
            return RoundOutcome(
                weights: Array(tape.parameters), samples: steps * model.configuration.batch,
                meanLoss: loss / Double(steps))
        } catch {
            (own, moments, self.steps) = before
            throw error
        }
    }

    /// The sum of the steps' losses.
    private func run(
        _ count: Int, round: Int, on tape: inout Tape<Float>, isCancelled: () -> Bool
    ) throws(LearnError) -> Double {
        var total = 0.0
        var done = 0
        while done < count {
            if isCancelled() { throw .cancelled(city: graph.city, round: round) }
            let ahead = drawBatches(min(Self.batchesAhead, count - done), pool: tape.pool)
            for batch in ahead {
                let loss = step(batch, on: &tape)
                guard loss.isFinite else {
                    throw .diverged(city: graph.city, round: round, step: done, loss: loss)
                }
                total += loss
                done += 1
            }
        }
        return total
    }

    /// The batches of the next steps. Each has its own seed, so it does not matter which thread draws it.
    private func drawBatches(_ count: Int, pool: ComputePool) -> [Batch] {
        let drawn = (0..<count).map { index in triplets.draw(step: steps + index) }
        var batches = [Batch?](repeating: nil, count: count)
        let (first, neighbors, seed) = (steps, neighbors, seed)
        batches.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: index i writes only the i-th batch.
            nonisolated(unsafe) let target = buffer
            pool.forEach(count) { index in
                var random = seed.child("neighbors", UInt64(first + index))
                let triplets = drawn[index]
                let subgraph = neighbors.sample(
                    people: triplets.people, places: triplets.places, excluding: triplets.excluded, random: &random)
                target[index] = Batch(triplets: triplets, subgraph: subgraph)
            }
        }
        return batches.compactMap { $0 }
    }

    /// Forward, backward, Adam. A loss or gradient that is no number is returned as such and moves nothing.
    private func step(_ batch: Batch, on tape: inout Tape<Float>) -> Double {
        let configuration = model.configuration
        tape.reset()
        let leaves = OwnLeaves(batch.subgraph, targets: batch.triplets.places, own, on: &tape)
        leaves.leaveOut(
            batch.triplets, positives: configuration.batch, own, parts: placeParts, on: &tape)
        let rows = model.embed(batch.subgraph, inputs, own: leaves.rows, on: &tape)
        let scores = model.score(batch.triplets.pairs, rows, bias: leaves.biases, on: &tape)
        let loss = tape.rankingLoss(scores, positives: configuration.batch)
        guard loss.isFinite else { return loss }
        tape.backward()
        let norm = (tape.squaredGradientNorm() + leaves.squaredGradientNorm(on: &tape)).squareRoot()
        guard norm.isFinite else { return norm }
        let scale = norm > Double(configuration.gradientNormMax) ? configuration.gradientNormMax / Float(norm) : 1
        steps += 1
        let head = model.layout.headOffset
        for (part, rate) in [
            (0..<head, configuration.learningRate), (head..<model.layout.count, configuration.headLearningRate),
        ] {
            moments.move(
                tape.parameters, by: tape.parameterGradients, part: part,
                AdamStep(number: steps, rate: rate, decay: configuration.weightDecay, gradientScale: scale))
        }
        func ownStep(decay: Float) -> AdamStep {
            AdamStep(number: steps, rate: configuration.ownLearningRate, decay: decay, gradientScale: scale)
        }
        leaves.move(&own, embeddings: ownStep(decay: configuration.ownDecay), biases: ownStep(decay: 0), on: &tape)
        return loss
    }
}

/// All that one step needs to know.
struct Batch: Sendable {
    let triplets: Triplets
    let subgraph: SampledSubgraph
}
