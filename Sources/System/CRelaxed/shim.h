// Float sums the compiler may reorder, so that plain Swift loops over spans become vector code.
// Results depend on vector width: never use these where two machines must agree bit for bit.
#pragma once

static inline __attribute__((always_inline)) float relaxed_add(float a, float b) {
#pragma clang fp reassociate(on)
    return a + b;
}

static inline __attribute__((always_inline)) float relaxed_multiply_add(float a, float b, float sum) {
#pragma clang fp reassociate(on) contract(fast)
    return a * b + sum;
}
