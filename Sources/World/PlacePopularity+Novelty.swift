#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension PlacePopularity {
    /// 1 / (1 + log(1 + base)), in 0...1 for every base from 0 up. The specification's formula lacks
    /// the inner one; it has a pole at base 1/e and is negative below.
    package static func novelty(ofBase base: Float) -> Float {
        precondition(base >= 0, "popularity is not negative")
        return 1 / (1 + log1p(base))
    }
}
