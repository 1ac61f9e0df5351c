// The functions of the C library this module needs, in one place.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// ln(1 + value); -infinity at -1.
func logarithmOfOnePlus(_ value: Double) -> Double { log1p(value) }

func binaryLogarithm(_ value: Double) -> Double { log2(value) }

func powerOfTwo(_ exponent: Double) -> Double { exp2(exponent) }

func exponential(_ value: Double) -> Double { exp(value) }

/// ln of the number of ways to choose `chosen` of `count`; `chosen` in 0...count.
func logarithmOfBinomial(_ count: Int, _ chosen: Int) -> Double {
    var total = 0.0
    for step in 0..<min(chosen, count - chosen) {
        total += log(Double(count - step)) - log(Double(step + 1))
    }
    return total
}

/// ln of the chance that at least `hits` of `trials` coins with chance p show heads, for p below hits / trials; `hits`
/// positive. The regularized incomplete beta function as a continued fraction (Lentz; DLMF 8.17.22).
func logarithmOfUpperTail(hits: Double, trials: Double, chance p: Double) -> Double {
    let a = hits, b = trials - hits + 1
    let front =
        a * log(p) + b * log1p(-p) - log(a) - (lgamma(a) + lgamma(b) - lgamma(a + b))
    let tiny = 1e-300
    var c = 1.0, d = 1 - (a + b) * p / (a + 1)
    if abs(d) < tiny { d = tiny }
    d = 1 / d
    var fraction = d
    var m = 1.0
    while m < 100_000 {
        for step in [
            m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1)),
        ] {
            d = 1 + step * d
            c = 1 + step / c
            if abs(d) < tiny { d = tiny }
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            fraction *= d * c
        }
        if abs(d * c - 1) < 1e-12 { break }
        m += 1
    }
    return front + log(fraction)
}
