/* Softmax, its logarithm, norms, running sums and pooling: what golden bytes do not say. What is
 * refused and with which sentence, what lies beyond the sizes that TFLite Micro runs. */
#include "tests/kernels/patch.h"
#include "tests/kernels/support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UINT8 = 3, INT16 = 7, INT8 = 9 };

static void expect_refusals(const refusal *rows, size_t count)
{
  char message[512];
  if (!refusals_hold(rows, count, message, sizeof message)) fail_msg("%s", message);
}

/* ---- softmax ---- */

static void softmax_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "SOFTMAX: input and output must be int8 or int16, quantised per tensor";
  static const char shape[] =
      "SOFTMAX: input and output must have the same shape, not that of a scalar";
  static const char scale[] = "SOFTMAX: beta times input scale out of range";
  static const char int8_out[] = "SOFTMAX: int8 output must have scale 1/256 and zero point -128";
  static const char mixed_out[] =
      "SOFTMAX: int16 output for int8 must have scale 1/65536 and zero point -32768";
  static const char int16_out[] =
      "SOFTMAX: output for int16 must be int16 with scale 1/32768 and zero point 0";
  const refusal rows[] = {
      {"softmax_beta", types, {{PATCH_TYPE, 0, 0, UINT8}}},
      {"softmax_beta", types, {{PATCH_SCALE, 0, 0, -1.0}}},
      {"softmax_beta", shape, {{PATCH_DIM, 1, 2, 8}}},
      {"softmax_beta", int8_out, {{PATCH_SCALE, 1, 0, 1.0 / 128}}},
      {"softmax_beta", int8_out, {{PATCH_ZERO, 1, 0, 0}}},
      {"softmax_beta", scale, {{PATCH_OPTION_F32, 0, 0, 0.0}}},
      {"softmax_beta", scale, {{PATCH_OPTION_F32, 0, 0, -1.0}}},
      {"softmax_beta", scale, {{PATCH_OPTION_F32, 0, 0, NAN}}},
      {"softmax_wide_output", mixed_out, {{PATCH_ZERO, 1, 0, 0}}},
      {"softmax_wide_output", mixed_out, {{PATCH_SCALE, 1, 0, 1.0 / 32768}}},
      {"softmax_int16", int16_out, {{PATCH_SCALE, 1, 0, 1.0 / 65536}}},
      {"softmax_int16", int16_out, {{PATCH_TYPE, 1, 0, INT8}}},
      {"softmax_int16", scale, {{PATCH_SCALE, 0, 0, 6.0}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

/* One row of `depth` logits through a model of one row, its last dimension changed. */
static void run_row(const char *name, uint32_t depth, const void *in, void *out)
{
  opened m;
  const patch wide[] = {{PATCH_DIM, 0, 0, 1},
                        {PATCH_DIM, 1, 0, 1},
                        {PATCH_DIM, 0, 1, depth},
                        {PATCH_DIM, 1, 1, depth}};
  assert_true(open_patched(&m, name, wide, 4));
  assert_true(run_case(&m, in, out));
  close_model(&m);
}

/* TFLite Micro aborts where the sum of exps reaches 512. The closed form, in steps of 1/65536. */
static void softmax_of_1000_nearly_equal_logits_is_the_closed_form(void **unused)
{
  (void)unused;
  enum { DEPTH = 1000 };
  int8_t in[DEPTH];
  int16_t out[DEPTH];
  double sum = 0.0;
  for (int i = 0; i < DEPTH; i++) {
    in[i] = (int8_t)(i % 7 - 3);
    sum += exp(0.02 * in[i]);
  }
  run_row("softmax_wide_output", DEPTH, in, out);
  for (int i = 0; i < DEPTH; i++) {
    const double expected = exp(0.02 * in[i]) / sum * 65536.0 - 32768.0;
    if (fabs(out[i] - expected) > 0.51)
      fail_msg("logit %d: %d, closed form %.3f", i, out[i], expected);
  }
}

static void softmax_goes_on_where_sums_leave_32_bits(void **unused)
{
  (void)unused;
  static const uint32_t depths[] = {511, 512, 513, 4095, 4096, 8191, 8192, 70000, 300000};
  for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
    const uint32_t depth = depths[d];
    int8_t *in = take(depth);
    int16_t *wide = take(2ull * depth), *wide_in = take(2ull * depth);
    run_row("softmax_wide_output", depth, in, wide);
    for (uint32_t i = 0; i < depth; i++)
      assert_true(fabs(wide[i] + 32768.0 - 65536.0 / depth) <= 0.51);
    run_row("softmax_int16", depth, wide_in, wide);
    for (uint32_t i = 0; i < depth; i++) assert_true(fabs(wide[i] - 32768.0 / depth) <= 0.6);
    in[depth / 2] = 100; /* exp(2) above the others */
    run_row("softmax_wide_output", depth, in, wide);
    const double expected = 65536.0 * exp(2.0) / (depth - 1 + exp(2.0));
    assert_true(fabs(wide[depth / 2] + 32768.0 - expected) <= 0.51);
    free(in);
    free(wide);
    free(wide_in);
  }
}

static void softmax_to_int8_gives_the_lowest_where_no_step_is_reached(void **unused)
{
  (void)unused;
  enum { DEPTH = 513 };
  int8_t in[DEPTH] = {0}, out[DEPTH];
  opened m;
  const patch flat[] = {{PATCH_DIM, 0, 2, DEPTH}, {PATCH_DIM, 1, 2, DEPTH}, {PATCH_DIM, 0, 0, 1},
                        {PATCH_DIM, 1, 0, 1},     {PATCH_DIM, 0, 1, 1},     {PATCH_DIM, 1, 1, 1}};
  assert_true(open_patched(&m, "softmax_beta", flat, 6));
  assert_true(run_case(&m, (uint8_t *)in, (uint8_t *)out));
  for (int i = 0; i < DEPTH; i++) assert_int_equal(out[i], -128); /* 256 / 513 is less than 1/2 */
  close_model(&m);
}

/* ---- log softmax, L2 norm, running sums ---- */

static void log_softmax_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] = "LOG_SOFTMAX: input and output must be int8, quantised per tensor";
  static const char output[] = "LOG_SOFTMAX: output must have scale 1/16 and zero point 127";
  static const char shape[] =
      "LOG_SOFTMAX: input and output must have the same shape, not that of a scalar";
  static const char scale[] = "LOG_SOFTMAX: input scale out of range";
  const refusal rows[] = {
      {"log_softmax_steep", types, {{PATCH_TYPE, 0, 0, INT16}}},
      {"log_softmax_steep", types, {{PATCH_SCALE, 1, 0, 0.0}}},
      {"log_softmax_steep", output, {{PATCH_SCALE, 1, 0, 1.0 / 8}}},
      {"log_softmax_steep", output, {{PATCH_ZERO, 1, 0, -128}}},
      {"log_softmax_steep", shape, {{PATCH_DIM, 1, 1, 12}}},
      {"log_softmax_steep", scale, {{PATCH_SCALE, 0, 0, 16.0}}},
      {"log_softmax_steep", scale, {{PATCH_SCALE, 0, 0, 1e-8}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

/* TFLite Micro's sum wraps where 4096 elements are equal. */
static void log_softmax_of_many_equal_logits_is_the_closed_form(void **unused)
{
  (void)unused;
  static const uint32_t depths[] = {1, 2, 100, 4095, 4096, 5000, 300000};
  for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
    int8_t *in = take(depths[d]), *out = take(depths[d]);
    run_row("log_softmax_steep", depths[d], in, out);
    const double expected = 127.0 - 16.0 * log(depths[d]);
    for (uint32_t i = 0; i < depths[d]; i++)
      if (fabs(out[i] - (expected < -128.0 ? -128.0 : expected)) > 0.51)
        fail_msg("%u logits: %d, closed form %.3f", depths[d], out[i], expected);
    free(in);
    free(out);
  }
}

static void l2_normalization_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "L2_NORMALIZATION: input and output must be int8, quantised per tensor";
  static const char output[] = "L2_NORMALIZATION: output must have scale 1/128 and zero point 0";
  static const char shape[] =
      "L2_NORMALIZATION: input and output must have the same shape, not that of a scalar";
  const refusal rows[] = {
      {"l2norm_4d", types, {{PATCH_TYPE, 1, 0, INT16}}},
      {"l2norm_4d", output, {{PATCH_SCALE, 1, 0, 1.0 / 256}}},
      {"l2norm_4d", output, {{PATCH_ZERO, 1, 0, 1}}},
      {"l2norm_4d", shape, {{PATCH_DIM, 0, 3, 8}}},
      {"l2norm_4d",
       "L2_NORMALIZATION: fused activation is not supported",
       {{PATCH_OPTION_U8, 0, 0, 1}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

/* Lengths of squares far beyond int32, where TFLite Micro's sum wraps. */
static void l2_norm_of_long_vectors_is_the_closed_form(void **unused)
{
  (void)unused;
  static const uint32_t depths[] = {1, 3, 17, 1000, 40000};
  dice d = {4};
  for (size_t n = 0; n < sizeof depths / sizeof depths[0]; n++) {
    const uint32_t depth = depths[n];
    int8_t *in = take(depth), *out = take(depth);
    double sum = 0.0;
    for (uint32_t i = 0; i < depth; i++) {
      in[i] = i % 300 == 0 ? 127 : (int8_t)((int32_t)roll(&d, 3) - 126); /* zero point 126 */
      sum += (in[i] - 126.0) * (in[i] - 126.0);
    }
    run_row("l2norm_one", depth, in, out);
    for (uint32_t i = 0; i < depth; i++) {
      double expected = sum == 0.0 ? 0.0 : 128.0 * (in[i] - 126.0) / sqrt(sum);
      if (expected > 127.0) expected = 127.0;
      if (fabs(out[i] - expected) > 0.52)
        fail_msg("%u of %u: %d, closed form %.3f", i, depth, out[i], expected);
    }
    free(in);
    free(out);
  }
}

static void running_sums_refuse_what_they_do_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "CUMSUM: input and output must both be int8, quantised per tensor, or int32";
  static const char axis[] = "CUMSUM: axis must be a constant int32 within the input's rank";
  const refusal rows[] = {
      {"cumsum_last", types, {{PATCH_TYPE, 0, 0, INT16}}},
      {"cumsum_int32", types, {{PATCH_TYPE, 2, 0, INT8}}},
      {"cumsum_last", "CUMSUM: input and output must have the same shape", {{PATCH_DIM, 2, 1, 3}}},
      {"cumsum_last", axis, {{PATCH_DATA_I32, 1, 0, 3}}},
      {"cumsum_last", axis, {{PATCH_DATA_I32, 1, 0, -4}}},
      {"cumsum_last", axis, {{PATCH_DATA_I32, 1, 0, INT32_MIN}}},
      {"cumsum_last", axis, {{PATCH_BUFFER, 1, 0, 0}}},
      {"cumsum_last",
       "CUMSUM: output scale is too small for the input",
       {{PATCH_SCALE, 2, 0, 1e-8}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

/* ---- pooling ---- */

static void pooling_refuses_what_it_does_not_compute(void **unused)
{
  (void)unused;
  static const char types[] =
      "AVERAGE_POOL_2D: input and output must both be int8 or both int16, quantised per tensor";
  static const char fit[] = "AVERAGE_POOL_2D: filter, stride and output do not fit the input";
  static const char same[] =
      "AVERAGE_POOL_2D: input and output must have the same scale and zero point";
  static const char layout[] =
      "AVERAGE_POOL_2D: input and output must be batch, height, width, channels";
  const refusal rows[] = {
      {"avgpool_uneven", types, {{PATCH_TYPE, 0, 0, UINT8}}},
      {"avgpool_uneven", types, {{PATCH_TYPE, 1, 0, INT16}}},
      {"avgpool_uneven", same, {{PATCH_ZERO, 0, 0, -19}}},
      {"avgpool_uneven", same, {{PATCH_SCALE, 1, 0, 0.051}}},
      {"avgpool_uneven", layout, {{PATCH_DIM, 1, 0, 3}}},
      {"avgpool_uneven", layout, {{PATCH_DIM, 1, 3, 4}}},
      {"avgpool_uneven", layout, {{PATCH_OPTION_U8, 0, 0, 2}}},
      {"avgpool_uneven", fit, {{PATCH_OPTION_I32, 0, 1, 0}}},
      {"avgpool_uneven", fit, {{PATCH_OPTION_I32, 0, 2, -2}}},
      {"avgpool_uneven", fit, {{PATCH_OPTION_I32, 0, 3, 0}}},
      {"avgpool_uneven", fit, {{PATCH_DIM, 1, 1, 5}}},
      {"avgpool_uneven", fit, {{PATCH_OPTION_U8, 0, 0, 1}, {PATCH_OPTION_I32, 0, 4, 9}}},
      {"avgpool_uneven",
       "AVERAGE_POOL_2D: fused activation is not supported",
       {{PATCH_OPTION_U8, 0, 5, 4}}},
      {"maxpool_relu_n1",
       "MAX_POOL_2D: a window of more than 65535 elements",
       {{PATCH_DIM, 0, 1, 65536}, {PATCH_DIM, 1, 1, 65536}, {PATCH_OPTION_I32, 0, 4, 65536}}},
  };
  expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

/* Average of 0, 0, 1 and -1 ... in quarters: halves go away from zero. */
static void an_average_of_halves_goes_away_from_zero(void **unused)
{
  (void)unused;
  opened m;
  const patch window[] = {{PATCH_DIM, 0, 0, 1},      {PATCH_DIM, 1, 0, 1}, {PATCH_DIM, 0, 1, 1},
                          {PATCH_DIM, 1, 1, 1},      {PATCH_DIM, 0, 2, 2}, {PATCH_DIM, 1, 2, 1},
                          {PATCH_OPTION_U8, 0, 5, 0}}; /* width 2, 3 channels, no activation */
  const int8_t in[6] = {1, -1, 127, 2, -2, 126};
  int8_t out[3];
  assert_true(open_patched(&m, "avgpool_uneven", window, 7));
  assert_true(run_case(&m, (const uint8_t *)in, (uint8_t *)out));
  assert_int_equal(out[0], 2);
  assert_int_equal(out[1], -2);
  assert_int_equal(out[2], 127);
  close_model(&m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(softmax_refuses_what_it_does_not_compute),
      cmocka_unit_test(softmax_of_1000_nearly_equal_logits_is_the_closed_form),
      cmocka_unit_test(softmax_goes_on_where_sums_leave_32_bits),
      cmocka_unit_test(softmax_to_int8_gives_the_lowest_where_no_step_is_reached),
      cmocka_unit_test(log_softmax_refuses_what_it_does_not_compute),
      cmocka_unit_test(log_softmax_of_many_equal_logits_is_the_closed_form),
      cmocka_unit_test(l2_normalization_refuses_what_it_does_not_compute),
      cmocka_unit_test(l2_norm_of_long_vectors_is_the_closed_form),
      cmocka_unit_test(running_sums_refuse_what_they_do_not_compute),
      cmocka_unit_test(pooling_refuses_what_it_does_not_compute),
      cmocka_unit_test(an_average_of_halves_goes_away_from_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
