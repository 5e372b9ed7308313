/* Intervals against textbook formulas: a line through points, noise with a known correlation. */
#include "fidelity/calibrate/statistics.h"
#include "tests/fidelity/calibrate/kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static kit *line(uint32_t samples)
{
  static const uint32_t inputs[] = {LINE_x};
  kit *k = calloc(1, sizeof *k);
  assert_non_null(k);
  kit_add_run(k, &kit_line, samples, 1.0, inputs, 1, LINE_y);
  for (uint32_t i = 0; i < samples; i++) k->memory[0].input[0][i] = 0.1 * i;
  kit_add_free(k, LINE_a, 1.0, -100.0, 100.0, false);
  kit_add_free(k, LINE_b, 1.0, -100.0, 100.0, false);
  return k;
}

/* Draper, Smith, "Applied regression analysis", 1.4: slope and intercept of a line, their standard errors. */
static void a_line_through_points_has_the_book_s_intervals(void **unused)
{
  (void)unused;
  enum { N = 60 };
  kit *k = line(N);
  const double truth[2] = {2.0, -3.0};
  kit_plant(k, truth, 0.7, 0.0, 11);
  const double *x = k->memory[0].input[0], *y = k->memory[0].value[0];
  double sx = 0, sy = 0, sxx = 0, sxy = 0, sse = 0;
  for (uint32_t i = 0; i < N; i++) sx += x[i], sy += y[i], sxx += x[i] * x[i], sxy += x[i] * y[i];
  const double dx = sxx - sx * sx / N, slope = (sxy - sx * sy / N) / dx,
               intercept = (sy - slope * sx) / N;
  for (uint32_t i = 0; i < N; i++)
    sse += (y[i] - slope * x[i] - intercept) * (y[i] - slope * x[i] - intercept);
  const double s2 = sse / (N - 2), se_slope = sqrt(s2 / dx),
               se_intercept = sqrt(s2 * sxx / (N * dx));

  tl_calibration out;
  tl_error err;
  const tl_calibrate_options options = kit_options(1);
  assert_int_equal(tl_calibrate(&out, &k->problem, &options, &err), TL_OK);
  assert_true(out.channels[0].lag1 == 0.0); /* this seed's noise looks white */
  assert_true(fabs(out.values[0].value - slope) < 1e-9 &&
              fabs(out.values[1].value - intercept) < 1e-8);
  assert_true(fabs(out.values[0].deviation / se_slope - 1.0) < 1e-6);
  assert_true(fabs(out.values[1].deviation / se_intercept - 1.0) < 1e-6);
  assert_true(fabs(out.values[0].high - slope - 2.0017 * se_slope) < 1e-3 * se_slope); /* t(58) */
  const double correlation = -sx / sqrt(N * sxx);
  assert_true(fabs(out.correlation[1] - correlation) < 1e-6 &&
              fabs(out.correlation[0] - 1.0) < 1e-12);
  tl_calibration_free(&out);
  kit_free_all(k);
}

/* The mean of AR(1) noise of n samples: var = s^2/n^2 (n + 2 sum (n-k) rho^k). */
static void correlated_noise_widens_the_interval_of_a_mean_as_it_should(void **unused)
{
  (void)unused;
  enum { N = 1000 };
  const double rho = 0.8, noise = 0.5, truth[1] = {4.0};
  double ratio = 0.0, found = 0.0;
  for (uint32_t i = 0; i < 40; i++) {
    kit *k = line(N);
    k->problem.free_count = 1; /* b alone: y = a x + b with a as it is */
    k->free[0] = k->free[1];
    k->targets[1][0].column = LINE_b;
    kit_plant(k, truth, noise, rho, 500 + i);
    tl_calibration out;
    tl_error err;
    const tl_calibrate_options options = kit_options(1);
    assert_int_equal(tl_calibrate(&out, &k->problem, &options, &err), TL_OK);
    double sum = N;
    for (uint32_t lag = 1; lag < N; lag++) sum += 2.0 * (N - lag) * pow(rho, lag);
    ratio += out.values[0].deviation / (noise / N * sqrt(sum)) / 40.0;
    found += out.channels[0].lag1 / 40.0;
    assert_true(out.channels[0].effective_count > 50 && out.channels[0].effective_count < 250);
    tl_calibration_free(&out);
    kit_free_all(k);
  }
  printf("deviation of a mean over the true one %.3f, correlation found %.3f of 0.8\n", ratio,
         found);
  assert_true(fabs(ratio - 1.0) < 0.05 && fabs(found - rho) < 0.02);
}

/* On uneven stamps it is the time between that counts. */
static void the_correlation_has_a_time_not_a_number_of_samples(void **unused)
{
  (void)unused;
  enum { N = 1000 };
  static const uint32_t inputs[] = {LINE_x};
  kit *k = calloc(1, sizeof *k);
  kit_add_run(k, &kit_line, N, 1.0, inputs, 1, LINE_y);
  kit_add_free(k, LINE_b, 1.0, -100.0, 100.0, false);
  const double truth[1] = {4.0};
  kit_plant(k, truth, 0.5, 0.9, 3);
  double *value = k->memory[0].value[0];
  for (uint32_t i = 0; i < N; i++) /* of every ten samples six are lost */
    if (i % 10 > 3) value[i] = NAN;
  tl_calibration out;
  tl_error err;
  const tl_calibrate_options options = kit_options(1);
  assert_int_equal(tl_calibrate(&out, &k->problem, &options, &err), TL_OK);
  printf("time constant %.2f s of %.2f\n", out.channels[0].correlation_s, -1.0 / log(0.9));
  assert_true(fabs(out.channels[0].correlation_s * -log(0.9) - 1.0) < 0.4);
  tl_calibration_free(&out);
  kit_free_all(k);
}

static void without_noise_the_interval_is_a_point(void **unused)
{
  (void)unused;
  kit *k = line(50);
  const double truth[2] = {2.0, -3.0};
  kit_plant(k, truth, 0.0, 0.0, 1);
  tl_calibration out;
  tl_error err;
  const tl_calibrate_options options = kit_options(1);
  assert_int_equal(tl_calibrate(&out, &k->problem, &options, &err), TL_OK);
  assert_true(fabs(out.values[0].high - out.values[0].low) < 1e-6);
  tl_calibration_free(&out);
  kit_free_all(k);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_through_points_has_the_book_s_intervals),
      cmocka_unit_test(correlated_noise_widens_the_interval_of_a_mean_as_it_should),
      cmocka_unit_test(the_correlation_has_a_time_not_a_number_of_samples),
      cmocka_unit_test(without_noise_the_interval_is_a_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
