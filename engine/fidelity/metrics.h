/* metrics.h: how far a simulated trace is from a recorded one, in numbers that say when they mean
 * nothing.
 *
 * Why: a metric that divides by a mean near zero, or explains the variance of a constant, gives
 * figures that look good or absurd; each value here carries its unit and whether it may be
 * believed.
 * Sums are plain sequential sums in time order, in double, two passes (mean first), so every
 * platform gives the same bits.
 * Owns: nothing. Threads: every function is pure but for its arguments. */
#ifndef TL_FIDELITY_METRICS_H
#define TL_FIDELITY_METRICS_H
#include "base/error.h"

#include <stdint.h>

typedef enum tl_metric {
#define METRIC(name, ...) TL_METRIC_##name,
#include "fidelity/metrics.def"
#undef METRIC
  TL_METRIC_COUNT
} tl_metric;

typedef enum tl_direction { TL_LOWER, TL_HIGHER, TL_ZERO } tl_direction; /* which way is better */

typedef struct tl_metric_info {
  const char *name; /* "rmse", as in files and in "fidelity.rmse box_K" */
  const char *unit; /* "channel", "%" or "1" */
  tl_direction direction;
  const char *source;  /* definition */
  const char *use;     /* what it is good for */
  const char *not_for; /* what it must not be used for */
} tl_metric_info;
TL_API const tl_metric_info *tl_metric_describe(tl_metric metric);
TL_API bool tl_metric_find(tl_metric *out, const char *name);

typedef enum tl_metric_status {
  TL_METRIC_OK,
  TL_METRIC_UNDEFINED,      /* too few samples, or a constant reference; value is NaN */
  TL_METRIC_ILL_CONDITIONED /* |mean ref| <= 1 % of its range; value is NaN too: no figure is better
                               than one that looks good */
} tl_metric_status;
TL_API const char *
tl_metric_status_name(tl_metric_status status); /* "ok", "undefined", "ill-conditioned" */

enum { TL_METRIC_UNIT_BYTES = 32 };
typedef struct tl_metric_value {
  double value; /* NaN when undefined */
  char unit[TL_METRIC_UNIT_BYTES];
  tl_metric_status status;
} tl_metric_value;

/* All metrics of n pairs, none NaN (gaps are taken out before). unit: the channel's; n may be 0
 * (all undefined).
 * Units: rmse, mae, max_error and bias of degC or degF come in K (a difference; degF is converted).
 * cvrmse_pct and nmbe_pct of an absolute temperature use its mean in degC, whichever of K, degC,
 * degF was recorded, so that the figure does not change with the scale; a mean below 150 K is taken
 * as a temperature difference and used as it is. */
TL_API void tl_metrics_compute(tl_metric_value out[TL_METRIC_COUNT], const double *sim,
                               const double *ref, size_t n, const char *unit);
#endif
