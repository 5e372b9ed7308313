/* dmath against MPFR: the errors that dmath.h promises, and the special values of C11 Annex F. */
#include "base/dmath.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mpfr.h>

enum { PRECISION = 160, ARGUMENTS = 20000 };

typedef double (*one)(double);
typedef double (*two)(double, double);
typedef int (*mpfr_one)(mpfr_t, const mpfr_t, mpfr_rnd_t);
typedef int (*mpfr_two)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);

static uint32_t argument_count(void)
{
  const char *count = getenv("TL_DMATH_ARGUMENTS"); /* for a long search by hand */
  return count != NULL ? (uint32_t)strtoul(count, NULL, 10) : ARGUMENTS;
}

/* |got - exact| in units of the last place of a double of the size of exact. */
static double ulp_error(double got, const mpfr_t exact)
{
  const double rounded = mpfr_get_d(exact, MPFR_RNDN);
  if (isnan(rounded) || isnan(got)) return isnan(rounded) && isnan(got) ? 0.0 : HUGE_VAL;
  if (isinf(rounded) || isinf(got)) return rounded == got ? 0.0 : HUGE_VAL;
  mpfr_t difference;
  mpfr_init2(difference, PRECISION);
  mpfr_sub_d(difference, exact, got, MPFR_RNDN);
  const mpfr_exp_t exponent = mpfr_zero_p(exact) ? -1073 : mpfr_get_exp(exact);
  const mpfr_exp_t last = exponent - 53 < -1074 ? -1074 : exponent - 53;
  mpfr_div_2si(difference, difference, last, MPFR_RNDN);
  const double error = fabs(mpfr_get_d(difference, MPFR_RNDN));
  mpfr_clear(difference);
  return error;
}

/* From `low` to `high`, evenly, or evenly in the exponent (both signs when low < 0). */
static double draw(tl_rng_key key, uint32_t index, double low, double high, bool in_exponent)
{
  const double u = tl_rng_uniform(key, index, 0);
  if (!in_exponent) return low + u * (high - low);
  uint32_t w[4];
  tl_rng_u32x4(key, index, 1, w);
  const int span = ilogb(high) - ilogb(fabs(low));
  const double size = ldexp(1.0 + u, ilogb(fabs(low)) + (int)(w[0] % (uint32_t)(span + 1)));
  return low < 0 && w[1] & 1 ? -size : size;
}

static void check_one(const char *name, one ours, mpfr_one exact, double low, double high,
                      bool in_exponent, double allowed_ulp)
{
  const tl_rng_key key = tl_rng_key_make(7, 0, (uint32_t)strlen(name));
  double worst = 0.0, worst_x = 0.0;
  mpfr_t x, y;
  mpfr_inits2(PRECISION, x, y, (mpfr_ptr)0);
  for (uint32_t i = 0; i < argument_count(); i++) {
    const double argument = draw(key, i, low, high, in_exponent);
    mpfr_set_d(x, argument, MPFR_RNDN);
    exact(y, x, MPFR_RNDN);
    const double error = ulp_error(ours(argument), y);
    if (error > worst) worst = error, worst_x = argument;
  }
  mpfr_clears(x, y, (mpfr_ptr)0);
  print_message("  %-6s [%g, %g]%s: %.3f ulp at %a\n", name, low, high,
                in_exponent ? " by exponent" : "", worst, worst_x);
  assert_true(worst <= allowed_ulp);
}

static void check_two(const char *name, two ours, mpfr_two exact, double low, double high,
                      double low2, double high2, bool in_exponent, double allowed_ulp)
{
  const tl_rng_key key = tl_rng_key_make(8, 0, (uint32_t)strlen(name));
  const tl_rng_key key2 = tl_rng_key_make(9, 0, (uint32_t)strlen(name));
  double worst = 0.0, worst_x = 0.0, worst_y = 0.0;
  mpfr_t x, y, z;
  mpfr_inits2(PRECISION, x, y, z, (mpfr_ptr)0);
  for (uint32_t i = 0; i < argument_count(); i++) {
    const double a = draw(key, i, low, high, in_exponent),
                 b = draw(key2, i, low2, high2, in_exponent);
    mpfr_set_d(x, a, MPFR_RNDN);
    mpfr_set_d(y, b, MPFR_RNDN);
    exact(z, x, y, MPFR_RNDN);
    const double error = ulp_error(ours(a, b), z);
    if (error > worst) worst = error, worst_x = a, worst_y = b;
  }
  mpfr_clears(x, y, z, (mpfr_ptr)0);
  print_message("  %-6s [%g, %g] x [%g, %g]%s: %.3f ulp at (%a, %a)\n", name, low, high, low2,
                high2, in_exponent ? " by exponent" : "", worst, worst_x, worst_y);
  assert_true(worst <= allowed_ulp);
}

static void exponentials_keep_their_promise(void **unused)
{
  (void)unused;
  check_one("exp", tl_math_exp, mpfr_exp, -1.0, 1.0, false, 1.0);
  check_one("exp", tl_math_exp, mpfr_exp, -750.0, 712.0, false, 1.0);
  check_one("exp", tl_math_exp, mpfr_exp, -0x1p-60, 1000.0, true, 1.0);
  check_one("expm1", tl_math_expm1, mpfr_expm1, -2.0, 2.0, false, 1.5);
  check_one("expm1", tl_math_expm1, mpfr_expm1, -80.0, 712.0, false, 1.5);
  check_one("expm1", tl_math_expm1, mpfr_expm1, -0x1p-1060, 1000.0, true, 1.5);
  check_one("tanh", tl_math_tanh, mpfr_tanh, -2.0, 2.0, false, 2.0);
  check_one("tanh", tl_math_tanh, mpfr_tanh, -25.0, 25.0, false, 2.0);
  check_one("tanh", tl_math_tanh, mpfr_tanh, -0x1p-1060, 100.0, true, 2.0);
}

static void logarithms_keep_their_promise(void **unused)
{
  (void)unused;
  check_one("log", tl_math_log, mpfr_log, 0.5, 2.0, false, 1.0);
  check_one("log", tl_math_log, mpfr_log, 0.999, 1.001, false, 1.0);
  check_one("log", tl_math_log, mpfr_log, 0x1p-1070, 0x1p1023, true, 1.0);
  check_one("log1p", tl_math_log1p, mpfr_log1p, -0.999, 3.0, false, 1.5);
  check_one("log1p", tl_math_log1p, mpfr_log1p, 0x1p-1060, 0x1p1023, true, 1.5);
  check_one("log2", tl_math_log2, mpfr_log2, 0.5, 2.0, false, 1.0);
  check_one("log2", tl_math_log2, mpfr_log2, 0.9999, 1.0001, false, 1.0);
  check_one("log2", tl_math_log2, mpfr_log2, 0x1p-1070, 0x1p1023, true, 1.0);
  check_one("log10", tl_math_log10, mpfr_log10, 0.5, 2.0, false, 1.0);
  check_one("log10", tl_math_log10, mpfr_log10, 0x1p-1070, 0x1p1023, true, 1.0);
}

static void powers_keep_their_promise(void **unused)
{
  (void)unused;
  check_two("pow", tl_math_pow, mpfr_pow, 0.0, 10.0, -300.0, 300.0, false, 1.0);
  check_two("pow", tl_math_pow, mpfr_pow, 0.99, 1.01, -70000.0, 70000.0, false, 1.0);
  check_two("pow", tl_math_pow, mpfr_pow, 0x1p-1060, 0x1p1023, -0x1p-30, 8.0, true, 1.0);
  check_two("pow", tl_math_pow, mpfr_pow, 0x1p-3, 0x1p3, -0x1p-80, 0x1p70, true, 1.0);
  check_two("hypot", tl_math_hypot, mpfr_hypot, -0x1p-1060, 0x1p1023, -0x1p-1060, 0x1p1023, true,
            1.5);
  check_two("hypot", tl_math_hypot, mpfr_hypot, -9.0, 9.0, -9.0, 9.0, false, 1.5);
}

static void circular_functions_keep_their_promise(void **unused)
{
  (void)unused;
  const struct {
    const char *name;
    one ours;
    mpfr_one exact;
    double ulp;
  } rows[] = {
      {"sin", tl_math_sin, mpfr_sin, 1.0},
      {"cos", tl_math_cos, mpfr_cos, 1.0},
      {"tan", tl_math_tan, mpfr_tan, 2.5},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    check_one(rows[i].name, rows[i].ours, rows[i].exact, -7.0, 7.0, false, rows[i].ulp);
    check_one(rows[i].name, rows[i].ours, rows[i].exact, -1.1e6, 1.1e6, false, rows[i].ulp);
    check_one(rows[i].name, rows[i].ours, rows[i].exact, -0x1p-1060, 0x1p1023, true, rows[i].ulp);
  }
  /* Kahan's and Muller's hardest: doubles very near to multiples of pi/2. */
  const double hard[] = {
      0x1.6ac5b262ca1ffp849, 0x1.951e9d26a4461p+82, 6381956970095103.0 * 0x1p797, 355.0, 52174.0,
      0x1.921fb54442d18p+0,  0x1.921fb54442d18p+1,  0x1.921fb54442d18p+19};
  mpfr_t x, y;
  mpfr_inits2(PRECISION, x, y, (mpfr_ptr)0);
  for (size_t i = 0; i < sizeof hard / sizeof *hard; i++)
    for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
      mpfr_set_d(x, hard[i], MPFR_RNDN);
      rows[j].exact(y, x, MPFR_RNDN);
      assert_true(ulp_error(rows[j].ours(hard[i]), y) <= rows[j].ulp);
    }
  mpfr_clears(x, y, (mpfr_ptr)0);
}

static void arcs_keep_their_promise(void **unused)
{
  (void)unused;
  check_one("asin", tl_math_asin, mpfr_asin, -1.0, 1.0, false, 2.5);
  check_one("asin", tl_math_asin, mpfr_asin, -0x1p-1060, 0.5, true, 2.5);
  check_one("acos", tl_math_acos, mpfr_acos, -1.0, 1.0, false, 3.0);
  check_one("acos", tl_math_acos, mpfr_acos, 0.999999, 1.0, false, 3.0);
  check_one("atan", tl_math_atan, mpfr_atan, -3.0, 3.0, false, 1.0);
  check_one("atan", tl_math_atan, mpfr_atan, -0x1p-1060, 0x1p1023, true, 1.0);
  check_two("atan2", tl_math_atan2, mpfr_atan2, -3.0, 3.0, -3.0, 3.0, false, 2.0);
  check_two("atan2", tl_math_atan2, mpfr_atan2, -0x1p-500, 0x1p500, -0x1p-500, 0x1p500, true, 2.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exponentials_keep_their_promise),
      cmocka_unit_test(logarithms_keep_their_promise),
      cmocka_unit_test(powers_keep_their_promise),
      cmocka_unit_test(circular_functions_keep_their_promise),
      cmocka_unit_test(arcs_keep_their_promise),
  };
  return cmocka_run_group_tests_name("dmath against MPFR", tests, NULL, NULL);
}
