import CNLopt

extension HawkesFit {
    /// Which kernel to fit.
    package enum Family: Sendable {
        case exponential
        case powerLaw
    }

    /// Fits by NLopt's Nelder-Mead simplex on the logarithms of the parameters, without derivatives. At least two
    /// events. O(evaluations · events) for the exponential kernel, O(evaluations · events²) for the power law.
    package init(simplex cascade: Cascade, family: Family, evaluationsMax: Int = 2000) {
        precondition(cascade.count >= 2, "a fit needs events")
        let rate = Double(cascade.count) / max(cascade.end, .leastNormalMagnitude)
        var point = [logarithm(0.5 * rate), logarithm(0.5)]
        switch family {
        case .exponential: point.append(logarithm(rate))
        case .powerLaw: point += [logarithm(1 / rate), 0]
        }
        let problem = SimplexProblem(cascade: cascade, family: family)
        guard let optimizer = nlopt_create(NLOPT_LN_NELDERMEAD, UInt32(point.count)) else {
            preconditionFailure("NLopt has its simplex")
        }
        defer { nlopt_destroy(optimizer) }
        let context = Unmanaged.passUnretained(problem).toOpaque()
        nlopt_set_max_objective(
            optimizer,
            { _, point, _, context in
                guard let point, let context else { return -.infinity }
                let problem = Unmanaged<SimplexProblem>.fromOpaque(context).takeUnretainedValue()
                return problem.evaluate(point)
            }, context)
        // Beyond, nothing changes but rounding.
        nlopt_set_lower_bounds1(optimizer, -25)
        nlopt_set_upper_bounds1(optimizer, 25)
        nlopt_set_initial_step1(optimizer, 0.5)
        nlopt_set_ftol_abs(optimizer, 1e-9)
        nlopt_set_xtol_abs1(optimizer, 1e-7)
        nlopt_set_maxeval(optimizer, Int32(evaluationsMax))
        var likelihood = 0.0
        withExtendedLifetime(problem) { _ = nlopt_optimize(optimizer, &point, &likelihood) }
        process = point.withUnsafeBufferPointer { problem.process($0.baseAddress!) }
        logLikelihood = likelihood
        evaluations = problem.evaluations
    }
}

/// What the simplex asks. Lives for one optimization, on one thread.
private final class SimplexProblem {
    private let cascade: Cascade
    private let family: HawkesFit.Family
    private(set) var evaluations = 0

    init(cascade: Cascade, family: HawkesFit.Family) {
        self.cascade = cascade
        self.family = family
    }

    func evaluate(_ point: UnsafePointer<Double>) -> Double {
        evaluations += 1
        let value = process(point).logLikelihood(cascade)
        return value.isFinite ? value : -.greatestFiniteMagnitude
    }

    /// SAFETY: `point` has a number for each parameter of the family.
    func process(_ point: UnsafePointer<Double>) -> Hawkes {
        let kernel: HawkesKernel =
            switch family {
            case .exponential: .exponential(decay: exponential(point[2]))
            case .powerLaw: .powerLaw(scale: exponential(point[2]), exponent: exponential(point[3]))
            }
        return Hawkes(base: exponential(point[0]), branching: exponential(point[1]), kernel: kernel)
    }
}
