/* What calibrate refuses, in which words. */
#include "tests/fidelity/calibrate/kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const kit *k, tl_calibrate_options options, tl_code code, const char *text,
                   const char *hint)
{
  tl_calibration out;
  tl_error err = {0};
  assert_int_equal(tl_calibrate(&out, &k->problem, &options, &err), code);
  assert_string_equal(err.text, text);
  assert_string_equal(err.hint, hint);
  assert_null(out.values); /* nothing to free */
}

static kit *ready(void)
{
  kit *k = kit_incubator(60, 6.0);
  kit_free_incubator(k);
  kit_plant(k, kit_truth, 0.0, 0.0, 1);
  return k;
}

static void bounds_that_are_reversed_or_miss_the_start_are_refused(void **unused)
{
  (void)unused;
  kit *k = ready();
  k->free[0].low = 3000.0;
  expect(k, kit_options(1), TL_E_ARG,
         "'C_air_J_per_K': the lower bound 3000 is not below the upper bound 2000", "");
  k->free[0].low = NAN;
  expect(k, kit_options(1), TL_E_ARG,
         "'C_air_J_per_K': the lower bound nan is not below the upper bound 2000", "");
  k->free[0].low = 400.0;
  k->free[0].where = "x.lua:7";
  expect(k, kit_options(1), TL_E_ARG,
         "x.lua:7: 'C_air_J_per_K' starts at 300, outside its bounds 400 .. 2000 J/K",
         "give it a start: { 400, 2000, start = ... }");
  kit_free_all(k);
}

static void a_logarithm_of_nothing_and_ranges_beyond_the_column_are_refused(void **unused)
{
  (void)unused;
  kit *k = ready();
  k->free[1].low = 0.0;
  expect(k, kit_options(1), TL_E_ARG,
         "'G_box_W_per_K': a logarithmic scale needs a lower bound above 0, not 0", "");
  k->free[1].log = false;
  k->free[1].low = -1.0;
  expect(k, kit_options(1), TL_E_ARG,
         "'G_box_W_per_K': its bounds reach beyond the column's range 0 .. 10000 W/K", "");
  kit_free_all(k);
}

static void what_a_recording_drives_or_a_twin_computes_cannot_be_free(void **unused)
{
  (void)unused;
  kit *k = ready();
  kit_add_free(k, INCUBATOR_room_K, 295.0, 280.0, 300.0, false);
  expect(k, kit_options(1), TL_E_ARG, "'room_K' cannot be fitted: it is driven by the recording",
         "");
  k->targets[5][0].column = INCUBATOR_power_W;
  expect(k, kit_options(1), TL_E_ARG, "'power_W' cannot be fitted: it is computed from the others",
         "");
  kit_free_all(k);
}

static void nothing_to_fit_and_too_little_are_refused(void **unused)
{
  (void)unused;
  kit *k = ready();
  for (uint32_t i = 5; i < 60; i++) k->memory[0].value[0][i] = NAN;
  expect(k, kit_options(1), TL_E_ARG, "5 samples for 5 free values: the recording is too short",
         "");
  k->memory[0].value[0][4] = NAN;
  expect(k, kit_options(1), TL_E_ARG, "4 samples for 5 free values: the recording is too short",
         "");
  for (uint32_t i = 0; i < 4; i++) k->memory[0].part[0][i] = TL_SAMPLE_VALIDATE;
  expect(k, kit_options(1), TL_E_SAMPLES,
         "there is no sample to fit: the training range is empty, or every value in it is missing",
         "");
  kit_free_all(k);
}

static void starts_that_all_diverge_are_an_error_that_helps(void **unused)
{
  (void)unused;
  kit *k = calloc(1, sizeof *k);
  kit_add_run(k, &kit_growth, 400, 1.0, NULL, 0, GROWTH_y);
  kit_add_free(k, GROWTH_rate, 500.0, 400.0, 900.0, false);
  expect(k, kit_options(7), TL_E_NAN, "the simulation of every one of 7 starts is not finite",
         "narrow the bounds, or make the device's dt smaller");
  tl_calibrate_options options = kit_options(3);
  options.method = TL_CALIBRATE_SBPLX;
  if (tl_calibrate_has_method(options.method))
    expect(k, options, TL_E_NAN, "the simulation of every one of 3 starts is not finite",
           "narrow the bounds, or make the device's dt smaller");
  kit_free_all(k);
}

static void a_method_that_is_not_there_says_what_is_missing(void **unused)
{
  (void)unused;
  kit *k = ready();
  tl_calibrate_options options = kit_options(1);
  options.method = TL_CALIBRATE_BOBYQA;
  if (!tl_calibrate_has_method(options.method)) {
    expect(k, options, TL_E_USAGE,
           "method 'bobyqa' is one of NLopt's, and this program was built without it",
           "install libnlopt-dev and build again, or use method = \"lm\"");
  } else {
    k->problem.free_count = 1;
    expect(k, options, TL_E_ARG, "method 'bobyqa' needs two free values or more", "");
  }
  assert_true(tl_calibrate_has_method(TL_CALIBRATE_LM));
  assert_null(tl_calibrate_method_name(TL_CALIBRATE_METHOD_COUNT));
  kit_free_all(k);
}

static void an_interrupted_fit_ends_soon_with_nothing(void **unused)
{
  (void)unused;
  static const volatile sig_atomic_t stop = 1;
  kit *k = ready();
  tl_calibrate_options options = kit_options(4);
  options.hooks.interrupted = &stop;
  expect(k, options, TL_E_INTERRUPTED, "interrupted: nothing was written", "");
  options.method = TL_CALIBRATE_NELDER_MEAD;
  if (tl_calibrate_has_method(options.method))
    expect(k, options, TL_E_INTERRUPTED, "interrupted: nothing was written", "");
  kit_free_all(k);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_that_are_reversed_or_miss_the_start_are_refused),
      cmocka_unit_test(a_logarithm_of_nothing_and_ranges_beyond_the_column_are_refused),
      cmocka_unit_test(what_a_recording_drives_or_a_twin_computes_cannot_be_free),
      cmocka_unit_test(nothing_to_fit_and_too_little_are_refused),
      cmocka_unit_test(starts_that_all_diverge_are_an_error_that_helps),
      cmocka_unit_test(an_interrupted_fit_ends_soon_with_nothing),
      cmocka_unit_test(a_method_that_is_not_there_says_what_is_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
