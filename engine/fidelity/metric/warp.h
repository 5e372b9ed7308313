/* warp.h: tables of sequence alignment (time warping, Frechet, subsequences), one anti-diagonal at a
 * time.
 *
 * Why: cell (i, j) needs (i-1, j), (i, j-1) and (i-1, j-1). Along a row each waits for the one before
 * it; along an anti-diagonal none does, so a kernel is a plain loop that the compiler vectorises, and
 * three diagonals are all the memory. What is asked of the path (its length, sums along it) is carried
 * forward beside the cost instead of being read back: no table of choices is kept.
 * Owns: nothing after the call. Threads: pure but for the arguments. */
#ifndef TL_FIDELITY_METRIC_WARP_H
#define TL_FIDELITY_METRIC_WARP_H
#include "fidelity/metric/family.h"

enum { TL_WARP_CARRIED = 2 };
/* One anti-diagonal: cell k pairs a[k] with b[k]; from sim: up = last[k - 1] (one step of a), from
 * ref: left = last[k], both: before[k - 1]. The carried values lie likewise. */
typedef struct tl_warp_diagonal {
  size_t count;
  const double *a, *b, *a_at, *b_at;
  double *now, *carried_now[TL_WARP_CARRIED];
  const double *last, *before;
  const double *carried_last[TL_WARP_CARRIED], *carried_before[TL_WARP_CARRIED];
} tl_warp_diagonal;
typedef void tl_warp_kernel(const tl_warp_diagonal *d, double parameter);

typedef struct tl_warp_def {
  tl_metric_side a, b;
  size_t below, above;               /* band: -below <= j - i <= above; SIZE_MAX = none */
  double outside;                    /* cost outside of the table: INFINITY, or 0 for counts */
  double start[1 + TL_WARP_CARRIED]; /* what stands above cell (0, 0) */
  tl_warp_kernel *kernel;
  double parameter;
  const char *what; /* for messages */
} tl_warp_def;
/* out: cost, then what was carried, of the last cell. Both sides have samples.
 * errors  TL_E_LIMIT */
tl_code tl_warp(double out[1 + TL_WARP_CARRIED], const tl_warp_def *def, tl_error *err);
/* Band of a radius, wider by the difference in length so that the corners connect; radius NaN = none. */
void tl_warp_band(tl_warp_def *def, double radius);
#endif
