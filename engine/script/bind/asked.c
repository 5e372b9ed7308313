/* asked.c: what the judge is told of a compared channel, and the metrics that only thresholds name. */
#include "script/binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tl_code script_tell_judge(tl_scenario *s, uint32_t index, tl_metric metric,
                          const tl_metric_value *value, tl_error *err)
{
  char name[64];
  const char *rule = tl_metric_describe(metric)->unit;
  const bool is_bare =
      strcmp(rule, "samples") == 0 || strcmp(rule, "dB") == 0; /* no limit has it */
  snprintf(name, sizeof name, "fidelity.%s", tl_metric_describe(metric)->name);
  const tl_code code = tl_judge_set_value(
      s->judge, name, s->compares[index].sim, value->value, is_bare ? "1" : value->unit,
      value->status == TL_METRIC_OK ? "ok" : tl_metric_status_name(value->status), err);
  return code == TL_E_UNIT ? TL_OK : code; /* the judgement repeats a wrong unit */
}

/* Metrics that a threshold names and that not every score has. */
tl_code script_score_asked(tl_scenario *s, uint32_t index, tl_error *err)
{
  const script_compare *compare = &s->compares[index];
  bool wanted[TL_METRIC_ALL_COUNT] = {false}, any = false;
  for (uint32_t t = 0; t < s->threshold_count; t++) {
    const tl_threshold *threshold = &s->thresholds[t];
    tl_metric metric;
    if (strcmp(threshold->channel, compare->sim) != 0 ||
        strncmp(threshold->metric, "fidelity.", 9) != 0 ||
        !tl_metric_find(&metric, threshold->metric + 9) || metric < TL_METRIC_COUNT)
      continue;
    wanted[metric] = any = true;
  }
  if (!any) return TL_OK;
  tl_metric_value *values = calloc(TL_METRIC_ALL_COUNT, sizeof *values);
  if (values == NULL) return tl_fail(err, TL_E_LIMIT, compare->where, "out of memory");
  tl_code code = tl_score_channel_measure(values, wanted, &s->score.channels[index],
                                          &compare->parameters, err);
  for (int m = TL_METRIC_COUNT; m < TL_METRIC_ALL_COUNT && code == TL_OK; m++)
    if (wanted[m]) code = script_tell_judge(s, index, (tl_metric)m, &values[m], err);
  free(values);
  return code;
}
