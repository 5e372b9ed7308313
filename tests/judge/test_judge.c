/* Sampling, limits and verdicts on a twin whose every value the test decides. */
#include "tests/judge/bench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void comfort_error_is_sampled_at_window_ends(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[6];
  bench_add(&b, "comfort.error max", "< 1 K");
  bench_add(&b, "comfort.error p95", "< 2 K");
  bench_add(&b, "comfort.error mean", "< 0.1 K");
  bench_add(&b, "comfort.error count", "== 1400");
  bench_add(&b, "comfort.violation", "<= 50 %")->band = 0.5;
  bench_add(&b, "hvac.comfort.error p50", "<= 0.9 degF");
  bench_spread_rates(&b);
  bench_start(&b);
  bench_run_to(&b, 20 * S);
  /* errors are 1e-4 * i * 10 s and * 20 s: 0.001 i and 0.002 i, i < 700 */
  assert_int_equal(bench_finish(&b, got), TL_FAILED);
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
  for (int i = 0; i < 4; i++) bench_add(&b, keys[i], "< 600 K");
  for (uint32_t i = 0; i < DEVICES; i++)
    bench_write(&b, BOX, i, 250.0 + 0.3 * (double)((i * 37) % DEVICES));
  bench_start(&b);
  bench_run_to(&b, 10 * S);
  assert_int_equal(bench_finish(&b, got), TL_PASSED);
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
    bench_add(&b, "comfort.error mean", "< 1 K");
    bench_add(&b, "comfort.error p99", "< 1 K");
    bench_add(&b, "box_K mean", "< 301 K");
    bench_add(&b, "power_W p90", "< 1 W");
    bench_add(&b, "box_K min", "> 299 K");
    for (uint32_t d = 0; d < MANY; d++) bench_write(&b, RATE, d, 1e-5 * (double)(d * 7919 % MANY));
    bench_start(&b);
    bench_run_to(&b, 100 * S);
    bench_finish(&b, threads == 1 ? first : got);
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
  bench_add(&b, "box_K max", "< 40 degC");
  bench_add(&b, "hvac.box_K", ">= 20 degC"); /* no statistic: every sample */
  bench_add(&b, "power_W mean", "<= 0 W");
  bench_add(&b, "box", "< 320 K"); /* without its unit */
  bench_add(&b, "rate_K", "within 0.07 K");
  bench_spread_rates(&b);
  bench_start(&b);
  bench_run_to(&b, 10 * S);
  assert_int_equal(bench_finish(&b, got), TL_PASSED);
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
  tl_threshold *t = bench_add(&b, "comfort.error max", "< 1 K");
  t->of_fleet = b.fleet;
  t->of = some;
  t->of_count = 4;
  t->after_ns = 25 * S;
  t = bench_add(&b, "comfort.error min", ">= 0 K");
  t->of_fleet = b.fleet;
  t->of = some;
  t->of_count = 4;
  bench_spread_rates(&b);
  bench_start(&b);
  bench_run_to(&b, 40 * S);
  bench_finish(&b, got);
  assert_int_equal(got[0].sample_count, 8); /* ends at 30 and 40 s */
  assert_true(fabs(got[0].observed - 0.0699 * 40) < 1e-9);
  assert_true(got[0].breach_ns == 30 * S);
  assert_int_equal(got[1].sample_count, 16);
  assert_true(fabs(got[1].observed - 0.003) < 1e-9);
  bench_close(&b);
}

static void a_threshold_without_samples_is_an_error_never_a_pass(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 1);
  tl_judgement got[4];
  bench_add(&b, "detect.missed", "== 0");
  bench_add(&b, "comfort.error max", "< 1 K")->after_ns = 3600 * S;
  bench_add(&b, "fidelity.rmse box_K", "< 1 K");
  bench_add(&b, "box_K max", "< 400 K");
  bench_start(&b);
  bench_run_to(&b, 10 * S);
  assert_int_equal(bench_finish(&b, got), TL_ERRORED);
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
  bench_add(&b, "box_K mean", "< 1000 K");
  bench_add(&b, "comfort.error max", "< 1 K")->abort = true;
  bench_spread_rates(&b);
  bench_start(&b);
  int64_t stopped_ns = -1;
  while (tl_world_now_ns(b.world) < 100 * S && stopped_ns < 0) {
    assert_int_equal(tl_world_advance(b.world, 100 * S, &err), TL_OK);
    if (tl_judge_aborted(b.judge) >= 0) stopped_ns = tl_world_now_ns(b.world);
  }
  assert_int_equal(tl_judge_aborted(b.judge), 1);
  assert_true(stopped_ns == 20 * S);
  bench_close(&b);
}

static void history_and_strip_stay_within_their_memory(void **unused)
{
  (void)unused;
  static tl_judge_point points[TL_JUDGE_POINTS_MAX];
  static tl_judge_heat heat;
  bench b = bench_open(DEVICES, 2);
  bench_add(&b, "comfort.error max", "< 1000 K");
  bench_add(&b, "detect.false_alarms", "< 1 /device/day");
  for (uint32_t i = 0; i < DEVICES; i++) bench_write(&b, RATE, i, i < 256 ? 0.001 : 0.002);
  bench_start(&b);
  bench_run_to(&b, 10 * S);
  assert_true(tl_judge_heat_get(b.judge, b.fleet, &heat));
  assert_int_equal(heat.columns, 1);
  bench_run_to(&b, 6000 * S); /* 600 windows: more than points and columns */
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
  bench_add(&b, "fidelity.rmse box_K", "< 1.8 degF");
  bench_add(&b, "fidelity.cvrmse_pct box_K", "< 5 %");
  bench_add(&b, "fidelity.nmbe_pct box_K", "within 1 %");
  bench_add(&b, "fidelity.r2 box_K", ">= 0.9");
  bench_add(&b, "fidelity.bias box_K", "within 0.1 W");
  bench_start(&b);
  bench_run_to(&b, 10 * S);
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
  assert_int_equal(bench_finish(&b, got), TL_ERRORED);
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
  bench_add(&b, key, text)->abort = abort;
  const tl_code code = bench_create(&b, &err);
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
  bench_add(&b, "comfort.error p95", "< 1 K");
  bench_add(&b, "detect.missed", "== 0");
  assert_int_equal(bench_create(&b, &err), TL_OK);
  bench_close(&b);
}

static void a_selection_must_fit_the_fleet(void **unused)
{
  (void)unused;
  static const uint32_t outside[1] = {DEVICES}, falling[2] = {4, 3};
  bench b = bench_open(DEVICES, 1);
  tl_error err;
  tl_threshold *t = bench_add(&b, "box_K max", "< 1 K");
  t->of_fleet = b.fleet;
  t->of = outside;
  t->of_count = 1;
  assert_int_equal(bench_create(&b, &err), TL_E_ARG);
  assert_string_equal(err.text, "x.lua:7: box_K max: device 700 is not in fleet 'hvac' of 700");
  t->of = falling;
  t->of_count = 2;
  assert_int_equal(bench_create(&b, &err), TL_E_ARG);
  b.count = 0;
  bench_start(&b);
  tl_fault_id fault;
  assert_int_equal(
      tl_judge_fault_begin(b.judge, &fault, b.fleet, outside, 1, 0, "sensor.drift", &err),
      TL_E_ARG);
  assert_string_equal(err.text, "sensor.drift: device 700 is not in fleet 'hvac' of 700");
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
      cmocka_unit_test(a_threshold_without_samples_is_an_error_never_a_pass),
      cmocka_unit_test(abort_stops_at_the_first_window_that_does_not_hold),
      cmocka_unit_test(history_and_strip_stay_within_their_memory),
      cmocka_unit_test(scores_fill_fidelity_thresholds),
      cmocka_unit_test(what_the_world_has_not_is_refused_at_the_thresholds_line),
      cmocka_unit_test(thresholds_are_checked_before_the_world_has_memory),
      cmocka_unit_test(a_selection_must_fit_the_fleet),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
