/* metrics_choose.c: which metrics are meant, and how a value is told. */
#include "base/text.h"
#include "fidelity/metrics.h"

#include <stdio.h>
#include <string.h>

static bool is_of_ensemble(tl_metric metric)
{
  return strcmp(tl_metric_describe(metric)->family, "ensemble") == 0;
}

/* A distance after warping hides delays: the warp stands beside it. */
static void add_warps(bool wanted[TL_METRIC_ALL_COUNT])
{
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    char name[96];
    tl_metric warp;
    const char *of = tl_metric_describe((tl_metric)m)->name;
    const size_t length = strlen(of), cut = strlen("_normalized");
    const bool is_normalized = length > cut && strcmp(of + length - cut, "_normalized") == 0;
    snprintf(name, sizeof name, "%.*s_warp", (int)(is_normalized ? length - cut : length), of);
    if (wanted[m] && tl_metric_find(&warp, name)) wanted[warp] = true;
  }
}

tl_code tl_metric_choose(bool wanted[TL_METRIC_ALL_COUNT], const char *list, bool has_sim,
                         bool has_members, tl_error *err)
{
  const bool all = list != NULL && strcmp(list, "all") == 0;
  memset(wanted, 0, TL_METRIC_ALL_COUNT * sizeof *wanted);
  for (int m = 0; m < TL_METRIC_ALL_COUNT && (list == NULL || all); m++)
    wanted[m] =
        is_of_ensemble((tl_metric)m) ? has_members : has_sim && (all || m < TL_METRIC_COUNT);
  for (const char *at = all ? NULL : list; at != NULL;) {
    const size_t length = strcspn(at, ",");
    char name[96];
    tl_metric metric;
    snprintf(name, sizeof name, "%.*s", (int)(length < 95 ? length : 95), at);
    const tl_code code = tl_metric_parse(&metric, name, NULL, err);
    if (code != TL_OK) return code;
    wanted[metric] = true;
    at = at[length] == ',' ? at + length + 1 : NULL;
  }
  add_warps(wanted);
  return TL_OK;
}

void tl_metric_write_json(tl_text *out, const tl_metric_value *value)
{
  tl_text_add(out, "{\"value\": ");
  tl_text_add_json_double(out, value->value);
  tl_text_add(out, ", \"unit\": ");
  tl_text_add_json(out, value->unit);
  tl_text_add(out, ", \"status\": ");
  tl_text_add_json(out, tl_metric_status_name(value->status));
  if (value->reason != NULL) {
    tl_text_add(out, ", \"reason\": ");
    tl_text_add_json(out, value->reason);
  }
  tl_text_add(out, "}");
}
