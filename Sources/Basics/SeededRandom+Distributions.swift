#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension SeededRandom {
    /// Normal with mean 0 and deviation 1 (Box and Muller; one of the pair is thrown away).
    package mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// Exponential with mean 1.
    package mutating func exponential() -> Double { -log(1 - uniform()) }

    /// Gamma with the given shape and scale 1 (Marsaglia and Tsang, 2000). `shape` is positive.
    package mutating func gamma(shape: Double) -> Double {
        precondition(shape > 0, "gamma needs a positive shape")
        if shape < 1 {
            return gamma(shape: shape + 1) * pow(1 - uniform(), 1 / shape)
        }
        let d = shape - 1.0 / 3.0
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let base = 1 + c * x
            if base <= 0 { continue }
            let v = base * base * base
            if log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }

    /// A point of the simplex: non-negative, sums to one. One positive concentration per entry.
    package mutating func dirichlet(_ concentrations: [Double]) -> [Double] {
        var draws = concentrations.map { gamma(shape: $0) }
        let total = draws.reduce(0, +)
        guard total > 0 else {
            return draws.map { _ in 1 / Double(draws.count) }
        }
        for index in draws.indices { draws[index] /= total }
        return draws
    }

    /// An index drawn in proportion to `weights`, whose sum is `total`. O(count).
    package mutating func weighted(_ weights: [Double], total: Double) -> Int {
        var remaining = uniform() * total
        for (index, weight) in weights.enumerated() {
            remaining -= weight
            if remaining < 0 { return index }
        }
        return weights.count - 1
    }

    /// Fisher and Yates in place.
    package mutating func shuffle<Element>(_ elements: inout [Element]) {
        var last = elements.count - 1
        while last > 0 {
            elements.swapAt(last, below(last + 1))
            last -= 1
        }
    }
}
