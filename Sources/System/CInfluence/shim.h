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
