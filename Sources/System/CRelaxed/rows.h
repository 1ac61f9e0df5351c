// Sums of rows that lie anywhere in a table: the inner loop of graph convolution. In C because Swift reaches neither
// prefetch nor, in a package built for x86-64-v3, the 512-bit registers that hold a sum of 64 floats in four.
// Each has a slower twin in Swift (Linalg/RowStorage.swift, Linalg/RowLists.swift) for other machines and widths; both
// add in one order and never fuse a product with a sum, so their results are equal bit for bit.
#pragma once

#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// So many entries behind the last row number are read, and the rows that they name prefetched.
#define ROWS_AHEAD 32

static inline __attribute__((always_inline)) void prefetch_line(const void *_Nonnull address) {
    __builtin_prefetch(address);
}

// Row v of a product sums the rows `rows[starts[v]] ..< rows[ends[v]]` of a table.
typedef struct {
    const uint32_t *_Nonnull starts;
    const uint32_t *_Nonnull ends;
    const uint32_t *_Nonnull rows;
} muster_row_lists;

// Row v gets scales[v] * values[slots[v]] in addition, where slots[v] is not negative. Without slots none does.
typedef struct {
    const int32_t *_Nullable slots;
    const float *_Nullable values;
    const float *_Nullable scales;
} muster_row_addends;

#if defined(__x86_64__)

typedef float muster_floats __attribute__((vector_size(64), aligned(4)));
typedef uint32_t muster_words __attribute__((vector_size(64), aligned(4)));
typedef struct {
    muster_floats a, b, c, d;
} muster_row;

#define MUSTER_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#define MUSTER_PART static inline __attribute__((always_inline)) MUSTER_AVX512

// The sum of table[rows[i] * 64 ..< + 64].
MUSTER_PART muster_row muster_sum_floats(
    const float *_Nonnull table, const uint32_t *_Nonnull rows, size_t count) {
    muster_row sum = {0};
    for (size_t index = 0; index < count; index++) {
        const float *ahead = table + (size_t)64 * rows[index + ROWS_AHEAD];
        __builtin_prefetch(ahead);
        __builtin_prefetch(ahead + 16);
        __builtin_prefetch(ahead + 32);
        __builtin_prefetch(ahead + 48);
        const muster_floats *row = (const muster_floats *)(table + (size_t)64 * rows[index]);
        sum.a += row[0];
        sum.b += row[1];
        sum.c += row[2];
        sum.d += row[3];
    }
    return sum;
}

// The same for bfloat16: word k of each 16 holds column k in its low and column k + 16 in its high half.
MUSTER_PART muster_row muster_sum_halves(
    const uint32_t *_Nonnull table, const uint32_t *_Nonnull rows, size_t count) {
    muster_row sum = {0};
    for (size_t index = 0; index < count; index++) {
        const uint32_t *ahead = table + (size_t)32 * rows[index + ROWS_AHEAD];
        __builtin_prefetch(ahead);
        __builtin_prefetch(ahead + 16);
        const muster_words *row = (const muster_words *)(table + (size_t)32 * rows[index]);
        const muster_words one = row[0], other = row[1];
        sum.a += (muster_floats)(one << 16);
        sum.b += (muster_floats)(one & 0xFFFF0000u);
        sum.c += (muster_floats)(other << 16);
        sum.d += (muster_floats)(other & 0xFFFF0000u);
    }
    return sum;
}

// scale * row + the row's addend.
MUSTER_PART muster_row muster_finish_row(
    muster_row row, size_t number, float scale, muster_row_addends addends) {
#pragma clang fp contract(off)
    row.a *= scale;
    row.b *= scale;
    row.c *= scale;
    row.d *= scale;
    if (addends.slots && addends.slots[number] >= 0) {
        const muster_floats *more = (const muster_floats *)(addends.values + (size_t)64 * addends.slots[number]);
        const float share = addends.scales[number];
        row.a += share * more[0];
        row.b += share * more[1];
        row.c += share * more[2];
        row.d += share * more[3];
    }
    return row;
}

// The 16 upper bits of the nearest numbers that have no others, ties to even.
MUSTER_PART muster_words muster_round(muster_floats values) {
    const muster_words bits = (muster_words)values;
    return bits + 0x7FFFu + (bits >> 16 & 1u);
}

MUSTER_PART void muster_store_floats(muster_row row, float *_Nonnull target) {
    muster_floats *to = (muster_floats *)target;
    to[0] = row.a;
    to[1] = row.b;
    to[2] = row.c;
    to[3] = row.d;
}

MUSTER_PART void muster_store_halves(muster_row row, uint32_t *_Nonnull target) {
    muster_words *to = (muster_words *)target;
    to[0] = muster_round(row.a) >> 16 | (muster_round(row.b) & 0xFFFF0000u);
    to[1] = muster_round(row.c) >> 16 | (muster_round(row.d) & 0xFFFF0000u);
}

// sum[0..<64] = the sum of the rows of 64 numbers that `rows` names.
static inline MUSTER_AVX512 void sum_rows_float_avx512(
    const float *_Nonnull table, const uint32_t *_Nonnull rows, size_t count, float *_Nonnull sum) {
    muster_store_floats(muster_sum_floats(table, rows, count), sum);
}

static inline MUSTER_AVX512 void sum_rows_half_avx512(
    const uint32_t *_Nonnull table, const uint32_t *_Nonnull rows, size_t count, float *_Nonnull sum) {
    muster_store_floats(muster_sum_halves(table, rows, count), sum);
}

// target[v] = scales[v] * (the sum of v's list) + v's addend, for v in first ..< end. Rows of 64 numbers.
static inline MUSTER_AVX512 void multiply_rows_float_avx512(
    const float *_Nonnull table, muster_row_lists lists, size_t first, size_t end, const float *_Nonnull scales,
    muster_row_addends addends, float *_Nonnull target) {
    for (size_t v = first; v < end; v++) {
        const uint32_t start = lists.starts[v];
        const muster_row sum = muster_sum_floats(table, lists.rows + start, lists.ends[v] - start);
        muster_store_floats(muster_finish_row(sum, v, scales[v], addends), target + 64 * v);
    }
}

static inline MUSTER_AVX512 void multiply_rows_half_avx512(
    const uint32_t *_Nonnull table, muster_row_lists lists, size_t first, size_t end, const float *_Nonnull scales,
    muster_row_addends addends, uint32_t *_Nonnull target) {
    for (size_t v = first; v < end; v++) {
        const uint32_t start = lists.starts[v];
        const muster_row sum = muster_sum_halves(table, lists.rows + start, lists.ends[v] - start);
        muster_store_halves(muster_finish_row(sum, v, scales[v], addends), target + 32 * v);
    }
}

// scale * values as a row of 64 halves.
static inline MUSTER_AVX512 void store_halves_avx512(
    const float *_Nonnull values, float scale, uint32_t *_Nonnull target) {
    const muster_floats *from = (const muster_floats *)values;
    const muster_row row = {scale * from[0], scale * from[1], scale * from[2], scale * from[3]};
    muster_store_halves(row, target);
}

// Writes slots[rows[i]] one after the other wherever it is not negative, and answers how many.
static inline MUSTER_AVX512 size_t keep_slots_avx512(
    const uint32_t *_Nonnull rows, size_t count, const int32_t *_Nonnull slots, uint32_t *_Nonnull kept) {
    size_t total = 0;
    for (size_t index = 0; index < count; index += 16) {
        const __mmask16 there = count - index >= 16 ? 0xFFFF : (__mmask16)((1u << (count - index)) - 1);
        const __m512i row = _mm512_maskz_loadu_epi32(there, rows + index);
        const __m512i slot = _mm512_mask_i32gather_epi32(_mm512_set1_epi32(-1), there, row, slots, 4);
        const __mmask16 keeps = _mm512_cmpge_epi32_mask(slot, _mm512_setzero_si512());
        const unsigned int number = (unsigned int)__builtin_popcount(keeps);
        // Not a step further than what is kept: what lies behind may be another thread's.
        const __mmask16 written = (__mmask16)((1u << number) - 1);
        _mm512_mask_storeu_epi32(kept + total, written, _mm512_maskz_compress_epi32(keeps, slot));
        total += number;
    }
    return total;
}

#endif
