/* Sampling, detection and verdicts on a twin whose every value the test decides. */
#include "judge/judge.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)
enum { DEVICES = 700 }; /* three blocks, the last one short */

/* box_K grows by rate each second; alarms are written by the test. */
enum { BOX, RATE, SETPOINT, POWER, ALARM, ALARMS, ALARM_S };
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

typedef struct bench {
  tl_world *world;
  tl_fleet_id fleet;
  tl_judge *judge;
  tl_threshold thresholds[16];
  uint32_t count;
} bench;

static bench bench_make(uint32_t devices, uint32_t threads)
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

static bench bench_open(uint32_t devices, uint32_t threads)
{
  bench b = bench_make(devices, threads);
  assert_int_equal(tl_world_seal(b.world, NULL), TL_OK);
  return b;
}

static tl_threshold *add(bench *b, const char *key, const char *text)
{
  tl_error err;
  tl_threshold *t = &b->thresholds[b->count++];
  if (tl_threshold_parse(t, key, text, "x.lua:7", &err) != TL_OK) fail_msg("%s", err.text);
  return t;
}

static tl_code create(bench *b, tl_error *err)
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

static void start(bench *b)
{
  tl_error err;
  if (create(b, &err) != TL_OK) fail_msg("%s", err.text);
  const tl_observer observer = tl_judge_observer(b->judge);
  assert_int_equal(tl_world_observe(b->world, &observer, &err), TL_OK);
}

static void run_to(bench *b, int64_t until_ns)
{
  tl_error err;
  while (tl_world_now_ns(b->world) < until_ns)
    if (tl_world_advance(b->world, until_ns, &err) != TL_OK) fail_msg("%s", err.text);
}

static void write_one(bench *b, uint32_t column, uint32_t device, double value)
{
  assert_int_equal(tl_fleet_write(b->world, b->fleet, column, device, device + 1, &value, NULL),
                   TL_OK);
}

static void raise(bench *b, uint32_t device, double onsets, double at_s)
{
  write_one(b, ALARMS, device, onsets);
  write_one(b, ALARM_S, device, at_s);
}

static tl_verdict finish(bench *b, tl_judgement *out)
{
  tl_verdict overall;
  tl_judge_finish(b->judge, out, &overall);
  return overall;
}

static void bench_close(bench *b)
{
  tl_world_destroy(b->world);
  tl_judge_destroy(b->judge);
}

static void spread_rates(bench *b)
{
  for (uint32_t i = 0; i < DEVICES; i++)
    write_one(b, RATE, i, 0.0001 * (i % 2 ? -1.0 : 1.0) * (double)i);
}

static void comfort_error_is_sampled_at_window_ends(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[6];
  add(&b, "comfort.error max", "< 1 K");
  add(&b, "comfort.error p95", "< 2 K");
  add(&b, "comfort.error mean", "< 0.1 K");
  add(&b, "comfort.error count", "== 1400");
  add(&b, "comfort.violation", "<= 50 %")->band = 0.5;
  add(&b, "hvac.comfort.error p50", "<= 0.9 degF");
  spread_rates(&b);
  start(&b);
  run_to(&b, 20 * S);
  /* errors are 1e-4 * i * 10 s and * 20 s: 0.001 i and 0.002 i, i < 700 */
  assert_int_equal(finish(&b, got), TL_FAILED);
  assert_true(fabs(got[0].observed - 1.398) < 1e-9);
  assert_int_equal(got[0].verdict, TL_FAILED);
  assert_true(fabs(got[0].margin + 0.398) < 1e-9);
  assert_true(got[0].breach_ns == 20 * S);
  assert_true(got[0].bin == 0.0);
  assert_int_equal(got[1].verdict, TL_PASSED);
  assert_true(got[1].breach_ns == -1);
  assert_true(got[1].bin == 0.001);
  assert_true(got[1].observed > 1.1 && got[1].observed < 1.4);
  assert_true(fabs(got[2].observed - (699.0 * 350 * 0.001 + 699.0 * 350 * 0.002) / 1400) < 1e-9);
  assert_int_equal(got[3].verdict, TL_PASSED);
  assert_int_equal(got[3].sample_count, 1400);
  /* over 0.5 K: i > 500 of the first window, i > 250 of the second */
  assert_true(fabs(got[4].observed - 100.0 * (199 + 449) / 1400.0) < 0.1);
  assert_true(fabs(got[4].margin - (50.0 - got[4].observed)) < 1e-12);
  assert_string_equal(got[5].threshold.unit.name, "degF");
  assert_true(fabs(got[5].observed - 0.466 * 1.8) < 0.004); /* the 700th of 1400, a difference */
  assert_true(fabs(got[5].bin - 0.0018) < 1e-12);
  bench_close(&b);
}

static void quantiles_agree_with_a_sorted_list_to_half_a_bin(void **unused)
{
  (void)unused;
  static const char *const keys[] = {"box_K p50", "box_K p90", "box_K p95", "box_K p99"};
  static const double ranks[] = {350, 630, 665, 693};
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[4];
  for (int i = 0; i < 4; i++) add(&b, keys[i], "< 600 K");
  for (uint32_t i = 0; i < DEVICES; i++)
    write_one(&b, BOX, i, 250.0 + 0.3 * (double)((i * 37) % DEVICES));
  start(&b);
  run_to(&b, 10 * S);
  assert_int_equal(finish(&b, got), TL_PASSED);
  for (int i = 0; i < 4; i++) {
    assert_true(got[i].bin == 0.01);
    assert_true(fabs(got[i].observed - (250.0 + 0.3 * (ranks[i] - 1))) <= 0.005 + 1e-9);
  }
  bench_close(&b);
}

static void every_figure_has_the_same_bits_on_any_number_of_threads(void **unused)
{
  (void)unused;
  enum { MANY = 5000 }; /* 20 blocks: enough for threads to be used */
  tl_judgement first[5], got[5];
  for (uint32_t threads = 1; threads <= 7; threads += 2) {
    bench b = bench_open(MANY, threads);
    add(&b, "comfort.error mean", "< 1 K");
    add(&b, "comfort.error p99", "< 1 K");
    add(&b, "box_K mean", "< 301 K");
    add(&b, "power_W p90", "< 1 W");
    add(&b, "box_K min", "> 299 K");
    for (uint32_t d = 0; d < MANY; d++) write_one(&b, RATE, d, 1e-5 * (double)(d * 7919 % MANY));
    start(&b);
    run_to(&b, 100 * S);
    finish(&b, threads == 1 ? first : got);
    for (int i = 0; threads > 1 && i < 5; i++) {
      assert_memory_equal(&got[i].observed, &first[i].observed, sizeof(double));
      assert_memory_equal(&got[i].margin, &first[i].margin, sizeof(double));
      assert_true(got[i].breach_ns == first[i].breach_ns);
    }
    bench_close(&b);
  }
}

static void columns_have_statistics_and_an_absolute_limit_is_converted(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 1);
  tl_judgement got[5];
  add(&b, "box_K max", "< 40 degC");
  add(&b, "hvac.box_K", ">= 20 degC"); /* no statistic: every sample */
  add(&b, "power_W mean", "<= 0 W");
  add(&b, "box", "< 320 K"); /* without its unit */
  add(&b, "rate_K", "within 0.07 K");
  spread_rates(&b);
  start(&b);
  run_to(&b, 10 * S);
  assert_int_equal(finish(&b, got), TL_PASSED);
  assert_true(fabs(got[0].observed - (300.698 - 273.15)) < 1e-9);
  assert_string_equal(got[0].threshold.unit.name, "degC");
  assert_true(fabs(got[1].observed - (299.301 - 273.15)) < 1e-9);
  /* -0.05 a pair, 350 pairs: mean of 10 * rate */
  assert_true(fabs(got[2].observed + 10 * 0.0001 * 0.5) < 1e-9);
  assert_int_equal(got[3].verdict, TL_PASSED);
  assert_true(fabs(got[4].observed + 0.0699) < 1e-12);
  assert_true(got[1].margin > 0 && got[4].margin > 0);
  assert_int_equal(got[0].verdict, TL_PASSED);
  assert_int_equal(got[2].verdict, TL_PASSED);
  bench_close(&b);
}

static void a_selection_and_a_warm_up_restrict_the_samples(void **unused)
{
  (void)unused;
  static const uint32_t some[4] = {3, 255, 256, 699};
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[2];
  tl_threshold *t = add(&b, "comfort.error max", "< 1 K");
  t->of_fleet = b.fleet;
  t->of = some;
  t->of_count = 4;
  t->after_ns = 25 * S;
  t = add(&b, "comfort.error min", ">= 0 K");
  t->of_fleet = b.fleet;
  t->of = some;
  t->of_count = 4;
  spread_rates(&b);
  start(&b);
  run_to(&b, 40 * S);
  finish(&b, got);
  assert_int_equal(got[0].sample_count, 8); /* ends at 30 and 40 s */
  assert_true(fabs(got[0].observed - 0.0699 * 40) < 1e-9);
  assert_true(got[0].breach_ns == 30 * S);
  assert_int_equal(got[1].sample_count, 16);
  assert_true(fabs(got[1].observed - 0.003) < 1e-9);
  bench_close(&b);
}

static void faults_are_found_missed_and_timed_exactly(void **unused)
{
  (void)unused;
  static const uint32_t sick[4] = {5, 300, 301, 650};
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[6];
  tl_fault_id fault;
  add(&b, "detect.delay p50", "< 1 min");
  add(&b, "detect.delay p99", "< 1 min");
  add(&b, "detect.missed", "== 0");
  add(&b, "detect.found", ">= 3");
  add(&b, "detect.missed", "<= 30 %");
  add(&b, "detect.false_alarms count", "== 2");
  start(&b);
  run_to(&b, 100 * S);
  assert_int_equal(
      tl_judge_fault_begin(b.judge, &fault, b.fleet, sick, 4, 100 * S, "sensor.drift", NULL),
      TL_OK);
  raise(&b, 5, 1, 103.5);  /* 3.5 s */
  raise(&b, 10, 1, 104.0); /* healthy: false */
  run_to(&b, 110 * S);
  raise(&b, 300, 1, 117.25);
  raise(&b, 5, 3, 118.0); /* again, while sick: neither */
  run_to(&b, 200 * S);
  tl_judge_fault_end(b.judge, fault, 200 * S);
  tl_judge_fault_end(b.judge, fault, 210 * S); /* twice is harmless */
  raise(&b, 301, 1, 205.0);                    /* within the grace time */
  run_to(&b, 600 * S);
  raise(&b, 650, 1, 605.0); /* 405 s after the end: false, and the fault stays missed */
  run_to(&b, 700 * S);
  assert_int_equal(finish(&b, got), TL_FAILED);
  assert_true(fabs(got[0].observed * 60 - 17.25) < 1e-9); /* in minutes */
  assert_int_equal(got[0].verdict, TL_PASSED);
  assert_int_equal(got[0].sample_count, 4);
  assert_true(isinf(got[1].observed) && got[1].observed > 0);
  assert_true(isinf(got[1].margin) && got[1].margin < 0);
  assert_int_equal(got[1].verdict, TL_FAILED);
  assert_true(got[1].breach_ns == 160 * S); /* a minute after the fault began */
  assert_true(got[2].observed == 1.0 && got[2].margin == -1.0);
  assert_true(got[2].breach_ns == 500 * S); /* end and grace */
  assert_true(got[3].observed == 3.0);
  assert_int_equal(got[3].verdict, TL_PASSED);
  assert_true(got[4].observed == 25.0);
  assert_true(got[5].observed == 2.0);
  assert_int_equal(got[5].verdict, TL_PASSED);

  tl_judge_device worst[3];
  assert_int_equal(tl_judge_worst(b.judge, worst, 3), 2);
  assert_int_equal(worst[0].device, 650);
  assert_int_equal(worst[0].missed, 1);
  assert_int_equal(worst[1].device, 10);
  const tl_judge_totals totals = tl_judge_totals_get(b.judge);
  assert_int_equal(totals.faults, 4);
  assert_int_equal(totals.found, 3);
  assert_int_equal(totals.false_alarms, 2);
  bench_close(&b);
}

static void an_open_fault_at_the_end_is_not_found(void **unused)
{
  (void)unused;
  static const uint32_t sick[1] = {0};
  bench b = bench_open(DEVICES, 1);
  tl_judgement got[2];
  tl_fault_id fault;
  add(&b, "detect.missed", "== 0");
  add(&b, "detect.delay", "< 1 h");
  start(&b);
  assert_int_equal(tl_judge_fault_begin(b.judge, &fault, b.fleet, sick, 1, 0, "x", NULL), TL_OK);
  run_to(&b, 100 * S);
  finish(&b, got);
  assert_true(got[0].observed == 1.0);
  assert_true(isinf(got[1].observed));
  bench_close(&b);
}

static void overlapping_faults_of_a_device_are_one(void **unused)
{
  (void)unused;
  static const uint32_t sick[1] = {9};
  bench b = bench_open(DEVICES, 1);
  tl_judgement got[1];
  tl_fault_id first, second;
  add(&b, "detect.delay max", "< 1 h");
  start(&b);
  run_to(&b, 10 * S);
  tl_judge_fault_begin(b.judge, &first, b.fleet, sick, 1, 10 * S, "a", NULL);
  run_to(&b, 20 * S);
  tl_judge_fault_begin(b.judge, &second, b.fleet, sick, 1, 20 * S, "b", NULL);
  tl_judge_fault_end(b.judge, first, 20 * S);
  raise(&b, 9, 1, 25.0);
  run_to(&b, 30 * S);
  tl_judge_fault_end(b.judge, second, 30 * S);
  finish(&b, got);
  assert_int_equal(got[0].sample_count, 1);
  assert_true(fabs(got[0].observed * 3600 - 15.0) < 1e-9);
  bench_close(&b);
}

static void false_alarms_are_counted_a_device_and_day(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[1];
  double rate = 0;
  char unit[32];
  tl_error err;
  add(&b, "detect.false_alarms", "< 0.1 /device/day");
  start(&b);
  raise(&b, 1, 2, 3.0); /* two onsets in a window */
  run_to(&b, 100 * S);
  raise(&b, 2, 1, 104.0);
  run_to(&b, 200 * S);
  finish(&b, got);
  assert_true(fabs(got[0].observed - 3.0 / DEVICES / (200.0 / 86400)) < 1e-9);
  assert_string_equal(got[0].threshold.unit.name, "/device/day");
  assert_int_equal(got[0].verdict, TL_FAILED);
  const uint32_t two[2] = {1, 2};
  assert_int_equal(tl_judge_query(b.judge, b.fleet, two, 2, "detect.false_alarms", TL_STAT_NONE,
                                  100 * S, &rate, unit, &err),
                   TL_OK);
  assert_true(fabs(rate - 1.0 / 2 / 100.0) < 1e-12); /* the last 100 s only */
  assert_string_equal(unit, "/device/s");
  assert_int_equal(tl_judge_query(b.judge, b.fleet, NULL, 0, "detect.false_alarms", TL_STAT_COUNT,
                                  0, &rate, unit, &err),
                   TL_OK);
  assert_true(rate == 3.0);
  for (uint32_t i = 10; i < 120; i++)
    raise(&b, i, 1, 205.0); /* more than are kept with their time */
  run_to(&b, 210 * S);
  assert_int_equal(tl_judge_query(b.judge, b.fleet, NULL, 0, "detect.false_alarms", TL_STAT_COUNT,
                                  50 * S, &rate, unit, &err),
                   TL_E_LIMIT);
  assert_int_equal(
      tl_judge_query(b.judge, b.fleet, NULL, 0, "detect.delay", TL_STAT_MAX, 0, &rate, unit, &err),
      TL_E_SAMPLES);
  assert_int_equal(
      tl_judge_query(b.judge, b.fleet, NULL, 0, "detect.dalay", TL_STAT_MAX, 0, &rate, unit, &err),
      TL_E_NAME);
  assert_string_equal(err.hint, "did you mean 'detect.delay'?");
  bench_close(&b);
}

static void a_threshold_without_samples_is_an_error_never_a_pass(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 1);
  tl_judgement got[4];
  add(&b, "detect.missed", "== 0");
  add(&b, "comfort.error max", "< 1 K")->after_ns = 3600 * S;
  add(&b, "fidelity.rmse box_K", "< 1 K");
  add(&b, "box_K max", "< 400 K");
  start(&b);
  run_to(&b, 10 * S);
  assert_int_equal(finish(&b, got), TL_ERRORED);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(got[i].verdict, TL_ERRORED);
    assert_int_equal(got[i].code, TL_E_SAMPLES);
    assert_true(isnan(got[i].observed) && isnan(got[i].margin));
  }
  assert_string_equal(got[0].message,
                      "detect.missed: no samples: no fault began on the devices that it looks at");
  assert_int_equal(got[3].verdict, TL_PASSED);
  bench_close(&b);
}

static void abort_stops_at_the_first_window_that_does_not_hold(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  tl_error err;
  add(&b, "box_K mean", "< 1000 K");
  add(&b, "comfort.error max", "< 1 K")->abort = true;
  spread_rates(&b);
  start(&b);
  int64_t stopped_ns = -1;
  while (tl_world_now_ns(b.world) < 100 * S && stopped_ns < 0) {
    assert_int_equal(tl_world_advance(b.world, 100 * S, &err), TL_OK);
    if (tl_judge_aborted(b.judge) >= 0) stopped_ns = tl_world_now_ns(b.world);
  }
  assert_int_equal(tl_judge_aborted(b.judge), 1);
  assert_true(stopped_ns == 20 * S);
  bench_close(&b);
}

static void nothing_is_allocated_once_the_run_is_under_way(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  double value = 0;
  add(&b, "comfort.error p95", "< 1 K")->abort = true;
  add(&b, "detect.false_alarms", "< 0.1 /device/day");
  add(&b, "detect.delay p99", "< 1 min")->abort = true;
  start(&b);
  run_to(&b, 20 * S);
  const size_t before = mallinfo2().uordblks;
  raise(&b, 7, 1, 23.0);
  run_to(&b, 200 * S);
  tl_judge_stat(b.world, b.fleet, NULL, 0, "box_K", TL_STAT_P95, &value, NULL);
  tl_judge_query(b.judge, b.fleet, NULL, 0, "detect.false_alarms", TL_STAT_NONE, 0, &value, NULL,
                 NULL);
  assert_int_equal(mallinfo2().uordblks, before);
  bench_close(&b);
}

static void history_and_strip_stay_within_their_memory(void **unused)
{
  (void)unused;
  static tl_judge_point points[TL_JUDGE_POINTS_MAX];
  static tl_judge_heat heat;
  bench b = bench_open(DEVICES, 2);
  add(&b, "comfort.error max", "< 1000 K");
  add(&b, "detect.false_alarms", "< 1 /device/day");
  for (uint32_t i = 0; i < DEVICES; i++) write_one(&b, RATE, i, i < 256 ? 0.001 : 0.002);
  start(&b);
  run_to(&b, 10 * S);
  assert_true(tl_judge_heat_get(b.judge, b.fleet, &heat));
  assert_int_equal(heat.columns, 1);
  run_to(&b, 6000 * S); /* 600 windows: more than points and columns */
  const uint32_t count = tl_judge_history(b.judge, 0, points);
  assert_int_equal(count, 300);
  assert_true(points[0].begin_ns == 0 && points[count - 1].end_ns == 6000 * S);
  assert_true(fabs(points[0].low - 0.01) < 1e-9 && fabs(points[0].high - 0.04) < 1e-9);
  assert_true(fabs(points[299].high - 12.0) < 1e-6);
  assert_true(points[299].low < points[299].mean && points[299].mean < points[299].high);
  assert_int_equal(tl_judge_history(b.judge, 1, points), 0);
  assert_true(tl_judge_heat_get(b.judge, b.fleet, &heat));
  assert_int_equal(heat.rows, 3);
  assert_int_equal(heat.columns, 75); /* eight windows each */
  assert_true(heat.begin_ns == 0 && heat.end_ns == 6000 * S);
  assert_true(fabs(heat.value[74] - 6.0) < 1e-3);
  assert_true(fabs(heat.value[TL_HEAT_COLUMNS + 74] - 12.0) < 1e-3);
  assert_true(isnan(heat.value[75]));
  bench_close(&b);
}

static void scores_fill_fidelity_thresholds(void **unused)
{
  (void)unused;
  bench b = bench_open(1, 1);
  tl_judgement got[5];
  tl_error err;
  add(&b, "fidelity.rmse box_K", "< 1.8 degF");
  add(&b, "fidelity.cvrmse_pct box_K", "< 5 %");
  add(&b, "fidelity.nmbe_pct box_K", "within 1 %");
  add(&b, "fidelity.r2 box_K", ">= 0.9");
  add(&b, "fidelity.bias box_K", "within 0.1 W");
  start(&b);
  run_to(&b, 10 * S);
  assert_int_equal(tl_judge_set_value(b.judge, "fidelity.rmse", "box_K", 0.605, "K", "ok", &err),
                   TL_OK);
  assert_int_equal(
      tl_judge_set_value(b.judge, "fidelity.cvrmse_pct", "box_K", -34.0, "%", NULL, &err), TL_OK);
  assert_int_equal(
      tl_judge_set_value(b.judge, "fidelity.nmbe_pct", "box_K", 0.5, "%", "ill-conditioned", &err),
      TL_OK);
  assert_int_equal(tl_judge_set_value(b.judge, "fidelity.r2", "box_K", 0.95, "1", "ok", &err),
                   TL_OK);
  assert_int_equal(tl_judge_set_value(b.judge, "fidelity.bias", "box_K", 0.05, "K", "ok", &err),
                   TL_E_UNIT);
  assert_string_equal(err.text,
                      "x.lua:7: fidelity.bias of box_K is in K, but the limit is 'within 0.1 W'");
  assert_int_equal(finish(&b, got), TL_ERRORED);
  assert_true(fabs(got[0].observed - 1.089) < 1e-9);
  assert_int_equal(got[0].verdict, TL_PASSED);
  assert_true(got[1].observed == 34.0); /* a negative mean must not make it look good */
  assert_int_equal(got[1].verdict, TL_FAILED);
  assert_int_equal(got[2].verdict, TL_ERRORED);
  assert_non_null(strstr(got[2].message, "ill-conditioned"));
  assert_int_equal(got[3].verdict, TL_PASSED);
  assert_int_equal(got[4].code, TL_E_UNIT);
  bench_close(&b);
}

static void refuses(const char *key, const char *text, bool abort, const char *message,
                    const char *hint)
{
  bench b = bench_open(DEVICES, 1);
  tl_error err = {0};
  add(&b, key, text)->abort = abort;
  const tl_code code = create(&b, &err);
  assert_int_not_equal(code, TL_OK);
  assert_null(b.judge);
  assert_string_equal(err.text, message);
  assert_string_equal(err.hint, hint);
  bench_close(&b);
}

static void what_the_world_has_not_is_refused_at_the_thresholds_line(void **unused)
{
  (void)unused;
  refuses("bax_K max", "< 1 K", false,
          "x.lua:7: unknown metric 'bax_K': it is neither a metric nor a column of a fleet",
          "did you mean 'box_K'?");
  refuses("hvac.bax_K max", "< 1 K", false, "x.lua:7: fleet 'hvac' has no column 'bax_K'",
          "did you mean 'box_K'?");
  refuses("hvca.comfort.error max", "< 1 K", false, "x.lua:7: there is no fleet 'hvca'",
          "did you mean 'hvac'?");
  refuses("box_K max", "< 1 W", false,
          "x.lua:7: box_K max: 'W' has another dimension; box_K is in K", "write e.g. \"< 1 K\"");
  refuses("comfort.error max", "< 1", false,
          "x.lua:7: comfort.error max: '< 1' lacks a unit; comfort.error is in K",
          "write e.g. \"< 1 K\"");
  refuses(
      "detect.found", ">= 3", true,
      "x.lua:7: detect.found: a lower limit on a count can be reached later, so abort has no sense",
      "");
  refuses("fidelity.rmse box_K", "< 1 K", true,
          "x.lua:7: fidelity.rmse box_K: known only when the run is over, so abort has no sense",
          "");
}

static void thresholds_are_checked_before_the_world_has_memory(void **unused)
{
  (void)unused;
  bench b = bench_make(DEVICES, 1);
  tl_error err;
  add(&b, "comfort.error p95", "< 1 K");
  add(&b, "detect.missed", "== 0");
  assert_int_equal(create(&b, &err), TL_OK);
  bench_close(&b);
}

static void a_selection_must_fit_the_fleet(void **unused)
{
  (void)unused;
  static const uint32_t outside[1] = {DEVICES}, falling[2] = {4, 3};
  bench b = bench_open(DEVICES, 1);
  tl_error err;
  tl_threshold *t = add(&b, "box_K max", "< 1 K");
  t->of_fleet = b.fleet;
  t->of = outside;
  t->of_count = 1;
  assert_int_equal(create(&b, &err), TL_E_ARG);
  assert_string_equal(err.text, "x.lua:7: box_K max: device 700 is not in fleet 'hvac' of 700");
  t->of = falling;
  t->of_count = 2;
  assert_int_equal(create(&b, &err), TL_E_ARG);
  b.count = 0;
  start(&b);
  tl_fault_id fault;
  assert_int_equal(
      tl_judge_fault_begin(b.judge, &fault, b.fleet, outside, 1, 0, "sensor.drift", &err),
      TL_E_ARG);
  assert_string_equal(err.text, "sensor.drift: device 700 is not in fleet 'hvac' of 700");
  bench_close(&b);
}

static void a_scenario_asks_for_statistics_of_columns(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  double value = 0;
  uint32_t count = 0, column = 0;
  tl_error err;
  const uint32_t some[3] = {1, 256, 699};
  for (uint32_t i = 0; i < DEVICES; i++)
    write_one(&b, BOX, i, 250.0 + 0.25 * (double)((i * 37) % DEVICES));
  assert_int_equal(tl_judge_stat(b.world, b.fleet, NULL, 0, "box_K", TL_STAT_P95, &value, &err),
                   TL_OK);
  assert_true(value == 250.0 + 0.25 * 664); /* exactly the 665th of 700 */
  tl_judge_stat(b.world, b.fleet, NULL, 0, "box_K", TL_STAT_MIN, &value, &err);
  assert_true(value == 250.0);
  tl_judge_stat(b.world, b.fleet, some, 3, "box_K", TL_STAT_COUNT, &value, &err);
  assert_true(value == 3.0);
  tl_judge_stat(b.world, b.fleet, some, 3, "box_K", TL_STAT_NONE, &value, &err);
  assert_true(fabs(value - (250.0 + 0.25 * (37 + 256 * 37 % 700 + 699 * 37 % 700) / 3.0)) < 1e-9);
  for (uint32_t i = 0; i < DEVICES; i++) write_one(&b, RATE, i, -1.0 * (double)i);
  tl_judge_stat(b.world, b.fleet, NULL, 0, "rate_K", TL_STAT_P50, &value, &err);
  assert_true(value == -350.0); /* negative values order too */
  assert_int_equal(tl_judge_stat(b.world, b.fleet, NULL, 0, "rate_J", TL_STAT_MEAN, &value, &err),
                   TL_E_NAME);

  assert_int_equal(tl_judge_column_find(b.world, b.fleet, "alarm", NULL, &column, &err), TL_OK);
  assert_int_equal(column, ALARM);
  write_one(&b, ALARM, 256, 1.0);
  tl_judge_count_true(b.world, b.fleet, some, 3, "alarm", &count, &err);
  assert_int_equal(count, 1);
  tl_judge_count_true(b.world, b.fleet, NULL, 0, "alarm", &count, &err);
  assert_int_equal(count, 1);
  bench_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comfort_error_is_sampled_at_window_ends),
      cmocka_unit_test(quantiles_agree_with_a_sorted_list_to_half_a_bin),
      cmocka_unit_test(every_figure_has_the_same_bits_on_any_number_of_threads),
      cmocka_unit_test(columns_have_statistics_and_an_absolute_limit_is_converted),
      cmocka_unit_test(a_selection_and_a_warm_up_restrict_the_samples),
      cmocka_unit_test(faults_are_found_missed_and_timed_exactly),
      cmocka_unit_test(an_open_fault_at_the_end_is_not_found),
      cmocka_unit_test(overlapping_faults_of_a_device_are_one),
      cmocka_unit_test(false_alarms_are_counted_a_device_and_day),
      cmocka_unit_test(a_threshold_without_samples_is_an_error_never_a_pass),
      cmocka_unit_test(abort_stops_at_the_first_window_that_does_not_hold),
      cmocka_unit_test(nothing_is_allocated_once_the_run_is_under_way),
      cmocka_unit_test(history_and_strip_stay_within_their_memory),
      cmocka_unit_test(scores_fill_fidelity_thresholds),
      cmocka_unit_test(what_the_world_has_not_is_refused_at_the_thresholds_line),
      cmocka_unit_test(thresholds_are_checked_before_the_world_has_memory),
      cmocka_unit_test(a_selection_must_fit_the_fleet),
      cmocka_unit_test(a_scenario_asks_for_statistics_of_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
