/* score_ask.c: metrics by name from the aligned series of a score. */
#include "fidelity/score.h"

#include <stdlib.h>
#include <string.h>

tl_code tl_score_channel_measure(tl_metric_value out[TL_METRIC_ALL_COUNT],
                                 const bool wanted[TL_METRIC_ALL_COUNT],
                                 const tl_score_channel *channel,
                                 const tl_metric_parameters *parameters, tl_error *err)
{
  const size_t n = channel->series_count;
  double *at = malloc((n + 1) * sizeof *at);
  if (at == NULL)
    return tl_fail(err, TL_E_LIMIT, NULL, "channel %s: no memory for %zu samples", channel->name,
                   n);
  for (size_t i = 0; i < n; i++) at[i] = (double)(channel->series_ns[i] - channel->begin_ns) / 1e9;
  const tl_metric_series series = {.at = at,
                                   .ref = channel->series_rec,
                                   .sim = channel->series_sim,
                                   .count = n,
                                   .unit = channel->unit};
  const tl_code code = tl_metrics_measure(out, wanted, &series, parameters, err);
  for (int m = 0; m < TL_METRIC_COUNT && code == TL_OK; m++) /* one figure, one set of bits */
    if (wanted[m] && (m != TL_METRIC_cvrmse_pct && m != TL_METRIC_nmbe_pct))
      out[m] = channel->metric[m];
  free(at);
  return code;
}

tl_code tl_score_ask(tl_score *score, const bool wanted[TL_METRIC_ALL_COUNT],
                     const tl_metric_parameters *parameters, tl_error *err)
{
  tl_code code = TL_OK;
  for (uint32_t i = 0; i < score->channel_count && code == TL_OK; i++) {
    tl_score_channel *channel = &score->channels[i];
    if (channel->asked == NULL)
      channel->asked = calloc(TL_METRIC_ALL_COUNT, sizeof *channel->asked);
    if (channel->asked == NULL) return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
    code = tl_score_channel_measure(channel->asked, wanted, channel, parameters, err);
  }
  if (code != TL_OK) return code;
  score->has_asked = true;
  memcpy(score->asked, wanted, sizeof score->asked);
  return TL_OK;
}
