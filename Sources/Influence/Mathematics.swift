// The two functions of the C library this module needs, in one place.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@inline(always)
func naturalLogarithm(_ value: Double) -> Double { log(value) }

/// ln of the number of ways to choose `chosen` of `count`; `chosen` in 0...count.
func logarithmOfBinomial(_ count: Int, _ chosen: Int) -> Double {
    var total = 0.0
    for step in 0..<min(chosen, count - chosen) {
        total += log(Double(count - step)) - log(Double(step + 1))
    }
    return total
}
