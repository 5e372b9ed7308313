/* pair_text.c: which metrics of a pair are wanted, and how they are told. */
#include "fidelity/pair.h"

#include <assert.h>
#include <math.h>
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

tl_code tl_pair_choose(bool wanted[TL_METRIC_ALL_COUNT], const char *list, const tl_pair *pair,
                       tl_error *err)
{
  const bool all = list != NULL && strcmp(list, "all") == 0;
  const bool has_members = pair->series.member_count > 0, has_sim = pair->series.sim != NULL;
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

static void add_value(tl_text *out, const tl_metric_value *value)
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

static bool reads(const char *parameters, const char *name)
{
  const size_t length = strlen(name);
  for (const char *at = parameters; (at = strstr(at, name)) != NULL; at += length)
    if ((at == parameters || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
      return true;
  return false;
}

/* What the wanted metrics were given, defaults too; null: none. */
static void add_parameters(tl_text *out, const bool *wanted, const tl_metric_parameters *parameters)
{
  bool first = true;
  tl_text_add(out, ",\n  \"parameters\": {");
  for (int p = 0; p < TL_PARAMETER_COUNT; p++) {
    const char *name = tl_parameter_name((tl_parameter)p);
    bool used = false;
    for (int m = 0; m < TL_METRIC_ALL_COUNT && !used; m++)
      used = wanted[m] && reads(tl_metric_describe((tl_metric)m)->parameters, name);
    if (!used) continue;
    tl_text_add(out, first ? "" : ", ");
    tl_text_add_json(out, name);
    tl_text_add(out, ": ");
    char word[TL_PARAMETER_WORD_BYTES];
    if (tl_parameter_word(word, (tl_parameter)p, parameters))
      tl_text_add_json(out, word);
    else
      tl_text_add_json_double(out, parameters->value[p]);
    first = false;
  }
  tl_text_add(out, "}");
}

void tl_pair_write_json(tl_text *out, const char *path, const tl_pair *pair,
                        const bool wanted[TL_METRIC_ALL_COUNT],
                        const tl_metric_parameters *parameters,
                        const tl_metric_value value[TL_METRIC_ALL_COUNT])
{
  bool first = true;
  tl_text_add(out, "{\n  \"schema\": \"" TL_PAIR_SCHEMA "\",\n  \"file\": ");
  tl_text_add_json(out, path);
  tl_text_addf(out, ",\n  \"rows\": %zu, \"missing_ref\": %zu", pair->series.count,
               pair->missing_ref);
  if (pair->series.sim != NULL) tl_text_addf(out, ", \"missing_sim\": %zu", pair->missing_sim);
  if (pair->series.member_count > 0)
    tl_text_addf(out, ", \"members\": %u, \"missing_members\": %zu", pair->series.member_count,
                 pair->missing_members);
  add_parameters(out, wanted, parameters);
  tl_text_add(out, ",\n  \"metrics\": {");
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    if (!wanted[m]) continue;
    tl_text_add(out, first ? "\n    " : ",\n    ");
    tl_text_add_json(out, tl_metric_describe((tl_metric)m)->name);
    tl_text_add(out, ": ");
    add_value(out, &value[m]);
    first = false;
  }
  tl_text_add(out, "\n  }\n}\n");
}

void tl_pair_write_table(tl_text *out, const bool wanted[TL_METRIC_ALL_COUNT],
                         const tl_metric_value value[TL_METRIC_ALL_COUNT])
{
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    if (!wanted[m]) continue;
    char number[TL_TEXT_DOUBLE_BYTES] = "-";
    if (value[m].status == TL_METRIC_OK) tl_text_format_digits(number, value[m].value, 6);
    tl_text_addf(out, "%-25s %14s %s", tl_metric_describe((tl_metric)m)->name, number,
                 strcmp(value[m].unit, "1") == 0 ? "" : value[m].unit);
    if (value[m].status != TL_METRIC_OK)
      tl_text_addf(out, "  %s: %s", tl_metric_status_name(value[m].status), value[m].reason);
    tl_text_add_char(out, '\n');
  }
}
