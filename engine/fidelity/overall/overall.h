/* overall.h: one score for a twin, made of parts that can be argued with, with an interval.
 *
 * Why: one error figure over all channels hides the regime in which the twin is wrong, and a score that
 * divides by the mean of a temperature calls every twin good. So each part (channel x regime) is worth
 *     1 - rmse / scale, at least 0
 * where scale is the standard deviation of the recorded channel over the whole overlap, or a tolerance
 * that the scenario declares: neither depends on the unit's zero. 1 is a perfect part, 0 is one that the
 * recording's own mean would have reached. The score is the mean of the parts by their declared weights.
 * Interval: 95 %, circular block bootstrap (Politis & Romano 1992), the same blocks of time for all
 * channels, block length after Politis & White 2004 with the correction of 2009, scales held fixed. It
 * says how far the score would move with another recording of the same length and conditions; it says
 * nothing about conditions that the recording lacks: that is border.h.
 * Owns: nothing but what tl_overall_compute allocates and frees. Threads: pure functions. */
#ifndef TL_FIDELITY_OVERALL_H
#define TL_FIDELITY_OVERALL_H
#include "fidelity/score.h"

enum {
  TL_OVERALL_CHANNELS_MAX = 32,
  TL_OVERALL_REGIMES_MAX = 8,
  TL_OVERALL_PARTS_MAX = TL_OVERALL_CHANNELS_MAX * TL_OVERALL_REGIMES_MAX,
  TL_OVERALL_SAMPLES_MIN = 8, /* a part with fewer says so instead of a figure */
  TL_OVERALL_NO_REGIME = 255
};

typedef struct tl_overall_channel {
  const tl_score_channel *channel;
  double weight;         /* > 0 */
  double scale;          /* error that is worth nothing, in the channel's unit; 0: see above */
  const uint8_t *regime; /* [channel->series_count] regime of each stamp, or TL_OVERALL_NO_REGIME;
                            NULL: all in regime 0 */
} tl_overall_channel;

typedef struct tl_overall_def {
  const tl_overall_channel *channels;
  uint32_t channel_count;
  const char *const *regime_names;
  const double *regime_weights; /* > 0 */
  uint32_t regime_count;        /* 1 .. TL_OVERALL_REGIMES_MAX */
  uint32_t repetition_count;    /* of the bootstrap, 200 .. 10 000 */
  uint64_t seed;
  uint32_t cookie_;
} tl_overall_def;
/* One regime "all", 2000 repetitions. */
TL_API tl_overall_def tl_overall_def_default(void);

typedef struct tl_overall_part {
  uint32_t channel, regime; /* indices into the def */
  size_t used_count;        /* pairs of samples */
  double scale;             /* in the channel's unit */
  double rmse, bias;        /* in the channel's unit; bias positive = sim is high */
  double score, low, high;  /* 0..1; NaN unless status is ok */
  double weight;            /* share of the score, 0..1 */
  tl_metric_status status;
  const char *reason; /* why there is no figure; "" */
} tl_overall_part;

typedef struct tl_overall {
  double score, low, high; /* NaN when no part has a figure */
  tl_metric_status status;
  double block_s;            /* length of a bootstrap block [s], of the longest channel */
  uint32_t repetition_count; /* done */
  uint32_t part_count;
  tl_overall_part parts[TL_OVERALL_PARTS_MAX]; /* worst score first; parts without figure last */
} tl_overall;

/* errors  TL_E_LIMIT: out of memory; TL_E_ARG: counts, weights or scales out of their ranges */
TL_API tl_code tl_overall_compute(tl_overall *out, const tl_overall_def *def, tl_error *err);

/* Block length for a circular block bootstrap of the mean of x[n], in samples, 1 .. n
 * (Politis & White, Econometric Reviews 23 (2004); Patton, Politis & White 28 (2009)). Constant x: 1. */
TL_API size_t tl_overall_block_length(const double *x, size_t n);

/* Autocorrelation of sim - rec at lags 0..lag_count-1 samples; pairs with a missing value are left out.
 * NaN for a constant residual and for lags without pairs.
 * Beyond 1.96/sqrt(n) the twin leaves something unexplained that a model could still follow. */
TL_API void tl_overall_autocorrelation(double *out, size_t lag_count,
                                       const tl_score_channel *channel);
#endif
