/* pair_text.c: which metrics of a pair are wanted, and how they are told. */
#include "fidelity/pair.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

tl_code tl_pair_choose(bool wanted[TL_METRIC_ALL_COUNT], const char *list, const tl_pair *pair,
                       tl_error *err)
{
  return tl_metric_choose(wanted, list, pair->series.sim != NULL, pair->series.member_count > 0,
                          err);
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
    tl_metric_write_json(out, &value[m]);
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
