#include "benchmarks/figures.h"

#include <stdlib.h>
#include <time.h>

static double read_s(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_now_s(void) { return read_s(CLOCK_MONOTONIC); }
double bench_cpu_s(void) { return read_s(CLOCK_PROCESS_CPUTIME_ID); }

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double bench_median(double *values, uint32_t count)
{
  qsort(values, count, sizeof *values, ascending);
  return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}
