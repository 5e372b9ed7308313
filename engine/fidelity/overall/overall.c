#include "fidelity/overall/overall.h"

#include "base/dmath.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COOKIE = 0x4f56, REPETITIONS_MIN = 200, REPETITIONS_MAX = 10000 };

static const char *const default_names[] = {"all"};
static const double default_weights[] = {1.0};

tl_overall_def tl_overall_def_default(void)
{
  return (tl_overall_def){.regime_names = default_names,
                          .regime_weights = default_weights,
                          .regime_count = 1,
                          .repetition_count = 2000,
                          .cookie_ = COOKIE};
}

/* Squared errors of one part, summed up so that any stretch of stamps costs two reads:
 * [i] holds the sum over the stamps before i. */
typedef struct part_sums {
  double *square;
  uint32_t *count;
} part_sums;

typedef struct work {
  const tl_overall_def *def;
  tl_overall *out;
  part_sums sums[TL_OVERALL_PARTS_MAX]; /* in the order of out->parts before they are sorted */
  double raw_weight[TL_OVERALL_PARTS_MAX];
  double *draws; /* [parts + 1][repetitions] */
  void *memory;
} work;

static tl_code check(const tl_overall_def *def, tl_error *err)
{
  assert(def->cookie_ == COOKIE);
  if (def->channel_count == 0 || def->channel_count > TL_OVERALL_CHANNELS_MAX)
    return tl_fail(err, TL_E_ARG, NULL, "a score needs 1 to %d channels, not %u",
                   TL_OVERALL_CHANNELS_MAX, def->channel_count);
  if (def->regime_count == 0 || def->regime_count > TL_OVERALL_REGIMES_MAX)
    return tl_fail(err, TL_E_ARG, NULL, "a score has 1 to %d regimes, not %u",
                   TL_OVERALL_REGIMES_MAX, def->regime_count);
  if (def->repetition_count < REPETITIONS_MIN || def->repetition_count > REPETITIONS_MAX)
    return tl_fail(err, TL_E_ARG, NULL, "the bootstrap takes %d to %d repetitions, not %u",
                   REPETITIONS_MIN, REPETITIONS_MAX, def->repetition_count);
  for (uint32_t c = 0; c < def->channel_count; c++) {
    const tl_overall_channel *channel = &def->channels[c];
    if (!(channel->weight > 0.0) || !isfinite(channel->weight))
      return tl_fail(err, TL_E_ARG, NULL, "channel %s: its weight must be above 0",
                     channel->channel->name);
    if (!(channel->scale >= 0.0) || !isfinite(channel->scale))
      return tl_fail(err, TL_E_ARG, NULL, "channel %s: its scale must be above 0",
                     channel->channel->name);
  }
  for (uint32_t r = 0; r < def->regime_count; r++)
    if (!(def->regime_weights[r] > 0.0) || !isfinite(def->regime_weights[r]))
      return tl_fail(err, TL_E_ARG, NULL, "regime %s: its weight must be above 0",
                     def->regime_names[r]);
  return TL_OK;
}

/* Standard deviation of the recorded values that were compared. */
static double spread_of(const tl_score_channel *channel)
{
  double sum = 0.0, square = 0.0;
  size_t n = 0;
  for (size_t i = 0; i < channel->series_count; i++)
    if (isfinite(channel->series_rec[i]) && isfinite(channel->series_sim[i])) {
      sum += channel->series_rec[i];
      n++;
    }
  if (n == 0) return 0.0;
  const double mean = sum / (double)n;
  for (size_t i = 0; i < channel->series_count; i++)
    if (isfinite(channel->series_rec[i]) && isfinite(channel->series_sim[i])) {
      const double d = channel->series_rec[i] - mean;
      square += d * d;
    }
  return tl_math_sqrt(square / (double)n);
}

static tl_code take_memory(work *w, tl_error *err)
{
  size_t samples = 0;
  const uint32_t regimes = w->def->regime_count;
  for (uint32_t c = 0; c < w->def->channel_count; c++)
    samples += (w->def->channels[c].channel->series_count + 1) * regimes;
  const size_t draws = ((size_t)w->def->channel_count * regimes + 1) * w->def->repetition_count;
  const size_t bytes = (samples + draws) * sizeof(double) + samples * sizeof(uint32_t);
  w->memory = malloc(bytes);
  if (w->memory == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score: %zu bytes", bytes);
  w->draws = w->memory;
  double *square = w->draws + draws;
  uint32_t *count = (uint32_t *)(void *)(square + samples);
  for (uint32_t c = 0; c < w->def->channel_count; c++)
    for (uint32_t r = 0; r < regimes; r++) {
      w->sums[c * regimes + r] = (part_sums){square, count};
      square += w->def->channels[c].channel->series_count + 1;
      count += w->def->channels[c].channel->series_count + 1;
    }
  return TL_OK;
}

static void sum_part(work *w, uint32_t c, uint32_t r)
{
  const tl_overall_channel *channel = &w->def->channels[c];
  const part_sums *sums = &w->sums[c * w->def->regime_count + r];
  tl_overall_part *part = &w->out->parts[c * w->def->regime_count + r];
  double square = 0.0, sum = 0.0;
  uint32_t count = 0;
  for (size_t i = 0; i < channel->channel->series_count; i++) {
    sums->square[i] = square;
    sums->count[i] = count;
    const double e = channel->channel->series_sim[i] - channel->channel->series_rec[i];
    const uint32_t regime = channel->regime != NULL ? channel->regime[i] : 0;
    if (!isfinite(e) || regime != r) continue;
    square += e * e;
    sum += e;
    count++;
  }
  sums->square[channel->channel->series_count] = square;
  sums->count[channel->channel->series_count] = count;
  part->channel = c;
  part->regime = r;
  part->used_count = count;
  part->rmse = count > 0 ? tl_math_sqrt(square / (double)count) : (double)NAN;
  part->bias = count > 0 ? sum / (double)count : (double)NAN;
}

static double worth(double square, double count, double scale)
{
  const double score = 1.0 - tl_math_sqrt(square / count) / scale;
  return score > 0.0 ? score : 0.0;
}

static void judge_part(work *w, uint32_t index, double scale)
{
  tl_overall_part *part = &w->out->parts[index];
  part->scale = scale;
  part->score = part->low = part->high = (double)NAN;
  part->status = TL_METRIC_UNDEFINED;
  part->reason = "";
  if (part->used_count < TL_OVERALL_SAMPLES_MIN) {
    part->reason = part->used_count == 0 ? "the recording never was in this regime"
                                         : "fewer than 8 samples in this regime";
  } else if (!(scale > 0.0)) {
    part->reason = "the recorded channel is constant: declare a scale";
  } else {
    part->status = TL_METRIC_OK;
    part->score = worth(part->rmse * part->rmse, 1.0, scale);
    w->raw_weight[index] =
        w->def->channels[part->channel].weight * w->def->regime_weights[part->regime];
  }
}

/* The longest of the channels' block lengths, as a share of the record: residuals' squares are what is
 * resampled. */
static double block_share(work *w, tl_error *err, tl_code *code)
{
  double share = 0.0;
  size_t longest = 0;
  for (uint32_t c = 0; c < w->def->channel_count; c++) {
    const tl_score_channel *channel = w->def->channels[c].channel;
    double *square = malloc((channel->series_count + 1) * sizeof *square);
    if (square == NULL) {
      *code = tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
      return 0.0;
    }
    size_t n = 0;
    for (size_t i = 0; i < channel->series_count; i++) {
      const double e = channel->series_sim[i] - channel->series_rec[i];
      if (isfinite(e)) square[n++] = e * e;
    }
    const size_t length = tl_overall_block_length(square, n);
    free(square);
    if (n == 0) continue;
    if ((double)length / (double)n > share) share = (double)length / (double)n;
    if (channel->series_count <= longest) continue;
    longest = channel->series_count;
    const int64_t span_ns = channel->series_ns[longest - 1] - channel->series_ns[0];
    w->out->block_s = (double)span_ns / 1e9; /* times the share, once that is known */
  }
  w->out->block_s *= share;
  return share;
}

/* Sum over the stamps from `begin` on, around the end. */
static void stretch(const part_sums *sums, size_t n, size_t begin, size_t length, double *square,
                    double *count)
{
  const size_t end = begin + length;
  if (end <= n) {
    *square += sums->square[end] - sums->square[begin];
    *count += (double)(sums->count[end] - sums->count[begin]);
  } else {
    *square += sums->square[n] - sums->square[begin] + sums->square[end - n];
    *count += (double)(sums->count[n] - sums->count[begin] + sums->count[end - n]);
  }
}

static double part_draw(const work *w, uint32_t index, double share, uint32_t blocks,
                        tl_rng_key key, uint32_t repetition)
{
  const tl_overall_part *part = &w->out->parts[index];
  const size_t n = w->def->channels[part->channel].channel->series_count;
  size_t length = (size_t)tl_math_ceil(share * (double)n);
  if (length < 1) length = 1;
  if (length > n) length = n;
  double square = 0.0, count = 0.0;
  for (uint32_t b = 0; b < blocks; b++) {
    size_t begin = (size_t)(tl_rng_uniform(key, repetition, b) * (double)n);
    if (begin >= n) begin = n - 1;
    stretch(&w->sums[index], n, begin, length, &square, &count);
  }
  if (!(count > 0.0)) return (double)NAN; /* no sample of the regime in this draw */
  return worth(square > 0.0 ? square : 0.0, count, part->scale);
}

static void sort_ascending(double *values,
                           size_t count) /* Shell's, gaps 3 k + 1; equal values are equal */
{
  size_t gap = 1;
  while (gap < count / 3) gap = 3 * gap + 1;
  for (; gap > 0; gap /= 3)
    for (size_t i = gap; i < count; i++) {
      const double value = values[i];
      size_t at = i;
      for (; at >= gap && values[at - gap] > value; at -= gap) values[at] = values[at - gap];
      values[at] = value;
    }
}

/* Linear between order statistics (type 7); NaN draws are left out first. */
static void interval(double *draws, size_t count, double *low, double *high)
{
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (!isnan(draws[i])) draws[kept++] = draws[i];
  *low = *high = (double)NAN;
  if (kept == 0) return;
  sort_ascending(draws, kept);
  const double place[2] = {0.025 * (double)(kept - 1), 0.975 * (double)(kept - 1)};
  for (int side = 0; side < 2; side++) {
    const size_t at = (size_t)place[side];
    const double next = draws[at + 1 < kept ? at + 1 : at];
    *(side == 0 ? low : high) = draws[at] + (next - draws[at]) * (place[side] - (double)at);
  }
}

static void bootstrap(work *w, double share)
{
  const uint32_t parts = w->out->part_count, repetitions = w->def->repetition_count;
  const tl_rng_key key = tl_rng_key_make(w->def->seed, 0, 0x626c6f63u /* "bloc" */);
  const uint32_t blocks = (uint32_t)tl_math_ceil(1.0 / share);
  double *total = w->draws + (size_t)parts * repetitions;
  for (uint32_t k = 0; k < repetitions; k++) {
    double sum = 0.0, weight = 0.0;
    for (uint32_t i = 0; i < parts; i++) {
      double *draw = &w->draws[(size_t)i * repetitions + k];
      *draw = (double)NAN;
      if (w->out->parts[i].status != TL_METRIC_OK) continue;
      *draw = part_draw(w, i, share, blocks, key, k);
      if (isnan(*draw)) continue;
      sum += w->raw_weight[i] * *draw;
      weight += w->raw_weight[i];
    }
    total[k] = weight > 0.0 ? sum / weight : (double)NAN;
  }
  for (uint32_t i = 0; i < parts; i++)
    interval(&w->draws[(size_t)i * repetitions], repetitions, &w->out->parts[i].low,
             &w->out->parts[i].high);
  interval(total, repetitions, &w->out->low, &w->out->high);
  w->out->repetition_count = repetitions;
}

static bool is_worse(const tl_overall_part *a, const tl_overall_part *b)
{
  if (a->status != b->status) return a->status == TL_METRIC_OK;
  return a->status == TL_METRIC_OK && a->score < b->score;
}

/* Insertion: equal parts keep the order of their declaration. */
static void worst_first(tl_overall *out)
{
  for (uint32_t i = 1; i < out->part_count; i++) {
    const tl_overall_part part = out->parts[i];
    uint32_t at = i;
    for (; at > 0 && is_worse(&part, &out->parts[at - 1]); at--)
      out->parts[at] = out->parts[at - 1];
    out->parts[at] = part;
  }
}

static void total(work *w)
{
  double sum = 0.0, weight = 0.0;
  for (uint32_t i = 0; i < w->out->part_count; i++) {
    if (w->out->parts[i].status != TL_METRIC_OK) continue;
    sum += w->raw_weight[i] * w->out->parts[i].score;
    weight += w->raw_weight[i];
  }
  w->out->status = weight > 0.0 ? TL_METRIC_OK : TL_METRIC_UNDEFINED;
  w->out->score = w->out->low = w->out->high = (double)NAN;
  if (!(weight > 0.0)) return;
  w->out->score = sum / weight;
  for (uint32_t i = 0; i < w->out->part_count; i++)
    w->out->parts[i].weight = w->raw_weight[i] / weight;
}

tl_code tl_overall_compute(tl_overall *out, const tl_overall_def *def, tl_error *err)
{
  memset(out, 0, sizeof *out);
  tl_code code = check(def, err);
  if (code != TL_OK) return code;
  work *w = calloc(1, sizeof *w);
  if (w == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
  w->def = def;
  w->out = out;
  code = take_memory(w, err);
  if (code == TL_OK) {
    out->part_count = def->channel_count * def->regime_count;
    for (uint32_t c = 0; c < def->channel_count; c++) {
      const double scale = def->channels[c].scale > 0.0 ? def->channels[c].scale
                                                        : spread_of(def->channels[c].channel);
      for (uint32_t r = 0; r < def->regime_count; r++) {
        sum_part(w, c, r);
        judge_part(w, c * def->regime_count + r, scale);
      }
    }
    total(w);
    const double share = out->status == TL_METRIC_OK ? block_share(w, err, &code) : 0.0;
    if (code == TL_OK && share > 0.0) bootstrap(w, share);
    worst_first(out);
  }
  free(w->memory);
  free(w);
  return code;
}
