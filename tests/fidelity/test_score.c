/* Pairing, overlap, gaps, units and the two output forms. */
#include "fidelity/score.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000000)
#define ZERO_C 273.15

static tl_trace trace(const char *name, const char *unit, const int64_t *at_ns, const double *value,
                      size_t count)
{
  return (tl_trace){.name = name, .unit = unit, .at_ns = at_ns, .value = value, .count = count};
}

static void equal_stamps_are_compared_exactly_and_units_converted(void **unused)
{
  (void)unused;
  const int64_t at[3] = {0, 3 * S + 7, 6 * S};
  const double sim[3] = {ZERO_C + 20, ZERO_C + 21, ZERO_C + 22}, rec[3] = {20, 20, 20};
  const tl_trace a = trace("box_K", "K", at, sim, 3), b = trace("t2", "degC", at, rec, 3);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_true(fabs(got.metric[TL_METRIC_max_abs].value - 2.0) < 1e-12);
  assert_string_equal(got.unit, "degC");
  assert_int_equal(got.used_count, 3);
  assert_int_equal(got.interpolated_count, 0);
  assert_int_equal(got.series_count, 3);
  free(memory);
}

static void between_samples_the_simulation_is_a_straight_line(void **unused)
{
  (void)unused;
  const int64_t at[3] = {0, 4 * S, 8 * S}, stamps[2] = {1 * S, 6 * S};
  const double sim[3] = {0, 4, 0}, rec[2] = {1, 2};
  const tl_trace a = trace("x", "W", at, sim, 3), b = trace("x", "W", stamps, rec, 2);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_true(got.metric[TL_METRIC_rmse].value == 0.0);
  assert_int_equal(got.interpolated_count, 2);
  free(memory);
}

static void nothing_is_extrapolated_beyond_the_overlap(void **unused)
{
  (void)unused;
  const int64_t at[2] = {2 * S, 4 * S}, stamps[5] = {0, 2 * S, 3 * S, 4 * S, 9 * S};
  const double sim[2] = {1, 1}, rec[5] = {100, 1, 1, 1, 100};
  const tl_trace a = trace("x", "W", at, sim, 2), b = trace("x", "W", stamps, rec, 5);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_int_equal(got.used_count, 3);
  assert_int_equal(got.outside_count, 2);
  assert_true(got.metric[TL_METRIC_max_abs].value == 0.0);
  assert_true(got.begin_ns == 2 * S && got.end_ns == 4 * S);
  free(memory);
}

static void a_gap_of_either_side_stays_a_gap(void **unused)
{
  (void)unused;
  const int64_t at[4] = {0, S, 2 * S, 3 * S};
  const int64_t stamps[6] = {0, S / 2, S, 3 * S / 2, 5 * S / 2, 3 * S};
  const double sim[4] = {1, NAN, 1, 1}, rec[6] = {1, 1, 1, 1, NAN, 1};
  const tl_trace a = trace("x", "W", at, sim, 4), b = trace("x", "W", stamps, rec, 6);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_int_equal(got.sim_gap_count, 3); /* 0.5 s, 1 s and 1.5 s touch the missing sample */
  assert_int_equal(got.rec_gap_count, 1);
  assert_int_equal(got.used_count, 2);
  assert_true(isnan(got.series_sim[2]) && isnan(got.series_rec[4]));
  free(memory);
}

static void a_long_step_of_the_simulation_is_a_gap_unless_told_otherwise(void **unused)
{
  (void)unused;
  const int64_t at[5] = {0, S, 2 * S, 3 * S, 60 * S}, stamps[3] = {0, 30 * S, 60 * S};
  const double sim[5] = {0, 0, 0, 0, 0}, rec[3] = {0, 0, 0};
  const tl_trace a = trace("x", "W", at, sim, 5), b = trace("x", "W", stamps, rec, 3);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_int_equal(got.sim_gap_count, 1);
  free(memory);
  const tl_score_options patient = {.gap_ns = 57 * S};
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, &patient, NULL), TL_OK);
  assert_int_equal(got.sim_gap_count, 0);
  free(memory);
}

static void all_samples_in_gaps_leave_every_metric_undefined(void **unused)
{
  (void)unused;
  const int64_t at[2] = {0, S};
  const double sim[2] = {1, 2}, rec[2] = {NAN, NAN};
  const tl_trace a = trace("x", "W", at, sim, 2), b = trace("x", "W", at, rec, 2);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_int_equal(got.metric[TL_METRIC_rmse].status, TL_METRIC_UNDEFINED);
  free(memory);
}

static void after_an_event_the_later_of_two_values_counts(void **unused)
{
  (void)unused;
  const int64_t at[4] = {0, S, S, 2 * S}, stamps[1] = {S};
  const double sim[4] = {0, 0, 5, 5}, rec[1] = {5};
  const tl_trace a = trace("x", "W", at, sim, 4), b = trace("x", "W", stamps, rec, 1);
  tl_score_channel got;
  void *memory = NULL;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, NULL), TL_OK);
  assert_true(got.metric[TL_METRIC_rmse].value == 0.0);
  free(memory);
}

static void no_overlap_is_an_error_that_names_both_ranges(void **unused)
{
  (void)unused;
  const int64_t at[2] = {0, 10 * S}, later[2] = {20 * S, 30 * S};
  const double x[2] = {1, 1};
  const tl_trace a = trace("x", "W", at, x, 2), b = trace("x", "W", later, x, 2);
  tl_score_channel got;
  void *memory = NULL;
  tl_error err;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, &err), TL_E_SAMPLES);
  assert_string_equal(err.text,
                      "channel x: no overlap: the simulation covers 00:00:00 to 00:00:10, the "
                      "recording 00:00:20 to 00:00:30");
  const tl_trace empty = trace("x", "W", at, x, 0);
  assert_int_equal(tl_score_traces(&got, &memory, &empty, &b, NULL, &err), TL_E_SAMPLES);
  assert_string_equal(err.text, "channel x: the simulation has no samples");
}

static void another_dimension_is_refused(void **unused)
{
  (void)unused;
  const int64_t at[1] = {0};
  const double x[1] = {1};
  const tl_trace a = trace("box_K", "K", at, x, 1), b = trace("power", "W", at, x, 1);
  tl_score_channel got;
  void *memory = NULL;
  tl_error err;
  assert_int_equal(tl_score_traces(&got, &memory, &a, &b, NULL, &err), TL_E_UNIT);
  assert_string_equal(err.text, "channel box_K is simulated in K, but power is recorded in W");
}

static void channels_pair_by_name_and_by_name_without_unit(void **unused)
{
  (void)unused;
  const int64_t at[2] = {0, S};
  const double kelvin[2] = {300, 301}, celsius[2] = {300 - ZERO_C, 301 - ZERO_C}, watt[2] = {1, 2};
  const tl_trace sim[3] = {trace("box_K", "K", at, kelvin, 2), trace("power_W", "W", at, watt, 2),
                           trace("lonely_K", "K", at, kelvin, 2)};
  const tl_trace rec[2] = {trace("power_W", "W", at, watt, 2),
                           trace("box_degC", "degC", at, celsius, 2)};
  tl_score score;
  assert_int_equal(tl_score_sets(&score, sim, 3, rec, 2, NULL, 0, NULL, NULL), TL_OK);
  assert_int_equal(score.channel_count, 2);
  assert_string_equal(score.channels[0].name, "power_W");
  assert_string_equal(score.channels[1].name, "box_K");
  assert_string_equal(score.channels[1].rec_name, "box_degC");
  assert_true(score.channels[1].metric[TL_METRIC_max_abs].value < 1e-9);
  tl_score_free(&score);
}

static void given_pairs_are_used_and_a_wrong_name_gets_a_hint(void **unused)
{
  (void)unused;
  const int64_t at[2] = {0, S};
  const double x[2] = {1, 2};
  const tl_trace sim[1] = {trace("box_K", "K", at, x, 2)};
  const tl_trace rec[2] = {trace("t2", "K", at, x, 2), trace("t3", "K", at, x, 2)};
  const tl_score_pair pairs[2] = {{"box_K", "t2", NULL}, {"box_K", "t3", NULL}};
  tl_score score;
  tl_error err;
  assert_int_equal(tl_score_sets(&score, sim, 1, rec, 2, pairs, 2, NULL, NULL), TL_OK);
  assert_string_equal(score.channels[0].name, "box_K");
  assert_string_equal(score.channels[1].name, "box_K:t3"); /* names are keys */
  tl_score_free(&score);

  const tl_score_pair wrong[1] = {{"bax_K", "t2", "x.lua:12"}};
  assert_int_equal(tl_score_sets(&score, sim, 1, rec, 2, wrong, 1, NULL, &err), TL_E_COLUMN);
  assert_string_equal(err.text, "x.lua:12: the simulation has no channel 'bax_K'; it has box_K");
  assert_string_equal(err.hint, "did you mean 'box_K'?");
  assert_int_equal(tl_score_sets(&score, sim, 1, rec, 2, NULL, 0, NULL, &err), TL_E_COLUMN);
  assert_non_null(strstr(err.text, "the simulation has box_K; the recording has t2, t3"));
}

static void json_has_the_fixed_form(void **unused)
{
  (void)unused;
  const int64_t at[2] = {0, S};
  const double sim[2] = {21, 21}, rec[2] = {20, 20};
  const tl_trace a = trace("box", "W", at, sim, 2);
  const tl_trace b = trace("box", "W", at, rec, 2);
  tl_score score;
  assert_int_equal(tl_score_sets(&score, &a, 1, &b, 1, NULL, 0, NULL, NULL), TL_OK);
  tl_text text = {0};
  tl_score_write_json(&score, &text);
  const char *json = tl_text_string(&text);
  assert_non_null(strstr(json, "\"schema\": \"twinloop.score/1\""));
  assert_non_null(strstr(json, "\"rmse\": {\"value\": 1, \"unit\": \"W\", \"status\": \"ok\"}"));
  assert_non_null(strstr(json, "\"r2\": {\"value\": null, \"unit\": \"1\", \"status\": "
                               "\"undefined\", \"reason\": \"the reference is constant\"}"));
  assert_non_null(
      strstr(json, "\"nmbe_pct\": {\"value\": -10, \"unit\": \"%\", \"status\": \"ok\"}"));
  assert_non_null(strstr(json, "\"used\": 2"));
  tl_text_clear(&text);
  tl_score_write_table(&score, &text);
  assert_non_null(
      strstr(tl_text_string(&text), "box  [W]  2 of 2 samples, 00:00:00 to 00:00:01\n"));
  assert_non_null(strstr(tl_text_string(&text), "  rmse                    1 W\n"));
  assert_non_null(strstr(tl_text_string(&text), "undefined"));
  tl_text_free(&text);
  tl_score_free(&score);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_stamps_are_compared_exactly_and_units_converted),
      cmocka_unit_test(between_samples_the_simulation_is_a_straight_line),
      cmocka_unit_test(nothing_is_extrapolated_beyond_the_overlap),
      cmocka_unit_test(a_gap_of_either_side_stays_a_gap),
      cmocka_unit_test(a_long_step_of_the_simulation_is_a_gap_unless_told_otherwise),
      cmocka_unit_test(all_samples_in_gaps_leave_every_metric_undefined),
      cmocka_unit_test(after_an_event_the_later_of_two_values_counts),
      cmocka_unit_test(no_overlap_is_an_error_that_names_both_ranges),
      cmocka_unit_test(another_dimension_is_refused),
      cmocka_unit_test(channels_pair_by_name_and_by_name_without_unit),
      cmocka_unit_test(given_pairs_are_used_and_a_wrong_name_gets_a_hint),
      cmocka_unit_test(json_has_the_fixed_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
