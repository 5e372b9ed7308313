/* Thresholds as data: what is understood, what is refused and with which words. */
#include "judge/threshold.h"

#include "fidelity/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static tl_threshold parse(const char *key, const char *text)
{
  tl_threshold out;
  tl_error err;
  const tl_code code = tl_threshold_parse(&out, key, text, "x.lua:7", &err);
  if (code != TL_OK) print_error("%s\n", err.text);
  assert_int_equal(code, TL_OK);
  return out;
}

static void refuses(const char *key, const char *text, tl_code expected, const char *message,
                    const char *hint)
{
  tl_threshold out;
  tl_error err;
  assert_int_equal(tl_threshold_parse(&out, key, text, "x.lua:7", &err), expected);
  assert_string_equal(err.text, message);
  assert_string_equal(err.hint, hint);
}

static void a_threshold_is_metric_statistic_operator_limit_and_unit(void **unused)
{
  (void)unused;
  tl_threshold t = parse("comfort.error p95", "< 1.0 K");
  assert_int_equal(t.quantity, TL_QUANTITY_COMFORT_ERROR);
  assert_int_equal(t.statistic, TL_STAT_P95);
  assert_int_equal(t.op, TL_OP_LESS);
  assert_true(t.limit == 1.0);
  assert_string_equal(t.unit.name, "K");
  assert_string_equal(t.name, "comfort.error p95");
  assert_string_equal(t.where, "x.lua:7");
  t = parse("detect.false_alarms", "< 0.1 /device/day");
  assert_int_equal(t.quantity, TL_QUANTITY_FALSE_ALARMS);
  assert_int_equal(t.statistic, TL_STAT_NONE);
  t = parse("detect.missed", "== 0");
  assert_int_equal(t.op, TL_OP_EQUAL);
  t = parse("detect.missed", "<= 5 %");
  assert_int_equal(t.op, TL_OP_AT_MOST);
  assert_true(t.limit == 5.0);
  t = parse("fidelity.bias box_K", "within 0.1 K");
  assert_int_equal(t.op, TL_OP_WITHIN);
  assert_string_equal(t.channel, "box_K");
  t = parse("fidelity.r2 box_K", ">= 0.90");
  assert_int_equal(t.op, TL_OP_AT_LEAST);
  t = parse("detect.delay p99", "< 20 min");
  assert_string_equal(t.unit.name, "min");
  t = parse("detect.false_alarms count", "== 0");
  assert_int_equal(t.statistic, TL_STAT_COUNT);
}

static void anything_else_is_a_column_and_a_fleet_may_stand_in_front(void **unused)
{
  (void)unused;
  tl_threshold t = parse("box_K max", "< 40 degC");
  assert_int_equal(t.quantity, TL_QUANTITY_COUNT);
  assert_string_equal(t.metric, "box_K");
  t = parse("hvac.box_K max", "< 320 K");
  assert_string_equal(t.metric, "hvac.box_K");
  t = parse("  hvac.comfort.error   mean ", "<=0.5K");
  assert_string_equal(t.fleet, "hvac");
  assert_string_equal(t.metric, "comfort.error");
  assert_true(t.limit == 0.5);
}

static void a_typo_gets_a_hint(void **unused)
{
  (void)unused;
  refuses("comfort.eror p95", "< 1 K", TL_E_NAME, "x.lua:7: unknown metric 'comfort.eror'",
          "did you mean 'comfort.error'?");
  refuses("comfort.error p59", "< 1 K", TL_E_NAME,
          "x.lua:7: unknown statistic 'p59' of comfort.error; known: mean p50 p90 p95 p99 max min "
          "count",
          "did you mean 'p50'?");
  refuses("box_K max", "= 3 K", TL_E_ARG,
          "x.lua:7: '= 3 K' is no limit: expected < <= > >= == or within, then a number and a unit",
          "equality is written '=='");
  refuses("box_K max", "3 K", TL_E_ARG,
          "x.lua:7: '3 K' is no limit: expected < <= > >= == or within, then a number and a unit",
          "e.g. \"< 1.0 K\"");
}

static void a_wrong_or_missing_unit_is_an_error_at_check_time(void **unused)
{
  (void)unused;
  refuses("detect.delay p99", "< 20 K", TL_E_UNIT,
          "x.lua:7: detect.delay p99: 'K' has another dimension; detect.delay is measured in s",
          "write e.g. \"< 1 s\"");
  refuses("detect.delay p99", "< 20", TL_E_UNIT,
          "x.lua:7: detect.delay p99: '< 20' lacks a unit; detect.delay is measured in s",
          "write e.g. \"< 1 s\"");
  refuses("detect.false_alarms", "< 0.1 /day", TL_E_UNIT,
          "x.lua:7: detect.false_alarms: '/day' has another dimension; detect.false_alarms is "
          "measured in /device/s",
          "write e.g. \"< 1 /device/day\"");
  refuses("detect.delay count", "> 3 s", TL_E_UNIT,
          "x.lua:7: detect.delay count: 's' has another dimension; detect.delay is measured in 1",
          "write e.g. \"> 1 1\"");
  tl_threshold out;
  tl_error err;
  assert_int_equal(tl_threshold_parse(&out, "box_K max", "< 3 Kelvins", "x.lua:7", &err),
                   TL_E_UNIT);
}

static void limits_that_can_not_mean_what_they_say_are_refused(void **unused)
{
  (void)unused;
  refuses("fidelity.bias box_K", "< 0.1 K", TL_E_ARG,
          "x.lua:7: fidelity.bias is signed: '< 0.1 K' would accept any error of the other sign",
          "write \"within 0.1 K\"");
  refuses("box_K", "== 3 K", TL_E_ARG, "x.lua:7: box_K: '==' needs a statistic, e.g. \"box_K max\"",
          "");
  refuses("detect.missed p95", "== 0", TL_E_ARG,
          "x.lua:7: detect.missed is one number: it has no 'p95'", "");
  refuses("fidelity.rmse", "< 1 K", TL_E_ARG,
          "x.lua:7: fidelity.rmse needs the compared channel: \"fidelity.rmse box_K\"", "");
  refuses("hvac.fidelity.rmse box_K", "< 1 K", TL_E_ARG,
          "x.lua:7: fidelity.rmse belongs to a compared channel, not to a fleet: write "
          "'fidelity.rmse CHANNEL'",
          "");
  refuses("box_K max min", "< 1 K", TL_E_ARG,
          "x.lua:7: 'box_K max min' has more words than METRIC and STATISTIC: 'min'", "");
  refuses(
      "", "< 1 K", TL_E_ARG,
      "x.lua:7: '' is no threshold: expected \"METRIC [STATISTIC]\", e.g. \"comfort.error p95\"",
      "");
  refuses("box_K max", "< inf K", TL_E_ARG, "x.lua:7: '< inf K': the limit is not a finite number",
          "");
  refuses("box_K max", "within -1 K", TL_E_ARG,
          "x.lua:7: 'within -1 K': within takes a magnitude, 0 or more", "");
  refuses("box_K max", "<", TL_E_ARG, "x.lua:7: '' does not start with a number", "");
}

static void the_margin_is_the_distance_to_the_limit_and_positive_when_held(void **unused)
{
  (void)unused;
  tl_threshold t = parse("box_K max", "< 1 K");
  assert_true(tl_threshold_holds(&t, 0.25) && tl_threshold_margin(&t, 0.25) == 0.75);
  assert_false(tl_threshold_holds(&t, 1.0));
  assert_false(tl_threshold_holds(&t, (double)NAN));
  assert_true(tl_threshold_margin(&t, (double)INFINITY) == -(double)INFINITY);
  t = parse("box_K min", ">= 2 K");
  assert_true(tl_threshold_holds(&t, 2.0) && tl_threshold_margin(&t, 2.5) == 0.5);
  t = parse("detect.missed", "== 0");
  assert_true(tl_threshold_holds(&t, 0.0) && tl_threshold_margin(&t, 0.0) == 0.0);
  assert_true(tl_threshold_margin(&t, 3.0) == -3.0);
  t = parse("box_K mean", "within 0.5 K");
  assert_true(tl_threshold_holds(&t, -0.5) && tl_threshold_margin(&t, -0.25) == 0.25);
}

static void fidelity_metrics_are_those_of_the_fidelity_room(void **unused)
{
  (void)unused;
  uint32_t count = 0;
  for (uint32_t i = 0; i < tl_quantity_count(); i++) {
    const tl_quantity *q = tl_quantity_at(i);
    tl_metric metric;
    if (strncmp(q->name, "fidelity.", 9) != 0 || strcmp(q->name, "fidelity.score") == 0 ||
        strcmp(q->name, "fidelity.in_tube") == 0) /* these two are no metrics of a channel alone */
      continue;
    count++;
    assert_true(tl_metric_find(&metric, q->name + 9));
    const tl_metric_info *info = tl_metric_describe(metric);
    const bool is_bare = strcmp(info->unit, "samples") == 0 || strcmp(info->unit, "dB") == 0;
    assert_string_equal(q->unit, strcmp(info->unit, "channel") == 0 ? "column"
                                 : is_bare                          ? "1"
                                                                    : info->unit);
    assert_int_equal(q->is_signed, info->direction == TL_ZERO);
  }
  uint32_t nameable = 0; /* those with a unit that a limit can have, and of one simulation */
  for (int m = 0; m < TL_METRIC_ALL_COUNT; m++) {
    static const char *const units[] = {"1", "%", "channel", "samples", "s", "dB"};
    const tl_metric_info *info = tl_metric_describe((tl_metric)m);
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
      if (strcmp(info->unit, units[u]) == 0 && strcmp(info->family, "ensemble") != 0) nameable++;
  }
  assert_int_equal(count, nameable);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_threshold_is_metric_statistic_operator_limit_and_unit),
      cmocka_unit_test(anything_else_is_a_column_and_a_fleet_may_stand_in_front),
      cmocka_unit_test(a_typo_gets_a_hint),
      cmocka_unit_test(a_wrong_or_missing_unit_is_an_error_at_check_time),
      cmocka_unit_test(limits_that_can_not_mean_what_they_say_are_refused),
      cmocka_unit_test(the_margin_is_the_distance_to_the_limit_and_positive_when_held),
      cmocka_unit_test(fidelity_metrics_are_those_of_the_fidelity_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
