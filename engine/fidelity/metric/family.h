/* family.h: what a family of metrics gets and how it answers. Inside of the room only.
 *
 * Why: metrics that share sums, a sort or a table are computed together; the caller asks by name and
 * never sees the grouping.
 * Owns: inputs are the caller's. Threads: pure but for the arguments. */
#ifndef TL_FIDELITY_METRIC_FAMILY_H
#define TL_FIDELITY_METRIC_FAMILY_H
#include "fidelity/metrics.h"

typedef struct tl_metric_side {
  const double *value, *at; /* finite */
  size_t count;
} tl_metric_side;

typedef struct tl_metric_input {
  tl_metric_side sim, ref;         /* pairs: the same count and stamps */
  tl_metric_side sim_own, ref_own; /* each side's own samples */
  size_t missing;                  /* rows left out of the pairs */
  double step;                     /* median of the pairs' steps; 0 with fewer than two */
  bool uniform;                    /* every step within 1 % of it */
  const double *members;           /* [row of the ensemble][member_count] */
  const double *observed;          /* [ensemble_count] */
  size_t ensemble_count;           /* rows in which all are there */
  uint32_t member_count;
  double zero; /* what ratios to the mean take as 0: 273.15 of values in K, else mostly 0 */
} tl_metric_input;

/* Fills the values of its metrics, all of them.
 * errors  TL_E_LIMIT: out of memory or too large a table */
#define FAMILY(name, of)                                                                           \
  tl_code tl_family_##name(tl_metric_value out[TL_METRIC_ALL_COUNT], const tl_metric_input *in,    \
                           const tl_metric_parameters *parameters, tl_error *err);
#include "fidelity/metric/families.def"
#undef FAMILY

/* A value; what is not finite becomes undefined. No "-0 %". */
void tl_metric_set(tl_metric_value *out, double value);
void tl_metric_refuse(tl_metric_value *out, tl_metric_status status, const char *reason);
static inline void tl_metric_undefined(tl_metric_value *out, const char *reason)
{
  tl_metric_refuse(out, TL_METRIC_UNDEFINED, reason);
}

/* --- units --- */
/* 0 degC in the unit when `mean` is that of absolute temperatures, else 0. */
double tl_metric_zero(const char *unit, double mean);
/* The unit of a difference (K for degC and degF) and its size in it. */
double tl_metric_difference(char out[TL_METRIC_UNIT_BYTES], const char *unit);
/* By the metric's rule: "channel^2" of K is K^2. */
void tl_metric_name_unit(char out[TL_METRIC_UNIT_BYTES], tl_metric metric, const char *difference);

/* --- what several families need --- */
/* A mean nearer to zero than this share of the range makes ratios to it meaningless. */
#define TL_METRIC_MEAN_RATIO_MIN 1e-3

typedef struct tl_moments {
  double mean, low, high, range;
  double spread_sq; /* sum (x - mean)^2 */
  double sum, sum_sq;
  bool is_constant, is_weak; /* weak: |mean| <= 0.1 % of the range, or 0 */
} tl_moments;
tl_moments tl_moments_of(const double *value, size_t count);
/* Pearson correlation, in [-1, 1]; NaN when either side is constant. */
double tl_correlation(const double *a, const double *b, size_t count);

/* Ascending; ties keep their order (it shows: -0 and 0). scratch: count values. */
void tl_sort_values(double *value, double *scratch, size_t count);
/* order[k] = index of the k-th smallest; ties keep their order. scratch: count indices. */
void tl_sort_order(uint32_t *order, uint32_t *scratch, const double *value, size_t count);

/* malloc of count * bytes, or TL_E_LIMIT. */
tl_code tl_metric_memory(void **out, size_t count, size_t bytes, tl_error *err);
/* errors  TL_E_LIMIT: rows * columns > TL_METRIC_CELLS_MAX, naming both */
tl_code tl_metric_table_allowed(size_t rows, size_t columns, const char *what, tl_error *err);

#define TL_REASON_NO_SAMPLES "no samples"
#define TL_REASON_CONSTANT_REF "the reference is constant"
#define TL_REASON_CONSTANT_SIM "the simulation is constant"
#define TL_REASON_WEAK_MEAN_REF "the reference's mean is within 0.1 % of its range from zero"
#define TL_REASON_WEAK_MEAN_SIM "the simulation's mean is within 0.1 % of its range from zero"
#endif
