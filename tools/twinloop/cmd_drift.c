/* cmd_drift.c: has a fleet changed since its reference, with the false-alarm rate of the answer beside it. */
#include "fidelity/drift/drift.h"
#include "tools/twinloop/commands.h"

#include <math.h>

enum { EXIT_SAME = 0, EXIT_DRIFT = 1, SIGNALS_MAX = 64 };

typedef struct drift_request {
  tl_drift_options options;
  const char *signals[SIGNALS_MAX];
  uint32_t signal_count;
  double split;
} drift_request;

static tl_code read_share(const cli_options *options, const char *name, double *out, tl_error *err)
{
  const char *text = cli_options_get(options, name);
  if (text == NULL) return TL_OK;
  if (tl_text_parse_double(out, text) && *out > 0.0 && *out < 1.0) return TL_OK;
  return tl_fail(err, TL_E_USAGE, NULL, "--%s: '%s' is not a number between 0 and 1", name, text);
}

static tl_code read_request(drift_request *out, const cli_options *options, tl_error *err)
{
  *out = (drift_request){.options = tl_drift_options_default(), .split = 0.5};
  uint64_t fleets = out->options.null_fleets, bins = out->options.bins;
  tl_code code = read_share(options, "alpha", &out->options.alpha, err);
  if (code == TL_OK && out->options.alpha > 0.5)
    code = tl_fail(err, TL_E_USAGE, NULL, "--alpha: a false-alarm rate above 0.5 is no test");
  if (code == TL_OK) code = read_share(options, "split", &out->split, err);
  if (code == TL_OK) code = cli_options_number(options, "null-fleets", 0, 100000, &fleets, err);
  if (code == TL_OK) code = cli_options_number(options, "bins", 2, 64, &bins, err);
  if (code == TL_OK)
    code = cli_options_number(options, "seed", 0, UINT64_MAX, &out->options.seed, err);
  out->options.null_fleets = (uint32_t)fleets;
  out->options.bins = (uint32_t)bins;
  const double needed =
      ceil(1.0 / out->options.alpha) * 20.0; /* so that alpha is a rank well inside */
  if ((double)out->options.permutations < needed && needed < 1e6)
    out->options.permutations = (uint32_t)needed - 1;
  const char *signal;
  for (uint32_t i = 0; code == TL_OK && (signal = cli_options_nth(options, "signal", i)); i++) {
    if (i == SIGNALS_MAX)
      return tl_fail(err, TL_E_USAGE, NULL, "more than %d times --signal", SIGNALS_MAX);
    out->signals[out->signal_count++] = signal;
  }
  return code;
}

static tl_code print_drift(const tl_drift *drift, const cli_options *options, const cli_term *term,
                           tl_error *err)
{
  const char *json = cli_options_get(options, "json");
  tl_text text = {0};
  tl_code code = TL_OK;
  if (json) {
    tl_drift_write_json(drift, &text);
    code = cli_write(json, &text, err);
  }
  if (code == TL_OK && !(json && json[0] == '-' && json[1] == '\0')) {
    tl_text_clear(&text);
    tl_drift_write_table(drift, &text);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  return code;
}

int cmd_drift(const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  drift_request request;
  tl_recording *reference = NULL, *current = NULL;
  tl_drift drift = {0};
  const char *other = cli_options_get(options, "reference");
  tl_code code = read_request(&request, options, &err);
  if (code == TL_OK && other && cli_options_has(options, "split"))
    code =
        tl_fail(&err, TL_E_USAGE, NULL, "--split parts one file: it does not go with --reference");
  if (code == TL_OK) code = tl_recording_open(&current, options->arguments[0], &err);
  if (code == TL_OK && other) code = tl_recording_open(&reference, other, &err);
  if (code == TL_OK) {
    const char *fleet = cli_options_get(options, "fleet");
    if (!fleet) fleet = tl_recording_fleet_at(current, 0)->name;
    /* a recording's fleet may have another name than a run's: the only one is meant */
    const bool single = reference && tl_recording_fleet_count(reference) == 1;
    const tl_drift_source now = {current, fleet, other ? 0.0 : request.split, 1.0};
    const tl_drift_source before = {other ? reference : current, single ? NULL : fleet, 0.0,
                                    other ? 1.0 : request.split};
    code = tl_drift_run(&drift, &before, &now, request.signal_count ? request.signals : NULL,
                        request.signal_count, &request.options, &err);
  }
  if (code == TL_OK) code = print_drift(&drift, options, term, &err);
  const int status = drift.drift ? EXIT_DRIFT : EXIT_SAME;
  tl_drift_free(&drift);
  tl_recording_close(reference);
  tl_recording_close(current);
  return code == TL_OK ? status : cli_fail(term, &err, NULL);
}
