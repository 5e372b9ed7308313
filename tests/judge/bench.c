#include "tests/judge/bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const tl_column columns[] = {
    {"box_K", TL_STATE, TL_F64, "K", 300.0, 200.0, 600.0, 0.01, "box"},
    {"rate_K", TL_PARAM, TL_F64, "K", 0.0, -1e3, 1e3, 0.0, "growth a second"},
    {"control.setpoint", TL_PARAM, TL_F64, "K", 300.0, 200.0, 600.0, 0.0, "setpoint"},
    {"power_W", TL_OUTPUT, TL_F64, "W", 0.0, 0.0, 1e9, 0.0, "ten times the rate"},
    {"detector.alarm", TL_PARAM, TL_F64, "1", 0.0, 0.0, 1.0, 1.0, "alarm"},
    {"detector.alarms", TL_PARAM, TL_F64, "1", 0.0, 0.0, 1e9, 1.0, "onsets"},
    {"detector.alarm_s", TL_PARAM, TL_F64, "s", 0.0, 0.0, 1e9, 0.0, "last onset"},
};
static void step(double *const *column, tl_slice rows, double dt_s, uint32_t step_count,
                 tl_simd_path path)
{
  (void)path;
  for (uint32_t i = rows.begin; i < rows.end; i++)
    for (uint32_t k = 0; k < step_count; k++) column[BOX][i] += dt_s * column[RATE][i];
}
static void output(double *const *column, tl_slice rows)
{
  for (uint32_t i = rows.begin; i < rows.end; i++) column[POWER][i] = 10.0 * column[RATE][i];
}
static const tl_twin_type probe = {
    TL_TWIN_ABI, 0,      "probe", "a twin for tests", columns, sizeof columns / sizeof columns[0],
    step,        output, 10.0};
static const tl_twin_type *const twins[] = {&probe};

bench bench_make(uint32_t devices, uint32_t threads)
{
  bench b = {0};
  tl_error err;
  tl_world_def world = tl_world_def_default();
  world.seed = 1;
  world.sync_ns = 10 * S;
  world.thread_count = threads;
  world.twins = twins;
  world.twin_count = 1;
  assert_int_equal(tl_world_create(&b.world, &world, &err), TL_OK);
  tl_fleet_def fleet = tl_fleet_def_default();
  fleet.name = "hvac";
  fleet.twin = "probe";
  fleet.count = devices;
  fleet.dt_ns = S;
  fleet.tick_ns = S;
  if (tl_fleet_create(b.world, &b.fleet, &fleet, &err) != TL_OK) fail_msg("%s", err.text);
  return b;
}

bench bench_open(uint32_t devices, uint32_t threads)
{
  bench b = bench_make(devices, threads);
  assert_int_equal(tl_world_seal(b.world, NULL), TL_OK);
  return b;
}

tl_threshold *bench_add(bench *b, const char *key, const char *text)
{
  tl_error err;
  tl_threshold *t = &b->thresholds[b->count++];
  if (tl_threshold_parse(t, key, text, "x.lua:7", &err) != TL_OK) fail_msg("%s", err.text);
  return t;
}

tl_code bench_create(bench *b, tl_error *err)
{
  const tl_judge_control control = {b->fleet, "box_K", "control.setpoint"};
  tl_judge_def def = tl_judge_def_default();
  def.thresholds = b->thresholds;
  def.threshold_count = b->count;
  def.controls = &control;
  def.control_count = 1;
  def.faults_reserved = 4; /* small, so that tests also grow it */
  def.alarms_reserved = 64;
  return tl_judge_create(&b->judge, b->world, &def, err);
}

void bench_start(bench *b)
{
  tl_error err;
  if (bench_create(b, &err) != TL_OK) fail_msg("%s", err.text);
  const tl_observer observer = tl_judge_observer(b->judge);
  assert_int_equal(tl_world_observe(b->world, &observer, &err), TL_OK);
}

void bench_run_to(bench *b, int64_t until_ns)
{
  tl_error err;
  while (tl_world_now_ns(b->world) < until_ns)
    if (tl_world_advance(b->world, until_ns, &err) != TL_OK) fail_msg("%s", err.text);
}

void bench_write(bench *b, uint32_t column, uint32_t device, double value)
{
  assert_int_equal(tl_fleet_write(b->world, b->fleet, column, device, device + 1, &value, NULL),
                   TL_OK);
}

void bench_raise(bench *b, uint32_t device, double onsets, double at_s)
{
  bench_write(b, ALARMS, device, onsets);
  bench_write(b, ALARM_S, device, at_s);
}

tl_verdict bench_finish(bench *b, tl_judgement *out)
{
  tl_verdict overall;
  tl_judge_finish(b->judge, out, &overall);
  return overall;
}

void bench_close(bench *b)
{
  tl_world_destroy(b->world);
  tl_judge_destroy(b->judge);
}

void bench_spread_rates(bench *b)
{
  for (uint32_t i = 0; i < DEVICES; i++)
    bench_write(b, RATE, i, 0.0001 * (i % 2 ? -1.0 : 1.0) * (double)i);
}
