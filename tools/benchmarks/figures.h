/* figures.h: clocks and medians of all benchmarks.
 *
 * Threads: pure functions. */
#ifndef TL_BENCHMARKS_FIGURES_H
#define TL_BENCHMARKS_FIGURES_H
#include <stdint.h>

double bench_now_s(void); /* monotonic */
double bench_cpu_s(void); /* of this process, all threads */
/* Sorts the values; of an even count, the mean of the middle two. count > 0. */
double bench_median(double *values, uint32_t count);
#endif
