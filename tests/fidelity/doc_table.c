#include "doc_table.h"

#include "fidelity/metrics.h"

#include <math.h>
#include <string.h>

/* A bar ends a cell of a table. */
static void add_cell(tl_text *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '|') tl_text_add_char(out, '\\');
    tl_text_add_char(out, *text);
  }
}

static void add_bound(tl_text *out, double bound)
{
  if (isinf(bound))
    tl_text_add(out, bound < 0 ? "-inf" : "inf");
  else
    tl_text_add_double(out, bound);
}

static const char *better(tl_direction direction)
{
  static const char *const words[] = {[TL_LOWER] = "lower",
                                      [TL_HIGHER] = "higher",
                                      [TL_ZERO] = "nearer to 0",
                                      [TL_ONE] = "nearer to 1",
                                      [TL_NOMINAL] = "nearer to 0.9"};
  return words[direction];
}

static void add_metrics(tl_text *out, int begin, int end)
{
  tl_text_add(
      out, "| metric | unit | range | better | parameters | definition, source | for | not for |\n"
           "|---|---|---|---|---|---|---|---|\n");
  for (int m = begin; m < end; m++) {
    const tl_metric_info *info = tl_metric_describe((tl_metric)m);
    tl_text_addf(out, "| `%s` | %s | ", info->name, info->unit);
    add_bound(out, info->low);
    tl_text_add(out, " .. ");
    add_bound(out, info->high);
    tl_text_addf(out, " | %s | %s | ", better(info->direction), info->parameters);
    add_cell(out, info->source);
    tl_text_add(out, " | ");
    add_cell(out, info->use);
    tl_text_add(out, " | ");
    add_cell(out, info->not_for);
    tl_text_add(out, " |\n");
  }
}

void doc_table(tl_text *out)
{
  const tl_metric_parameters fallback = tl_metric_parameters_default();
  tl_text_add(out, "In every score:\n\n");
  add_metrics(out, 0, TL_METRIC_COUNT);
  tl_text_add(out, "\nWhen named:\n\n");
  add_metrics(out, TL_METRIC_COUNT, TL_METRIC_ALL_COUNT);
  tl_text_add(out, "\n| parameter | default | meaning |\n|---|---|---|\n");
  for (int p = 0; p < TL_PARAMETER_COUNT; p++) {
    char word[TL_PARAMETER_WORD_BYTES];
    tl_text_addf(out, "| `%s` | ", tl_parameter_name((tl_parameter)p));
    if (tl_parameter_word(word, (tl_parameter)p, &fallback))
      tl_text_add(out, word);
    else if (isnan(fallback.value[p]))
      tl_text_add(out, "none");
    else
      tl_text_add_double(out, fallback.value[p]);
    tl_text_addf(out, " | %s |\n", tl_parameter_meaning((tl_parameter)p));
  }
}
