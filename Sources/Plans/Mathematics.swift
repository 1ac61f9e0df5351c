// The one function of the C library this module needs.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@inline(always)
func exponential(_ value: Float) -> Float { expf(value) }
