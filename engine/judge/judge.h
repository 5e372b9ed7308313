/* judge.h: watches a world as an observer, keeps fleet metrics, and says which thresholds held and
 * by how much.
 *
 * Why: a verdict is only worth its truth: samples are counted in integer histograms and sums are
 * added in block order, so that every figure has the same bits on any number of threads, and a
 * quantity without a single sample is an error, never a pass.
 * What is sampled: at each window's end, every device of the selection, from `after` on. Quantiles
 *   are nearest-rank (the smallest value that at least q of the samples do not exceed), exact to
 *   half a histogram bin, which tl_judgement.bin states: 0.001 for temperatures (errors), a
 *   column's declared resolution for columns, else 2^-17 of the declared range, else (no finite
 *   range) 0.4 % of the value. Mean, min, max and count are exact. Detection delays are kept one by
 *   one: their quantiles are exact. A fault that is not found is a delay of +infinity.
 * Detection: an alarm's onset on a device with an active fault, or within `grace_ns` after its end,
 *   finds that fault; any further onset then counts neither way; every other onset is a false
 *   alarm. An alarm that was already up when the fault began has not found it. Overlapping faults
 *   of a device count as one, from first begin to last end.
 * Owns: a tl_judge owns its memory, all of it reserved by tl_judge_create (fault lists grow in
 *   tl_judge_fault_begin past faults_reserved); it borrows the world, which must outlive it.
 * Threads: call from the thread that advances the world; window ends are evaluated on the world's
 * threads. */
#ifndef TL_JUDGE_JUDGE_H
#define TL_JUDGE_JUDGE_H
#include "judge/threshold.h"

typedef struct tl_judge tl_judge; /* opaque */

/* Which true column the controller of a fleet is meant to hold at which setpoint: what comfort.*
 * measures. */
typedef struct tl_judge_control {
  tl_fleet_id fleet;
  const char *column;   /* twin column that the controlled sensor measures: "box_K" */
  const char *setpoint; /* "control.setpoint" */
} tl_judge_control;

typedef struct tl_judge_def {
  const tl_threshold *thresholds; /* copied, device lists too */
  uint32_t threshold_count;
  const tl_judge_control *controls; /* at most one a fleet; fleets without have no comfort.* */
  uint32_t control_count;
  int64_t grace_ns;         /* after a fault's end, an alarm still finds it; default 5 min */
  uint32_t faults_reserved; /* fault episodes without further allocation; 65 536 */
  uint32_t alarms_reserved; /* false alarms kept with their time, for windows; 65 536 */
  uint32_t cookie_;
} tl_judge_def;
TL_API tl_judge_def tl_judge_def_default(void);

/* Checks every threshold against the world and reserves memory. The world may be unsealed when it
 * has all its fleets: `check` needs no more.
 * errors  TL_E_NAME: unknown fleet, column or metric (hint: nearest), at the threshold's line;
 *         TL_E_UNIT: the limit's unit has another dimension than the column; fleets disagree on a
 *         column's unit; TL_E_ARG: device out of range, abort on a limit that only the end can
 *         reach; TL_E_LIMIT: out of memory */
TL_API tl_code tl_judge_create(tl_judge **out, const tl_world *world, const tl_judge_def *def,
                               tl_error *err);
TL_API void tl_judge_destroy(tl_judge *judge); /* NULL is fine */
/* Row for tl_world_observe; valid while the judge lives. */
TL_API tl_observer tl_judge_observer(tl_judge *judge);
/* Index of the `abort` threshold that no longer held at the last window's end, or -1. The caller
 * stops the run. */
TL_API int32_t tl_judge_aborted(const tl_judge *judge);

/* --- ground truth, told by whoever injects --- */
typedef struct tl_fault_id {
  uint32_t index1;
} tl_fault_id; /* {0} is "none" */
/* A fault begins on devices at at_ns (>= the last window's end). kind is kept for the report, e.g.
 * "sensor.drift".
 * errors  TL_E_ARG: device out of range; TL_E_LIMIT: out of memory */
TL_API tl_code tl_judge_fault_begin(tl_judge *judge, tl_fault_id *out, tl_fleet_id fleet,
                                    const uint32_t *devices, uint32_t device_count, int64_t at_ns,
                                    const char *kind, tl_error *err);
/* Ends it on all its devices; ending twice is harmless. */
TL_API void tl_judge_fault_end(tl_judge *judge, tl_fault_id fault, int64_t at_ns);

/* --- values that others compute: fidelity.<metric> <channel> --- */
/* metric "fidelity.rmse", channel "box_K"; unit of the value. status NULL or "ok" counts; anything
 * else ("ill-conditioned", "undefined") makes thresholds on it errors that quote it.
 * errors  TL_E_UNIT: the threshold's limit has another dimension (reported again in its judgement)
 *         */
TL_API tl_code tl_judge_set_value(tl_judge *judge, const char *metric, const char *channel,
                                  double value, const char *unit, const char *status,
                                  tl_error *err);

/* --- the verdict --- */
typedef enum tl_verdict { TL_PASSED, TL_FAILED, TL_ERRORED } tl_verdict;
TL_API const char *tl_verdict_name(tl_verdict verdict); /* "passed", "failed", "error" */

typedef struct tl_judgement {
  tl_threshold threshold; /* a copy; its device list is the judge's */
  double observed;        /* in the threshold's unit; NaN on error; +inf: a fault was not found */
  double margin;          /* positive = held; NaN on error */
  double bin;             /* width of the histogram bin behind `observed`, 0 = exact */
  uint64_t sample_count;
  tl_modelled modelled; /* the board profile that `observed` rests on; {0}: none */
  int64_t breach_ns;    /* since when it did not hold, to the end; -1 when held or not known */
  tl_verdict verdict;
  tl_code code;      /* TL_OK, or why it is an error */
  bool not_judged;   /* an error only because the run ended before there was a sample */
  char message[320]; /* "" or the error's sentence */
} tl_judgement;

/* Judges all thresholds in their order; out holds def.threshold_count rows. Closes open faults as
 * not found. overall: TL_ERRORED if any is an error, else TL_FAILED if any failed, else TL_PASSED
 * (also without thresholds). */
TL_API void tl_judge_finish(tl_judge *judge, tl_judgement *out, tl_verdict *overall);
TL_API uint32_t tl_judge_threshold_count(const tl_judge *judge);

/* --- questions of a scenario while it runs; none allocates --- */
/* Column by name; beside tl_fleet_column_find's rules, "alarm", "score", "alarms" and "alarm_s"
 * find the detector's column when no other has the name. */
TL_API tl_code tl_judge_column_find(const tl_world *world, tl_fleet_id fleet, const char *name,
                                    const char *where, uint32_t *out, tl_error *err);
/* Statistic of a column over devices (NULL = all of the fleet) as it is now. Exact quantiles; NaN
 * values are left out.
 * TL_STAT_NONE is the mean.  errors  TL_E_NAME: unknown column; TL_E_SAMPLES: no finite value */
TL_API tl_code tl_judge_stat(const tl_world *world, tl_fleet_id fleet, const uint32_t *devices,
                             uint32_t device_count, const char *column, tl_statistic statistic,
                             double *out, tl_error *err);
/* How many of the devices have a column that is not zero: all = equal to device_count, any = more
 * than 0. */
TL_API tl_code tl_judge_count_true(const tl_world *world, tl_fleet_id fleet,
                                   const uint32_t *devices, uint32_t device_count,
                                   const char *column, uint32_t *out, tl_error *err);
/* A metric over devices (NULL = all) within the last window_ns (0 = since the start):
 * detect.false_alarms [1/device/s], detect.found, detect.missed (counts), detect.delay (s, with a
 * statistic) and comfort.error (now, over devices).
 * unit_out (32 bytes, may be NULL) gets the unit.
 * errors  TL_E_NAME: unknown metric; TL_E_SAMPLES: nothing measured; TL_E_LIMIT: window reaches
 *         past the alarms kept */
TL_API tl_code tl_judge_query(const tl_judge *judge, tl_fleet_id fleet, const uint32_t *devices,
                              uint32_t device_count, const char *metric, tl_statistic statistic,
                              int64_t window_ns, double *out, char *unit_out, tl_error *err);

/* --- for the report --- */
typedef struct tl_judge_device { /* a device worth looking at */
  tl_fleet_id fleet;
  uint32_t device;
  double error_max;      /* greatest comfort error at a window's end; NaN where none was measured */
  const char *unit;      /* of error_max; as long as the world lives */
  uint32_t false_alarms; /* from tl_judge_totals.alarms_from_ns on */
  uint32_t missed;       /* faults not found */
} tl_judge_device;
/* The worst devices: missed faults first, then false alarms, then error_max; ties by fleet and
 * device. Returns how many were written (devices with nothing to report are left out). */
TL_API uint32_t tl_judge_worst(const tl_judge *judge, tl_judge_device *out, uint32_t capacity);
/* A sampled threshold over time: the fleet's lowest, mean and highest value of each part of the
 * run. */
typedef struct tl_judge_point {
  int64_t begin_ns, end_ns;
  double low, mean, high; /* NaN when nothing was sampled */
} tl_judge_point;
enum { TL_JUDGE_POINTS_MAX = 512, TL_HEAT_ROWS = 24, TL_HEAT_COLUMNS = 128 };
/* In the unit of the threshold. Returns how many; 0 for thresholds that are not sampled at window
 * ends. */
TL_API uint32_t tl_judge_history(const tl_judge *judge, uint32_t threshold,
                                 tl_judge_point out[TL_JUDGE_POINTS_MAX]);
/* Delays [s] of the faults that a threshold on detect.delay looks at, ascending, +infinity for
 * those not found; call after tl_judge_finish. Returns how many there are; at most capacity are
 * written. */
TL_API uint32_t tl_judge_delays(const tl_judge *judge, uint32_t threshold, double *out_s,
                                uint32_t capacity);
/* Greatest comfort error of groups of neighbouring devices against time; value[row *
 * TL_HEAT_COLUMNS + column], NaN where nothing was sampled. false when comfort.error is not sampled
 * in that fleet. */
typedef struct tl_judge_heat {
  uint32_t rows, columns;
  char unit[32];            /* of the values: the controlled column's */
  int64_t begin_ns, end_ns; /* of all columns */
  double value[TL_HEAT_ROWS * TL_HEAT_COLUMNS];
} tl_judge_heat;
TL_API bool tl_judge_heat_get(const tl_judge *judge, tl_fleet_id fleet, tl_judge_heat *out);
/* Totals over all fleets and devices so far. */
typedef struct tl_judge_totals {
  uint64_t faults, found, missed;
  int64_t alarms_from_ns; /* false alarms count from here: earliest `after` of their thresholds */
  uint64_t false_alarms;
  double device_days; /* watched from there on */
} tl_judge_totals;
TL_API tl_judge_totals tl_judge_totals_get(const tl_judge *judge);
#endif
