/* Planted truth: of 1000 recordings with known parameters and noise, the 95 % intervals hold the truth in 93 to
 * 97 %, for noise without and with memory. */
#include "tests/fidelity/calibrate/kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { REPETITIONS = 1000 };

static void cover(double noise, double rho, uint32_t samples, double step_s)
{
  kit *k = kit_incubator(samples, step_s);
  kit_free_incubator(k);
  for (uint32_t p = 0; p < 5; p++) k->free[p].start = kit_truth[p];
  uint32_t held[5] = {0}, all = 0;
  double lag1 = 0.0;
  for (uint32_t i = 0; i < REPETITIONS; i++) {
    tl_calibration fit;
    tl_error err;
    const tl_calibrate_options options = kit_options(1);
    kit_plant(k, kit_truth, noise, rho, 1000 + i);
    if (tl_calibrate(&fit, &k->problem, &options, &err) != TL_OK) fail_msg("%s", err.text);
    for (uint32_t p = 0; p < 5; p++)
      held[p] += fit.values[p].low <= kit_truth[p] && kit_truth[p] <= fit.values[p].high;
    lag1 += fit.channels[0].lag1 / REPETITIONS;
    tl_calibration_free(&fit);
  }
  printf("noise %g K, correlation %g (found %.4f), %u samples: truth inside in", noise, rho, lag1,
         samples);
  for (uint32_t p = 0; p < 5; p++) {
    printf(" %.1f %%", 100.0 * held[p] / REPETITIONS);
    all += held[p];
  }
  printf(", mean %.2f %%\n", 100.0 * all / (5.0 * REPETITIONS));
  for (uint32_t p = 0; p < 5; p++) {
    assert_true(held[p] >= 93 * REPETITIONS / 100);
    assert_true(held[p] <= 97 * REPETITIONS / 100);
  }
  kit_free_all(k);
}

static void intervals_hold_the_truth_under_white_noise(void **unused)
{
  (void)unused;
  cover(0.05, 0.0, 400, 6.0);
}

static void intervals_hold_the_truth_under_noise_with_memory(void **unused)
{
  (void)unused;
  cover(0.05, 0.5, 400, 6.0);
  cover(0.05, 0.9, 1100, 3.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intervals_hold_the_truth_under_white_noise),
      cmocka_unit_test(intervals_hold_the_truth_under_noise_with_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
