// How a yes brings the next. Acceptances of a plan form a self-exciting point process (Hawkes, 1971): people come at a
// base rate, and everybody who comes makes others come for a while,
//
//     intensity(t) = base + Σ over events j before t of mark_j · branching · density(t - t_j)
//
// where the density integrates to one, so that `branching` is how many further events one event of mark 1 brings in
// all. Two densities: exponential, decay · e^(-decay · s), and power law, exponent · scale^exponent · (s + scale)^-(1 +
// exponent) (Mishra, Rizoiu and Xie, CIKM 2016, in other letters). Times are in any unit, from 0.

import Basics

/// How the pull of an event fades.
package enum HawkesKernel: Equatable, Sendable {
    /// Per unit of time.
    case exponential(decay: Double)
    case powerLaw(scale: Double, exponent: Double)

    /// The share of an event's offspring that comes later than `age`.
    package func survival(_ age: Double) -> Double {
        switch self {
        case .exponential(let decay): Plans.exponential(-decay * age)
        case .powerLaw(let scale, let exponent): power(scale / (age + scale), exponent)
        }
    }

    /// The density at `age`.
    package func density(_ age: Double) -> Double {
        switch self {
        case .exponential(let decay): decay * Plans.exponential(-decay * age)
        case .powerLaw(let scale, let exponent):
            exponent / (age + scale) * power(scale / (age + scale), exponent)
        }
    }

    /// An age beyond `age` at which offspring comes, for a uniform `share` in (0, 1]: the inverse of the survival.
    func age(after age: Double, share: Double) -> Double {
        switch self {
        case .exponential(let decay): age - logarithm(share) / decay
        case .powerLaw(let scale, let exponent): (age + scale) * power(share, -1 / exponent) - scale
        }
    }
}

/// A self-exciting process.
package struct Hawkes: Equatable, Sendable {
    /// Events per unit of time that nothing before brought. Positive.
    package var base: Double
    /// Events that one event of mark 1 brings. Below 1 every cascade ends.
    package var branching: Double
    package var kernel: HawkesKernel

    package init(base: Double, branching: Double, kernel: HawkesKernel) {
        precondition(base > 0 && branching >= 0, "rates are not negative")
        self.base = base
        self.branching = branching
        self.kernel = kernel
    }
}

/// What happened: times that rise from 0 on, none later than `end`, and how much each event pulls.
package struct Cascade: Equatable, Sendable {
    package private(set) var times: [Double]
    package private(set) var marks: [Double]
    package let end: Double

    /// Without marks every event has mark 1.
    package init(times: [Double], marks: [Double]? = nil, end: Double) {
        precondition(marks == nil || marks?.count == times.count, "one mark per event")
        precondition(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }, "times rise")
        precondition(times.first ?? 0 >= 0 && times.last ?? 0 <= end, "events lie between 0 and the end")
        self.times = times
        self.marks = marks ?? [Double](repeating: 1, count: times.count)
        self.end = end
    }

    package var count: Int { times.count }
}

extension Hawkes {
    /// Events per unit of time just after `time`, given what happened until then. O(events).
    package func intensity(at time: Double, _ cascade: Cascade) -> Double {
        var sum = 0.0
        for (event, mark) in zip(cascade.times, cascade.marks) where event <= time {
            sum += mark * kernel.density(time - event)
        }
        return base + branching * sum
    }

    /// Log-likelihood of a cascade: Σ log intensity(t_i) - ∫ intensity. O(events) for the exponential kernel (Ogata,
    /// 1981), O(events²) for the power law.
    package func logLikelihood(_ cascade: Cascade) -> Double {
        let excitations = excitations(cascade)
        var sum = LogSum()
        for excitation in excitations { sum.multiply(base + branching * excitation) }
        return sum.value - compensators(cascade).reduce(0, +) - tail(cascade)
    }

    /// Σ over earlier events of mark · density, at each event.
    func excitations(_ cascade: Cascade) -> [Double] {
        let (times, marks) = (cascade.times, cascade.marks)
        guard case .exponential(let decay) = kernel else {
            return times.indices.map { event in
                (0..<event).reduce(0) { $0 + marks[$1] * kernel.density(times[event] - times[$1]) }
            }
        }
        var result = [Double](repeating: 0, count: times.count)
        var pull = 0.0
        for event in times.indices.dropFirst() {
            pull = exponential(-decay * (times[event] - times[event - 1])) * (pull + marks[event - 1])
            result[event] = decay * pull
        }
        return result
    }

    /// The integral of the intensity from each event's predecessor (the first: from 0) to the event. By the time
    /// rescaling theorem these are independent exponentials of mean 1 if the model is true. O(events) or O(events²).
    package func compensators(_ cascade: Cascade) -> [Double] {
        let (times, marks) = (cascade.times, cascade.marks)
        var result = [Double](repeating: 0, count: times.count)
        // What is left of the pull of all events before, at the event before.
        var left = 0.0
        for event in times.indices {
            let start = event == 0 ? 0 : times[event - 1]
            let width = times[event] - start
            var fallen = 0.0
            if event > 0 {
                if case .exponential(let decay) = kernel {
                    left += marks[event - 1]
                    let remaining = left * exponential(-decay * width)
                    fallen = left - remaining
                    left = remaining
                } else {
                    for earlier in 0..<event {
                        let age = start - times[earlier]
                        fallen += marks[earlier] * (kernel.survival(age) - kernel.survival(age + width))
                    }
                }
            }
            result[event] = base * width + branching * fallen
        }
        return result
    }

    /// The integral of the intensity from the last event to the end.
    private func tail(_ cascade: Cascade) -> Double {
        guard let last = cascade.times.last else { return base * cascade.end }
        var fallen = 0.0
        for (time, mark) in zip(cascade.times, cascade.marks) {
            fallen += mark * (kernel.survival(last - time) - kernel.survival(cascade.end - time))
        }
        return base * (cascade.end - last) + branching * fallen
    }
}

/// A sum of logarithms, as the logarithm of products of eight: one call to the library where there were eight.
struct LogSum {
    private var product = 1.0
    private var factors = 0
    private var sum = 0.0

    /// A positive factor between 1e-30 and 1e30.
    @inline(__always)
    mutating func multiply(_ factor: Double) {
        product *= factor
        factors += 1
        if factors == 8 {
            sum += logarithm(product)
            (product, factors) = (1, 0)
        }
    }

    var value: Double { sum + logarithm(product) }
}
