// The inner loops of message passing: weighted sums of rows that lie anywhere in a table, and their way back. In C for
// the reasons of rows.h; the slower twins in Swift stand in Linalg/MessageRows.swift.
//
// A row of 16 * `groups` floats is summed in as many registers of 512 bits; its way back takes twice as many.
#pragma once

#include "rows.h"

#if defined(__x86_64__)

// How many rows ahead of its use a row is asked for. Not more than ROWS_AHEAD.
#define MESSAGES_AHEAD 12

#define MUSTER_INNER static inline MUSTER_AVX512 __attribute__((always_inline))

typedef float muster_eight __attribute__((vector_size(32), aligned(4)));
typedef float muster_four __attribute__((vector_size(16), aligned(4)));

// The sum of 16 lanes, by halves.
MUSTER_INNER float muster_lane_sum(muster_floats a) {
    muster_eight b = __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7)
        + __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15);
    muster_four c = __builtin_shufflevector(b, b, 0, 1, 2, 3) + __builtin_shufflevector(b, b, 4, 5, 6, 7);
    return (c[0] + c[2]) + (c[1] + c[3]);
}

MUSTER_INNER void muster_weigh_floats(
    const float *_Nonnull table, const uint32_t *_Nonnull rows, const float *_Nonnull weights, size_t count,
    float *_Nonnull sum, const int groups) {
#pragma clang fp contract(fast)
    muster_floats totals[16] = {{0}};
    for (size_t index = 0; index < count; index++) {
        const float *ahead = table + 16 * (size_t)groups * rows[index + MESSAGES_AHEAD];
        const muster_floats *row = (const muster_floats *)(table + 16 * (size_t)groups * rows[index]);
        const float weight = weights[index];
#pragma clang loop unroll(full)
        for (int group = 0; group < groups; group++) {
            __builtin_prefetch(ahead + 16 * group);
            totals[group] += weight * row[group];
        }
    }
    muster_floats *to = (muster_floats *)sum;
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++) to[group] = totals[group];
}

MUSTER_INNER void muster_weigh_halves(
    const uint32_t *_Nonnull table, const uint32_t *_Nonnull rows, const float *_Nonnull weights, size_t count,
    float *_Nonnull sum, const int groups) {
#pragma clang fp contract(fast)
    muster_floats totals[8] = {{0}};
    for (size_t index = 0; index < count; index++) {
        const uint32_t *ahead = table + 8 * (size_t)groups * rows[index + MESSAGES_AHEAD];
        const muster_words *row = (const muster_words *)(table + 8 * (size_t)groups * rows[index]);
        const float weight = weights[index];
#pragma clang loop unroll(full)
        for (int pair = 0; pair < groups / 2; pair++) {
            __builtin_prefetch(ahead + 16 * pair);
            totals[2 * pair] += weight * (muster_floats)(row[pair] << 16);
            totals[2 * pair + 1] += weight * (muster_floats)(row[pair] & 0xFFFF0000u);
        }
    }
    muster_floats *to = (muster_floats *)sum;
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++) to[group] = totals[group];
}

MUSTER_INNER void muster_return_floats(
    const float *_Nonnull table, const uint32_t *_Nonnull rows, const float *_Nonnull weights, size_t count,
    const float *_Nonnull x, float *_Nonnull sum, float *_Nonnull products, const int groups) {
#pragma clang fp contract(fast)
    muster_floats totals[8] = {{0}}, own[8];
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++) own[group] = ((const muster_floats *)x)[group];
    for (size_t index = 0; index < count; index++) {
        const float *ahead = table + 16 * (size_t)groups * rows[index + MESSAGES_AHEAD];
        const muster_floats *row = (const muster_floats *)(table + 16 * (size_t)groups * rows[index]);
        const float weight = weights[index];
        muster_floats product = {0}, other = {0};
#pragma clang loop unroll(full)
        for (int group = 0; group < groups; group += 2) {
            const muster_floats one = row[group], two = row[group + 1];
            __builtin_prefetch(ahead + 16 * group);
            __builtin_prefetch(ahead + 16 * group + 16);
            totals[group] += weight * one;
            totals[group + 1] += weight * two;
            product += one * own[group];
            other += two * own[group + 1];
        }
        products[index] = muster_lane_sum(product + other);
    }
    muster_floats *to = (muster_floats *)sum;
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++) to[group] += totals[group];
}

MUSTER_INNER void muster_return_halves(
    const uint32_t *_Nonnull table, const uint32_t *_Nonnull rows, const float *_Nonnull weights, size_t count,
    const float *_Nonnull x, float *_Nonnull sum, float *_Nonnull products, const int groups) {
#pragma clang fp contract(fast)
    muster_floats totals[8] = {{0}}, own[8];
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++) own[group] = ((const muster_floats *)x)[group];
    for (size_t index = 0; index < count; index++) {
        const uint32_t *ahead = table + 8 * (size_t)groups * rows[index + MESSAGES_AHEAD];
        const muster_words *row = (const muster_words *)(table + 8 * (size_t)groups * rows[index]);
        const float weight = weights[index];
        muster_floats product = {0}, other = {0};
#pragma clang loop unroll(full)
        for (int pair = 0; pair < groups / 2; pair++) {
            const muster_floats one = (muster_floats)(row[pair] << 16);
            const muster_floats two = (muster_floats)(row[pair] & 0xFFFF0000u);
            __builtin_prefetch(ahead + 16 * pair);
            totals[2 * pair] += weight * one;
            totals[2 * pair + 1] += weight * two;
            product += one * own[2 * pair];
            other += two * own[2 * pair + 1];
        }
        products[index] = muster_lane_sum(product + other);
    }
    muster_floats *to = (muster_floats *)sum;
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++) to[group] += totals[group];
}

// table[rows[i] * stride + c] += weights[i] * x[c] for 64 columns c: the way back of a weighted sum of rows.
static inline MUSTER_AVX512 void spread_row_avx512(
    const float *_Nonnull x, float *_Nonnull table, size_t stride, const uint32_t *_Nonnull rows,
    const float *_Nonnull weights, size_t count) {
#pragma clang fp contract(fast)
    const muster_floats *from = (const muster_floats *)x;
    const muster_floats a = from[0], b = from[1], c = from[2], d = from[3];
    for (size_t index = 0; index < count; index++) {
        muster_floats *to = (muster_floats *)(table + stride * rows[index]);
        const float weight = weights[index];
        to[0] += weight * a;
        to[1] += weight * b;
        to[2] += weight * c;
        to[3] += weight * d;
    }
}

// sum[c] = Σ weights[i] * table[rows[i], c] over rows of 64, 128 or 256 floats.
static inline MUSTER_AVX512 void weigh_rows_float_avx512(
    const float *_Nonnull table, int columns, const uint32_t *_Nonnull rows, const float *_Nonnull weights,
    size_t count, float *_Nonnull sum) {
    if (columns == 64) muster_weigh_floats(table, rows, weights, count, sum, 4);
    else if (columns == 128) muster_weigh_floats(table, rows, weights, count, sum, 8);
    else muster_weigh_floats(table, rows, weights, count, sum, 16);
}

// The same over rows of 64 or 128 bfloat16.
static inline MUSTER_AVX512 void weigh_rows_half_avx512(
    const uint32_t *_Nonnull table, int columns, const uint32_t *_Nonnull rows, const float *_Nonnull weights,
    size_t count, float *_Nonnull sum) {
    if (columns == 64) muster_weigh_halves(table, rows, weights, count, sum, 4);
    else muster_weigh_halves(table, rows, weights, count, sum, 8);
}

// Over rows of 64 or 128 floats: sum[c] += Σ weights[i] * table[rows[i], c], and products[i] = Σ over c of
// table[rows[i], c] * x[c].
static inline MUSTER_AVX512 void return_rows_float_avx512(
    const float *_Nonnull table, int columns, const uint32_t *_Nonnull rows, const float *_Nonnull weights,
    size_t count, const float *_Nonnull x, float *_Nonnull sum, float *_Nonnull products) {
    if (columns == 64) muster_return_floats(table, rows, weights, count, x, sum, products, 4);
    else muster_return_floats(table, rows, weights, count, x, sum, products, 8);
}

// The same over rows of bfloat16; x and sum are floats.
static inline MUSTER_AVX512 void return_rows_half_avx512(
    const uint32_t *_Nonnull table, int columns, const uint32_t *_Nonnull rows, const float *_Nonnull weights,
    size_t count, const float *_Nonnull x, float *_Nonnull sum, float *_Nonnull products) {
    if (columns == 64) muster_return_halves(table, rows, weights, count, x, sum, products, 4);
    else muster_return_halves(table, rows, weights, count, x, sum, products, 8);
}

#endif
