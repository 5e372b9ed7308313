/* drift.h: has a fleet changed since the reference was recorded, and how often would this test say so of one that has
 * not?
 *
 * Why: samples of a fleet are neither independent in time nor between devices nor (weather) within a day, so a fixed
 * cut-off or a test for independent samples raises alarms about nothing. Here the spread of the null is measured on
 * clusters (stretches of time of a device, devices, days), and the false-alarm rate of the whole procedure is measured
 * on null fleets and printed beside the verdict. docs/drift.md has the formulas and their sources.
 * Tests: PSI and KS with the effective sizes, Wasserstein-1 by permuting clusters, CUSUM and ADWIN along time; one
 * p-value a signal (Bonferroni over the tests), Benjamini-Hochberg over the signals.
 * Determinism: all draws are functions of the seed; sums go in the order of the samples. Same bits everywhere.
 * Owns: results are plain values; a tl_drift owns its list until tl_drift_free. Threads: pure but for the arguments. */
#ifndef TL_FIDELITY_DRIFT_DRIFT_H
#define TL_FIDELITY_DRIFT_DRIFT_H
#include "base/text.h"
#include "telemetry/recording.h"

#define TL_DRIFT_SCHEMA "twinloop.drift/1"

typedef enum tl_drift_test {
  TL_DRIFT_PSI,
  TL_DRIFT_KS,
  TL_DRIFT_WASSERSTEIN,
  TL_DRIFT_CUSUM,
  TL_DRIFT_ADWIN,
  TL_DRIFT_TEST_COUNT
} tl_drift_test;
TL_API const char *tl_drift_test_name(tl_drift_test test); /* "psi", "ks", "wasserstein", ... */

typedef enum tl_drift_status {
  TL_DRIFT_OK,
  TL_DRIFT_CONSTANT,  /* the reference never varies: no distribution to test against */
  TL_DRIFT_SHORT,     /* too few independent stretches */
  TL_DRIFT_EMPTY,     /* no values at all on a side */
  TL_DRIFT_UNDEFINED, /* this test does not apply; `why` says so */
} tl_drift_status;
TL_API const char *tl_drift_status_name(tl_drift_status status);

/* What the spread of the null was measured on: the level with the greatest spread. */
typedef enum tl_drift_level {
  TL_DRIFT_BY_BLOCK,  /* stretches of time of one device, about that device's own mean */
  TL_DRIFT_BY_DEVICE, /* whole devices */
  TL_DRIFT_BY_DAY     /* stretches of time of all devices together */
} tl_drift_level;
TL_API const char *tl_drift_level_name(tl_drift_level level);

/* One side of a comparison; arrays are the caller's. Stamps never fall; NaN is missing. */
typedef struct tl_drift_side {
  const int64_t *at_ns; /* rows */
  size_t rows;
  const double *values; /* [row][device] */
  uint32_t device_count;
  const uint32_t
      *devices; /* their indexes, ascending; equal lists on both sides: the same devices */
} tl_drift_side;

typedef struct tl_drift_options {
  double alpha;  /* nominal false-alarm rate, of each test and of the verdict; 0 < alpha <= 0.5 */
  uint32_t bins; /* of PSI, 2 .. 64 */
  uint32_t permutations; /* of Wasserstein, >= 19 */
  uint32_t null_fleets;  /* 0: the rate is not measured */
  uint64_t seed;
} tl_drift_options;
TL_API tl_drift_options tl_drift_options_default(void); /* 0.05, 10, 1999, 200, 1 */

enum { TL_DRIFT_WHY_BYTES = 200 };
typedef struct tl_drift_value {
  tl_drift_status status;
  double
      value; /* PSI, D, W1 [unit], largest CUSUM [block deviations], ADWIN's largest |cut| / bound */
  double threshold; /* alarm above it, at alpha alone (before Benjamini-Hochberg) */
  double p_value;   /* ADWIN: an upper bound */
  bool alarm;       /* value > threshold */
  int64_t
      delay_ns; /* CUSUM, ADWIN with an alarm: from the beginning of the current side to it; else -1 */
  int64_t
      change_ns; /* likewise: when it seems to have begun, in the current side's time; else -1 */
  double arl;    /* CUSUM: average run length to a false alarm at the threshold [blocks]; else 0 */
} tl_drift_value;

typedef struct tl_drift_signal {
  char name[TL_SIGNAL_NAME_BYTES], unit[TL_SIGNAL_UNIT_BYTES];
  tl_drift_status status;
  char why[TL_DRIFT_WHY_BYTES]; /* a sentence when the status is not ok, or a reservation; "" */
  uint64_t used[2], missing[2]; /* values: reference, current */
  uint32_t thinned;             /* every n-th sample was used */
  bool same_devices;
  double correlation_s; /* integrated autocorrelation time of the reference */
  double block_s;       /* length of a stretch */
  uint32_t blocks[2];   /* stretches of time of a side */
  tl_drift_level level;
  double effective[2]; /* independent samples that tell as much */
  double device_share; /* of the reference's variance that lies between devices, 0 .. 1 */
  double common_share; /* of the rest: what all devices share at a time */
  double period_s;     /* median step of the reference's samples */
  double mean[2];      /* of a side, for people */
  tl_drift_value test[TL_DRIFT_TEST_COUNT];
  double p_value,
      p_adjusted; /* of the signal; after Benjamini-Hochberg; NaN when nothing was tested */
  bool drift;
} tl_drift_signal;

/* All tests of one signal; p_adjusted and drift are left to tl_drift_adjust.
 * stream  separates the draws of different signals
 * errors  TL_E_ARG: options out of range; TL_E_LIMIT: out of memory */
TL_API tl_code tl_drift_signal_test(tl_drift_signal *out, const tl_drift_side *reference,
                                    const tl_drift_side *current, const tl_drift_options *options,
                                    uint32_t stream, tl_error *err);
/* Benjamini-Hochberg (1995) over the signals that have a p-value, and their verdicts. A signal that was constant and
 * is not what it was any more has drifted without a test. */
TL_API void tl_drift_adjust(tl_drift_signal *signals, uint32_t count, double alpha);
/* The adjusted p-values alone; NaN stays NaN. */
TL_API void tl_drift_benjamini_hochberg(double *adjusted, const double *p_values, uint32_t count);

/* A rate seen on null fleets. */
typedef struct tl_drift_rate {
  uint64_t alarms, tries;
  double low, high; /* 95 % Clopper-Pearson */
} tl_drift_rate;
/* "as nominal", "conservative", "above nominal", "not measured": the interval against alpha. */
TL_API const char *tl_drift_rate_name(const tl_drift_rate *rate, double alpha);

typedef struct tl_drift {
  tl_drift_options options;
  tl_drift_signal *signals;
  uint32_t signal_count;
  tl_drift_rate test_rate[TL_DRIFT_TEST_COUNT]; /* a signal's test, before Benjamini-Hochberg */
  tl_drift_rate verdict_rate; /* a null fleet in which any signal is said to have drifted */
  char fleet[TL_SIGNAL_NAME_BYTES];
  int64_t begin_ns[2], end_ns[2]; /* what each side covers, in its own time */
  bool drift;                     /* any signal */
} tl_drift;

/* Simulates null fleets like the sides (devices, stamps, autocorrelation, spread between devices, the reference's own
 * values) in which nothing changes, runs everything on them and counts. signals: as tested on the sides.
 * errors  TL_E_LIMIT */
TL_API tl_code tl_drift_measure(tl_drift *drift, const tl_drift_side *reference,
                                const tl_drift_side *current, const double *const *sorted_reference,
                                const size_t *sorted_count, tl_error *err);

/* Where a side of a comparison of files comes from. */
typedef struct tl_drift_source {
  tl_recording *recording;
  const char *fleet; /* NULL: the only one */
  double begin, end; /* share of its time, 0 .. 1 */
} tl_drift_source;
/* Compares the signals that both sides have (same name, same dimension; values go to the reference's unit); `only`
 * NULL: all of them. Inputs and parameters of a run are tested too: a drifted input explains a drifted output.
 * errors  those of tl_recording_*; TL_E_UNIT: a name means two dimensions; TL_E_COLUMN: no common signal;
 *         TL_E_SAMPLES: a side has no samples; TL_E_ARG; TL_E_LIMIT */
TL_API tl_code tl_drift_run(tl_drift *out, const tl_drift_source *reference,
                            const tl_drift_source *current, const char *const *only,
                            uint32_t only_count, const tl_drift_options *options, tl_error *err);
TL_API void tl_drift_free(tl_drift *drift);
TL_API void tl_drift_write_json(const tl_drift *drift, tl_text *out);
TL_API void tl_drift_write_table(const tl_drift *drift, tl_text *out);
#endif
