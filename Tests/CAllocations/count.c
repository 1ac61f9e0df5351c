#include "CAllocations.h"

#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// Of the initial-exec kind, which needs no memory of its own at first use.
static __thread int is_counted __attribute__((tls_model("initial-exec")));
static __thread long count __attribute__((tls_model("initial-exec")));

void count_allocations(int on) {
    is_counted = on;
    if (on) count = 0;
}

long allocations_counted(void) { return count; }

void *malloc(size_t size) {
    count += is_counted;
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    count += is_counted;
    return __libc_calloc(items, size);
}

void *realloc(void *memory, size_t size) {
    count += is_counted;
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count += is_counted;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    *memory = memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}
