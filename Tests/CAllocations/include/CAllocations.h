// Counts how often a thread asks the system's allocator for memory. The functions of count.c stand in front of the C
// library's for the whole test program.
#pragma once

/// Begins to count anew on this thread (1), or ends (0).
void count_allocations(int on);

/// What was counted on this thread since it last began.
long allocations_counted(void);
