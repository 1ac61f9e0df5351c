// Inner products of rows of bytes: the inner loop of exact search. In C because Swift reaches no instruction that
// multiplies bytes. Each has a slower twin in Swift (Linalg/ByteRows.swift): products are whole numbers, and which rows
// pass is reckoned without fused sums, so results are equal.
//
// Rows lie in tiles of 64, a tile in 4 blocks of 16, a block column group by column group: 64 bytes hold 4 neighboring
// columns of 16 rows. One register then sums 16 rows at once and nothing is added up across its lanes. Row bytes are
// unsigned, query bytes signed, as the instruction wants them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ROWS_OF_TILE 64

// What a row must score to pass, see findPassingRows in Linalg/ByteRows.swift.
struct muster_limit {
    int32_t offset;
    float scale, threshold, error_share, length_share;
};

#if defined(__x86_64__)

#define MUSTER_BYTES256 __attribute__((target("avx2")))
typedef int32_t muster_sums __attribute__((vector_size(64), aligned(4)));
typedef float muster_scores __attribute__((vector_size(64), aligned(4)));
typedef int32_t muster_half_sums __attribute__((vector_size(32), aligned(4)));
typedef uint64_t muster_quads __attribute__((vector_size(32), aligned(8)));

#define MUSTER_BYTES512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), min_vector_width(512)))

// sums[q * stride + row] for `queries` queries, a constant from 1 to 6, and the rows of all tiles. A query is
// `groups` times 4 bytes. With six queries a tile's 24 sums, its four registers of rows and a query's four bytes fill
// 29 registers of 32, and each byte that is loaded serves six products. The next tile is asked for meanwhile: four
// streams at a time are more than the processor foresees.
static inline __attribute__((always_inline)) MUSTER_BYTES512 void multiply_tiles_avx512(
    const uint8_t *_Nonnull tiles, size_t count, size_t groups, const int8_t *_Nonnull query, const int queries,
    int32_t *_Nonnull sums, size_t stride) {
    const size_t block = groups * 64;
    for (size_t tile = 0; tile < count; tile++) {
        const uint8_t *rows = tiles + tile * 4 * block;
        muster_sums sum[6][4];
#pragma clang loop unroll(full)
        for (int q = 0; q < queries; q++) sum[q][0] = sum[q][1] = sum[q][2] = sum[q][3] = (muster_sums){0};
        for (size_t group = 0; group < groups; group++, rows += 64) {
            const muster_sums a = *(const muster_sums *)rows;
            const muster_sums b = *(const muster_sums *)(rows + block);
            const muster_sums c = *(const muster_sums *)(rows + 2 * block);
            const muster_sums d = *(const muster_sums *)(rows + 3 * block);
            __builtin_prefetch(rows + 4 * block);
            __builtin_prefetch(rows + 5 * block);
            __builtin_prefetch(rows + 6 * block);
            __builtin_prefetch(rows + 7 * block);
#pragma clang loop unroll(full)
            for (int q = 0; q < queries; q++) {
                int32_t four;
                __builtin_memcpy(&four, query + ((size_t)q * groups + group) * 4, 4);
                const muster_sums asked = {four, four, four, four, four, four, four, four,
                                           four, four, four, four, four, four, four, four};
                __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[q][0]) : "v"(a), "v"(asked));
                __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[q][1]) : "v"(b), "v"(asked));
                __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[q][2]) : "v"(c), "v"(asked));
                __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[q][3]) : "v"(d), "v"(asked));
            }
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < queries; q++) {
            muster_sums *to = (muster_sums *)(sums + (size_t)q * stride + tile * ROWS_OF_TILE);
            to[0] = sum[q][0];
            to[1] = sum[q][1];
            to[2] = sum[q][2];
            to[3] = sum[q][3];
        }
    }
}

// The same for any number of queries from 1 to 6.
static inline MUSTER_BYTES512 void multiply_bytes_avx512(
    const uint8_t *_Nonnull tiles, size_t count, size_t groups, const int8_t *_Nonnull query, int queries,
    int32_t *_Nonnull sums, size_t stride) {
    switch (queries) {
        case 1: multiply_tiles_avx512(tiles, count, groups, query, 1, sums, stride); break;
        case 2: multiply_tiles_avx512(tiles, count, groups, query, 2, sums, stride); break;
        case 3: multiply_tiles_avx512(tiles, count, groups, query, 3, sums, stride); break;
        case 4: multiply_tiles_avx512(tiles, count, groups, query, 4, sums, stride); break;
        case 5: multiply_tiles_avx512(tiles, count, groups, query, 5, sums, stride); break;
        default: multiply_tiles_avx512(tiles, count, groups, query, 6, sums, stride); break;
    }
}

// passing[tile] gets a bit for each row of it that passes.
static inline MUSTER_BYTES512 void passing_rows_avx512(
    const int32_t *_Nonnull sums, const float *_Nonnull scales, const float *_Nonnull bounds, size_t tiles,
    struct muster_limit limit, uint64_t *_Nonnull passing) {
#pragma clang fp contract(off)
    for (size_t tile = 0; tile < tiles; tile++, sums += ROWS_OF_TILE, scales += ROWS_OF_TILE, bounds += 8) {
        uint64_t rows = 0;
#pragma clang loop unroll(full)
        for (int block = 0; block < 4; block++) {
            const muster_sums sum = *(const muster_sums *)(sums + 16 * block) - limit.offset;
            const muster_scores score = *(const muster_scores *)(scales + 16 * block) *
                                        (__builtin_convertvector(sum, muster_scores) * limit.scale);
            const float least = limit.threshold - (limit.error_share * bounds[2 * block] +
                                                   limit.length_share * bounds[2 * block + 1]);
            const muster_scores leasts = {least, least, least, least, least, least, least, least,
                                          least, least, least, least, least, least, least, least};
            uint16_t passes;
            __asm__("vcmpps $13, %2, %1, %0" : "=k"(passes) : "v"(score), "v"(leasts));
            rows |= (uint64_t)passes << 16 * block;
        }
        passing[tile] = rows;
    }
}

// greatest[i] of `lanes` tiles of 64 becomes the greatest of what the rows score at least whose number has the
// remainder i; a row without a score changes nothing.
static inline MUSTER_BYTES512 void greatest_leasts_avx512(
    const int32_t *_Nonnull sums, const float *_Nonnull scales, const float *_Nonnull bounds, size_t tiles,
    struct muster_limit limit, float *_Nonnull greatest, size_t lanes) {
#pragma clang fp contract(off)
    for (size_t tile = 0; tile < tiles; tile++, sums += ROWS_OF_TILE, scales += ROWS_OF_TILE, bounds += 8) {
        float *of = greatest + tile % lanes * ROWS_OF_TILE;
#pragma clang loop unroll(full)
        for (int block = 0; block < 4; block++) {
            const muster_sums sum = *(const muster_sums *)(sums + 16 * block) - limit.offset;
            const float bound = limit.error_share * bounds[2 * block] + limit.length_share * bounds[2 * block + 1];
            const muster_scores score = *(const muster_scores *)(scales + 16 * block) *
                                        (__builtin_convertvector(sum, muster_scores) * limit.scale);
            const muster_scores least = score - bound;
            muster_scores best = *(const muster_scores *)(of + 16 * block);
            // The best so far, where a score is no number.
            __asm__("vmaxps %1, %2, %0" : "=v"(best) : "v"(best), "v"(least));
            *(muster_scores *)(of + 16 * block) = best;
        }
    }
}

// With AVX2: bytes are widened to 16 bits, whose products come in pairs; the pairs are added at the end.
static inline MUSTER_BYTES256 void multiply_bytes_avx2(
    const uint8_t *_Nonnull tiles, size_t count, size_t groups, const int8_t *_Nonnull query, int queries,
    int32_t *_Nonnull sums, size_t stride) {
    const size_t block = groups * 64;
    for (size_t tile = 0; tile < 4 * count; tile++) {
        for (int q = 0; q < queries; q++) {
            const uint8_t *rows = tiles + tile * block;
            muster_half_sums sum[4] = {{0}, {0}, {0}, {0}};
            for (size_t group = 0; group < groups; group++, rows += 64) {
                int32_t four;
                __builtin_memcpy(&four, query + ((size_t)q * groups + group) * 4, 4);
                uint64_t wide = 0;
                for (int byte = 3; byte >= 0; byte--) wide = wide << 16 | (uint16_t)(int8_t)(four >> 8 * byte);
                const muster_quads asked = {wide, wide, wide, wide};
#pragma clang loop unroll(full)
                for (int part = 0; part < 4; part++) {
                    muster_half_sums widened, product;
                    __asm__("vpmovzxbw %1, %0" : "=x"(widened) : "m"(*(const __int128 *)(rows + 16 * part)));
                    __asm__("vpmaddwd %2, %1, %0" : "=x"(product) : "x"(widened), "x"(asked));
                    sum[part] += product;
                }
            }
            int32_t *to = sums + (size_t)q * stride + tile * 16;
#pragma clang loop unroll(full)
            for (int part = 0; part < 4; part++) {
                for (int row = 0; row < 4; row++) to[part * 4 + row] = sum[part][2 * row] + sum[part][2 * row + 1];
            }
        }
    }
}

#endif

// Whether this build may use AVX2.
static inline int built_for_avx2(void) {
#if defined(__AVX2__)
    return 1;
#else
    return 0;
#endif
}
