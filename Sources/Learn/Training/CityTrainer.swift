// One city's part in training. A round starts from the weights all cities share, takes some steps on this city's
// graph, and hands its weights back to be averaged; the places' own embeddings and all optimizer moments stay.
//
// A round either succeeds or leaves no trace: what it changes is copied on the first write and put back when it
// throws. Nothing depends on the number of threads: worker threads draw the batches of the next steps, each from
// its own seed, through a bounded pipeline, and every sum has a fixed order. Belongs to one thread at a time.

package import Basics
package import Graph
package import Linalg

/// What a city contributes to a round.
package struct RoundOutcome: Sendable {
    /// The shared weights after the city's steps.
    package var weights: [Float]
    /// Positives learned from, each beside several negatives: the city's weight in the average.
    package var samples: Int
    /// Mean over the steps.
    package var meanLoss: Double
}

/// What a step is doing; see `CityTrainer.probe`. `features` are the sparse first layers of the encoders.
package enum StepPhase: Int, CaseIterable, Sendable {
    case sample, features, gather, product, other, featuresBack, gatherBack, productBack, otherBack, optimizer
}

/// Trains one city, and computes its embeddings.
package final class CityTrainer {
    package let graph: CityGraph
    let model: GraphRec
    let inputs: CityInputs
    let seed: SeededRandom
    private var triplets: TripletSampler
    let validation: ValidationVisits
    let friends: FriendSampler
    private var maker: BatchMaker?
    /// What steps hear of elsewhere; nil: nothing.
    package var across: CityAcross?
    var own: OwnTables
    var moments: Moments
    /// Steps taken since the very first round.
    var steps = 0
    /// Is told what begins, on the thread that trains: for benchmarks.
    package var probe: ((StepPhase) -> Void)?
    /// Steps that others took with the moments of the shared weights, more than this city did.
    var sharedAhead = 0
    /// The most memory that a step took, of those taken so far.
    private(set) var stepBytes = 0
    /// How steps store what messages carry; half the bytes are nearly twice the speed.
    var precision = MessagePrecision.half

    package var configuration: GraphRecConfiguration { model.configuration }

    /// A trainer at the beginning, or where `state` left off. `seed` starts the own embeddings and draws batches.
    package init(
        graph: CityGraph, configuration: GraphRecConfiguration, seed: UInt64, state: [UInt8]?
    ) throws(LearnError) {
        self.graph = graph
        model = GraphRec(configuration)
        inputs = CityInputs(graph, model.layout)
        self.seed = SeededRandom(seed: seed).child("city", UInt64(graph.city.number))
        validation = ValidationVisits(graph, share: configuration.validationShare)
        friends = FriendSampler(graph, configuration, seed: self.seed, splitSeed: seed)
        // To training the visits kept back are places never visited, as those held out are: were they spared where
        // others are pushed down, they would be found by that alone.
        let visits = DistinctVisits(graph, without: validation.pairs)
        triplets = TripletSampler(
            graph: graph, visits: visits, configuration: configuration, seed: self.seed, friends: friends,
            reserved: validation.pairs)
        own = OwnTables.initial(graph, visits, configuration, seed: self.seed, isFresh: state == nil)
        moments = Moments(count: model.layout.count)
        if let state { try restore(state) }
    }

    /// Positives there are to learn from.
    package var samples: Int { triplets.count }

    /// How steps read the graph. Draws a batch when it is asked first. The city must have positives.
    package var plan: StepPlan { batchMaker().plan }

    private func batchMaker() -> BatchMaker {
        if let maker { return maker }
        let made = BatchMaker(graph, inputs, configuration, first: triplets.draw(step: 0), silent: validation.pairs)
        maker = made
        return made
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
        let before = (own, moments, self.steps)
        var tape = Tape<Float>(parameters: weights, pool: pool, precision: precision)
        tape.probe = probe
        do {
            let loss = try run(steps, round: round, on: &tape, isCancelled: isCancelled)
            return RoundOutcome(
                weights: Array(tape.parameters), samples: steps * model.configuration.batch,
                meanLoss: loss / Double(steps))
        } catch {
            (own, moments, self.steps) = before
            guard let error = error as? LearnError else { preconditionFailure("a round throws its own errors") }
            throw error
        }
    }

    /// The sum of the steps' losses.
    private func run(
        _ count: Int, round: Int, on tape: inout Tape<Float>, isCancelled: () -> Bool
    ) throws -> Double {
        var (total, drawn, done) = (0.0, 0, 0)
        let (first, seed, maker, across) = (steps, seed, batchMaker(), across)
        func next() -> (step: Int, triplets: Triplets)? {
            if drawn == count { return nil }
            probe?(.sample)
            defer { drawn += 1 }
            return (first + drawn, triplets.draw(step: first + drawn))
        }
        func take(_ batch: Batch) throws(LearnError) {
            if isCancelled() { throw .cancelled(city: graph.city, round: round) }
            let loss = step(batch, on: &tape)
            guard loss.isFinite else {
                let part = tape.firstFault() ?? "the gradient"
                throw .diverged(city: graph.city, round: round, step: done, loss: loss, part: part)
            }
            total += loss
            done += 1
            stepBytes = max(stepBytes, tape.bytes.taken)
        }
        try OrderedPipeline.run(
            threads: tape.pool.threads, next: next,
            work: { maker.make($0.triplets, across: across, random: seed.child("neighbors", UInt64($0.step))) },
            take: take)
        return total
    }

    /// Forward, backward, Adam. A loss or gradient that is no number is returned as such and moves nothing. On a warm
    /// tape the arena asks for no memory.
    func step(_ batch: Batch, on tape: inout Tape<Float>) -> Double {
        tape.reset()
        let leaves = model.configuration.hasOwnEmbeddings ? OwnLeaves(batch, own, on: &tape) : nil
        let rows = model.embed(
            batch.neighborhood, across?.inputs ?? inputs, own: leaves?.rows,
            dropoutKey: UInt32(truncatingIfNeeded: steps), on: &tape)
        let loss = model.loss(batch.triplets, rows, bias: leaves?.biases, on: &tape)
        guard loss.isFinite else { return loss }
        tape.backward()
        probe?(.optimizer)
        let norm = (tape.squaredGradientNorm() + (leaves?.squaredGradientNorm(on: &tape) ?? 0)).squareRoot()
        guard norm.isFinite else { return norm }
        let limit = model.configuration.gradientNormMax
        move(leaves, scale: norm > Double(limit) ? limit / Float(norm) : 1, on: &tape)
        return loss
    }

    private func move(_ leaves: OwnLeaves?, scale: Float, on tape: inout Tape<Float>) {
        let (configuration, head) = (model.configuration, model.layout.headOffset)
        steps += 1
        let pace = configuration.schedule.pace(step: steps)
        func adam(_ rate: Float, decay: Float, ahead: Int = 0) -> AdamStep {
            AdamStep(number: steps + ahead, rate: pace * rate, decay: decay, gradientScale: scale)
        }
        moments.move(
            tape.parameters, by: tape.parameterGradients, part: 0..<head,
            adam(configuration.learningRate, decay: configuration.weightDecay, ahead: sharedAhead), pool: tape.pool)
        moments.move(
            tape.parameters, by: tape.parameterGradients, part: head..<model.layout.count,
            adam(configuration.headLearningRate, decay: configuration.weightDecay, ahead: sharedAhead), pool: tape.pool)
        leaves?.move(
            &own, embeddings: adam(configuration.ownLearningRate, decay: configuration.ownDecay),
            biases: adam(configuration.biasLearningRate, decay: 0), on: &tape)
    }
}

/// What one step reads and multiplies.
package struct StepSizes: Sendable {
    /// People and places encoded.
    package let vertices: Int
    /// Messages of all layers and relations.
    package let messages: Int
    /// The matrix products in the pieces they are computed in, there and back.
    package let products: [ProductShape]
}

extension CityTrainer {
    /// What a step learns from.
    func batch(ofStep number: Int) -> Batch {
        batchMaker().make(triplets.draw(step: number), random: seed.child("neighbors", UInt64(number)))
    }

    /// The sizes of the next step, which is computed but not taken. For benchmarks.
    package func stepSizes(weights: [Float]) -> StepSizes {
        let batch = batch(ofStep: steps)
        var tape = Tape<Float>(parameters: weights, pool: ComputePool(threads: 1), precision: precision)
        let leaves = model.configuration.hasOwnEmbeddings ? OwnLeaves(batch, own, on: &tape) : nil
        let rows = model.embed(batch.neighborhood, inputs, own: leaves?.rows, on: &tape)
        _ = model.score(batch.triplets.pairs, rows, bias: leaves?.biases, on: &tape)
        let neighborhood = batch.neighborhood
        return StepSizes(
            vertices: neighborhood.people.count + neighborhood.places.count, messages: neighborhood.messageCount,
            products: tape.productShapes())
    }
}
