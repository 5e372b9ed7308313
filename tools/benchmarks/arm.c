#include "benchmarks/arm.h"

#include "benchmarks/figures.h"
#include "benchmarks/peers.h"
#include "script/scenario.h"
#include "twins/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { JOINTS = 6, ROUNDS_MAX = 99, CHECK_STEPS = 200 };
#define PEER_ROUND_S 0.5
#define AGREE_RAD 1e-7 /* two programs that round differently, after 200 steps */
static const tl_fleet_id arms = {1};

static tl_code open_arms(tl_scenario **out, const char *root, tl_simd_path path, uint32_t devices,
                         uint32_t steps_per_tick, const char *seconds, tl_error *err)
{
  char file[1024], devices_text[16], steps_text[16];
  snprintf(file, sizeof file, "%s/tools/benchmarks/arm.lua", root);
  snprintf(devices_text, sizeof devices_text, "%u", devices);
  snprintf(steps_text, sizeof steps_text, "%u", steps_per_tick);
  const tl_scenario_setting settings[] = {
      {"devices", devices_text}, {"steps", steps_text}, {"seconds", seconds}};
  tl_scenario_options options = tl_scenario_options_default();
  options.thread_count = 1;
  options.path = path;
  options.twins = tl_twins;
  options.twin_count = tl_twin_count;
  options.settings = settings;
  options.setting_count = 3;
  const tl_code code = tl_scenario_load(out, file, &options, err);
  return code == TL_OK ? tl_scenario_seal(*out, err) : code;
}

static tl_code read_joint(double *out, const tl_world *world, const char *pattern, int joint,
                          tl_error *err)
{
  char name[64];
  uint32_t column;
  const char *mark = strchr(pattern, '#');
  snprintf(name, sizeof name, "%.*s%d%s", (int)(mark - pattern), pattern, joint, mark + 1);
  const tl_code code = tl_fleet_column_find(world, arms, name, NULL, &column, err);
  if (code == TL_OK) tl_fleet_read(world, arms, column, 0, 1, out);
  return code;
}

static tl_code add_joints(tl_text *line, const tl_world *world, const char *pattern, tl_error *err)
{
  for (int joint = 1; joint <= JOINTS; joint++) {
    double value;
    const tl_code code = read_joint(&value, world, pattern, joint, err);
    if (code != TL_OK) return code;
    tl_text_addf(line, " %.17g", value);
  }
  return TL_OK;
}

/* The model, as the fleet has it. */
static tl_code describe(tl_text *line, const tl_world *world, tl_error *err)
{
  static const char *const parameters[] = {
      "a#_m",       "alpha#_rad", "d#_m",           "theta#_rad",
      "mass#_kg",   "com#_x_m",   "com#_y_m",       "com#_z_m",
      "I#_xx_kgm2", "I#_yy_kgm2", "I#_zz_kgm2",     "I#_xy_kgm2",
      "I#_xz_kgm2", "I#_yz_kgm2", "armature#_kgm2", "viscous#_Nms_per_rad"};
  tl_text_addf(line, "arm %d 0 0 -9.81", JOINTS);
  for (int joint = 1; joint <= JOINTS; joint++)
    for (size_t p = 0; p < sizeof parameters / sizeof *parameters; p++) {
      double value;
      const tl_code code = read_joint(&value, world, parameters[p], joint, err);
      if (code != TL_OK) return code;
      tl_text_addf(line, " %.17g", value);
    }
  tl_text_add_char(line, '\n');
  return TL_OK;
}

static tl_code ask(peers *p, const tl_text *question, char answer[PEER_LINE_BYTES], tl_error *err)
{
  if (peers_ask(p, tl_text_string(question), answer)) return TL_OK;
  return tl_fail(err, TL_E_IO, NULL, "MuJoCo does not answer (build/peers-arm)");
}

/* Where both programs put arm 0 after CHECK_STEPS steps; *worst_rad is how far they are apart. */
static tl_code compare(double *worst_rad, peers *p, const char *root, tl_error *err)
{
  tl_scenario *scenario = NULL;
  tl_text model = {0}, question = {0};
  char answer[PEER_LINE_BYTES] = "";
  *worst_rad = 0.0;
  tl_code code = open_arms(&scenario, root, tl_cpu_best_path(), 1, 1, "0.2", err);
  tl_world *world = code == TL_OK ? tl_scenario_world(scenario) : NULL;
  if (code == TL_OK) code = describe(&model, world, err);
  if (code == TL_OK) code = ask(p, &model, answer, err);
  if (code == TL_OK) {
    fprintf(stderr, "MuJoCo %s", answer);
    tl_text_addf(&question, "after %d", CHECK_STEPS);
    code = add_joints(&question, world, "q#_rad", err);
  }
  if (code == TL_OK) code = add_joints(&question, world, "tau#_command_Nm", err);
  tl_text_add_char(&question, '\n');
  if (code == TL_OK) code = ask(p, &question, answer, err);
  if (code == TL_OK) code = tl_scenario_run(scenario, NULL, err);
  const char *at = strchr(answer, '[');
  for (int joint = 1; code == TL_OK && joint <= JOINTS; joint++) {
    double ours, theirs = NAN;
    if (at) theirs = strtod(at + 1, NULL);
    code = read_joint(&ours, world, "q#_rad", joint, err);
    const double gap = fabs(ours - theirs);
    if (code == TL_OK && !(gap < AGREE_RAD))
      code = tl_fail(err, TL_E_FORMAT, NULL, "joint %d is at %.12g rad, MuJoCo's at %.12g", joint,
                     ours, theirs);
    *worst_rad = fmax(*worst_rad, gap);
    if (at) at = strchr(at + 1, ',');
  }
  tl_scenario_destroy(scenario);
  tl_text_free(&model);
  tl_text_free(&question);
  return code;
}

static tl_code run_ours(double *rate, const arm_options *o, tl_simd_path path,
                        uint32_t steps_per_tick, tl_error *err)
{
  tl_scenario *scenario = NULL;
  tl_code code = open_arms(&scenario, o->root, path, o->devices, steps_per_tick, "1", err);
  const double begin = bench_cpu_s();
  if (code == TL_OK) code = tl_scenario_run(scenario, NULL, err);
  const double used_s = bench_cpu_s() - begin;
  if (code == TL_OK) *rate = (double)tl_world_device_steps(tl_scenario_world(scenario)) / used_s;
  tl_scenario_destroy(scenario);
  return code;
}

static tl_code run_peer(double *rate, peers *p, tl_error *err)
{
  char question[64], answer[PEER_LINE_BYTES];
  snprintf(question, sizeof question, "time %g\n", PEER_ROUND_S);
  if (peers_ask(p, question, answer) && peers_number(answer, "steps_per_s", rate)) return TL_OK;
  return tl_fail(err, TL_E_IO, NULL, "MuJoCo does not answer (build/peers-arm)");
}

static tl_code measure_case(tl_text *json, const arm_options *o, peers *p, tl_simd_path path,
                            uint32_t steps_per_tick, tl_error *err)
{
  double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], ratio[ROUNDS_MAX], warm;
  tl_code code = run_ours(&warm, o, path, steps_per_tick, err);
  for (uint32_t i = 0; code == TL_OK && i < o->rounds; i++) {
    theirs[i] = NAN;
    code = run_ours(&ours[i], o, path, steps_per_tick, err);
    if (code == TL_OK && p) code = run_peer(&theirs[i], p, err);
    if (code == TL_OK) ratio[i] = ours[i] / theirs[i];
  }
  if (code != TL_OK) return code;
  const double rate = bench_median(ours, o->rounds), peer = bench_median(theirs, o->rounds);
  const double middle = bench_median(ratio, o->rounds);
  fprintf(stderr, "%6u arms  %-6s %2u steps a tick  %6.3fM steps/s", o->devices,
          tl_cpu_path_name(path), steps_per_tick, rate * 1e-6);
  if (p)
    fprintf(stderr, "  MuJoCo %6.3fM  ratio %5.2f (%.2f .. %.2f)", peer * 1e-6, middle, ratio[0],
            ratio[o->rounds - 1]);
  fprintf(stderr, "\n");
  tl_text_addf(
      json, "%s\n  {\"joints\": %d, \"devices\": %u, \"path\": \"%s\", \"steps_per_tick\": %u",
      json->length == 1 ? "" : ",", JOINTS, o->devices, tl_cpu_path_name(path), steps_per_tick);
  tl_text_add(json, ", \"device_steps_per_s\": ");
  tl_text_add_json_double(json, rate);
  if (p) {
    tl_text_add(json, ", \"mujoco_steps_per_s\": ");
    tl_text_add_json_double(json, peer);
    tl_text_add(json, ", \"ratio\": ");
    tl_text_add_json_double(json, middle);
    tl_text_add(json, ", \"ratio_low\": ");
    tl_text_add_json_double(json, ratio[0]);
  }
  tl_text_addf(json, ", \"rounds\": %u, \"clock\": \"process cpu\"}", o->rounds);
  return TL_OK;
}

tl_code arm_measure(tl_text *json, const arm_options *options, tl_error *err)
{
  arm_options o = *options;
  o.rounds = o.rounds < 1 ? 1 : o.rounds > ROUNDS_MAX ? ROUNDS_MAX : o.rounds;
  if (o.devices == 0) o.devices = 1024;
  peers mujoco = {0};
  double apart_rad = 0.0;
  tl_code code = TL_OK;
  if (o.peers) code = peers_start(&mujoco, o.root, "peers-arm", "arm_peer.py", false, err);
  if (code == TL_OK && o.peers) code = compare(&apart_rad, &mujoco, o.root, err);
  if (code == TL_OK && o.peers)
    fprintf(stderr, "after %d steps of 1 ms under torque the two arms are %.2g rad apart\n",
            CHECK_STEPS, apart_rad);
  for (int path = 0; path < TL_PATH_COUNT; path++) {
    if (!tl_cpu_has_path((tl_simd_path)path) || path == TL_PATH_SSE) continue; /* as scalar */
    if (o.path && strcmp(o.path, tl_cpu_path_name((tl_simd_path)path)) != 0) continue;
    for (uint32_t steps = 1; steps <= 10 && code == TL_OK; steps += 9)
      code = measure_case(json, &o, o.peers ? &mujoco : NULL, (tl_simd_path)path, steps, err);
  }
  if (o.peers) peers_stop(&mujoco);
  return code;
}
