/* What calibrate finds: planted truth, the same bits anywhere, bounds, ties, several recordings, holes. */
#include "tests/fidelity/calibrate/kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static tl_calibration fit(const kit *k, const tl_calibrate_options *options)
{
  tl_calibration out;
  tl_error err;
  if (tl_calibrate(&out, &k->problem, options, &err) != TL_OK) fail_msg("%s", err.text);
  return out;
}

static kit *planted(double noise)
{
  kit *k = kit_incubator(400, 6.0);
  kit_free_incubator(k);
  kit_plant(k, kit_truth, noise, 0.0, 7);
  return k;
}

static void planted_parameters_are_found_from_far_away(void **unused)
{
  (void)unused;
  kit *k = planted(0.0);
  const tl_calibrate_options options = kit_options(8);
  tl_calibration out = fit(k, &options);
  for (uint32_t p = 0; p < 5; p++)
    assert_true(fabs(out.values[p].value / kit_truth[p] - 1.0) < 1e-6);
  assert_true(out.rmse < 1e-6);
  assert_true(out.converged && out.starts == 8 && out.starts_at_best >= 1);
  assert_int_equal(out.sentence_count, 0);
  assert_true(out.simulations > 8 * 6);
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* The sum of squares of candidates is that of their own traces. */
static void costs_are_those_of_the_traces(void **unused)
{
  (void)unused;
  enum { COUNT = 100 };
  kit *k = planted(0.1);
  double values[COUNT][5], cost[COUNT], trace[400];
  tl_error err;
  tl_calibrate_options options = kit_options(1);
  options.thread_count = 3;
  for (uint32_t i = 0; i < COUNT; i++)
    for (uint32_t p = 0; p < 5; p++)
      values[i][p] = kit_truth[p] * (1.0 + 0.001 * (i % 7) * (p + 1));
  assert_int_equal(tl_calibrate_costs(&k->problem, values[0], COUNT, &options, cost, &err), TL_OK);
  for (uint32_t i = 0; i < COUNT; i += 33) {
    double sum = 0.0;
    assert_int_equal(tl_calibrate_trace(&k->problem, values[i], 0, 0, TL_PATH_SCALAR, trace, &err),
                     TL_OK);
    for (uint32_t s = 0; s < 400; s++) {
      const double e = trace[s] - k->memory[0].value[0][s];
      sum += e * e;
    }
    assert_true(sum == cost[i]);
  }
  kit_free_all(k);
}

static void expect_same(const tl_calibration *a, const tl_calibration *b)
{
  for (uint32_t p = 0; p < a->free_count; p++) {
    assert_memory_equal(&a->values[p].value, &b->values[p].value, sizeof(double));
    assert_memory_equal(&a->values[p].low, &b->values[p].low, sizeof(double));
    assert_memory_equal(&a->values[p].high, &b->values[p].high, sizeof(double));
  }
  assert_memory_equal(&a->rmse, &b->rmse, sizeof(double));
  assert_memory_equal(a->covariance, b->covariance, a->free_count * a->free_count * sizeof(double));
  assert_true(a->simulations == b->simulations && a->diverged == b->diverged);
}

static void the_bits_are_the_same_for_any_thread_count_and_path(void **unused)
{
  (void)unused;
  kit *k = planted(0.05);
  for (int method = 0; method < TL_CALIBRATE_METHOD_COUNT; method++) {
    if (!tl_calibrate_has_method((tl_calibrate_method)method)) continue;
    tl_calibrate_options options = kit_options(13); /* the last block is short */
    options.method = (tl_calibrate_method)method;
    options.iterations_max = method == TL_CALIBRATE_LM ? 200 : 3;
    tl_calibration expected = fit(k, &options);
    for (uint32_t threads = 2; threads <= 7; threads += 5) {
      options.thread_count = threads;
      tl_calibration out = fit(k, &options);
      expect_same(&expected, &out);
      tl_calibration_free(&out);
    }
    for (int path = 0; path < TL_PATH_COUNT; path++) {
      if (!tl_cpu_has_path((tl_simd_path)path)) continue;
      options.path = (tl_simd_path)path;
      tl_calibration out = fit(k, &options);
      expect_same(&expected, &out);
      tl_calibration_free(&out);
    }
    tl_calibration_free(&expected);
  }
  kit_free_all(k);
}

static void other_seeds_draw_other_starts_and_find_the_same(void **unused)
{
  (void)unused;
  kit *k = planted(0.05);
  tl_calibrate_options options = kit_options(8);
  tl_calibration a = fit(k, &options);
  options.seed = 99;
  tl_calibration b = fit(k, &options);
  assert_true(a.simulations != b.simulations);
  for (uint32_t p = 0; p < 5; p++)
    assert_true(fabs(a.values[p].value / b.values[p].value - 1.0) < 1e-5);
  tl_calibration_free(&a);
  tl_calibration_free(&b);
  kit_free_all(k);
}

static void derivative_free_methods_reach_the_same_valley(void **unused)
{
  (void)unused;
  if (!tl_calibrate_has_method(TL_CALIBRATE_BOBYQA)) {
    print_message("SKIP: built without NLopt\n");
    skip();
  }
  kit *k = planted(0.05);
  tl_calibrate_options options = kit_options(3);
  tl_calibration best = fit(k, &options);
  for (int method = TL_CALIBRATE_BOBYQA; method < TL_CALIBRATE_METHOD_COUNT; method++) {
    options.method = (tl_calibrate_method)method;
    tl_calibration out = fit(k, &options);
    printf("%s: rmse %.9g, lm %.9g, %llu simulations\n", tl_calibrate_method_name(options.method),
           out.rmse, best.rmse, (unsigned long long)out.simulations);
    assert_true(out.rmse < 1.10 * best.rmse && out.rmse > 0.999999 * best.rmse);
    tl_calibration_free(&out);
  }
  tl_calibration_free(&best);
  kit_free_all(k);
}

static void a_truth_beyond_a_bound_ends_at_the_bound_and_says_so(void **unused)
{
  (void)unused;
  kit *k = planted(0.02);
  k->free[1].high = 0.6; /* truth 0.77 */
  k->free[1].start = 0.3;
  const tl_calibrate_options options = kit_options(6);
  tl_calibration out = fit(k, &options);
  assert_true(out.values[1].at_bound && out.values[1].value == 0.6);
  assert_string_equal(out.values[1].status, "at bound");
  assert_true(isnan(out.values[1].low) && isnan(out.values[1].high));
  assert_false(out.values[0].at_bound);
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* Every value stays within its bounds, and what is tied has one value. */
static void tied_columns_share_a_value(void **unused)
{
  (void)unused;
  kit *k = kit_incubator(300, 6.0);
  kit_add_free(k, INCUBATOR_G_box_W_per_K, 1.5, 0.1, 10.0, true);
  tl_calibrate_free *both = kit_add_free(k, INCUBATOR_heater_K, 295.0, 280.0, 340.0, false);
  k->targets[1][both->target_count++] = (tl_calibrate_target){0, INCUBATOR_box_K};
  const double truth[2] = {0.9, 303.0};
  kit_plant(k, truth, 0.0, 0.0, 1);
  const tl_calibrate_options options = kit_options(1);
  tl_calibration out = fit(k, &options);
  assert_true(fabs(out.values[0].value - 0.9) < 1e-7 && fabs(out.values[1].value - 303.0) < 1e-5);
  assert_true(fabs(k->memory[0].value[0][0] - 303.0) < 1e-9); /* box_K began there too */
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* Two recordings, of different length and rhythm, share parameters; each has its own first heater temperature. */
static void recordings_of_several_lengths_are_fitted_together(void **unused)
{
  (void)unused;
  static const uint32_t inputs[] = {INCUBATOR_heater_on, INCUBATOR_room_K};
  kit *k = kit_incubator(400, 6.0);
  kit_add_run(k, &incubator_twin, 150, 9.0, inputs, 2, INCUBATOR_box_K);
  for (uint32_t i = 0; i < 150; i++) {
    k->memory[1].input[0][i] = i % 60 < 10;
    k->memory[1].input[1][i] = 290.0;
  }
  kit_add_free(k, INCUBATOR_C_air_J_per_K, 300.0, 20.0, 2000.0, true);
  kit_add_free(k, INCUBATOR_G_box_W_per_K, 1.5, 0.1, 10.0, true);
  for (uint32_t r = 0; r < 2; r++) {
    tl_calibrate_free *own = kit_add_free(k, INCUBATOR_heater_K, 295.0, 280.0, 340.0, false);
    k->targets[2 + r][0] = (tl_calibrate_target){r, INCUBATOR_heater_K};
    own->target_count = 1;
  }
  const double truth[4] = {180.0, 0.77, 301.0, 320.0};
  kit_plant(k, truth, 0.0, 0.0, 1);
  tl_calibrate_options options = kit_options(5);
  tl_calibration out = fit(k, &options);
  for (uint32_t p = 0; p < 4; p++) assert_true(fabs(out.values[p].value / truth[p] - 1.0) < 1e-6);
  assert_int_equal(out.channel_count, 2);
  assert_int_equal(out.channels[0].train.count, 400);
  assert_int_equal(out.channels[1].train.count, 150);
  options.thread_count = 3;
  tl_calibration again = fit(k, &options);
  expect_same(&out, &again);
  tl_calibration_free(&again);
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void holes_are_left_out_and_validation_is_not_looked_at(void **unused)
{
  (void)unused;
  kit *k = planted(0.0);
  for (uint32_t i = 100; i < 160; i++) k->memory[0].value[0][i] = NAN;
  for (uint32_t i = 250; i < 400; i++) {
    k->memory[0].part[0][i] = TL_SAMPLE_VALIDATE;
    k->memory[0].value[0][i] += 3.0; /* wrong on purpose: the fit must not see it */
  }
  for (uint32_t i = 240; i < 250; i++) k->memory[0].part[0][i] = TL_SAMPLE_UNUSED;
  const tl_calibrate_options options = kit_options(6);
  tl_calibration out = fit(k, &options);
  for (uint32_t p = 0; p < 5; p++)
    assert_true(fabs(out.values[p].value / kit_truth[p] - 1.0) < 1e-5);
  assert_int_equal(out.channels[0].train.count, 180);
  assert_int_equal(out.channels[0].validate.count, 150);
  assert_true(out.rmse < 1e-5 && fabs(out.rmse_validate - 3.0) < 1e-4);
  assert_true(out.channels[0].validate.rmse_mean > 0.0 && out.channels[0].validate.rmse_last > 0.0);
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* A sample between two stamps is compared with the straight line between the simulation's. */
static void samples_between_stamps_are_interpolated(void **unused)
{
  (void)unused;
  kit *k = kit_incubator(300, 6.0);
  kit_free_incubator(k);
  double at_stamps[300], between[300];
  tl_error err;
  assert_int_equal(
      tl_calibrate_trace(&k->problem, kit_truth, 0, 0, TL_PATH_SCALAR, at_stamps, &err), TL_OK);
  for (uint32_t i = 0; i < 299; i++) k->memory[0].fraction[0][i] = 0.25 * (i % 4);
  assert_int_equal(tl_calibrate_trace(&k->problem, kit_truth, 0, 0, TL_PATH_SCALAR, between, &err),
                   TL_OK);
  for (uint32_t i = 0; i < 299; i++)
    assert_true(between[i] == at_stamps[i] + (at_stamps[i + 1] - at_stamps[i]) * (0.25 * (i % 4)));
  kit_plant(k, kit_truth, 0.0, 0.0, 1);
  const tl_calibrate_options options = kit_options(6);
  tl_calibration out = fit(k, &options);
  for (uint32_t p = 0; p < 5; p++)
    assert_true(fabs(out.values[p].value / kit_truth[p] - 1.0) < 1e-5);
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* Growth above about 60 /s leaves the range of numbers: such candidates are rejected and counted. */
static void candidates_that_diverge_are_rejected_and_counted(void **unused)
{
  (void)unused;
  kit *k = calloc(1, sizeof *k);
  kit_add_run(k, &kit_growth, 400, 1.0, NULL, 0, GROWTH_y);
  kit_add_free(k, GROWTH_rate, -0.5, -0.9, 900.0, false);
  const double truth[1] = {-0.02};
  kit_plant(k, truth, 0.0, 0.0, 1);
  const tl_calibrate_options options = kit_options(20);
  tl_calibration out = fit(k, &options);
  assert_true(fabs(out.values[0].value + 0.02) < 1e-9);
  assert_true(out.diverged > 0 && out.starts_diverged > 0);
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void nothing_free_is_a_judgement_of_what_is_there(void **unused)
{
  (void)unused;
  kit *k = kit_incubator(200, 6.0);
  kit_plant(k, NULL, 0.0, 0.0, 1);
  for (uint32_t i = 0; i < 200; i++) k->memory[0].value[0][i] += 0.5;
  const tl_calibrate_options options = kit_options(4);
  tl_calibration out = fit(k, &options);
  assert_true(fabs(out.rmse - 0.5) < 1e-12);
  assert_int_equal(out.free_count, 0);
  tl_calibration_free(&out);
  kit_free_all(k);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(planted_parameters_are_found_from_far_away),
      cmocka_unit_test(costs_are_those_of_the_traces),
      cmocka_unit_test(the_bits_are_the_same_for_any_thread_count_and_path),
      cmocka_unit_test(other_seeds_draw_other_starts_and_find_the_same),
      cmocka_unit_test(derivative_free_methods_reach_the_same_valley),
      cmocka_unit_test(a_truth_beyond_a_bound_ends_at_the_bound_and_says_so),
      cmocka_unit_test(tied_columns_share_a_value),
      cmocka_unit_test(recordings_of_several_lengths_are_fitted_together),
      cmocka_unit_test(holes_are_left_out_and_validation_is_not_looked_at),
      cmocka_unit_test(samples_between_stamps_are_interpolated),
      cmocka_unit_test(candidates_that_diverge_are_rejected_and_counted),
      cmocka_unit_test(nothing_free_is_a_judgement_of_what_is_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
