// What Swift cannot say itself: that a cache line will be wanted soon, and the comparison of 64 bytes as 64 bits.
#pragma once

#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

static inline __attribute__((always_inline)) void prefetch_for_reading(const void *_Nonnull address) {
    __builtin_prefetch(address, 0);
}

static inline __attribute__((always_inline)) void prefetch_for_writing(const void *_Nonnull address) {
    __builtin_prefetch(address, 1);
}

// Bit i says whether levels[i] > limit, for 64 levels; limit is at most 254.
static inline __attribute__((always_inline)) uint64_t levels_above(const uint8_t *_Nonnull levels, uint8_t limit) {
#if defined(__AVX2__)
    const __m256i least = _mm256_set1_epi8((char)(limit + 1));
    const __m256i low = _mm256_loadu_si256((const __m256i *)levels);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(levels + 32));
    const uint32_t below = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(low, least), low));
    const uint32_t above = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(high, least), high));
    return (uint64_t)above << 32 | below;
#else
    uint64_t bits = 0;
    for (int index = 0; index < 64; index++) bits |= (uint64_t)(levels[index] > limit) << index;
    return bits;
#endif
}

// Adds bit i of each of `count` (at most 255) masks to counts[i]; of masks[j] only what is not in met[sets[j]].
static inline void count_open_bits(
    const uint64_t *_Nonnull masks, const uint32_t *_Nonnull sets, const uint64_t *_Nonnull met, long count,
    uint8_t *_Nonnull counts
) {
#if defined(__AVX2__)
    const __m256i byte_of_bit = _mm256_setr_epi8(
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201uLL);
    __m256i low = _mm256_loadu_si256((const __m256i *)counts);
    __m256i high = _mm256_loadu_si256((const __m256i *)(counts + 32));
    for (long index = 0; index < count; index++) {
        const uint64_t open = masks[index] & ~met[sets[index]];
        const __m256i first = _mm256_shuffle_epi8(_mm256_set1_epi32((int)open), byte_of_bit);
        const __m256i second = _mm256_shuffle_epi8(_mm256_set1_epi32((int)(open >> 32)), byte_of_bit);
        low = _mm256_sub_epi8(low, _mm256_cmpeq_epi8(_mm256_and_si256(first, bit), bit));
        high = _mm256_sub_epi8(high, _mm256_cmpeq_epi8(_mm256_and_si256(second, bit), bit));
    }
    _mm256_storeu_si256((__m256i *)counts, low);
    _mm256_storeu_si256((__m256i *)(counts + 32), high);
#else
    for (long index = 0; index < count; index++) {
        const uint64_t open = masks[index] & ~met[sets[index]];
        for (int bit = 0; bit < 64; bit++) counts[bit] += (uint8_t)(open >> bit & 1);
    }
#endif
}
