/* Operators element by element where no golden file reaches: broadcasting against plain indices,
 * forms without an oracle, and what TFLite leaves undefined. */
#include "tests/kernels/one_op.h"
#include "tests/kernels/support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const tl_tensor_type I8 = TL_TENSOR_INT8, I16 = TL_TENSOR_INT16, I32 = TL_TENSOR_INT32;
static const tl_tensor_type BOOL = TL_TENSOR_BOOL, F32 = TL_TENSOR_FLOAT32;

/* ---- broadcasting ---- */

/* The element of an input at the output's index `at`, by the definition: aligned at the last
 * dimension, 1 stretches. */
static uint32_t element_at(const tl_tensor *input, const tl_tensor *output, const uint32_t *at)
{
  uint32_t element = 0;
  for (uint32_t d = 0; d < input->rank; d++) {
    const uint32_t out_d = d + output->rank - input->rank;
    element = element * (uint32_t)input->dims[d] + (input->dims[d] == 1 ? 0 : at[out_d]);
  }
  return element;
}

static shape random_part(dice *d, shape out, bool whole)
{
  shape s = out;
  for (uint32_t i = 0; i < s.rank; i++)
    if (!whole && roll(d, 2) == 0) s.dims[i] = 1;
  const uint32_t drop = whole ? 0 : roll(d, s.rank + 1);
  bool leading_ones = true;
  for (uint32_t i = 0; i < drop; i++) leading_ones &= s.dims[i] == 1;
  if (!leading_ones) return s;
  memmove(s.dims, s.dims + drop, (s.rank - drop) * sizeof s.dims[0]);
  s.rank -= drop;
  return s;
}

static void select_takes_the_elements_that_broadcasting_defines(void **unused)
{
  (void)unused;
  dice d = {2026};
  one_op *b = take(sizeof *b);
  for (int round = 0; round < 500; round++) {
    shape out = {1 + roll(&d, TL_TENSOR_RANK_MAX), {0}};
    for (uint32_t i = 0; i < out.rank; i++) out.dims[i] = 1 + (int32_t)roll(&d, i == 0 ? 5 : 3);
    const uint32_t whole = roll(&d, 3);
    const tl_tensor tensors[] = {tensor(BOOL, 0, 0, random_part(&d, out, whole == 0)),
                                 tensor(I16, 0, 0, random_part(&d, out, whole == 1)),
                                 tensor(I16, 0, 0, random_part(&d, out, whole == 2)),
                                 tensor(I16, 0, 0, out)};
    one_op_ready(b, "SELECT_V2", 3, tensors);
    uint8_t *condition = one_op_place(b, 0);
    int16_t *x = one_op_place(b, 1), *y = one_op_place(b, 2);
    for (uint32_t i = 0; i < tensors[0].element_count; i++) condition[i] = (uint8_t)roll(&d, 2);
    for (uint32_t i = 0; i < tensors[1].element_count; i++) x[i] = (int16_t)roll(&d, 30000);
    for (uint32_t i = 0; i < tensors[2].element_count; i++) y[i] = (int16_t)-roll(&d, 30000);
    const int16_t *got = one_op_run(b);
    uint32_t at[TL_TENSOR_RANK_MAX] = {0};
    for (uint32_t i = 0; i < tensors[3].element_count; i++) {
      const int16_t expected = condition[element_at(&tensors[0], &tensors[3], at)]
                                   ? x[element_at(&tensors[1], &tensors[3], at)]
                                   : y[element_at(&tensors[2], &tensors[3], at)];
      if (got[i] != expected) fail_msg("seed 2026, round %d: element %u", round, i);
      for (uint32_t k = out.rank; k-- > 0 && ++at[k] == (uint32_t)out.dims[k];) at[k] = 0;
    }
  }
  free(b);
}

static void constants_may_stand_at_any_address(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  uint8_t file[64];
  const int16_t values[] = {-300, 7, 32767};
  memcpy(file + 1, values, sizeof values);
  tl_tensor tensors[] = {vector(I16, 0.1f, 0, 3), vector(I16, 0.1f, 0, 3), vector(I16, 0.1f, 0, 3)};
  tensors[1].data = file + 1;
  one_op_ready(b, "MAXIMUM", 2, tensors);
  memcpy(one_op_place(b, 0), (int16_t[]){-5, -5, -5}, 6);
  assert_memory_equal(one_op_run(b), ((int16_t[]){-5, 7, 32767}), 6);
  free(b);
}

/* ---- arithmetic against the real numbers ---- */

static double real_of(const tl_tensor *t, int32_t q)
{
  return (double)t->scale * (q - t->zero_point);
}

/* Every pair of a few thousand: the integer result is within one step of the real one. */
static void check_pair(const char *name, const tl_tensor *tensors, double (*truth)(double, double),
                       double steps)
{
  one_op *b = take(sizeof *b);
  dice d = {7};
  one_op_ready(b, name, 2, tensors);
  int16_t *x1 = one_op_place(b, 0), *x2 = one_op_place(b, 1);
  int8_t *narrow2 = one_op_place(b, 1);
  const bool mixed = tensors[1].type == TL_TENSOR_INT8;
  for (uint32_t i = 0; i < tensors[0].element_count; i++) {
    x1[i] = (int16_t)((int32_t)roll(&d, 65536) - 32768);
    if (mixed)
      narrow2[i] = (int8_t)((int32_t)roll(&d, 256) - 128);
    else
      x2[i] = (int16_t)((int32_t)roll(&d, 65536) - 32768);
  }
  const int16_t *y = one_op_run(b);
  for (uint32_t i = 0; i < tensors[2].element_count; i++) {
    const double exact =
        truth(real_of(&tensors[0], x1[i]), real_of(&tensors[1], mixed ? narrow2[i] : x2[i])) /
        (double)tensors[2].scale;
    const double kept = fmin(fmax(exact, -32768.0), 32767.0);
    if (!(fabs(y[i] - kept) <= steps)) fail_msg("%s: %d instead of %g", name, y[i], kept);
  }
  free(b);
}

static double squared_difference(double a, double b) { return (a - b) * (a - b); }
static double parametric_relu(double x, double alpha) { return x >= 0.0 ? x : x * alpha; }

/* Forms that TensorFlow 2.17.1 lacks and TFLite Micro has. */
static void int16_forms_without_an_oracle_follow_the_real_numbers(void **unused)
{
  (void)unused;
  const tl_tensor square[] = {vector(I16, 0.001f, 0, 3000), vector(I16, 0.0012f, 0, 3000),
                              vector(I16, 0.15f, 0, 3000)};
  check_pair("SQUARED_DIFFERENCE", square, squared_difference, 3.0); /* 2 * 70 * 0.0024 / 0.15 */
  const tl_tensor prelu[] = {vector(I16, 0.001f, 0, 3000), vector(I8, 0.01f, 5, 3000),
                             vector(I16, 0.0013f, 0, 3000)};
  check_pair("PRELU", prelu, parametric_relu, 0.51);
}

static void greater_of_int16_compares_what_the_integers_mean(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  const tl_tensor tensors[] = {vector(I16, 0.5f, 0, 3), vector(I16, 0.25f, 0, 3),
                               vector(BOOL, 0, 0, 3)};
  one_op_ready(b, "GREATER", 2, tensors);
  memcpy(one_op_place(b, 0), (int16_t[]){100, 100, -100}, 6);
  memcpy(one_op_place(b, 1), (int16_t[]){199, 200, -201}, 6);
  assert_memory_equal(one_op_run(b), ((uint8_t[]){1, 0, 1}), 3);
  free(b);
}

static void int8_and_int16_become_int32(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  const tl_tensor tensors[] = {vector(I8, 0.5f, -3, 4), vector(I32, 0.001f, 7, 4)};
  one_op_ready(b, "QUANTIZE", 1, tensors);
  memcpy(one_op_place(b, 0), (int8_t[]){-128, -3, 0, 127}, 4);
  assert_memory_equal(one_op_run(b), ((int32_t[]){-62493, 7, 1507, 65007}), 16);
  free(b);
}

static void single_rounding_rounds_once(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  int differ = 0;
  for (int rounding = 0; rounding < 2; rounding++) {
    const tl_tensor tensors[] = {vector(I8, 0.07f, 0, 256), vector(I8, 0.031f, 0, 1),
                                 vector(I8, 0.33f, 0, 256)};
    assert_int_equal(one_op_prepare(b, "MUL", 2, tensors, (tl_rounding)rounding), TL_KERNEL_OK);
    const double ratio = 0.07f * (double)0.031f / 0.33f;
    for (int32_t second = 1; second < 127; second++) {
      int8_t *x1 = one_op_place(b, 0), *x2 = one_op_place(b, 1);
      for (int32_t i = 0; i < 256; i++) x1[i] = (int8_t)(i - 128);
      x2[0] = (int8_t)second;
      const int8_t *y = one_op_run(b);
      for (int32_t i = 0; i < 256; i++) {
        const double once = floor((i - 128) * second * ratio + 0.5);
        const int32_t kept = (int32_t)fmin(fmax(once, -128.0), 127.0);
        if (rounding == TL_ROUNDING_SINGLE) assert_int_equal(y[i], kept);
        differ += y[i] != kept;
      }
    }
  }
  print_message("double rounding differs in %d of %d products\n", differ, 126 * 256);
  free(b);
}

/* ---- what TFLite leaves undefined ---- */

static void division_by_zero_gives_the_ends(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  const tl_tensor narrow[] = {vector(I8, 0.1f, 3, 3), vector(I8, 0.1f, -5, 1),
                              vector(I8, 0.1f, 9, 3)};
  one_op_ready(b, "DIV", 2, narrow);
  memcpy(one_op_place(b, 0), (int8_t[]){4, 2, 3}, 3);
  *(int8_t *)one_op_place(b, 1) = -5;
  assert_memory_equal(one_op_run(b), ((int8_t[]){127, -128, 9}), 3);

  const tl_tensor wide[] = {vector(I32, 0, 0, 4), vector(I32, 0, 0, 4), vector(I32, 0, 0, 4)};
  const int32_t x1[] = {4, -2, 0, INT32_MIN}, x2[] = {0, 0, 0, -1};
  static const struct {
    const char *name;
    int32_t expected[4];
  } rows[] = {{"DIV", {INT32_MAX, INT32_MIN, 0, INT32_MIN}},
              {"FLOOR_DIV", {INT32_MAX, INT32_MIN, 0, INT32_MIN}},
              {"FLOOR_MOD", {0, 0, 0, 0}}};
  for (size_t r = 0; r < 3; r++) {
    one_op_ready(b, rows[r].name, 2, wide);
    memcpy(one_op_place(b, 0), x1, sizeof x1);
    memcpy(one_op_place(b, 1), x2, sizeof x2);
    assert_memory_equal(one_op_run(b), rows[r].expected, sizeof x1);
  }
  free(b);
}

static void a_tiny_quotient_is_zero(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  const tl_tensor tensors[] = {vector(I8, 0.001f, 0, 3), vector(I8, 0.5f, 0, 3),
                               vector(I8, 0.5f, 9, 3)};
  one_op_ready(b, "DIV", 2, tensors);
  memcpy(one_op_place(b, 0), (int8_t[]){0, 1, -127}, 3);
  memcpy(one_op_place(b, 1), (int8_t[]){127, -127, 100}, 3);
  assert_memory_equal(one_op_run(b), ((int8_t[]){9, 9, 9}), 3);
  free(b);
}

static void the_inverse_root_of_nothing_is_the_highest_value(void **unused)
{
  (void)unused;
  one_op *b = take(sizeof *b);
  const tl_tensor tensors[] = {vector(I8, 0.01f, 0, 3), vector(I8, 0.1f, -128, 3)};
  one_op_ready(b, "RSQRT", 1, tensors);
  memcpy(one_op_place(b, 0), (int8_t[]){0, -100, 100}, 3);
  assert_memory_equal(one_op_run(b), ((int8_t[]){127, 127, 10 - 128}), 3);
  free(b);
}

static float rsqrtf_(float x) { return 1.0f / sqrtf(x); }
static float squaref_(float x) { return x * x; }

/* Any bits at all, and the ends: what IEEE 754 says, here the C library's word. */
static void functions_of_floats_are_those_of_ieee(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    float (*expected)(float x);
  } rows[] = {{"SQRT", sqrtf},   {"RSQRT", rsqrtf_}, {"SQUARE", squaref_},
              {"FLOOR", floorf}, {"CEIL", ceilf},    {"ROUND", nearbyintf}};
  enum { COUNT = 2000, ROUNDS = 100 };
  static const float ends[] = {
      0.0f,      -0.0f,       1.0f,       -1.0f,        0.5f,          -0.5f,
      1.5f,      2.5f,        -2.5f,      0x1p-149f,    0x1p-126f,     8388607.5f,
      8388608.f, -8388607.5f, 16777216.f, 2147483648.f, -2147483648.f, 0x1.fffffep127f,
      INFINITY,  -INFINITY,   NAN,        0.49999997f,  -0.49999997f};
  one_op *b = take(sizeof *b);
  const tl_tensor tensors[] = {vector(F32, 0, 0, COUNT), vector(F32, 0, 0, COUNT)};
  uint32_t random = 12345;
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    one_op_ready(b, rows[r].name, 1, tensors);
    for (int round = 0; round < ROUNDS; round++) {
      float *x = one_op_place(b, 0);
      for (uint32_t i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        const uint32_t bits = random ^ random >> 13;
        memcpy(&x[i], &bits, sizeof bits);
        if (round % 2) x[i] = (float)((int32_t)(bits % 20000) - 10000) / 8.0f; /* halves, often */
        if (round == 0 && i < sizeof ends / sizeof ends[0]) x[i] = ends[i];
      }
      float given[COUNT];
      memcpy(given, x, sizeof given);
      const float *got = one_op_run(b);
      for (uint32_t i = 0; i < COUNT; i++) {
        const float expected = rows[r].expected(given[i]);
        const bool same = expected != expected ? got[i] != got[i] : got[i] == expected;
        const bool sign = signbit(expected) == signbit(got[i]) || expected != expected ||
                          strcmp(rows[r].name, "ROUND") == 0;
        if (!same || !sign)
          fail_msg("%s of %a is %a, expected %a", rows[r].name, (double)given[i], (double)got[i],
                   (double)expected);
      }
    }
  }
  one_op_ready(b, "SQRT", 1, tensors); /* x86's NaN, on every processor */
  memcpy(one_op_place(b, 0), (float[]){-4.0f}, 4);
  assert_memory_equal(one_op_run(b), ((uint32_t[]){0xFFC00000u}), 4);
  free(b);
}

static void a_nan_compares_with_nothing(void **unused)
{
  (void)unused;
  static const struct {
    const char *name;
    uint8_t expected[4];
  } rows[] = {{"EQUAL", {0, 1, 1, 0}}, {"NOT_EQUAL", {1, 0, 0, 1}}, {"LESS", {0, 0, 0, 1}}};
  one_op *b = take(sizeof *b);
  const float zero = 0.0f, nan = zero / zero;
  const tl_tensor tensors[] = {vector(F32, 0, 0, 4), vector(F32, 0, 0, 4), vector(BOOL, 0, 0, 4)};
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    one_op_ready(b, rows[r].name, 2, tensors);
    memcpy(one_op_place(b, 0), (float[]){nan, -0.0f, 2.5f, -2.0f}, 16);
    memcpy(one_op_place(b, 1), (float[]){nan, 0.0f, 2.5f, -1.0f}, 16);
    assert_memory_equal(one_op_run(b), rows[r].expected, 4);
  }
  free(b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(select_takes_the_elements_that_broadcasting_defines),
      cmocka_unit_test(constants_may_stand_at_any_address),
      cmocka_unit_test(int16_forms_without_an_oracle_follow_the_real_numbers),
      cmocka_unit_test(greater_of_int16_compares_what_the_integers_mean),
      cmocka_unit_test(int8_and_int16_become_int32),
      cmocka_unit_test(single_rounding_rounds_once),
      cmocka_unit_test(division_by_zero_gives_the_ends),
      cmocka_unit_test(a_tiny_quotient_is_zero),
      cmocka_unit_test(the_inverse_root_of_nothing_is_the_highest_value),
      cmocka_unit_test(functions_of_floats_are_those_of_ieee),
      cmocka_unit_test(a_nan_compares_with_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
