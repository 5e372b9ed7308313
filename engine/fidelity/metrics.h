/* metrics.h: how far a simulated trace is from a recorded one, in numbers that say when they mean
 * nothing.
 *
 * Why: a metric that divides by a mean near zero, or explains the variance of a constant, gives
 * figures that look good or absurd; each value here carries its unit and whether it may be
 * believed, and if not, why not in words.
 * Sums are plain sequential sums in time order, in double, two passes (mean first), and functions
 * are those of base/dmath, so every platform gives the same bits.
 * Owns: nothing. Threads: every function is pure but for its arguments. */
#ifndef TL_FIDELITY_METRICS_H
#define TL_FIDELITY_METRICS_H
#include "base/text.h"

#include <stdint.h>

/* [0, TL_METRIC_COUNT): in every score. [TL_METRIC_COUNT, TL_METRIC_ALL_COUNT): when asked for. */
typedef enum tl_metric {
#define METRIC(name, ...) TL_METRIC_##name,
#include "fidelity/metrics.def"
#undef METRIC
  TL_METRIC_COUNT,
  TL_METRIC_LAST_OF_SCORE = TL_METRIC_COUNT - 1,
#define METRIC(...)
#define ASKED(name, ...) TL_METRIC_##name,
#include "fidelity/metrics.def"
#undef METRIC
  TL_METRIC_ALL_COUNT
} tl_metric;

typedef enum tl_direction { /* which way is better */
                            TL_LOWER,
                            TL_HIGHER,
                            TL_ZERO,   /* nearer to 0 */
                            TL_ONE,    /* nearer to 1 */
                            TL_NOMINAL /* nearer to the nominal 0.9 */
} tl_direction;

typedef struct tl_metric_info {
  const char *name; /* "rmse", as in files and in "fidelity.rmse box_K" */
  const char *unit; /* "channel" and what is made of it, "%", "1", "samples", "s", "dB" */
  double low, high; /* closed range of the value */
  tl_direction direction;
  const char *parameters; /* names of metric/parameters.def with blanks between, or "" */
  const char *source;     /* definition */
  const char *use;        /* what it is good for */
  const char *not_for;    /* what it must not be used for */
  const char *family;     /* metrics of one family are computed at once */
} tl_metric_info;
TL_API const tl_metric_info *tl_metric_describe(tl_metric metric);
TL_API bool tl_metric_find(tl_metric *out, const char *name);
/* The same for users: unknown names get the nearest as a hint.
 * errors  TL_E_NAME */
TL_API tl_code tl_metric_parse(tl_metric *out, const char *name, const char *where, tl_error *err);
TL_API const char *tl_direction_name(tl_direction direction); /* "lower" ... "nominal" */

typedef enum tl_metric_status {
  TL_METRIC_OK,
  TL_METRIC_UNDEFINED,      /* too few samples, a constant reference ...; value is NaN */
  TL_METRIC_ILL_CONDITIONED /* |mean| <= 0.1 % of the range; value is NaN too: no figure is better
                               than one that looks good */
} tl_metric_status;
TL_API const char *
tl_metric_status_name(tl_metric_status status); /* "ok", "undefined", "ill-conditioned" */

enum { TL_METRIC_UNIT_BYTES = 32 };
typedef struct tl_metric_value {
  double value; /* NaN when undefined */
  char unit[TL_METRIC_UNIT_BYTES];
  tl_metric_status status;
  const char
      *reason; /* why it is not ok, in words; NULL when it is. Lives as long as the program */
} tl_metric_value;

/* The metrics of every score from n pairs, none NaN (gaps are taken out before). unit: the
 * channel's; n may be 0 (all undefined).
 * Units: differences in degC or degF come in K (degF is converted).
 * cvrmse_pct and nmbe_pct of an absolute temperature use its mean in degC, whichever of K, degC,
 * degF was recorded, so that the figure does not change with the scale; a mean below 150 K is taken
 * as a temperature difference and used as it is. */
TL_API void tl_metrics_compute(tl_metric_value out[TL_METRIC_COUNT], const double *sim,
                               const double *ref, size_t n, const char *unit);

/* --- parameters --- */
typedef enum tl_parameter {
#define PARAMETER(name, ...) TL_PARAMETER_##name,
#include "fidelity/metric/parameters.def"
#undef PARAMETER
  TL_PARAMETER_COUNT
} tl_parameter;
typedef struct tl_metric_parameters {
  double value[TL_PARAMETER_COUNT]; /* NaN: none. A word's place in its list */
} tl_metric_parameters;
TL_API tl_metric_parameters tl_metric_parameters_default(void);
TL_API const char *tl_parameter_name(tl_parameter parameter);
TL_API const char *tl_parameter_meaning(tl_parameter parameter);
/* The word that a parameter of words has; false for numbers. */
enum { TL_PARAMETER_WORD_BYTES = 32 };
TL_API bool tl_parameter_word(char out[TL_PARAMETER_WORD_BYTES], tl_parameter parameter,
                              const tl_metric_parameters *of);
/* errors  TL_E_NAME: unknown (hint: nearest); TL_E_ARG: out of range, not whole, or a word is wanted */
TL_API tl_code tl_metric_parameter_set(tl_metric_parameters *out, const char *name, double value,
                                       const char *where, tl_error *err);
/* The same for those that take a word, as `estimator`. */
TL_API tl_code tl_metric_parameter_set_word(tl_metric_parameters *out, const char *name,
                                            const char *word, const char *where, tl_error *err);

/* --- every metric --- */
/* A pair of columns: count rows. NaN or infinite = missing. Metrics of pairs leave out rows that
 * miss either; metrics that allow different lengths leave out each side's own. */
typedef struct tl_metric_series {
  const double *at;             /* [s], never falling (asserted), finite; NULL: 0, 1, 2 ... */
  const double *ref, *sim;      /* ref alone for ensembles; sim may be NULL then */
  const double *const *members; /* member_count columns; NULL without an ensemble */
  uint32_t member_count;
  size_t count;
  const char *unit; /* of ref and sim: a name of base/units.def, "1" when unknown */
} tl_metric_series;
/* Computes the metrics whose `wanted` is true; others in out are left alone. Absolute temperatures
 * are taken in degC, so that no figure depends on the scale. Metrics
 * are undefined when they need a table of more than TL_METRIC_CELLS_MAX cells.
 * errors  TL_E_LIMIT: no memory */
#define TL_METRIC_CELLS_MAX ((size_t)1 << 32)
TL_API tl_code tl_metrics_measure(tl_metric_value out[TL_METRIC_ALL_COUNT],
                                  const bool wanted[TL_METRIC_ALL_COUNT],
                                  const tl_metric_series *series,
                                  const tl_metric_parameters *parameters, tl_error *err);

/* `list`: names with commas between, "all" that the columns allow, or NULL: those of every score
 * (ensembles: all of theirs). The warp of a warped distance is always wanted beside it.
 * errors  TL_E_NAME: unknown (hint: nearest) */
TL_API tl_code tl_metric_choose(bool wanted[TL_METRIC_ALL_COUNT], const char *list, bool has_sim,
                                bool has_members, tl_error *err);
/* {"value", "unit", "status"[, "reason"]}; value is null unless status is ok. */
TL_API void tl_metric_write_json(tl_text *out, const tl_metric_value *value);
#endif
