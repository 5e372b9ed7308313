/* What the drift tests find, their values against scipy, and inputs that cannot be tested. */
#include "fidelity/drift/drift_inside.h"
#include "fidelity/stat/stat.h"
#include "tests/fidelity/drift/null_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t zero[1] = {0};

static tl_drift_signal judge(const made_def *def, uint64_t seed)
{
  tl_drift_options options = tl_drift_options_default();
  options.permutations = 999;
  made_fleet fleet = made_begin(def);
  tl_drift_signal signal;
  made_draw(&fleet, def, seed);
  assert_int_equal(tl_drift_signal_test(&signal, &fleet.side[0], &fleet.side[1], &options, 0, NULL),
                   TL_OK);
  made_end(&fleet);
  tl_drift_adjust(&signal, 1, options.alpha);
  return signal;
}

/* The numbers of the scipy script below: a linear congruential generator, so that both sides make the same. */
static void congruential(double *out, size_t count, uint64_t seed)
{
  for (size_t i = 0; i < count; i++) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    out[i] = (double)(seed >> 11) / 9007199254740992.0;
  }
}

/* scipy 1.15: stats.ks_2samp(a, b).statistic, stats.wasserstein_distance(a, b); PSI with numpy over the same bins, half
 * a value in each. a: 200 numbers of seed 1; b: 150 of seed 2, times 1.1 plus 0.03. */
static void values_are_those_of_scipy(void **unused)
{
  (void)unused;
  double a[200], b[150];
  int64_t at[200];
  congruential(a, 200, 1);
  congruential(b, 150, 2);
  for (int i = 0; i < 150; i++) b[i] = b[i] * 1.1 + 0.03;
  for (int i = 0; i < 200; i++) at[i] = i * INT64_C(1000000000);
  const tl_drift_side x = {at, 200, a, 1, zero}, y = {at, 150, b, 1, zero};
  const tl_drift_options options = tl_drift_options_default();
  tl_drift_signal signal;
  assert_int_equal(tl_drift_signal_test(&signal, &x, &y, &options, 0, NULL), TL_OK);
  assert_int_equal(signal.status, TL_DRIFT_OK);
  assert_true(fabs(signal.test[TL_DRIFT_KS].value - 0.17166666666666666) < 1e-15);
  assert_true(fabs(signal.test[TL_DRIFT_WASSERSTEIN].value - 0.09134247346167322) < 1e-14);
  assert_true(fabs(signal.test[TL_DRIFT_PSI].value - 0.17705409604043926) < 1e-14);
  const double e =
      signal.effective[0] * signal.effective[1] / (signal.effective[0] + signal.effective[1]);
  assert_true(e <= 200.0 * 150.0 / 350.0 * (1.0 + 1e-12));
  assert_true(fabs(tl_stat_kolmogorov_sf(sqrt(e) * 0.17166666666666666) -
                   signal.test[TL_DRIFT_KS].p_value) < 1e-12);
  assert_true(fabs(tl_stat_kolmogorov_sf(sqrt(200.0 * 150.0 / 350.0) * 0.16) -
                   0.02483686684903664) < 1e-12); /* scipy.stats.kstwobign.sf */
}

/* scipy.stats.false_discovery_control([0.01, 0.04, 0.03, 0.005, 0.8, 0.03]) */
static void benjamini_hochberg_is_scipys_and_skips_what_was_not_tested(void **unused)
{
  (void)unused;
  const double p[7] = {0.01, 0.04, 0.03, (double)NAN, 0.005, 0.8, 0.03};
  const double expected[7] = {0.03, 0.048, 0.045, 0.0, 0.03, 0.8, 0.045};
  double got[7];
  tl_drift_benjamini_hochberg(got, p, 7);
  for (int i = 0; i < 7; i++)
    assert_true(i == 3 ? isnan(got[i]) : fabs(got[i] - expected[i]) < 1e-15);
}

/* Two-sided average run lengths of k = 1/2 by a Markov chain of 400 states (D. Brook, D. A. Evans, Biometrika 59, 1972),
 * solved with numpy: h = 4: 167.68, h = 5: 465.43, h = 6: 1276.5. */
static void the_cusum_limit_has_the_run_length_that_it_states(void **unused)
{
  (void)unused;
  static const double table[3][2] = {{4.0, 167.681}, {5.0, 465.426}, {6.0, 1276.467}};
  double series[48];
  congruential(series, 48, 5);
  for (int i = 0; i < 3; i++) {
    const double alpha = 1.0 - exp(-24.0 / table[i][1]);
    tl_drift_value value;
    drift_cusum(&value, series, 24, 48, 1000, 1.0, alpha);
    assert_true(fabs(value.arl - table[i][1]) < 1e-6 * table[i][1]);
    assert_true(fabs(value.threshold - table[i][0]) < 0.02);
  }
}

static void a_planted_shift_is_found_by_every_test_and_dated(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 10,
                        .rows = {1200, 1200},
                        .keep = 0.6,
                        .spread = 0.5,
                        .shift = 0.8,
                        .shift_row = 300};
  int found = 0;
  for (uint64_t seed = 0; seed < 20; seed++) {
    const tl_drift_signal signal = judge(&def, seed);
    assert_true(signal.drift);
    for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) found += signal.test[t].alarm;
    const tl_drift_value *cusum = &signal.test[TL_DRIFT_CUSUM],
                         *adwin = &signal.test[TL_DRIFT_ADWIN];
    assert_true(cusum->alarm && adwin->alarm);
    const double block = signal.block_s * 1e9;
    /* docs/drift.md: seen within 10 stretches of the change by CUSUM, dated to 6 */
    assert_true((double)cusum->delay_ns - 300e9 > 0.0);
    assert_true((double)cusum->delay_ns - 300e9 < 10.0 * block);
    assert_true(fabs((double)cusum->change_ns - 300e9) < 6.0 * block);
    assert_true((double)adwin->delay_ns - 300e9 > 0.0 && (double)adwin->delay_ns - 300e9 < 500e9);
    assert_true(fabs((double)adwin->change_ns - 300e9) < 150e9);
  }
  assert_int_equal(found, 100);
}

static void a_wider_spread_with_the_same_mean_is_found_by_distributions(void **unused)
{
  (void)unused;
  double a[600], b[600];
  int64_t at[600];
  congruential(a, 600, 3);
  congruential(b, 600, 4);
  for (int i = 0; i < 600; i++) {
    b[i] = 0.5 + 1.6 * (b[i] - 0.5);
    at[i] = i * INT64_C(1000000000);
  }
  const tl_drift_side x = {at, 600, a, 1, zero}, y = {at, 600, b, 1, zero};
  const tl_drift_options options = tl_drift_options_default();
  tl_drift_signal signal;
  assert_int_equal(tl_drift_signal_test(&signal, &x, &y, &options, 0, NULL), TL_OK);
  assert_true(signal.test[TL_DRIFT_PSI].alarm && signal.test[TL_DRIFT_KS].alarm);
  assert_true(signal.test[TL_DRIFT_WASSERSTEIN].alarm);
}

static void effective_sizes_shrink_as_theory_says(void **unused)
{
  (void)unused;
  made_def def = {.devices = 1, .rows = {8000, 8000}, .keep = 0.8}; /* tau = 1.8 / 0.2 = 9 */
  double tau = 0.0, effective = 0.0;
  for (uint64_t seed = 0; seed < 20; seed++) {
    const tl_drift_signal signal = judge(&def, seed);
    tau += signal.correlation_s / 20.0;
    effective += signal.effective[0] / 20.0;
  }
  assert_true(fabs(tau - 9.0) < 1.0);
  /* indicators of a normal process correlate a little less than itself: 8000 / 9 is a lower bound */
  assert_true(effective > 0.8 * 8000.0 / 9.0 && effective < 2.0 * 8000.0 / 9.0);
}

static void the_threshold_of_psi_follows_the_sizes(void **unused)
{
  (void)unused;
  made_def def = {.devices = 1, .rows = {400, 400}};
  const double at_400 = judge(&def, 1).test[TL_DRIFT_PSI].threshold;
  def.rows[0] = def.rows[1] = 6400;
  const double at_6400 = judge(&def, 1).test[TL_DRIFT_PSI].threshold;
  /* (1/n + 1/m) chi2 of 9 at 95 %: 16.92 x 2 / n, and more for clusters */
  assert_true(at_400 > 0.99 * 16.919 * 2.0 / 400.0 && at_400 < 0.16);
  assert_true(at_6400 > 0.99 * 16.919 * 2.0 / 6400.0 && at_6400 < 0.011);
}

/* --- what cannot be tested --- */
static tl_drift_signal judge_arrays(const double *a, size_t n, const double *b, size_t m)
{
  int64_t at[1000];
  for (int i = 0; i < 1000; i++) at[i] = i * INT64_C(1000000000);
  const tl_drift_side x = {at, n, a, 1, zero}, y = {at, m, b, 1, zero};
  const tl_drift_options options = tl_drift_options_default();
  tl_drift_signal signal;
  assert_int_equal(tl_drift_signal_test(&signal, &x, &y, &options, 0, NULL), TL_OK);
  tl_drift_adjust(&signal, 1, options.alpha);
  return signal;
}

static void a_constant_is_no_drift_until_it_changes(void **unused)
{
  (void)unused;
  double a[200], b[200], c[200];
  for (int i = 0; i < 200; i++) a[i] = b[i] = 21.5, c[i] = i < 100 ? 21.5 : 22.0;
  tl_drift_signal signal = judge_arrays(a, 200, b, 200);
  assert_int_equal(signal.status, TL_DRIFT_CONSTANT);
  assert_false(signal.drift);
  assert_true(isnan(signal.p_value) && isnan(signal.test[TL_DRIFT_PSI].value));
  assert_string_equal(signal.why,
                      "always 21.5, on both sides: a constant tells nothing about drift");
  signal = judge_arrays(a, 200, c, 200);
  assert_int_equal(signal.status, TL_DRIFT_CONSTANT);
  assert_true(signal.drift);
  assert_string_equal(signal.why,
                      "always 21.5 in the reference, and no longer so: changed, without a test");
}

/* What a reference did not happen to show is no drift yet: a rare switch, or three values. */
static void a_rare_event_is_no_change_and_a_frequent_one_is(void **unused)
{
  (void)unused;
  double a[200] = {0}, b[200] = {0};
  b[50] = 1.0;
  tl_drift_signal signal = judge_arrays(a, 200, b, 200);
  assert_int_equal(signal.status, TL_DRIFT_CONSTANT);
  assert_false(signal.drift);
  assert_string_equal(signal.why, "always 0 in the reference; now 1 of 200 values differ, in 1 "
                                  "stretches: too few to tell");
  for (int i = 0; i < 200; i += 20) b[i] = 1.0; /* eleven of eleven on one side: 0.0005 */
  assert_true(judge_arrays(a, 200, b, 200).drift);
  const double short_a[2] = {0.3, 0.3}, short_b[2] = {1.2, -0.4};
  assert_false(judge_arrays(short_a, 2, short_b, 2).drift);
}

static void a_signal_that_becomes_constant_has_drifted(void **unused)
{
  (void)unused;
  double a[400], b[400];
  congruential(a, 400, 9);
  for (int i = 0; i < 400; i++) b[i] = a[7];
  const tl_drift_signal signal = judge_arrays(a, 400, b, 400);
  assert_int_equal(signal.status, TL_DRIFT_OK);
  assert_true(signal.drift);
}

static void a_side_without_values_says_so(void **unused)
{
  (void)unused;
  double a[100], none[100];
  congruential(a, 100, 1);
  for (int i = 0; i < 100; i++) none[i] = (double)NAN;
  tl_drift_signal signal = judge_arrays(a, 100, none, 100);
  assert_int_equal(signal.status, TL_DRIFT_EMPTY);
  assert_string_equal(signal.why, "the current side has no values");
  assert_int_equal(signal.missing[1], 100);
  signal = judge_arrays(none, 100, a, 100);
  assert_string_equal(signal.why, "the reference has no values");
  signal = judge_arrays(a, 100, none, 0);
  assert_int_equal(signal.status, TL_DRIFT_EMPTY);
}

static void a_block_of_nan_is_left_out_and_counted(void **unused)
{
  (void)unused;
  double a[400], b[400];
  congruential(a, 400, 1);
  congruential(b, 400, 2);
  for (int i = 50; i < 250; i++) b[i] = (double)NAN;
  const tl_drift_signal signal = judge_arrays(a, 400, b, 400);
  assert_int_equal(signal.status, TL_DRIFT_OK);
  assert_int_equal(signal.missing[1], 200);
  assert_int_equal(signal.used[1], 200);
  assert_false(signal.drift);
  assert_true(!isnan(signal.test[TL_DRIFT_CUSUM].value));
}

static void a_recording_shorter_than_its_own_correlation_gives_no_verdict(void **unused)
{
  (void)unused;
  double a[200], b[20];
  for (int i = 0; i < 200; i++) a[i] = i; /* a ramp: one long memory */
  congruential(b, 20, 2);
  tl_drift_signal signal = judge_arrays(a, 200, a, 200);
  assert_int_equal(signal.status, TL_DRIFT_SHORT);
  assert_false(signal.drift);
  assert_non_null(strstr(signal.why, "independent stretches of time"));
  congruential(a, 200, 1);
  signal = judge_arrays(a, 200, b, 20); /* too few on the current side alone */
  assert_int_equal(signal.status, TL_DRIFT_SHORT);
}

static void other_devices_leave_cusum_and_adwin_undefined(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 16, .rows = {200, 200}, .spread = 0.5, .other_devices = true};
  const tl_drift_signal signal = judge(&def, 1);
  assert_int_equal(signal.level, TL_DRIFT_BY_DEVICE);
  assert_int_equal(signal.test[TL_DRIFT_CUSUM].status, TL_DRIFT_UNDEFINED);
  assert_int_equal(signal.test[TL_DRIFT_ADWIN].status, TL_DRIFT_UNDEFINED);
  assert_non_null(strstr(signal.why, "the devices differ"));
}

static void options_out_of_range_are_refused(void **unused)
{
  (void)unused;
  const double a[2] = {0.0, 1.0};
  const int64_t at[2] = {0, 1};
  const tl_drift_side x = {at, 2, a, 1, zero};
  tl_drift_options options = tl_drift_options_default();
  tl_drift_signal signal;
  tl_error err;
  options.alpha = 0.0;
  assert_int_equal(tl_drift_signal_test(&signal, &x, &x, &options, 0, &err), TL_E_ARG);
  assert_string_equal(err.text, "drift: alpha 0 is not in (0, 0.5]");
  options.alpha = 0.001;
  options.permutations = 199;
  assert_int_equal(tl_drift_signal_test(&signal, &x, &x, &options, 0, &err), TL_E_ARG);
  assert_string_equal(
      err.text, "drift: 199 permutations cannot show a rate of 0.001: at least 999 are needed");
  options = tl_drift_options_default();
  options.bins = 65;
  assert_int_equal(tl_drift_signal_test(&signal, &x, &x, &options, 0, &err), TL_E_ARG);
  assert_string_equal(err.text, "drift: 65 bins, 2 to 64 are possible");
}

static void the_same_seed_gives_the_same_bits(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 9, .rows = {300, 200}, .keep = 0.4, .spread = 1.0};
  const tl_drift_signal a = judge(&def, 4), b = judge(&def, 4);
  assert_memory_equal(&a, &b, sizeof a);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_those_of_scipy),
      cmocka_unit_test(benjamini_hochberg_is_scipys_and_skips_what_was_not_tested),
      cmocka_unit_test(the_cusum_limit_has_the_run_length_that_it_states),
      cmocka_unit_test(a_planted_shift_is_found_by_every_test_and_dated),
      cmocka_unit_test(a_wider_spread_with_the_same_mean_is_found_by_distributions),
      cmocka_unit_test(effective_sizes_shrink_as_theory_says),
      cmocka_unit_test(the_threshold_of_psi_follows_the_sizes),
      cmocka_unit_test(a_constant_is_no_drift_until_it_changes),
      cmocka_unit_test(a_rare_event_is_no_change_and_a_frequent_one_is),
      cmocka_unit_test(a_signal_that_becomes_constant_has_drifted),
      cmocka_unit_test(a_side_without_values_says_so),
      cmocka_unit_test(a_block_of_nan_is_left_out_and_counted),
      cmocka_unit_test(a_recording_shorter_than_its_own_correlation_gives_no_verdict),
      cmocka_unit_test(other_devices_leave_cusum_and_adwin_undefined),
      cmocka_unit_test(options_out_of_range_are_refused),
      cmocka_unit_test(the_same_seed_gives_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
