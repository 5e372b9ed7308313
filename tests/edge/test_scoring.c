/* From features to a model's input, and from its output to a score. Outside references: nearbyint, closed forms. */
#include "edge/scoring.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What the kernels' page says, with the C library's rounding: halves to even, then clamped; a NaN is the lowest. */
static int32_t expected_of(double value, double per_unit, int32_t zero, int32_t low, int32_t high,
                           bool *clamped)
{
  const double q = nearbyint(value * per_unit) + zero;
  *clamped = !(q >= low && q <= high);
  return q > high ? high : q >= low ? (int32_t)q : low;
}

static void features_are_rounded_half_to_even_and_clamped(void **unused)
{
  (void)unused;
  static const double values[] = {0.0,
                                  0.49,
                                  0.5,
                                  0.51,
                                  1.5,
                                  2.5,
                                  -0.5,
                                  -1.5,
                                  -2.5,
                                  126.49,
                                  126.5,
                                  127.49,
                                  127.5,
                                  128.0,
                                  1e9,
                                  -127.5,
                                  -128.4,
                                  -128.5,
                                  -128.51,
                                  -129.0,
                                  -1e300,
                                  1e300,
                                  32767.5,
                                  -32768.5,
                                  NAN,
                                  INFINITY,
                                  -INFINITY,
                                  -0.0,
                                  99.99999999999999};
  static const int32_t zeros[] = {0, -128, 127, 5};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    for (size_t z = 0; z < sizeof zeros / sizeof *zeros; z++)
      for (int wide = 0; wide < 2; wide++) {
        const double per_unit = i % 2 ? 1.0 : 1.0 / 0.75;
        int8_t narrow[2] = {77, 77};
        int16_t words[2] = {7777, 7777};
        bool clamped;
        const int32_t low = wide ? INT16_MIN : INT8_MIN, high = wide ? INT16_MAX : INT8_MAX;
        const int32_t expected = expected_of(values[i], per_unit, zeros[z], low, high, &clamped);
        const bool got = tl_feature_quantise(wide ? (uint8_t *)words : (uint8_t *)narrow,
                                             wide ? TL_TENSOR_INT16 : TL_TENSOR_INT8, 1, values[i],
                                             per_unit, zeros[z]);
        const int32_t q = wide ? words[1] : narrow[1];
        if (q != expected || got != clamped)
          fail_msg("%g, zero %d, %s: %d (%d), expected %d (%d)", values[i], zeros[z],
                   wide ? "int16" : "int8", q, got, expected, clamped);
        assert_true(wide ? words[0] == 7777 : narrow[0] == 77);
      }
}

/* A model of tensors alone: as much as scoring looks at. */
static tl_model tensors_only(tl_tensor tensors[2], const int32_t places[2])
{
  return (tl_model){.tensors = tensors,
                    .inputs = &places[0],
                    .outputs = &places[1],
                    .tensor_count = 2,
                    .input_count = 1,
                    .output_count = 1};
}

static void a_score_is_an_error_or_an_output(void **unused)
{
  (void)unused;
  static const int32_t places[2] = {0, 1};
  tl_tensor tensors[2] = {
      {.element_count = 4, .type = TL_TENSOR_INT8, .scale = 0.5f, .zero_point = 3},
      {.element_count = 4, .type = TL_TENSOR_INT8, .scale = 0.5f, .zero_point = 3}};
  const tl_model model = tensors_only(tensors, places);
  const int8_t in[4] = {3, 5, -128, 127}, out[4] = {4, 5, 127, -128};
  const uint8_t *a = (const uint8_t *)in, *b = (const uint8_t *)out;
  tl_scoring scoring = tl_scoring_of(&model, true, 0);
  assert_true(scoring.same_steps);
  assert_true(tl_scoring_read(&scoring, &model, a, b) == 0.25 / 4.0 * (1 + 255 * 255 + 255 * 255));
  scoring = tl_scoring_of(&model, false, 2);
  assert_true(tl_scoring_read(&scoring, &model, a, b) == 0.5 * (127 - 3));
  tensors[1].scale = 0.25f; /* other steps: real numbers are compared */
  scoring = tl_scoring_of(&model, true, 0);
  assert_false(scoring.same_steps);
  double total = 0.0;
  for (int i = 0; i < 4; i++) total += pow(0.25 * (out[i] - 3) - 0.5 * (in[i] - 3), 2.0);
  assert_true(fabs(tl_scoring_read(&scoring, &model, a, b) - total / 4.0) < 1e-9);
}

static void int16_counts_as_int8_does(void **unused)
{
  (void)unused;
  static const int32_t places[2] = {0, 1};
  tl_tensor tensors[2] = {{.element_count = 2, .type = TL_TENSOR_INT16, .scale = 0.125f},
                          {.element_count = 2, .type = TL_TENSOR_INT16, .scale = 0.125f}};
  const tl_model model = tensors_only(tensors, places);
  const int16_t in[2] = {-32768, 10}, out[2] = {32767, -10};
  const tl_scoring scoring = tl_scoring_of(&model, true, 0);
  const double expected = 0.125 * 0.125 / 2.0 * (65535.0 * 65535.0 + 400.0);
  assert_true(tl_scoring_read(&scoring, &model, (const uint8_t *)in, (const uint8_t *)out) ==
              expected);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(features_are_rounded_half_to_even_and_clamped),
      cmocka_unit_test(a_score_is_an_error_or_an_output),
      cmocka_unit_test(int16_counts_as_int8_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
