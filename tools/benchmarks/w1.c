#include "benchmarks/w1.h"

#include "benchmarks/figures.h"
#include "base/hash.h"
#include "benchmarks/naive_w1.h"
#include "script/scenario.h"
#include "telemetry/recorder.h"
#include "twins/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS_MAX = 99, SAMPLES_PER_WINDOW = 64 };
static const double step_s = 0.5;

/* Simulated seconds of a round: about 40 million device-steps, whole windows of 64 samples. */
static uint32_t round_seconds(uint32_t devices)
{
  const double window_s = SAMPLES_PER_WINDOW * NAIVE_STEPS_PER_SAMPLE * step_s;
  const double windows = 40e6 / ((double)devices * (window_s / step_s));
  const double most = windows < 1.0 ? 1.0 : windows > 2000.0 ? 2000.0 : windows;
  return (uint32_t)window_s * (uint32_t)most;
}

static tl_code attach_recorder(tl_recorder **out, tl_scenario *scenario, const w1_case *what,
                               const char *path, tl_error *err)
{
  static const char *const signals[] = {"box", "heater_K", "heater_on", "detector.score"};
  static const tl_record_policy policy[] = {
      [W1_ALL] = TL_RECORD_ALL, [W1_EVENTS] = TL_RECORD_EVENTS, [W1_NONE] = TL_RECORD_NONE};
  tl_world *world = tl_scenario_world(scenario);
  tl_recorder_signal rows[4];
  for (uint32_t i = 0; i < 4; i++) {
    const tl_code code =
        tl_fleet_column_find(world, (tl_fleet_id){1}, signals[i], NULL, &rows[i].column, err);
    if (code != TL_OK) return code;
    rows[i].def =
        tl_signal_from_column(tl_fleet_column(world, (tl_fleet_id){1}, rows[i].column), false);
  }
  const tl_recorder_fleet fleet = {.fleet = {1}, .signals = rows, .signal_count = 4};
  tl_recorder_def def = tl_recorder_def_default();
  def.path = path;
  def.label = "w1";
  def.policy = policy[what->telemetry];
  def.fleets = &fleet;
  def.fleet_count = 1;
  def.path_simd = what->path;
  const tl_code code = tl_recorder_create(out, world, &def, err);
  if (code != TL_OK) return code;
  const tl_observer observer = tl_recorder_observer(*out);
  return tl_world_observe(world, &observer, err);
}

/* Seconds that the run's digests took, at most: everything a snapshot holds hashed block by block,
 * once a window, from memory. The engine hashes less (parameters only when they change) and hot. */
static double digest_seconds(const tl_world *world, uint32_t devices)
{
  const size_t bytes = tl_world_snapshot_bytes(world);
  const size_t block = bytes / ((devices + TL_BLOCK_ROWS - 1) / TL_BLOCK_ROWS);
  unsigned char *copy = malloc(bytes);
  if (!copy) return 0.0;
  tl_world_snapshot(world, copy);
  uint64_t hash = 0;
  const double begin = bench_cpu_s();
  for (size_t at = 0; at + block <= bytes; at += block) hash = tl_hash64(copy + at, block, hash);
  const double pass_s = bench_cpu_s() - begin;
  free(copy);
  return hash == 0 ? 0.0 : pass_s * (double)tl_world_window_count(world);
}

/* One run; *rate is device-steps per second of the run itself, file writing and closing included. */
static tl_code run_product(w1_result *out, double *rate, const w1_case *what, const char *root,
                           const char *scratch, tl_error *err)
{
  char scenario_path[1024], assets[1024], file[1024], devices[16], seconds[16];
  snprintf(scenario_path, sizeof scenario_path, "%s/tools/benchmarks/w1.lua", root);
  snprintf(assets, sizeof assets, "%s/assets/models", root);
  snprintf(file, sizeof file, "%s/w1-%d.h5", scratch, (int)getpid());
  snprintf(devices, sizeof devices, "%u", what->devices);
  snprintf(seconds, sizeof seconds, "%u", round_seconds(what->devices));
  const tl_scenario_setting settings[] = {{"devices", devices}, {"seconds", seconds}};
  const char *const folders[] = {assets};
  tl_scenario_options options = tl_scenario_options_default();
  options.thread_count = what->threads;
  options.path = what->path;
  options.stepped = what->stepped;
  options.twins = tl_twins;
  options.twin_count = tl_twin_count;
  options.settings = settings;
  options.setting_count = 2;
  options.asset_folders = folders;
  options.asset_folder_count = 1;

  tl_scenario *scenario = NULL;
  tl_recorder *recorder = NULL;
  tl_code code = tl_scenario_load(&scenario, scenario_path, &options, err);
  if (code == TL_OK) code = tl_scenario_seal(scenario, err);
  if (code == TL_OK) code = attach_recorder(&recorder, scenario, what, file, err);
  double (*const clock_s)(void) = what->threads == 1 ? bench_cpu_s : bench_now_s;
  const double begin = clock_s();
  if (code == TL_OK) code = tl_scenario_run(scenario, NULL, err);
  uint64_t written = 0;
  if (recorder) {
    written = tl_recorder_written_bytes(recorder);
    tl_error closing;
    const tl_code closed = tl_recorder_close(recorder, &closing);
    if (code == TL_OK && closed != TL_OK) {
      code = closed;
      *err = closing;
    }
  }
  const double used_s = clock_s() - begin;
  if (code == TL_OK) {
    const tl_world *world = tl_scenario_world(scenario);
    const double steps = (double)tl_world_device_steps(world);
    *rate = steps / used_s;
    out->bytes_per_device = (double)tl_world_bytes(world) / what->devices;
    out->file_bytes_per_row =
        what->telemetry == W1_ALL ? (double)written / (steps / NAIVE_STEPS_PER_SAMPLE) : 0.0;
    tl_world_run_hash(world, out->run_hash);
    if (what->threads == 1) out->digest_share = digest_seconds(world, what->devices) / used_s;
  }
  tl_scenario_destroy(scenario);
  unlink(file);
  return code;
}

/* About 4 million device-steps of the naive version. */
static double run_naive(naive_w1 *fleet, uint32_t devices)
{
  const uint32_t samples = 700000u / devices;
  const uint32_t steps = (samples < 1        ? 1
                          : samples > 200000 ? 200000
                                             : samples) *
                         NAIVE_STEPS_PER_SAMPLE;
  const double begin = bench_cpu_s();
  naive_w1_run(fleet, steps);
  return (double)steps * devices / (bench_cpu_s() - begin);
}

tl_code w1_measure(w1_result *out, const w1_case *what, const char *root, const char *scratch,
                   tl_error *err)
{
  double product[ROUNDS_MAX], naive[ROUNDS_MAX], ratio[ROUNDS_MAX], warm = 0.0;
  const uint32_t rounds = what->rounds < 1            ? 1
                          : what->rounds > ROUNDS_MAX ? ROUNDS_MAX
                                                      : what->rounds;
  *out = (w1_result){0};
  naive_w1 *fleet = naive_w1_create(what->devices, what->telemetry == W1_NONE ? 0
                                                   : what->devices > 100000   ? 4
                                                                              : 64);
  if (!fleet)
    return tl_fail(err, TL_E_LIMIT, NULL, "no memory for the naive version of %u devices",
                   what->devices);
  (void)run_naive(fleet, what->devices);
  tl_code code = run_product(out, &warm, what, root, scratch, err);
  for (uint32_t i = 0; code == TL_OK && i < rounds; i++) {
    code = run_product(out, &product[i], what, root, scratch, err);
    naive[i] = run_naive(fleet, what->devices);
    ratio[i] = code == TL_OK ? product[i] / naive[i] : 0.0;
  }
  naive_w1_free(fleet);
  if (code != TL_OK) return code;
  out->device_steps_per_s = bench_median(product, rounds);
  out->naive_device_steps_per_s = bench_median(naive, rounds);
  out->ratio = bench_median(ratio, rounds);
  out->ratio_low = ratio[0];
  out->ratio_high = ratio[rounds - 1];
  return TL_OK;
}
