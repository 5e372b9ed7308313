/* score.h: a simulation against a recording, channel by channel, over what both of them cover.
 *
 * Why: the twin's worth is its distance from the real device on the real device's own stamps. So
 * nothing is resampled but the simulation, nothing is extrapolated, and a hole in either stays a
 * hole.
 * Rules: channels pair by name ("box_K" also with "box" or "box_degC"), or as the given pairs say;
 *   values are converted to the recording's unit. At each of the recording's stamps inside the
 *   overlap [max of begins, min of ends]: the simulation's sample of the same nanosecond, else the
 *   straight line between its neighbours, when both are numbers and at most gap_ns apart (a longer
 *   step is a hole). Stamps where either is missing are left out and counted.
 * Owns: a tl_score owns its memory until tl_score_free. Threads: calls on different scores may run
 * at once. */
#ifndef TL_FIDELITY_SCORE_H
#define TL_FIDELITY_SCORE_H
#include "base/text.h"
#include "fidelity/metrics.h"
#include "fidelity/overall/tube.h"
#include "telemetry/recording.h"

#define TL_SCORE_SCHEMA "twinloop.score/1"
enum { TL_SCORE_NAME_BYTES = 64 };

/* Metrics whose value depends on the zero of the scale. */
#define TL_DEVIATION_METRICS(X)                                                                    \
  X(iso18571_R) X(iso18571_Z) X(iso18571_EP) X(iso18571_EM) X(iso18571_ES) X(cvrmse_pct) X(nmbe_pct)
enum {
#define X(name) TL_DEVIATION_##name,
  TL_DEVIATION_METRICS(X)
#undef X
      TL_DEVIATION_COUNT
};
TL_API tl_metric tl_deviation_metric(uint32_t index);

/* One channel in memory; arrays are the caller's. Stamps never fall (asserted); NaN is a
 * missing value. */
typedef struct tl_trace {
  const char *name;
  const char *unit; /* a name of base/units.def */
  const int64_t *at_ns;
  const double *value;
  size_t count;
} tl_trace;

/* Simulated channel `sim` is compared with recorded channel `rec`. */
typedef struct tl_score_pair {
  const char *sim, *rec;
  const char *where; /* "x.lua:12" of the compare, for messages; may be NULL */
} tl_score_pair;

typedef struct tl_score_channel {
  char name[TL_SCORE_NAME_BYTES]; /* of the simulation, as thresholds name it */
  char rec_name[TL_SCORE_NAME_BYTES];
  char unit[TL_METRIC_UNIT_BYTES]; /* the recording's */
  tl_metric_value metric[TL_METRIC_COUNT];
  tl_metric_value *asked;    /* [TL_METRIC_ALL_COUNT], those of tl_score_ask; NULL: none */
  int64_t begin_ns, end_ns;  /* overlap: first and last time that both sides cover */
  size_t rec_count;          /* stamps of the recording, all of them */
  size_t outside_count;      /* of these: outside the overlap */
  size_t rec_gap_count;      /* inside, but the recording has no value */
  size_t sim_gap_count;      /* inside, recorded, but the simulation has none there */
  size_t used_count;         /* compared: what the metrics are made of */
  size_t interpolated_count; /* of these: between two samples of the simulation */
  /* The aligned series, for plots: the recording's stamps inside the overlap; NaN where missing. */
  size_t series_count;
  const int64_t *series_ns;
  const double *series_sim, *series_rec; /* in `unit` */
  /* The same comparison of deviations from ambient: a temperature's zero is arbitrary, and measures that
   * divide by values look good on any scale far from it. deviation_from "": not made. */
  char deviation_from[TL_SCORE_NAME_BYTES]; /* "t1", or "its first value" */
  tl_metric_value deviation[TL_DEVIATION_COUNT];
  /* A declared tube (overall/tube.h); the band is [series_count] in `unit`. */
  bool has_tube;
  tl_tube tube;
  tl_tube_result in_tube;
  const double *tube_low, *tube_high;
} tl_score_channel;

struct tl_overall;
typedef struct tl_score {
  tl_score_channel *channels; /* in the order of the pairs, else of the recording */
  uint32_t channel_count;
  uint32_t room; /* channels reserved; private */
  /* One score over channels and regimes (overall/overall.h), the caller's; NULL: not made. */
  const struct tl_overall *overall;
  const char *const *regime_names;
  bool has_asked,
      asked[TL_METRIC_ALL_COUNT]; /* what is told instead of the metrics of every score */
} tl_score;

typedef struct tl_score_options {
  int64_t gap_ns; /* longest step of the simulation that is bridged; 0: ten times its median step */
} tl_score_options;

/* Compares two traces into out (its series point into memory that *series_memory owns: free() it).
 * errors  TL_E_UNIT: units of different dimension; TL_E_SAMPLES: no overlap, with both ranges in
 *         the message; TL_E_LIMIT: out of memory */
TL_API tl_code tl_score_traces(tl_score_channel *out, void **series_memory, const tl_trace *sim,
                               const tl_trace *rec, const tl_score_options *options, tl_error *err);
/* Fills channel->deviation: both sides minus ambient[channel->series_count] (in the channel's unit; NaN:
 * the stamp is left out), or minus the first recorded value when ambient is NULL. Stamps that
 * jitter by less than half a step count as even for ISO 18571. Over at most 20 000
 * stamps, as ISO 18571 costs their square; longer records say so as undefined.
 * errors  TL_E_LIMIT: out of memory */
TL_API tl_code tl_score_deviation(tl_score_channel *channel, const double *ambient,
                                  const char *from, tl_error *err);
/* Compares lists of traces. pairs NULL: every name that both have.
 * errors  those of tl_score_traces; TL_E_COLUMN: a pair names a channel that is not there (hint:
 *         nearest), or no name is common to both (the message lists both sides) */
TL_API tl_code tl_score_sets(tl_score *out, const tl_trace *sim, uint32_t sim_count,
                             const tl_trace *rec, uint32_t rec_count, const tl_score_pair *pairs,
                             uint32_t pair_count, const tl_score_options *options, tl_error *err);
/* Computes metrics by name from the aligned series; from then on these are written, in place of
 * those of every score. A row that misses a side counts as tl_metrics_measure says.
 * errors  those of tl_metrics_measure */
TL_API tl_code tl_score_ask(tl_score *score, const bool wanted[TL_METRIC_ALL_COUNT],
                            const tl_metric_parameters *parameters, tl_error *err);
/* One channel, into out. */
TL_API tl_code tl_score_channel_measure(tl_metric_value out[TL_METRIC_ALL_COUNT],
                                        const bool wanted[TL_METRIC_ALL_COUNT],
                                        const tl_score_channel *channel,
                                        const tl_metric_parameters *parameters, tl_error *err);
TL_API void tl_score_free(tl_score *score);

/* One device of a run, recording or CSV file. */
typedef struct tl_score_side {
  tl_recording *recording;
  const char *fleet; /* NULL = the only one */
  uint32_t device; /* index in the fleet; a file of one device gives that one, whatever is asked */
} tl_score_side;
/* Reads and compares. Without pairs, inputs of a run (what a recording drove) are left out: they
 * agree by construction.
 * errors  those of tl_score_sets; those of tl_recording_fleet_find, _device_find and _read */
TL_API tl_code tl_score_run(tl_score *out, const tl_score_side *sim, const tl_score_side *rec,
                            const tl_score_pair *pairs, uint32_t pair_count,
                            const tl_score_options *options, tl_error *err);

/* {"schema":"twinloop.score/1","channels":{name:{metric:{value,unit,status[,reason]}}}} and, beside the
 * metrics of a channel, nothing: counts and overlap follow under "samples": {name:{...}}. Undefined
 * values are null. Ends in a newline. */
TL_API void tl_score_write_json(const tl_score *score, tl_text *out);
/* A table for people: one block a channel, metric, value, unit, and what may not be believed. */
TL_API void tl_score_write_table(const tl_score *score, tl_text *out);
#endif
