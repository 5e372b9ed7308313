/* peaks.h: what this core's integer units give at best, measured by loops that touch no memory.
 *
 * Why: a kernel's share of that says how much is left to win, which a rate alone does not.
 * Threads: one at a time; the machine should be idle. */
#ifndef TL_BENCHMARKS_PEAKS_H
#define TL_BENCHMARKS_PEAKS_H

#include "kernels/path.h"

typedef struct peak {
  const char *loop; /* what it repeats */
  double gops;      /* 1e9 multiplications and additions of int8 a second, both counted */
} peak;

/* The best loop of exact int8 sums for a path's instructions; the CPU must have them. */
peak peak_measure(tl_kernel_path path);

#endif
