#include "tools/pair/score.h"

#include "fidelity/pair.h"
#include "tools/pair/parameters.h"

#include <string.h>

static tl_code print(const tl_pair *pair, const bool *wanted,
                     const tl_metric_parameters *parameters, const tl_metric_value *value,
                     const cli_options *options, const cli_term *term, tl_error *err)
{
  tl_text text = {0};
  tl_code code = TL_OK;
  const char *json = cli_options_get(options, "json");
  if (json) {
    tl_pair_write_json(&text, options->arguments[0], pair, wanted, parameters, value);
    code = cli_write(json, &text, err);
  }
  if (code == TL_OK && !(json && strcmp(json, "-") == 0)) {
    tl_text_clear(&text);
    tl_pair_write_table(&text, wanted, value);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  return code;
}

int pair_score(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  tl_pair pair = {0};
  bool wanted[TL_METRIC_ALL_COUNT];
  tl_metric_value value[TL_METRIC_ALL_COUNT];
  tl_metric_parameters parameters = tl_metric_parameters_default();
  const tl_pair_def def = {.path = options->arguments[0],
                           .time = cli_options_get(options, "time"),
                           .ref = cli_options_get(options, "ref"),
                           .sim = cli_options_get(options, "sim"),
                           .members = cli_options_get(options, "members"),
                           .unit = cli_options_get(options, "unit")};
  const char *json = cli_options_get(options, "params");
  tl_code code = json ? pair_parameters_parse(&parameters, json, "--params", &err) : TL_OK;
  if (code == TL_OK) code = tl_pair_read(&pair, &def, &err);
  if (code == TL_OK) code = tl_pair_choose(wanted, cli_options_get(options, "metric"), &pair, &err);
  if (code == TL_OK) code = tl_metrics_measure(value, wanted, &pair.series, &parameters, &err);
  if (code == TL_OK) code = print(&pair, wanted, &parameters, value, options, term, &err);
  tl_pair_free(&pair);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}
