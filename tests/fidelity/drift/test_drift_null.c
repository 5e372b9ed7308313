/* 10 000 null runs of each design: no test may raise more alarms than its nominal rate, within binomial error. */
#include "fidelity/stat/stat.h"
#include "tests/fidelity/drift/null_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { RUNS = 10000 };

/* A rate above alpha is a miss when so many alarms come from alpha itself in less than one case of 10 000: about thirty
 * rates are looked at. */
static void assert_at_most_nominal(const char *design, const char *test, uint64_t alarms,
                                   uint64_t tries, double alpha)
{
  tl_drift_rate rate = {.alarms = alarms, .tries = tries};
  if (tries == 0) return;
  tl_stat_clopper_pearson(&rate.low, &rate.high, alarms, tries, 0.95);
  print_message("  %-28s %-12s %5llu of %llu = %.4f (%.4f to %.4f): %s\n", design, test,
                (unsigned long long)alarms, (unsigned long long)tries,
                (double)alarms / (double)tries, rate.low, rate.high,
                tl_drift_rate_name(&rate, alpha));
  assert_true(tl_stat_binomial_sf(alarms, tries, alpha) > 1e-4);
}

static void run_design(const char *name, const made_def *def, bool every_run_is_tested)
{
  tl_drift_options options = tl_drift_options_default();
  options.permutations = 199;
  made_fleet fleet = made_begin(def);
  uint64_t alarms[TL_DRIFT_TEST_COUNT] = {0}, tries[TL_DRIFT_TEST_COUNT] = {0}, verdicts = 0,
           tested = 0;
  for (uint32_t run = 0; run < RUNS; run++) {
    tl_drift_signal signal;
    made_draw(&fleet, def, run);
    assert_int_equal(
        tl_drift_signal_test(&signal, &fleet.side[0], &fleet.side[1], &options, run, NULL), TL_OK);
    tested += signal.status == TL_DRIFT_OK;
    for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++) {
      if (signal.test[t].status != TL_DRIFT_OK) continue;
      tries[t]++;
      alarms[t] += signal.test[t].alarm;
    }
    tl_drift_adjust(&signal, 1, options.alpha);
    verdicts += signal.drift;
  }
  made_end(&fleet);
  /* some short recordings of one device look correlated enough to give no verdict */
  assert_true(every_run_is_tested ? tested == RUNS : tested > RUNS * 9 / 10);
  for (int t = 0; t < TL_DRIFT_TEST_COUNT; t++)
    assert_at_most_nominal(name, tl_drift_test_name((tl_drift_test)t), alarms[t], tries[t],
                           options.alpha);
  assert_at_most_nominal(name, "verdict", verdicts, tested, options.alpha);
}

static void independent_samples_of_one_device(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 1, .rows = {240, 200}};
  run_design("independent, one device", &def, false);
}
static void skewed_samples(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 1, .rows = {160, 160}, .shape = MADE_SKEWED};
  run_design("skewed, one device", &def, false);
}
static void a_switch_with_two_values(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 1, .rows = {160, 160}, .shape = MADE_SWITCH};
  run_design("a switch, one device", &def, false);
}
static void samples_that_follow_each_other(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 1, .rows = {900, 900}, .keep = 0.7};
  run_design("correlated, one device", &def, false);
}
static void devices_that_differ_and_stay(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 12, .rows = {40, 40}, .keep = 0.6, .spread = 1.0};
  run_design("12 unlike devices, the same", &def, true);
}
static void other_devices_of_the_same_kind(void **unused)
{
  (void)unused;
  const made_def def = {
      .devices = 16, .rows = {24, 24}, .keep = 0.3, .spread = 0.7, .other_devices = true};
  run_design("16 unlike devices, others", &def, true);
}

/* The same runs judged by what is said of independent samples: why all of this is needed. */
static void a_test_for_independent_samples_would_cry_wolf(void **unused)
{
  (void)unused;
  const made_def def = {.devices = 1, .rows = {900, 900}, .keep = 0.7};
  const tl_drift_options options = tl_drift_options_default();
  made_fleet fleet = made_begin(&def);
  uint32_t alarms = 0, over_fifth = 0;
  for (uint32_t run = 0; run < 300; run++) {
    tl_drift_signal signal;
    made_draw(&fleet, &def, run);
    assert_int_equal(
        tl_drift_signal_test(&signal, &fleet.side[0], &fleet.side[1], &options, 0, NULL), TL_OK);
    if (signal.status != TL_DRIFT_OK) continue;
    alarms += tl_stat_kolmogorov_sf(sqrt(450.0) * signal.test[TL_DRIFT_KS].value) <= 0.05;
    over_fifth += signal.test[TL_DRIFT_PSI].value > 0.2;
  }
  made_end(&fleet);
  assert_true(alarms > 90);    /* nominal: 15 */
  assert_true(over_fifth < 5); /* and the usual cut-off of 0.2 sees nothing at all, drift or not */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(independent_samples_of_one_device),
      cmocka_unit_test(skewed_samples),
      cmocka_unit_test(a_switch_with_two_values),
      cmocka_unit_test(samples_that_follow_each_other),
      cmocka_unit_test(devices_that_differ_and_stay),
      cmocka_unit_test(other_devices_of_the_same_kind),
      cmocka_unit_test(a_test_for_independent_samples_would_cry_wolf),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
