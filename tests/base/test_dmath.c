/* dmath without MPFR: special values, exact functions, vector against scalar, and the pinned bits.
 * */
#include "base/dmath.h"
#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef double (*one)(double);
typedef double (*two)(double, double);

static uint64_t bits_of(double x)
{
  uint64_t bits;
  if (isnan(x)) return UINT64_C(0x7ff8000000000000); /* which NaN is nobody's promise */
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

#define assert_same(got, expected) assert_true(bits_of(got) == bits_of(expected))

/* Half any double that exists, half everyday sizes. */
static double any_double(uint32_t index, uint32_t stream)
{
  const tl_rng_key key = tl_rng_key_make(2024, 1, stream);
  if (index % 2) return (tl_rng_uniform(key, index, 0) - 0.5) * 200.0;
  const uint64_t bits = tl_rng_hash64(key, index);
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static void special_values_follow_annex_f(void **unused)
{
  (void)unused;
  const double inf = HUGE_VAL, nan = (double)NAN;
  static const one functions[] = {tl_math_exp,  tl_math_expm1, tl_math_log,  tl_math_log1p,
                                  tl_math_log2, tl_math_log10, tl_math_sin,  tl_math_cos,
                                  tl_math_tan,  tl_math_asin,  tl_math_acos, tl_math_atan,
                                  tl_math_tanh, tl_math_sqrt,  tl_math_floor};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    assert_true(isnan(functions[i](nan)));
  static const struct {
    one function;
    double x, expected;
  } rows[] = {
      {tl_math_exp, 0.0, 1.0},
      {tl_math_exp, -0.0, 1.0},
      {tl_math_exp, HUGE_VAL, HUGE_VAL},
      {tl_math_exp, -HUGE_VAL, 0.0},
      {tl_math_exp, 709.8, HUGE_VAL},
      {tl_math_exp, -745.2, 0.0},
      {tl_math_exp, -745.0, 0x1p-1074},
      {tl_math_exp, 1e300, HUGE_VAL},
      {tl_math_exp, -1e300, 0.0},
      {tl_math_expm1, -0.0, -0.0},
      {tl_math_expm1, HUGE_VAL, HUGE_VAL},
      {tl_math_expm1, -HUGE_VAL, -1.0},
      {tl_math_log, 1.0, 0.0},
      {tl_math_log, 0.0, -HUGE_VAL},
      {tl_math_log, -0.0, -HUGE_VAL},
      {tl_math_log, HUGE_VAL, HUGE_VAL},
      {tl_math_log, -1.0, (double)NAN},
      {tl_math_log, -0x1p-1074, (double)NAN},
      {tl_math_log, -HUGE_VAL, (double)NAN},
      {tl_math_log1p, -0.0, -0.0},
      {tl_math_log1p, -1.0, -HUGE_VAL},
      {tl_math_log1p, HUGE_VAL, HUGE_VAL},
      {tl_math_log1p, -1.5, (double)NAN},
      {tl_math_log2, 8.0, 3.0},
      {tl_math_log2, 0x1p-1074, -1074.0},
      {tl_math_log2, 1.0, 0.0},
      {tl_math_log2, 0.0, -HUGE_VAL},
      {tl_math_log2, -2.0, (double)NAN},
      {tl_math_log10, 1.0, 0.0},
      {tl_math_log10, 1000.0, 3.0},
      {tl_math_log10, 1e22, 22.0},
      {tl_math_log10, HUGE_VAL, HUGE_VAL},
      {tl_math_sin, -0.0, -0.0},
      {tl_math_sin, HUGE_VAL, (double)NAN},
      {tl_math_cos, 0.0, 1.0},
      {tl_math_cos, -HUGE_VAL, (double)NAN},
      {tl_math_tan, -0.0, -0.0},
      {tl_math_tan, HUGE_VAL, (double)NAN},
      {tl_math_asin, -0.0, -0.0},
      {tl_math_asin, 1.0, 0x1.921fb54442d18p+0},
      {tl_math_asin, 1.0000001, (double)NAN},
      {tl_math_acos, 1.0, 0.0},
      {tl_math_acos, -1.0, 0x1.921fb54442d18p+1},
      {tl_math_acos, -2.0, (double)NAN},
      {tl_math_atan, -0.0, -0.0},
      {tl_math_atan, -HUGE_VAL, -0x1.921fb54442d18p+0},
      {tl_math_tanh, -0.0, -0.0},
      {tl_math_tanh, HUGE_VAL, 1.0},
      {tl_math_tanh, -HUGE_VAL, -1.0},
      {tl_math_tanh, 0x1p-1074, 0x1p-1074},
      {tl_math_sqrt, -1.0, (double)NAN},
      {tl_math_sqrt, -0.0, -0.0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (bits_of(rows[i].function(rows[i].x)) != bits_of(rows[i].expected))
      fail_msg("row %zu: f(%a) is %a, expected %a", i, rows[i].x, rows[i].function(rows[i].x),
               rows[i].expected);
  }
  /* Where the C library agrees with Annex F, the special cases of two arguments are its. */
  const double corners[] = {0.0,       -0.0,       1.0, -1.0, 2.0,   -2.0,
                            3.0,       -3.0,       0.5, -0.5, 1e300, -1e300,
                            0x1p-1074, -0x1p-1074, inf, -inf, nan,   9007199254740993.0,
                            0x1p53,    -0x1p53 + 1};
  for (size_t i = 0; i < sizeof corners / sizeof *corners; i++)
    for (size_t j = 0; j < sizeof corners / sizeof *corners; j++) {
      const double x = corners[i], y = corners[j];
      assert_true(fabs(pow(x, y)) < 1e308 && pow(x, y) != 0.0
                      ? fabs(tl_math_pow(x, y) - pow(x, y)) <= 1e-15 * fabs(pow(x, y))
                      : bits_of(tl_math_pow(x, y)) == bits_of(pow(x, y)));
      if (fabs(x) != fabs(y))
        assert_true(fabs(tl_math_atan2(x, y) - atan2(x, y)) <= 5e-16 || isnan(x) || isnan(y));
      assert_true(signbit(atan2(x, y)) == signbit(tl_math_atan2(x, y)) || isnan(x) || isnan(y));
      assert_same(tl_math_fmod(x, y), fmod(x, y));
      if (isinf(x) || isinf(y)) assert_same(tl_math_hypot(x, y), inf);
    }
  assert_same(tl_math_atan2(0.0, -0.0), 0x1.921fb54442d18p+1);
  assert_same(tl_math_atan2(-0.0, -1.0), -0x1.921fb54442d18p+1);
  assert_same(tl_math_atan2(-0.0, 1.0), -0.0);
  assert_same(tl_math_atan2(inf, -inf), 0x1.2d97c7f3321d2p+1);
  assert_same(tl_math_hypot(3e300, 4e300), 5e300);
}

static void exact_functions_agree_with_the_c_library(void **unused)
{
  (void)unused;
  const double corners[] = {0.0,
                            -0.0,
                            0.5,
                            -0.5,
                            1.5,
                            2.5,
                            -2.5,
                            0x1.fffffffffffffp-2,
                            0x1p52,
                            0x1p52 - 0.5,
                            0x1p51 + 0.5,
                            -0x1p53,
                            HUGE_VAL,
                            -HUGE_VAL,
                            0x1p-1074,
                            -0x1p-1074,
                            0.9999999999999999};
  for (uint32_t i = 0; i < 100000; i++) {
    const double x = i < sizeof corners / sizeof *corners ? corners[i] : any_double(i, 1);
    const double y = any_double(i + 1, 2);
    assert_same(tl_math_floor(x), floor(x));
    assert_same(tl_math_ceil(x), ceil(x));
    assert_same(tl_math_trunc(x), trunc(x));
    assert_same(tl_math_round_even(x), nearbyint(x));
    assert_same(tl_math_sqrt(x), sqrt(x));
    assert_same(tl_math_fmod(x, y), fmod(x, y));
  }
}

static void arrays_have_the_bits_of_single_calls(void **unused)
{
  (void)unused;
  enum { COUNT = 20011 };
  double in[COUNT], out[COUNT];
  static const struct {
    const char *name;
    void (*array)(double *, const double *, size_t);
    one single;
  } rows[] = {
      {"exp", tl_math_exp_array, tl_math_exp},    {"log", tl_math_log_array, tl_math_log},
      {"sin", tl_math_sin_array, tl_math_sin},    {"cos", tl_math_cos_array, tl_math_cos},
      {"tanh", tl_math_tanh_array, tl_math_tanh},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    for (uint32_t i = 0; i < COUNT; i++) in[i] = any_double(i, 3);
    in[0] = -0.0, in[1] = HUGE_VAL, in[2] = (double)NAN, in[3] = 1e5, in[4] = -HUGE_VAL,
    in[5] = 2e6;
    rows[k].array(out, in, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) assert_same(out[i], rows[k].single(in[i]));
    rows[k].array(in, in, COUNT); /* in place */
    for (uint32_t i = 0; i < COUNT; i++) assert_same(in[i], out[i]);
    rows[k].array(NULL, NULL, 0);
  }
}

static void the_bits_are_the_pinned_ones(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    one single;
    two pair;
  } rows[] = {
      {"exp", tl_math_exp, NULL},
      {"expm1", tl_math_expm1, NULL},
      {"log", tl_math_log, NULL},
      {"log1p", tl_math_log1p, NULL},
      {"log2", tl_math_log2, NULL},
      {"log10", tl_math_log10, NULL},
      {"sin", tl_math_sin, NULL},
      {"cos", tl_math_cos, NULL},
      {"tan", tl_math_tan, NULL},
      {"asin", tl_math_asin, NULL},
      {"acos", tl_math_acos, NULL},
      {"atan", tl_math_atan, NULL},
      {"tanh", tl_math_tanh, NULL},
      {"sqrt", tl_math_sqrt, NULL},
      {"floor", tl_math_floor, NULL},
      {"ceil", tl_math_ceil, NULL},
      {"round_even", tl_math_round_even, NULL},
      {"pow", NULL, tl_math_pow},
      {"atan2", NULL, tl_math_atan2},
      {"hypot", NULL, tl_math_hypot},
      {"fmod", NULL, tl_math_fmod},
  };
  FILE *file = fopen(TL_SOURCE_DIR "/tests/golden/dmath.txt", "r");
  assert_non_null(file);
  int different = 0;
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    uint64_t digest = 0;
    for (uint32_t i = 0; i < 100000; i++) {
      double x = any_double(i, 10), y = any_double(i, 11);
      if (rows[k].single == tl_math_asin || rows[k].single == tl_math_acos)
        x = i % 2 ? x / 100.0 : x;
      if (rows[k].pair == tl_math_pow && i % 2) x = fabs(x);
      const uint64_t bits = bits_of(rows[k].single ? rows[k].single(x) : rows[k].pair(x, y));
      digest = tl_hash64(&bits, sizeof bits, digest);
    }
    char name[32] = "";
    unsigned long long pinned = 0;
    if (fscanf(file, "%31s %llx", name, &pinned) != 2 || strcmp(name, rows[k].name) != 0)
      pinned = 0;
    print_message("%s %016llx%s\n", rows[k].name, (unsigned long long)digest,
                  pinned == digest ? "" : "  <- differs from tests/golden/dmath.txt");
    different += pinned != digest;
  }
  fclose(file);
  assert_int_equal(different, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(special_values_follow_annex_f),
      cmocka_unit_test(exact_functions_agree_with_the_c_library),
      cmocka_unit_test(arrays_have_the_bits_of_single_calls),
      cmocka_unit_test(the_bits_are_the_pinned_ones),
  };
  return cmocka_run_group_tests_name("dmath", tests, NULL, NULL);
}
