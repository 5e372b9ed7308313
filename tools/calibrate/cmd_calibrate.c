/* cmd_calibrate.c: load, seal, fit, run with what was fitted, report. */
#include "tools/calibrate/report.h"
#include "tools/cli/session.h"
#include "tools/twinloop/commands.h"

#include <string.h>

static tl_code write_documents(const calibration_report *report, const cli_options *options,
                               const cli_term *term, tl_error *err)
{
  const char *json = cli_options_get(options, "json"), *output = cli_options_get(options, "output");
  tl_text text = {0};
  tl_code code = TL_OK;
  if (output) {
    calibration_add_parameters(&text, report);
    code = cli_write(output, &text, err);
  }
  if (code == TL_OK && json) {
    tl_text_clear(&text);
    calibration_add_json(&text, report);
    code = cli_write(json, &text, err);
  }
  if (code == TL_OK && !(json && strcmp(json, "-") == 0)) {
    tl_text_clear(&text);
    calibration_add_table(&text, report);
    if (output) tl_text_addf(&text, "%s: load it with set = parameters \"%s\"\n", output, output);
    cli_print(term, &text);
  }
  tl_text_free(&text);
  return code;
}

/* The fit is not worth more than a run that shows it: its hash, and every error of running. */
static tl_code run_fitted(cli_session *session, calibration_report *report, tl_error *err)
{
  const tl_scenario_hooks hooks = {.interrupted = cli_signals_interrupted()};
  const tl_code code = tl_scenario_run(session->scenario, &hooks, err);
  if (code == TL_OK) tl_world_run_hash(tl_scenario_world(session->scenario), report->run_hash);
  return code;
}

static void show(void *self, uint64_t simulations)
{
  cli_progress_count(self, simulations, "simulations");
}

static int calibrate(cli_session *session, const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  const tl_message_context context = {.at_ns = 0, .phase = "in the main chunk"};
  tl_code code = cli_session_prepare(session, options, &err);
  if (code != TL_OK) return cli_fail(term, &err, NULL);
  code = cli_session_load(session, options->arguments[0], &err);
  if (code == TL_OK) code = tl_scenario_seal(session->scenario, &err);
  if (code != TL_OK) return cli_fail(term, &err, strchr(err.where, ':') ? &context : NULL);
  tl_scenario_fit fit;
  const double begin_s = cli_wall_s();
  cli_progress progress = cli_progress_begin(term);
  const tl_calibrate_hooks hooks = {
      .interrupted = cli_signals_interrupted(), .progress = show, .self = &progress};
  code = tl_scenario_calibrate(session->scenario, &fit, &hooks, &err);
  cli_progress_end(&progress);
  if (code != TL_OK) return cli_fail(term, &err, NULL);
  calibration_report report = {.fit = &fit, .wall_s = cli_wall_s() - begin_s};
  code = run_fitted(session, &report, &err);
  report.info = tl_scenario_describe(session->scenario);
  if (code == TL_OK) code = write_documents(&report, options, term, &err);
  tl_scenario_fit_free(&fit);
  return code == TL_OK ? 0 : cli_fail(term, &err, NULL);
}

int cmd_calibrate(const cli_options *options, const cli_term *term)
{
  cli_session session;
  cli_signals_catch();
  const int status = calibrate(&session, options, term);
  cli_session_close(&session);
  return status;
}
