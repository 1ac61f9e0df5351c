// What Swift cannot say itself: float sums the compiler may reorder and square roots, so that plain Swift loops become
// vector code, and which vector instructions this machine has.
// Relaxed results depend on vector width: never use them where two machines must agree bit for bit.
#pragma once

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static inline __attribute__((always_inline)) float relaxed_add(float a, float b) {
#pragma clang fp reassociate(on)
    return a + b;
}

static inline __attribute__((always_inline)) float relaxed_multiply_add(float a, float b, float sum) {
#pragma clang fp reassociate(on) contract(fast)
    return a * b + sum;
}

static inline __attribute__((always_inline)) double relaxed_add_double(double a, double b) {
#pragma clang fp reassociate(on)
    return a + b;
}

static inline __attribute__((always_inline)) double relaxed_multiply_add_double(double a, double b, double sum) {
#pragma clang fp reassociate(on) contract(fast)
    return a * b + sum;
}

// The square root in one instruction. Swift's own asks first whether the number is negative, and loops with it stay
// scalar code.
static inline __attribute__((always_inline)) float square_root(float x) { return __builtin_elementwise_sqrt(x); }

// Whether processor and operating system both offer AVX-512 with F, DQ, BW and VL: what OpenBLAS calls SkylakeX.
static inline int machine_has_avx512(void) {
#if defined(__x86_64__)
    unsigned int a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return 0;  // OSXSAVE
    unsigned int low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low & 0xE6u) != 0xE6u) return 0;  // XMM, YMM, opmask and both ZMM halves are saved
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    const unsigned int wanted = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
    return (b & wanted) == wanted;
#else
    return 0;
#endif
}

// Whether there is, besides, the instruction that multiplies bytes (VNNI).
static inline int machine_has_byte_products(void) {
#if defined(__x86_64__)
    unsigned int a = 0, b = 0, c = 0, d = 0;
    return machine_has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & (1u << 11)) != 0;
#else
    return 0;
#endif
}
