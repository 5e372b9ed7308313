/* deviation.c: the scores that change with the zero of the scale, once more without it. */
#include "fidelity/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAMPS_MAX = 20000 };

tl_metric tl_deviation_metric(uint32_t index)
{
  static const tl_metric metrics[] = {
#define X(name) TL_METRIC_##name,
      TL_DEVIATION_METRICS(X)
#undef X
  };
  return metrics[index];
}

static void leave_out(tl_score_channel *channel, const char *reason)
{
  for (uint32_t i = 0; i < TL_DEVIATION_COUNT; i++)
    channel->deviation[i] = (tl_metric_value){
        .value = (double)NAN, .unit = "1", .status = TL_METRIC_UNDEFINED, .reason = reason};
}

/* A temperature's deviation is a difference, in kelvin of the same size. */
static const char *unit_of(const tl_score_channel *channel)
{
  if (strcmp(channel->unit, "degC") == 0) return "K";
  return strcmp(channel->unit, "degF") == 0 ? "1" : channel->unit;
}

static double first_recorded(const tl_score_channel *channel)
{
  for (size_t i = 0; i < channel->series_count; i++)
    if (isfinite(channel->series_rec[i])) return channel->series_rec[i];
  return (double)NAN;
}

/* The mean step, if no step is off by more than half of it: a logger's jitter is no reason to judge nothing,
 * a gap is. 0: not even. */
static double even_step(const double *at, size_t n)
{
  if (n < 2) return 0.0;
  const double step = (at[n - 1] - at[0]) / (double)(n - 1);
  for (size_t i = 1; i < n; i++)
    if (fabs(at[i] - at[i - 1] - step) > 0.5 * step) return 0.0;
  return step;
}

static tl_code measure(tl_score_channel *channel, const double *at, const double *sim,
                       const double *rec, tl_error *err)
{
  bool wanted[TL_METRIC_ALL_COUNT] = {false};
  tl_metric_value *value = calloc(TL_METRIC_ALL_COUNT, sizeof *value);
  if (value == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
  for (uint32_t i = 0; i < TL_DEVIATION_COUNT; i++) wanted[tl_deviation_metric(i)] = true;
  tl_metric_parameters parameters = tl_metric_parameters_default();
  const double step = even_step(at, channel->series_count);
  if (step > 0.0) parameters.value[TL_PARAMETER_dt] = step;
  const tl_metric_series series = {
      .at = at, .ref = rec, .sim = sim, .count = channel->series_count, .unit = unit_of(channel)};
  const tl_code code = tl_metrics_measure(value, wanted, &series, &parameters, err);
  for (uint32_t i = 0; i < TL_DEVIATION_COUNT; i++)
    channel->deviation[i] = value[tl_deviation_metric(i)];
  free(value);
  return code;
}

tl_code tl_score_deviation(tl_score_channel *channel, const double *ambient, const char *from,
                           tl_error *err)
{
  const size_t n = channel->series_count;
  snprintf(channel->deviation_from, sizeof channel->deviation_from, "%s", from);
  if (n > STAMPS_MAX) {
    leave_out(channel, "more than 20 000 stamps");
    return TL_OK;
  }
  double *memory = malloc((3 * n + 1) * sizeof *memory);
  if (memory == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "no memory for a score");
  double *at = memory, *sim = memory + n, *rec = memory + 2 * n;
  const double first = first_recorded(channel);
  for (size_t i = 0; i < n; i++) {
    const double zero = ambient != NULL ? ambient[i] : first;
    at[i] = (double)(channel->series_ns[i] - channel->series_ns[0]) / 1e9;
    sim[i] = channel->series_sim[i] - zero;
    rec[i] = channel->series_rec[i] - zero;
  }
  const tl_code code = measure(channel, at, sim, rec, err);
  free(memory);
  return code;
}
