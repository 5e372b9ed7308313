/* Faults, alarms and the questions of a scenario. */
#include "tests/judge/bench.h"

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

static void faults_are_found_missed_and_timed_exactly(void **unused)
{
  (void)unused;
  static const uint32_t sick[4] = {5, 300, 301, 650};
  bench b = bench_open(DEVICES, 2);
  tl_judgement got[6];
  tl_fault_id fault;
  bench_add(&b, "detect.delay p50", "< 1 min");
  bench_add(&b, "detect.delay p99", "< 1 min");
  bench_add(&b, "detect.missed", "== 0");
  bench_add(&b, "detect.found", ">= 3");
  bench_add(&b, "detect.missed", "<= 30 %");
  bench_add(&b, "detect.false_alarms count", "== 2");
  bench_start(&b);
  bench_run_to(&b, 100 * S);
  assert_int_equal(
      tl_judge_fault_begin(b.judge, &fault, b.fleet, sick, 4, 100 * S, "sensor.drift", NULL),
      TL_OK);
  bench_raise(&b, 5, 1, 103.5);  /* 3.5 s */
  bench_raise(&b, 10, 1, 104.0); /* healthy: false */
  bench_run_to(&b, 110 * S);
  bench_raise(&b, 300, 1, 117.25);
  bench_raise(&b, 5, 3, 118.0); /* again, while sick: neither */
  bench_run_to(&b, 200 * S);
  tl_judge_fault_end(b.judge, fault, 200 * S);
  tl_judge_fault_end(b.judge, fault, 210 * S); /* twice is harmless */
  bench_raise(&b, 301, 1, 205.0);              /* within the grace time */
  bench_run_to(&b, 600 * S);
  bench_raise(&b, 650, 1, 605.0); /* 405 s after the end: false, and the fault stays missed */
  bench_run_to(&b, 700 * S);
  assert_int_equal(bench_finish(&b, got), TL_FAILED);
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

  double delays_s[4];
  assert_int_equal(tl_judge_delays(b.judge, 0, delays_s, 4), 4);
  assert_true(delays_s[0] == 3.5 && delays_s[1] == 17.25 && delays_s[2] == 105.0 &&
              isinf(delays_s[3]));
  assert_int_equal(tl_judge_delays(b.judge, 5, delays_s, 4), 0); /* not a delay */

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
  bench_add(&b, "detect.missed", "== 0");
  bench_add(&b, "detect.delay", "< 1 h");
  bench_start(&b);
  assert_int_equal(tl_judge_fault_begin(b.judge, &fault, b.fleet, sick, 1, 0, "x", NULL), TL_OK);
  bench_run_to(&b, 100 * S);
  bench_finish(&b, got);
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
  bench_add(&b, "detect.delay max", "< 1 h");
  bench_start(&b);
  bench_run_to(&b, 10 * S);
  tl_judge_fault_begin(b.judge, &first, b.fleet, sick, 1, 10 * S, "a", NULL);
  bench_run_to(&b, 20 * S);
  tl_judge_fault_begin(b.judge, &second, b.fleet, sick, 1, 20 * S, "b", NULL);
  tl_judge_fault_end(b.judge, first, 20 * S);
  bench_raise(&b, 9, 1, 25.0);
  bench_run_to(&b, 30 * S);
  tl_judge_fault_end(b.judge, second, 30 * S);
  bench_finish(&b, got);
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
  bench_add(&b, "detect.false_alarms", "< 0.1 /device/day");
  bench_start(&b);
  bench_raise(&b, 1, 2, 3.0); /* two onsets in a window */
  bench_run_to(&b, 100 * S);
  bench_raise(&b, 2, 1, 104.0);
  bench_run_to(&b, 200 * S);
  bench_finish(&b, got);
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
    bench_raise(&b, i, 1, 205.0); /* more than are kept with their time */
  bench_run_to(&b, 210 * S);
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

static void nothing_is_allocated_once_the_run_is_under_way(void **unused)
{
  (void)unused;
  bench b = bench_open(DEVICES, 2);
  double value = 0;
  bench_add(&b, "comfort.error p95", "< 1 K")->abort = true;
  bench_add(&b, "detect.false_alarms", "< 0.1 /device/day");
  bench_add(&b, "detect.delay p99", "< 1 min")->abort = true;
  bench_start(&b);
  bench_run_to(&b, 20 * S);
  const size_t before = mallinfo2().uordblks;
  bench_raise(&b, 7, 1, 23.0);
  bench_run_to(&b, 200 * S);
  tl_judge_stat(b.world, b.fleet, NULL, 0, "box_K", TL_STAT_P95, &value, NULL);
  tl_judge_query(b.judge, b.fleet, NULL, 0, "detect.false_alarms", TL_STAT_NONE, 0, &value, NULL,
                 NULL);
  assert_int_equal(mallinfo2().uordblks, before);
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
    bench_write(&b, BOX, i, 250.0 + 0.25 * (double)((i * 37) % DEVICES));
  assert_int_equal(tl_judge_stat(b.world, b.fleet, NULL, 0, "box_K", TL_STAT_P95, &value, &err),
                   TL_OK);
  assert_true(value == 250.0 + 0.25 * 664); /* exactly the 665th of 700 */
  tl_judge_stat(b.world, b.fleet, NULL, 0, "box_K", TL_STAT_MIN, &value, &err);
  assert_true(value == 250.0);
  tl_judge_stat(b.world, b.fleet, some, 3, "box_K", TL_STAT_COUNT, &value, &err);
  assert_true(value == 3.0);
  tl_judge_stat(b.world, b.fleet, some, 3, "box_K", TL_STAT_NONE, &value, &err);
  assert_true(fabs(value - (250.0 + 0.25 * (37 + 256 * 37 % 700 + 699 * 37 % 700) / 3.0)) < 1e-9);
  for (uint32_t i = 0; i < DEVICES; i++) bench_write(&b, RATE, i, -1.0 * (double)i);
  tl_judge_stat(b.world, b.fleet, NULL, 0, "rate_K", TL_STAT_P50, &value, &err);
  assert_true(value == -350.0); /* negative values order too */
  assert_int_equal(tl_judge_stat(b.world, b.fleet, NULL, 0, "rate_J", TL_STAT_MEAN, &value, &err),
                   TL_E_NAME);

  assert_int_equal(tl_judge_column_find(b.world, b.fleet, "alarm", NULL, &column, &err), TL_OK);
  assert_int_equal(column, ALARM);
  bench_write(&b, ALARM, 256, 1.0);
  tl_judge_count_true(b.world, b.fleet, some, 3, "alarm", &count, &err);
  assert_int_equal(count, 1);
  tl_judge_count_true(b.world, b.fleet, NULL, 0, "alarm", &count, &err);
  assert_int_equal(count, 1);
  bench_close(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(faults_are_found_missed_and_timed_exactly),
      cmocka_unit_test(an_open_fault_at_the_end_is_not_found),
      cmocka_unit_test(overlapping_faults_of_a_device_are_one),
      cmocka_unit_test(false_alarms_are_counted_a_device_and_day),
      cmocka_unit_test(nothing_is_allocated_once_the_run_is_under_way),
      cmocka_unit_test(a_scenario_asks_for_statistics_of_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
