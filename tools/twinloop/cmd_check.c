#include "script/fit/fit.h"
#include "tools/cli/session.h"
#include "tools/twinloop/commands.h"

#include <string.h>

/* Bounds, starts and samples of calibrate{}: what `calibrate` would refuse. */
static tl_code check_calibration(tl_scenario *scenario, tl_error *err)
{
  tl_scenario_fit fit;
  if (!tl_scenario_has_calibration(scenario)) return TL_OK;
  const tl_code code = tl_scenario_plan_fit(scenario, &fit, err);
  tl_scenario_fit_free(&fit);
  return code;
}

/* Loading runs the main chunk, sealing writes every parameter: whatever a scenario can have wrong before time
 * passes is found here. */
static int check(cli_session *session, const cli_options *options, const cli_term *term)
{
  tl_error err = {0};
  tl_message_context context = {.at_ns = 0, .phase = "in the main chunk"};
  tl_code code = cli_session_prepare(session, options, &err);
  if (code != TL_OK) return cli_fail(term, &err, NULL);
  code = cli_session_load(session, options->arguments[0], &err);
  if (code != TL_OK) return cli_fail(term, &err, strchr(err.where, ':') ? &context : NULL);
  code = tl_scenario_seal(session->scenario, &err);
  if (code == TL_OK) code = check_calibration(session->scenario, &err);
  if (code != TL_OK) return cli_fail(term, &err, &context);
  const tl_scenario_info info = tl_scenario_describe(session->scenario);
  const tl_world *world = tl_scenario_world(session->scenario);
  uint64_t devices = 0;
  for (uint32_t f = 1; f <= tl_world_fleet_count(world); f++)
    devices += tl_fleet_device_count(world, (tl_fleet_id){f});
  fprintf(term->results,
          "%s: no fault found (%llu device%s in %u fleet%s, %u threshold%s, %u file%s)\n",
          info.path, (unsigned long long)devices, devices == 1 ? "" : "s",
          tl_world_fleet_count(world), tl_world_fleet_count(world) == 1 ? "" : "s",
          info.threshold_count, info.threshold_count == 1 ? "" : "s", info.file_count,
          info.file_count == 1 ? "" : "s");
  return 0;
}

int cmd_check(const cli_options *options, const cli_term *term)
{
  cli_session session;
  const int status = check(&session, options, term);
  cli_session_close(&session);
  return status;
}
