import Basics
import Testing

@testable import Plans

private let kernels: [HawkesKernel] = [
    .exponential(decay: 2), .powerLaw(scale: 0.4, exponent: 1.5),
]

/// A cascade of about `count` events.
private func cascade(_ process: Hawkes, events count: Double, seed: UInt64) -> Cascade {
    var random = SeededRandom(seed: seed)
    let end = count * (1 - process.branching) / process.base
    guard let made = process.simulate(to: end, &random) else { preconditionFailure("branching is below 1") }
    return made
}

/// The log-likelihood as it is defined, with the integral by the midpoint rule.
private func plainLikelihood(_ process: Hawkes, _ cascade: Cascade) -> Double {
    var sum = 0.0
    for event in cascade.times.indices {
        var excitation = 0.0
        for earlier in 0..<event {
            excitation +=
                cascade.marks[earlier] * process.kernel.density(cascade.times[event] - cascade.times[earlier])
        }
        sum += logarithm(process.base + process.branching * excitation)
    }
    let steps = 200_000
    let width = cascade.end / Double(steps)
    for step in 0..<steps {
        let time = (Double(step) + 0.5) * width
        sum -= width * process.intensity(at: time, cascade)
    }
    return sum
}

@Suite struct HawkesTests {
    @Test(arguments: kernels)
    func theLikelihoodIsWhatItsDefinitionSays(kernel: HawkesKernel) {
        let process = Hawkes(base: 1.5, branching: 0.6, kernel: kernel)
        let cascade = Cascade(times: [0.2, 0.5, 0.55, 1.4, 3], marks: [1, 2, 0.5, 1, 1.5], end: 4)
        #expect(abs(process.logLikelihood(cascade) - plainLikelihood(process, cascade)) < 2e-3)
    }

    @Test(arguments: kernels)
    func densitiesIntegrateToTheFallOfTheSurvival(kernel: HawkesKernel) {
        let steps = 100_000
        let sum = (0..<steps).reduce(0) {
            $0 + kernel.density((Double($1) + 0.5) * 3 / Double(steps)) * 3 / Double(steps)
        }
        #expect(abs(sum - (1 - kernel.survival(3))) < 1e-6)
        #expect(abs(kernel.survival(kernel.age(after: 0.7, share: 0.3)) - 0.3 * kernel.survival(0.7)) < 1e-12)
    }

    @Test func newtonNeverEndsBelowTheSimplex() {
        var (passes, others) = (0, 0)
        for seed in 1...20 {
            let process = Hawkes(base: 0.5, branching: 0.7, kernel: .exponential(decay: 1))
            let cascade = cascade(process, events: 200, seed: UInt64(seed))
            let newton = HawkesFit(exponential: cascade)
            let simplex = HawkesFit(simplex: cascade, family: .exponential)
            #expect(newton.logLikelihood >= simplex.logLikelihood - 1e-6)
            #expect(abs(newton.process.logLikelihood(cascade) - newton.logLikelihood) < 1e-6)
            passes += newton.evaluations
            others += simplex.evaluations
        }
        #expect(3 * passes < others)
    }

    @Test func longCascadesGiveTheTruthBack() {
        let process = Hawkes(base: 0.8, branching: 0.6, kernel: .exponential(decay: 1.5))
        let fit = HawkesFit(exponential: cascade(process, events: 20_000, seed: 4)).process
        guard case .exponential(let decay) = fit.kernel else { preconditionFailure("an exponential fit") }
        #expect(abs(fit.base / 0.8 - 1) < 0.1 && abs(fit.branching / 0.6 - 1) < 0.1 && abs(decay / 1.5 - 1) < 0.1)
    }

    @Test func thePowerLawIsFittedToo() {
        let process = Hawkes(base: 0.8, branching: 0.6, kernel: .powerLaw(scale: 0.5, exponent: 2))
        let cascade = cascade(process, events: 250, seed: 6)
        let fit = HawkesFit(simplex: cascade, family: .powerLaw, evaluationsMax: 400)
        #expect(fit.logLikelihood >= process.logLikelihood(cascade))
    }

    @Test(arguments: kernels)
    func theTestOfFitAcceptsTheTruthAndRejectsConstantRates(kernel: HawkesKernel) {
        let process = Hawkes(base: 0.5, branching: 0.7, kernel: kernel)
        var (accepted, doubted) = (0, 0)
        for seed in 1...40 {
            let cascade = cascade(process, events: 300, seed: UInt64(seed))
            if KolmogorovSmirnov(process, cascade).probability > 0.05 { accepted += 1 }
            let poisson = Hawkes(base: Double(cascade.count) / cascade.end, branching: 0, kernel: kernel)
            if KolmogorovSmirnov(poisson, cascade).probability < 0.05 { doubted += 1 }
        }
        #expect(accepted >= 33 && doubted >= 30)
    }

    @Test func simulatedCascadesHaveTheExpectedSize() {
        let process = Hawkes(base: 2, branching: 0.5, kernel: .exponential(decay: 3))
        var random = SeededRandom(seed: 2)
        let sizes = (0..<200).compactMap { _ in process.simulate(to: 100, &random)?.count }
        let mean = Double(sizes.reduce(0, +)) / 200
        // base · time / (1 - branching), less what would come after the end.
        #expect(sizes.count == 200 && abs(mean - 400) < 8)
        let explosive = Hawkes(base: 2, branching: 2, kernel: .exponential(decay: 3))
        #expect(explosive.simulate(to: 100, most: 1000, &random) == nil)
    }
}

@Suite struct MomentumTests {
    private let process = Hawkes(base: 0.2, branching: 0.6, kernel: .exponential(decay: 1))

    @Test func forecastsHoldInNineOfTenCases() {
        var inside = 0
        for seed in 0..<100 {
            let random = SeededRandom(seed: UInt64(seed))
            var (past, future) = (random.child("past"), random.child("future"))
            guard let history = process.simulate(to: 10, &past),
                let rest = process.simulate(from: 10, to: 40, after: history, &future)
            else { continue }
            let forecast = MomentumForecast(
                process, after: history, until: 40, minimum: 8, futures: 200, random: random.child("forecast"))
            let size = Double(history.count + rest.count)
            if (forecast.finalSize.low...forecast.finalSize.high).contains(size) { inside += 1 }
        }
        #expect(inside >= 82)
    }

    @Test func aPlanThatHasItsMinimumKeepsItAndNoneWithoutEventsDoes() {
        let many = Cascade(times: (0..<8).map { Double($0) }, end: 8)
        let sure = MomentumForecast(process, after: many, until: 20, minimum: 8, random: SeededRandom(seed: 1))
        #expect(sure.reachesMinimum == 1 && sure.finalSize.low >= 8 && sure.isHigh(above: 0.5))
        let none = Cascade(times: [], end: 8)
        let quiet = MomentumForecast(process, after: none, until: 8.1, minimum: 3, random: SeededRandom(seed: 1))
        #expect(quiet.reachesMinimum < 0.05 && !quiet.isHigh(above: 0.5) && quiet.finalSize.median == 0)
    }
}
