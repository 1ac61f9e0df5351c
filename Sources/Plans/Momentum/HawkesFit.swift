// The most likely process for a cascade. With the exponential kernel one pass over the events gives likelihood,
// gradient and Hessian (the recursions of Ogata, 1981, and their derivatives by the decay), so Newton's method needs a
// dozen passes where a simplex needs two hundred. It works on the logarithms of base, branching and decay: those may be
// any number. Since the likelihood can have several hills, it climbs from several decays. Where there is no such
// recursion, as for the power law, NLopt's Nelder-Mead climbs without derivatives.

/// What a fit found.
package struct HawkesFit: Equatable, Sendable {
    package let process: Hawkes
    package let logLikelihood: Double
    /// Passes over the events.
    package let evaluations: Int
}

extension HawkesFit {
    /// Fits an exponential kernel by Newton's method. At least two events.
    package init(exponential cascade: Cascade) {
        precondition(cascade.count >= 2, "a fit needs events")
        let rate = Double(cascade.count) / max(cascade.end, .leastNormalMagnitude)
        var best: (point: SIMD3<Double>, likelihood: Double)?
        var evaluations = 0
        for relative in [0.3, 3.0] {
            let start = SIMD3(logarithm(0.5 * rate), logarithm(0.5), logarithm(relative * rate))
            let found = climb(cascade, from: start)
            evaluations += found.evaluations
            if found.likelihood > best?.likelihood ?? -.infinity { best = (found.point, found.likelihood) }
        }
        guard let best else { preconditionFailure("a likelihood of finite events is a number") }
        process = Hawkes(
            base: Plans.exponential(best.point[0]), branching: Plans.exponential(best.point[1]),
            kernel: .exponential(decay: Plans.exponential(best.point[2])))
        logLikelihood = best.likelihood
        self.evaluations = evaluations
    }
}

/// Likelihood with its derivatives by the logarithms of base, branching and decay.
private struct Slope {
    var likelihood = 0.0
    var gradient = SIMD3<Double>.zero
    /// 00, 01, 02, 11, 12, 22.
    var hessian: (Double, Double, Double, Double, Double, Double) = (0, 0, 0, 0, 0, 0)
}

private let stepsMax = 60
/// Logarithms of parameters stay within these of 0: beyond, nothing changes but rounding.
private let bound = 25.0

private func climb(
    _ cascade: Cascade, from start: SIMD3<Double>
) -> (point: SIMD3<Double>, likelihood: Double, evaluations: Int) {
    var point = start
    var here = slope(cascade, at: point)
    var (evaluations, damping) = (1, 1e-3)
    for _ in 0..<stepsMax {
        guard let step = ascent(here, damping: damping) else {
            damping = max(10 * damping, 1e-3)
            if damping > 1e12 { break }
            continue
        }
        var next = point + step
        for index in 0..<3 { next[index] = min(max(next[index], -bound), bound) }
        let there = slope(cascade, at: next)
        evaluations += 1
        if !(there.likelihood > here.likelihood && there.likelihood.isFinite) {
            let isFlat = abs((step * here.gradient).sum()) < 1e-11
            if isFlat || damping > 1e12 { break }
            damping = max(10 * damping, 1e-3)
            continue
        }
        let gain = there.likelihood - here.likelihood
        (point, here) = (next, there)
        damping *= 0.1
        if gain < 1e-10 && (step * step).sum() < 1e-10 { break }
    }
    return (point, here.likelihood, evaluations)
}

/// (damping · 1 - hessian) · step = gradient, by Cholesky; nil where the matrix is not positive.
private func ascent(_ slope: Slope, damping: Double) -> SIMD3<Double>? {
    let (h00, h01, h02, h11, h12, h22) = slope.hessian
    let scale = max(abs(h00), abs(h11), abs(h22), 1)
    let extra = damping * scale
    let a00 = extra - h00
    guard a00 > 1e-12 * scale else { return nil }
    let l00 = a00.squareRoot()
    let (l10, l20) = (-h01 / l00, -h02 / l00)
    let a11 = extra - h11 - l10 * l10
    guard a11 > 1e-12 * scale else { return nil }
    let l11 = a11.squareRoot()
    let l21 = (-h12 - l20 * l10) / l11
    let a22 = extra - h22 - l20 * l20 - l21 * l21
    guard a22 > 1e-12 * scale else { return nil }
    let l22 = a22.squareRoot()
    let y0 = slope.gradient[0] / l00
    let y1 = (slope.gradient[1] - l10 * y0) / l11
    let y2 = (slope.gradient[2] - l20 * y0 - l21 * y1) / l22
    let x2 = y2 / l22
    let x1 = (y1 - l21 * x2) / l11
    let x0 = (y0 - l10 * x1 - l20 * x2) / l00
    var step = SIMD3(x0, x1, x2)
    // Never more than a factor e² at once.
    let longest = max(abs(x0), abs(x1), abs(x2))
    if longest > 2 { step *= 2 / longest }
    return step
}

/// One pass. With A = Σ mark · e^(-decay · age), B = Σ mark · age · e^..., C = Σ mark · age² · e^..., all by recursion.
private func slope(_ cascade: Cascade, at point: SIMD3<Double>) -> Slope {
    let (base, n, b) = (exponential(point[0]), exponential(point[1]), exponential(point[2]))
    var (first, second, third) = (0.0, 0.0, 0.0)
    var (g0, g1, g2) = (0.0, 0.0, 0.0)
    var (h00, h01, h02, h11, h12, h22) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    var logs = LogSum()
    var (before, total) = (0.0, 0.0)
    cascade.times.withUnsafeBufferPointer { times in
        cascade.marks.withUnsafeBufferPointer { marks in
            for event in times.indices {
                if event > 0 {
                    let width = times[event] - times[event - 1]
                    let decayed = exponential(-b * width)
                    let pull = first + before
                    third = decayed * (third + width * (2 * second + width * pull))
                    second = decayed * (second + width * pull)
                    first = decayed * pull
                }
                before = marks[event]
                total += before
                let intensity = base + n * b * first
                logs.multiply(intensity)
                let share = 1 / intensity
                // Derivatives of the intensity by the logarithms, over the intensity.
                let (u0, u1) = (base * share, n * b * first * share)
                let u2 = n * b * (first - b * second) * share
                let curved = n * b * (first - 3 * b * second + b * b * third) * share
                g0 += u0
                g1 += u1
                g2 += u2
                h00 += u0 - u0 * u0
                h01 -= u0 * u1
                h02 -= u0 * u2
                h11 += u1 - u1 * u1
                h12 += u2 - u1 * u2
                h22 += curved - u2 * u2
            }
        }
    }
    // At the end of the time watched.
    let width = cascade.end - (cascade.times.last ?? 0)
    let decayed = exponential(-b * width)
    let pull = first + before
    third = decayed * (third + width * (2 * second + width * pull))
    second = decayed * (second + width * pull)
    first = decayed * pull
    let (c0, c1, c2) = (base * cascade.end, n * (total - first), n * b * second)
    let curved = n * (b * second - b * b * third)
    return Slope(
        likelihood: logs.value - c0 - c1, gradient: SIMD3(g0 - c0, g1 - c1, g2 - c2),
        hessian: (h00 - c0, h01, h02, h11 - c1, h12 - c2, h22 - curved))
}
