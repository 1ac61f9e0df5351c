// Fits of self-exciting processes to made-up cascades. The exponential kernel's fit is measured; the truth is known, so
// the errors are the estimator's own. With --print the cascades go to standard output instead, one JSON object a line
// with the likelihood of our fit, for peers that fit the same.
//
// The floor of a pass: one exponential, one division and 40 multiplications for each event, about 15 ns.

import Basics
import Plans

extension Bench {
    static let hawkes = Bench(
        name: "hawkes", summary: "fit self-exciting processes to cascades, and doubt the fits", isParallel: false,
        settings: [
            Setting("cascades", "cascades fitted", .integer(1...1_000_000), default: "200", scope: .call),
            Setting("events", "events of a cascade, about", .integer(10...1_000_000), default: "200", scope: .call),
            Setting("print", "print the cascades instead, for peers", .flag, scope: .call),
        ],
        body: { run in
            let cascades = run.loading { HawkesCascades(run) }
            if run.settings.flag("print") { return cascades.print() }
            try cascades.report(run)
        })
}

/// Cascades of one process.
private struct HawkesCascades {
    private static let truth = Hawkes(base: 0.5, branching: 0.6, kernel: .exponential(decay: 1))
    private let cascades: [Cascade]

    init(_ run: Run) {
        let truth = Self.truth
        let end = Double(run.settings.integer("events")) * (1 - truth.branching) / truth.base
        cascades = (0..<run.settings.integer("cascades")).map { number in
            var random = SeededRandom(seed: run.seed).child("cascade", UInt64(number))
            while true {
                if let cascade = truth.simulate(to: end, &random), cascade.count >= 2 { return cascade }
            }
        }
    }

    func print() {
        for cascade in cascades {
            let words = cascade.times.map { "\($0)" }.joined(separator: ", ")
            let likelihood = HawkesFit(exponential: cascade).logLikelihood
            Swift.print("{\"end\": \(cascade.end), \"log_likelihood\": \(likelihood), \"times\": [\(words)]}")
        }
    }

    func report(_ run: Run) throws {
        let (fits, cost) = run.working { cascades.map { HawkesFit(exponential: $0) } }
        var metrics = summary(fits, cost)
        metrics["ks_accepts_truth"] = .real(share { KolmogorovSmirnov(Self.truth, $0).probability > 0.05 })
        metrics["ks_rejects_poisson"] = .real(
            share { cascade in
                let rate = Double(cascade.count) / cascade.end
                let poisson = Hawkes(base: rate, branching: 0, kernel: .exponential(decay: 1))
                return KolmogorovSmirnov(poisson, cascade).probability < 0.05
            })
        try run.report(metrics)
        let simplex = run.timing { cascades.map { HawkesFit(simplex: $0, family: .exponential) } }
        var others = summary(simplex.result, simplex.cost)
        others["never_above_newton"] = .real(
            Double(zip(fits, simplex.result).count { $0.logLikelihood >= $1.logLikelihood - 1e-6 })
                / Double(fits.count))
        try run.report(others, as: "hawkes/nelder-mead")
    }

    private func share(_ holds: (Cascade) -> Bool) -> Double {
        Double(cascades.count { holds($0) }) / Double(cascades.count)
    }

    private func summary(_ fits: [HawkesFit], _ cost: Cost) -> [String: Figure] {
        func errors(_ value: (Hawkes) -> Double, _ truth: Double) -> Figure {
            let sorted = fits.map { abs(value($0.process) / truth - 1) }.sorted()
            return .real(sorted[sorted.count / 2])
        }
        let likelihood = fits.reduce(0) { $0 + $1.logLikelihood }
        let evaluations = fits.reduce(0) { $0 + $1.evaluations }
        let events = cascades.reduce(0) { $0 + $1.count }
        return [
            "fits_per_second": rate(fits.count, in: cost.cpu), "log_likelihood": .real(likelihood),
            "evaluations": .real(Double(evaluations) / Double(fits.count)),
            "events": .real(Double(events) / Double(fits.count)),
            "errors": .object([
                "base": errors(\.base, Self.truth.base), "branching": errors(\.branching, Self.truth.branching),
                "decay": errors({ if case .exponential(let decay) = $0.kernel { decay } else { 0 } }, 1),
            ]),
        ]
    }
}
