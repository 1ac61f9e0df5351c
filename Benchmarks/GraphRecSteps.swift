// The speed of training steps, and where their time goes: sampling (the batch's making), gathers and products there and
// back, the optimizer, and everything else. The products are held beside bare ones of the same shapes, one behind the
// other on matrices that are never read for anything else: what OpenBLAS alone would take for a step.

import Basics
import Graph
import Learn
import Linalg

extension Bench {
    private static let warmSteps = 3

    static func measureSteps(_ run: Run, _ graph: CityGraph, _ configuration: GraphRecConfiguration) throws {
        let trainer = try CityTrainer(graph: graph, configuration: configuration, seed: run.seed, state: nil)
        let start = SharedWeights.initial(configuration, seed: run.seed).values
        let steps = run.settings.integer("steps")
        func train(_ count: Int, from weights: [Float]) throws -> RoundOutcome {
            try trainer.round(0, weights: weights, steps: count, pool: run.pool, isCancelled: { false })
        }
        let warm = try run.loading { try train(warmSteps, from: start) }
        let clock = PhaseClock()
        trainer.probe = clock.begin
        let (outcome, cost) = try run.working { try train(steps, from: warm.weights) }
        clock.pause()
        trainer.probe = nil
        let sizes = trainer.stepSizes(weights: outcome.weights)
        let bare = bareSeconds(sizes.products)
        let dense = (clock.seconds(.product) + clock.seconds(.productBack)) / Double(max(steps, 1))
        try run.report([
            "triplets_per_second": rate(outcome.samples, in: cost.cpu), "loss": .real(outcome.meanLoss),
            "parameters": .whole(start.count), "plan": .whole(trainer.plan.rawValue),
            "vertices": .whole(sizes.vertices), "messages": .whole(sizes.messages),
            "milliseconds_per_step": .real(1000 * cost.cpu / Double(max(steps, 1))),
            "product_share_of_bare": .real(dense > 0 ? bare / dense : 0),
            "bare_gflops": .real(sizes.products.reduce(0) { $0 + flops($1) } / bare / 1e9),
            "split": .object(clock.split),
        ])
    }

    private static func flops(_ shape: ProductShape) -> Double {
        2 * Double(shape.rows) * Double(shape.columns) * Double(shape.inner)
    }

    /// CPU seconds of OpenBLAS alone: the best of three.
    private static func bareSeconds(_ shapes: [ProductShape]) -> Double {
        let sizes = shapes.map { max($0.rows * $0.inner, max($0.inner * $0.columns, $0.rows * $0.columns)) }
        let left = [Float](repeating: 0.5, count: sizes.max() ?? 1)
        let right = left
        var result = left
        return (0..<3).map { _ in
            let start = processCPUSeconds()
            for shape in shapes {
                var span = result.mutableSpan
                multiply(shape, left.span, right.span, into: &span)
            }
            return processCPUSeconds() - start
        }.min() ?? 0
    }
}

/// Adds up the CPU time between one phase's beginning and the next one's.
final class PhaseClock {
    private var sums: [StepPhase: Double] = [:]
    private var current: StepPhase?
    private var since = 0.0

    func begin(_ phase: StepPhase) {
        let now = processCPUSeconds()
        if let current { sums[current, default: 0] += now - since }
        (current, since) = (phase, now)
    }

    /// What follows belongs to no phase, until the next one begins.
    func pause() {
        if let current { begin(current) }
        current = nil
    }

    /// What was added up.
    func seconds(_ phase: StepPhase) -> Double { sums[phase] ?? 0 }

    /// All of it, by name.
    var split: [String: Figure] {
        Dictionary(uniqueKeysWithValues: StepPhase.allCases.map { ("\($0)", .real(seconds($0))) })
    }
}
