// Sums of rows that lie anywhere in a table: the inner loop of graph convolution. In C because Swift reaches neither
// prefetch nor, in a package built for x86-64-v3, the 512-bit registers that hold a sum of 64 floats in four.
// Each has a slower twin in Swift (Linalg/RowStorage.swift) for other machines and widths; both add in one order, so
// their results are equal bit for bit.
#pragma once

#include <stddef.h>
#include <stdint.h>

// So many entries behind the last row number are read, and the rows that they name prefetched.
#define ROWS_AHEAD 32

static inline __attribute__((always_inline)) void prefetch_line(const void *_Nonnull address) {
    __builtin_prefetch(address);
}

#if defined(__x86_64__)

typedef float muster_floats __attribute__((vector_size(64), aligned(4)));
typedef uint32_t muster_words __attribute__((vector_size(64), aligned(4)));

#define MUSTER_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))

// sum[0..<64] = the sum of table[rows[i] * stride ..< + 64].
static inline MUSTER_AVX512 void sum_rows_float_avx512(
    const float *_Nonnull table, size_t stride, const uint32_t *_Nonnull rows, size_t count, float *_Nonnull sum) {
    muster_floats a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t index = 0; index < count; index++) {
        const float *ahead = table + stride * rows[index + ROWS_AHEAD];
        __builtin_prefetch(ahead);
        __builtin_prefetch(ahead + 16);
        __builtin_prefetch(ahead + 32);
        __builtin_prefetch(ahead + 48);
        const muster_floats *row = (const muster_floats *)(table + stride * rows[index]);
        a += row[0];
        b += row[1];
        c += row[2];
        d += row[3];
    }
    muster_floats *to = (muster_floats *)sum;
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
}

// The same for bfloat16: word k of each 16 holds column k in its low and column k + 16 in its high half.
static inline MUSTER_AVX512 void sum_rows_half_avx512(
    const uint32_t *_Nonnull table, size_t stride, const uint32_t *_Nonnull rows, size_t count, float *_Nonnull sum) {
    muster_floats a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t index = 0; index < count; index++) {
        const uint32_t *ahead = table + stride * rows[index + ROWS_AHEAD];
        __builtin_prefetch(ahead);
        __builtin_prefetch(ahead + 16);
        const muster_words *row = (const muster_words *)(table + stride * rows[index]);
        const muster_words one = row[0], other = row[1];
        a += (muster_floats)(one << 16);
        b += (muster_floats)(one & 0xFFFF0000u);
        c += (muster_floats)(other << 16);
        d += (muster_floats)(other & 0xFFFF0000u);
    }
    muster_floats *to = (muster_floats *)sum;
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
}

#endif
