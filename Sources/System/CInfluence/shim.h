// What Swift cannot say itself: that a cache line will be wanted soon.
#pragma once

static inline __attribute__((always_inline)) void prefetch_for_reading(const void *_Nonnull address) {
    __builtin_prefetch(address, 0);
}

static inline __attribute__((always_inline)) void prefetch_for_writing(const void *_Nonnull address) {
    __builtin_prefetch(address, 1);
}
