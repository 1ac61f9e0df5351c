// The few functions of the C library this module needs.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@inline(always)
func exponential(_ value: Float) -> Float { expf(value) }

@inline(always)
func exponential(_ value: Double) -> Double { exp(value) }

@inline(always)
func logarithm(_ value: Double) -> Double { log(value) }

@inline(always)
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
