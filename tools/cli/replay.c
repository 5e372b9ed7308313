#include "tools/cli/replay.h"

#include "telemetry/compare.h"
#include "twinloop/twinloop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPTURE_BYTES_MAX = 256 * 1024 * 1024 };

/* --- loading: in the run's own inputs first, where relative names find the kept copies ------------------- */
static tl_code load_inputs(cli_replay *replay, tl_error *err)
{
  char scenario[2 * CLI_PATH_BYTES], inputs[CLI_PATH_BYTES + 16], *home = getcwd(NULL, 0);
  snprintf(inputs, sizeof inputs, "%s/inputs", replay->record->folder);
  snprintf(scenario, sizeof scenario, "%s/%s.lua", inputs, replay->record->scenario);
  if (access(scenario, R_OK) != 0) {
    tl_fail(err, TL_E_IO, NULL, "%s: the run folder has no copy of its scenario", scenario);
    free(home);
    return TL_E_IO;
  }
  tl_code code = TL_E_IO;
  if (home && chdir(inputs) == 0) {
    code = cli_session_load(&replay->session, scenario, err);
    if (chdir(home) != 0) code = tl_fail(err, TL_E_IO, NULL, "%s: %s", home, strerror(errno));
  }
  if (code != TL_OK &&
      replay->session.scenario == NULL) /* a file named by a path relative to the first run */
    code = cli_session_load(&replay->session, scenario, err);
  free(home);
  return code;
}

/* --- watching ------------------------------------------------------------------------------------ */
static double value_at(const unsigned char *at, tl_type type)
{
  switch (type) {
    case TL_F64: return *(const double *)(const void *)at;
    case TL_F32: return (double)*(const float *)(const void *)at;
    case TL_I32: return (double)*(const int32_t *)(const void *)at;
    case TL_U8: return (double)*at;
  }
  return 0.0;
}

/* Runs on the one worker that has the watched block. */
static void on_tick(void *self, const tl_tick_view *view)
{
  cli_replay *replay = self;
  if (view->fleet.index1 != replay->fleet.index1 || view->block != replay->block) return;
  if (replay->tick_count == replay->tick_room) {
    replay->too_many_ticks = true;
    return;
  }
  const tl_world *world = tl_scenario_world(replay->session.scenario);
  double *out = replay->values + (size_t)replay->tick_count * replay->column_count * TL_BLOCK_ROWS;
  for (uint32_t c = 0; c < replay->column_count; c++) {
    const tl_type type = tl_fleet_column(world, replay->fleet, c)->type;
    const uint32_t stride = tl_fleet_column_stride(world, replay->fleet, c);
    const unsigned char *raw = view->raw[c];
    for (uint32_t row = 0; row < view->rows; row++)
      out[(size_t)c * TL_BLOCK_ROWS + row] = raw ? value_at(raw + (size_t)row * stride, type) : 0.0;
  }
  replay->tick_ns[replay->tick_count++] = view->at_ns;
}

/* What the next window starts from: the only place where a cause stands without its effects. */
static void keep_beginning(cli_replay *replay)
{
  const tl_world *world = tl_scenario_world(replay->session.scenario);
  const uint32_t devices = tl_fleet_device_count(world, replay->fleet),
                 begin = replay->block * TL_BLOCK_ROWS;
  const uint32_t end = devices < begin + TL_BLOCK_ROWS ? devices : begin + TL_BLOCK_ROWS;
  for (uint32_t c = 0; c < replay->column_count; c++)
    tl_fleet_read(world, replay->fleet, c, begin, end,
                  replay->begin_values + (size_t)c * TL_BLOCK_ROWS);
  replay->rows = end - begin;
  replay->begin_ns = tl_world_now_ns(world);
  replay->tick_count = 0;
  replay->too_many_ticks = false;
}

static tl_code on_window(void *self, const tl_window_view *view, tl_error *err)
{
  cli_replay *replay = self;
  replay->last_window = view->window;
  if (view->window >= replay->stop.window || view->end_ns >= replay->stop.at_ns) {
    replay->stopped = true;
    return tl_fail(err, TL_E_INTERRUPTED, NULL,
                   "stopped where asked"); /* ends the run; caught below */
  }
  return TL_OK;
}

/* Between windows: the faults that the run planted, then what the next window starts from. */
static void on_progress(void *self, int64_t now_ns, int64_t duration_ns)
{
  (void)now_ns;
  cli_replay *replay = self;
  if (replay->stopped || replay->flip_error.code != TL_OK) return;
  (void)cli_flips_apply(replay->flips, replay->flip_count,
                        tl_scenario_world(replay->session.scenario), duration_ns,
                        &replay->flip_error);
  keep_beginning(replay);
}

/* --- the calls ----------------------------------------------------------------------------------- */
static tl_code choose_block(cli_replay *replay, const char *fleet, uint32_t device, tl_error *err)
{
  const tl_world *world = tl_scenario_world(replay->session.scenario);
  for (uint32_t f = tl_world_fleet_count(world); f > 0; f--)
    if (!fleet || strcmp(tl_fleet_name(world, (tl_fleet_id){f}), fleet) == 0)
      replay->fleet.index1 = f;
  if (replay->fleet.index1 == 0)
    return tl_fail(err, TL_E_NAME, NULL, "the run has no fleet '%s'", fleet ? fleet : "");
  const uint32_t devices = tl_fleet_device_count(world, replay->fleet);
  if (device >= devices)
    return tl_fail(err, TL_E_ARG, NULL, "fleet '%s' has devices 0 to %u, not %u",
                   tl_fleet_name(world, replay->fleet), devices - 1, device);
  snprintf(replay->fleet_name, sizeof replay->fleet_name, "%s",
           tl_fleet_name(world, replay->fleet));
  replay->block = device / TL_BLOCK_ROWS;
  replay->column_count = tl_fleet_column_count(world, replay->fleet);
  const size_t tick_bytes = (size_t)replay->column_count * TL_BLOCK_ROWS * sizeof(double);
  const size_t most = CAPTURE_BYTES_MAX / tick_bytes;
  const int64_t tick_ns = tl_fleet_tick_ns(world, replay->fleet);
  const int64_t sync_ns = tl_scenario_describe(replay->session.scenario).sync_ns;
  size_t wanted =
      tick_ns > 0 ? (size_t)(sync_ns / tick_ns) + 2 : 4096; /* stamps of a recording: any number */
  if (wanted > most) wanted = most;
  replay->tick_room = (uint32_t)wanted;
  replay->tick_ns = calloc(wanted, sizeof *replay->tick_ns);
  replay->values = malloc(wanted * tick_bytes);
  replay->begin_values = calloc(1, tick_bytes);
  if (!replay->tick_ns || !replay->values || !replay->begin_values)
    return tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  return TL_OK;
}

tl_code cli_replay_open(cli_replay *replay, const cli_run_record *record,
                        const cli_options *options, const char *fleet, uint32_t device,
                        tl_error *err)
{
  memset(replay, 0, sizeof *replay);
  replay->record = record;
  memcpy(replay->flips, record->flips, sizeof replay->flips);
  for (uint32_t i = 0; i < record->flip_count; i++) replay->flips[i].is_done = false;
  replay->flip_count = record->flip_count;
  tl_code code = cli_session_prepare(&replay->session, options, err);
  if (code == TL_OK) code = cli_run_record_apply(record, &replay->session, err);
  if (code == TL_OK) code = load_inputs(replay, err);
  if (code != TL_OK) return code;
  const tl_scenario_info info = tl_scenario_describe(replay->session.scenario);
  code = cli_run_record_check(record, &info, err);
  if (code == TL_OK) code = tl_scenario_seal(replay->session.scenario, err);
  if (code == TL_OK) code = choose_block(replay, fleet, device, err);
  return code;
}

/* Lets time pass until on_window stops it, or to the end. */
static tl_code run_to_stop(cli_replay *replay, tl_error *err)
{
  tl_world *world = tl_scenario_world(replay->session.scenario);
  const tl_observer observer = {.self = replay, .tick = on_tick, .window_end = on_window};
  tl_code code = tl_world_observe(world, &observer, err);
  if (code == TL_OK)
    code = cli_flips_apply(replay->flips, replay->flip_count, world,
                           tl_scenario_describe(replay->session.scenario).duration_ns, err);
  if (code != TL_OK) return code;
  keep_beginning(replay);
  const tl_scenario_hooks hooks = {.self = replay, .progress = on_progress};
  code = tl_scenario_run(replay->session.scenario, &hooks, err);
  if (replay->stopped) {
    *err = (tl_error){0}; /* the stop was no error */
    return TL_OK;
  }
  if (code == TL_OK && replay->flip_error.code != TL_OK) {
    *err = replay->flip_error;
    code = err->code;
  }
  if (code != TL_OK || replay->stop.window == UINT64_MAX)
    return code; /* a time past the end means the end */
  return tl_fail(err, TL_E_ARG, NULL, "the run ends after window %llu, before window %llu",
                 (unsigned long long)replay->last_window, (unsigned long long)replay->stop.window);
}

/* The replay must be a beginning of the recorded run, window by window. */
static tl_code prove(const cli_replay *replay, const char *digests, tl_error *err)
{
  tl_compare_result result;
  const tl_code code = tl_compare_digests(replay->record->folder, digests, &result, err);
  if (code != TL_OK) return code;
  if (result.verdict == TL_COMPARE_EQUAL ||
      (result.verdict == TL_COMPARE_SHORTER && result.windows_b <= result.windows_a))
    return TL_OK;
  tl_fail(err, TL_E_DIVERGED, NULL, "%s: this program does not reproduce the recorded run: %s",
          replay->record->folder, result.text);
  if (strcmp(replay->record->version, tl_version()) != 0)
    return tl_fail_hint(err, "it was made by version %s, this is %s", replay->record->version,
                        tl_version());
  return TL_E_DIVERGED;
}

/* A run that was stopped or failed ended where its digests end, and there ends what can be proved. */
static tl_code stop_at_the_end(cli_replay *replay, tl_error *err)
{
  tl_compare_result own;
  const char *folder = replay->record->folder;
  const tl_code code = tl_compare_digests(folder, folder, &own, err);
  if (code != TL_OK) return code;
  if (own.windows_a == 0)
    return tl_fail(err, TL_E_ARG, NULL, "%s: the run ended before its first window did", folder);
  if (replay->stop.window >= own.windows_a) replay->stop.window = own.windows_a - 1;
  return TL_OK;
}

tl_code cli_replay_run(cli_replay *replay, cli_replay_stop stop, tl_error *err)
{
  const char *folder = getenv("TMPDIR");
  char digests[CLI_PATH_BYTES];
  snprintf(digests, sizeof digests, "%s/twinloop-replay-XXXXXX",
           folder && folder[0] ? folder : "/tmp");
  const int file = mkstemp(digests);
  if (file < 0)
    return tl_fail(err, TL_E_IO, NULL, "%s: cannot make a temporary file: %s", digests,
                   strerror(errno));
  close(file);
  replay->stop = stop;
  tl_code code = stop_at_the_end(replay, err);
  if (code == TL_OK)
    code = cli_record_open(&replay->digests, replay->session.scenario, digests, "none",
                           replay->session.options.path, err);
  if (code == TL_OK) code = run_to_stop(replay, err);
  tl_error close_error = {0};
  if (cli_record_close(&replay->digests, &close_error) != TL_OK && code == TL_OK) {
    *err = close_error;
    code = err->code;
  }
  if (code == TL_OK) code = prove(replay, digests, err);
  unlink(digests);
  return code;
}

void cli_replay_close(cli_replay *replay)
{
  tl_error ignored;
  (void)cli_record_close(&replay->digests, &ignored);
  cli_session_close(&replay->session);
  free(replay->values);
  free(replay->tick_ns);
  free(replay->begin_values);
  replay->values = NULL;
  replay->tick_ns = NULL;
  replay->begin_values = NULL;
}
