/* calibrate.h: the parameters and initial states with which a twin comes nearest to its recordings,
 * and how well the recordings know them.
 *
 * Why: a candidate is a device. A generation (every start, every trial step, every column of a
 * Jacobian) is one block of devices that the twin steps through the recording's own stamps with
 * its inputs held, as a run would (sim/driven.h): the bits are those of a run with these values.
 * What: minimises the sum of squares of weight * (simulated - recorded) over the training samples
 * within bounds, from several starts, by Levenberg-Marquardt or a derivative-free method. Then, at
 * the best point: covariance, 95 % intervals and correlations from the Jacobian with the residuals'
 * autocorrelation taken into account (statistics.h), directions that the recordings do not see, in
 * words (identify.h), and the error on what was not used for fitting beside two plain baselines.
 * The result does not depend on thread_count or path.
 * Owns: a tl_calibration owns its memory until tl_calibration_free; a problem is the caller's and
 * must live during the call. Threads: call from one; it uses thread_count of its own. */
#ifndef TL_FIDELITY_CALIBRATE_H
#define TL_FIDELITY_CALIBRATE_H
#include "sim/twin.h"

#include <signal.h>

enum {
  TL_CALIBRATE_NAME_BYTES = 96,
  TL_CALIBRATE_FREE_MAX = 120, /* a block holds a start with both sides of every difference */
  TL_CALIBRATE_CHANNELS_MAX = 32,
  TL_CALIBRATE_SENTENCE_BYTES = 400
};

typedef enum tl_calibrate_method {
  TL_CALIBRATE_LM, /* Levenberg-Marquardt, differences for derivatives; ours */
  TL_CALIBRATE_BOBYQA,
  TL_CALIBRATE_NELDER_MEAD,
  TL_CALIBRATE_SBPLX,
  TL_CALIBRATE_COBYLA, /* these four: NLopt, if this program was built with it */
  TL_CALIBRATE_METHOD_COUNT
} tl_calibrate_method;

/* Intervals from the curvature at the best point, or from how far a value can move before the sum of
 * squares, all others fitted anew, rises as much as noise explains (profile.c). */
typedef enum tl_calibrate_intervals {
  TL_CALIBRATE_AUTO, /* profiles up to TL_CALIBRATE_PROFILES_MAX free values */
  TL_CALIBRATE_LINEAR,
  TL_CALIBRATE_PROFILE
} tl_calibrate_intervals;
#define TL_CALIBRATE_PROFILES_MAX 10u

typedef enum tl_sample_part {
  TL_SAMPLE_TRAIN,
  TL_SAMPLE_VALIDATE,
  TL_SAMPLE_UNUSED
} tl_sample_part;

/* One compared column of one run. Samples ascend in time. A sample lies at stamp[i], or at the
 * share fraction[i] of the way from there to the next stamp. */
typedef struct tl_calibrate_channel {
  const char *name; /* of the simulation: "box_K" */
  const char *unit; /* in which errors are told: the recording's */
  double per_unit;  /* a difference of 1 in the column's unit is this much in `unit` */
  uint32_t column;  /* of the twin */
  double weight;    /* of a difference in the column's unit, > 0 */
  uint32_t count;
  const uint32_t *stamp;
  const double *fraction; /* [0, 1) */
  const double *value;    /* in the column's unit; NaN = missing */
  const uint8_t *part;    /* tl_sample_part */
  bool has_baseline;      /* of another recording; else the channel's own training samples are it */
  double mean, last;      /* in the column's unit */
} tl_calibrate_channel;

typedef struct tl_calibrate_input {
  uint32_t column;
  const double *values; /* one a stamp */
} tl_calibrate_input;

/* One driven device: a recording and the twin that follows it. */
typedef struct tl_calibrate_run {
  const char *name; /* the fleet's */
  const tl_twin_type *twin;
  int64_t dt_ns;
  uint32_t stamp_count;
  const int64_t *stamps_ns;
  uint32_t input_count;
  const tl_calibrate_input *inputs;
  const double *base; /* value of every twin column at time 0 */
  uint32_t channel_count;
  const tl_calibrate_channel *channels;
} tl_calibrate_run;

typedef struct tl_calibrate_target {
  uint32_t run, column;
} tl_calibrate_target;

/* One free value, written to one or more columns of one or more runs. */
typedef struct tl_calibrate_free {
  const char *name, *unit;
  double start, low, high; /* low < high, low <= start <= high */
  bool log;                /* searched by its logarithm; needs low > 0 */
  bool relative;           /* 0 is its natural zero: scale directions are told of it */
  uint32_t target_count;
  const tl_calibrate_target *targets;
  const char *where; /* for messages; may be NULL */
} tl_calibrate_free;

typedef struct tl_calibrate_problem {
  uint32_t run_count, free_count;
  const tl_calibrate_run *runs;
  const tl_calibrate_free *free;
  const char *where; /* of calibrate{} */
} tl_calibrate_problem;

/* Who watches a fit. progress: called after every generation of Levenberg-Marquardt (NLopt's methods have none) by the
 * thread that called tl_calibrate, with the simulations made so far; it cannot change the result. */
typedef struct tl_calibrate_hooks {
  const volatile sig_atomic_t *interrupted;           /* not zero: stop soon; may be NULL */
  void (*progress)(void *self, uint64_t simulations); /* may be NULL */
  void *self;
} tl_calibrate_hooks;

typedef struct tl_calibrate_options {
  tl_calibrate_method method;
  tl_calibrate_intervals intervals;
  uint32_t starts;         /* the given one and starts - 1 drawn within the bounds, >= 1 */
  uint32_t iterations_max; /* a start */
  uint64_t seed;           /* of the drawn starts */
  uint32_t thread_count;   /* 0 = all */
  tl_simd_path path;
  tl_calibrate_hooks hooks;
  uint32_t cookie_;
} tl_calibrate_options;
TL_API tl_calibrate_options tl_calibrate_options_default(void);
/* "lm", "bobyqa", "nelder-mead", "sbplx", "cobyla"; NULL when out of range. */
TL_API const char *tl_calibrate_method_name(tl_calibrate_method method);
/* False for NLopt's methods in a program that was built without it. */
TL_API bool tl_calibrate_has_method(tl_calibrate_method method);

typedef struct tl_calibrated {
  double value;
  double low, high;   /* 95 % interval; NaN: none, see `status` */
  double deviation;   /* standard error of the value (of its logarithm if searched by that) */
  bool at_bound;      /* the fit ran into a bound and stays there */
  const char *status; /* "ok", "at bound", "not identifiable", or "few samples": the residuals
                        hang together so much that the interval is hardly one */
} tl_calibrated;

typedef struct tl_calibrate_part { /* one channel, one part */
  uint32_t count;                  /* samples; 0: the rest is NaN */
  double rmse;                     /* in the channel's unit */
  double rmse_mean;                /* baseline: the mean of the training samples */
  double rmse_last;                /* baseline: the last training sample held */
} tl_calibrate_part;

typedef struct tl_calibrate_channel_fit {
  uint32_t run, channel;
  tl_calibrate_part train, validate;
  double correlation_s;   /* time constant of the residuals' correlation; 0 = white */
  double lag1;            /* their correlation from one sample to the next, bias removed */
  double effective_count; /* of the training samples: as many independent ones know as much */
} tl_calibrate_channel_fit;

typedef struct tl_calibration {
  uint32_t free_count, channel_count, sentence_count;
  tl_calibrated *values; /* [free] */
  double *covariance;    /* [free][free], of values or their logarithms; NaN where undefined */
  double *correlation;   /* [free][free] */
  tl_calibrate_channel_fit *channels;
  char (*unidentifiable)[TL_CALIBRATE_SENTENCE_BYTES];
  bool profiled;              /* intervals are of profiles */
  bool same_unit;             /* of all channels: then rmse is in that unit, else weighted */
  double rmse, rmse_validate; /* over all channels' samples; NaN without samples */
  uint64_t simulations;       /* candidates times runs, all of them */
  uint64_t diverged;          /* of these: not finite, and therefore rejected */
  uint32_t starts, starts_diverged;
  uint32_t starts_at_best; /* that ended within 0.1 % of the best sum of squares */
  uint32_t iterations;     /* of the best start */
  bool converged;          /* the best start; false: it used up its iterations */
  double condition;        /* greatest over smallest singular value of the scaled Jacobian */
} tl_calibration;

/* Without free values nothing is searched: the runs are simulated as they are and judged.
 * errors  TL_E_ARG: bounds reversed, start outside, more free values than samples, a column that
 *         cannot be free; TL_E_SAMPLES: no training sample; TL_E_NAN: every start diverges;
 *         TL_E_INTERRUPTED; TL_E_LIMIT: memory, too many; TL_E_USAGE: a method that this build has not */
TL_API tl_code tl_calibrate(tl_calibration *out, const tl_calibrate_problem *problem,
                            const tl_calibrate_options *options, tl_error *err);
TL_API void tl_calibration_free(tl_calibration *calibration);
/* Everything that tl_calibrate refuses before it simulates. */
TL_API tl_code tl_calibrate_check(const tl_calibrate_problem *problem,
                                  const tl_calibrate_options *options, tl_error *err);

/* cost[i]: the sum of squares that tl_calibrate minimises, of candidate i with values [count][free];
 * +infinity when its simulation is not finite. For profiles and maps of a problem.
 * errors  TL_E_LIMIT */
TL_API tl_code tl_calibrate_costs(const tl_calibrate_problem *problem, const double *values,
                                  uint32_t count, const tl_calibrate_options *options, double *cost,
                                  tl_error *err);
/* The simulated values of one candidate, for every sample of a run's channel, in the column's
 * unit: what the fit compared. out has that channel's count. values: [free].
 * errors  TL_E_LIMIT, TL_E_NAN */
TL_API tl_code tl_calibrate_trace(const tl_calibrate_problem *problem, const double *values,
                                  uint32_t run, uint32_t channel, tl_simd_path path, double *out,
                                  tl_error *err);
#endif
