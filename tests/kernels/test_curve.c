/* The curves behind LOGISTIC, TANH, EXP, LOG and RSQRT against the true functions. */
#include "kernels/curve_int16.h"
#include "kernels/real.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const float zero = 0.0f;

static float float_of(uint32_t bits)
{
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* exp and log from the C library in double are within 1e-16, so that rounding them to float gives the
 * nearest one but for ties that no float comes near. */
static void exp_log_and_sqrt_are_the_nearest_floats(void **unused)
{
  (void)unused;
  for (uint32_t bits = 1; bits < 0x7F800000u; bits += 2003) {
    const float x = float_of(bits);
    if (x < 88.0f) assert_true(tl_real_exp_float(x) == (float)exp((double)x));
    assert_true(tl_real_exp_float(-x) == (float)exp(-(double)x));
    assert_true(tl_real_log_float(x) == (float)log((double)x));
    assert_true(tl_real_sqrt(x) == sqrt((double)x));
  }
}

static void the_ends_of_exp_log_and_sqrt(void **unused)
{
  (void)unused;
  assert_true(tl_real_exp_float(0.0f) == 1.0f);
  assert_true(tl_real_exp_float(float_of(0x42B17217u)) ==
              (float)exp((double)float_of(0x42B17217u)));
  assert_true(tl_real_exp_float(float_of(0x42B17218u)) == 1.0f / zero);
  assert_true(tl_real_exp_float(1e30f) == 1.0f / zero);
  assert_true(tl_real_exp_float(-103.5f) > 0.0f);
  assert_true(tl_real_exp_float(-104.5f) == 0.0f);
  assert_true(tl_real_log_float(1.0f) == 0.0f);
  assert_true(tl_real_log_float(FLT_MAX) == (float)log((double)FLT_MAX));
  assert_true(tl_real_sqrt(0.0f) == 0.0);
  assert_true(tl_real_sqrt(FLT_MAX) == sqrt((double)FLT_MAX));
}

static void a_float_becomes_an_integer_as_on_x86(void **unused)
{
  (void)unused;
  assert_int_equal(tl_real_to_int32(-2.9f), -2);
  assert_int_equal(tl_real_to_int32(2147483520.0f), 2147483520);
  assert_int_equal(tl_real_to_int32(2147483648.0f), INT32_MIN);
  assert_int_equal(tl_real_to_int32(-3e9f), INT32_MIN);
  assert_int_equal(tl_real_to_int32(zero / zero), INT32_MIN);
  assert_true(tl_real_round(-2.5f) == -3.0f && tl_real_round(2.5f) == 3.0f);
  assert_true(tl_real_round(2.4999998f) == 2.0f && tl_real_round(1e30f) == 1e30f);
}

/* The formula in curve_int16.c, again: at i / 24 the argument is i * 512 steps. 2 * logistic of
 * entry i (that is table / 65536) shows in the output's 15 bits. */
static void the_table_is_the_logistic_raised_by_half_the_chords_error(void **unused)
{
  (void)unused;
  const double step = 1.0 / 24.0;
  const tl_curve_int16 direct = {1, 0};
  for (int i = 0; i < 64; i++) { /* an int16 times 1 reaches that far */
    const double x = i * step;
    const double here = 65536.0 / (1.0 + exp(-x)), next = 65536.0 / (1.0 + exp(-x - step));
    const double middle = 65536.0 / (1.0 + exp(-x - step / 2.0));
    const double entry = floor(here - ((here + next) / 2.0 - middle) / 2.0 + 0.5);
    const int16_t q = (int16_t)(i * 512);
    assert_int_equal(tl_curve_logistic_int16(q, direct), (int32_t)floor((entry + 1.0) / 2.0));
  }
}

static void int16_curves_follow_the_true_ones(void **unused)
{
  (void)unused;
  static const float scales[] = {1.0f / 4096.0f, 1.0f / 2048.0f, 0.0003f, 0.001f, 0.01f, 2.5f};
  for (size_t s = 0; s < sizeof scales / sizeof scales[0]; s++) {
    tl_curve_int16 logistic, tanh_curve;
    assert_true(tl_curve_int16_of(&logistic, scales[s], false));
    assert_true(tl_curve_int16_of(&tanh_curve, scales[s], true));
    for (int32_t q = INT16_MIN; q <= INT16_MAX; q += 7) {
      const double x = (double)scales[s] * q;
      const double p = 32768.0 / (1.0 + exp(-x)), t = 32768.0 * tanh(x);
      assert_true(fabs(tl_curve_logistic_int16((int16_t)q, logistic) - p) < 4.0);
      assert_true(fabs(tl_curve_tanh_int16((int16_t)q, tanh_curve) - t) < 8.0);
    }
  }
}

static void a_scale_near_a_power_of_two_is_that_power(void **unused)
{
  (void)unused;
  tl_curve_int16 curve;
  assert_true(tl_curve_int16_of(&curve, 1.0006f / 4096.0f, false));
  assert_int_equal(curve.multiplier, 3);
  assert_true(tl_curve_int16_of(&curve, 1.0008f / 4096.0f, false));
  assert_true(curve.multiplier > 16383);
  assert_true(tl_curve_int16_of(&curve, 1.0f / 2048.0f, true));
  assert_int_equal(curve.multiplier, 6);
  assert_true(tl_curve_int16_of(&curve, 1.0f / 2048.0f, false)); /* logistic takes only 2^-12 so */
  assert_true(curve.multiplier > 16383);
  assert_false(tl_curve_int16_of(&curve, 2.7f, false));
  assert_false(tl_curve_int16_of(&curve, -1.0f, true));
  assert_false(tl_curve_int16_of(&curve, zero / zero, true));
  assert_true(tl_curve_is_power(1.0f / 32768.0f, -15));
  assert_false(tl_curve_is_power(1.0f / 32768.0f, -14));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exp_log_and_sqrt_are_the_nearest_floats),
      cmocka_unit_test(the_ends_of_exp_log_and_sqrt),
      cmocka_unit_test(a_float_becomes_an_integer_as_on_x86),
      cmocka_unit_test(the_table_is_the_logistic_raised_by_half_the_chords_error),
      cmocka_unit_test(int16_curves_follow_the_true_ones),
      cmocka_unit_test(a_scale_near_a_power_of_two_is_that_power),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
