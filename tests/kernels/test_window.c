/* The batched windows against the reference: every path this CPU has gives the bytes of
 * tl_model_run on each device's window, for random models, inputs and phases. */
#include "tests/kernels/standin_vnni.h"
#include "tests/kernels/support.h"

#include "kernels/window/window_layer.h"
#include "kernels/window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 48, STRIDE = 64 };

static bool cpu_has(tl_kernel_path path)
{
#if defined(__x86_64__) || defined(__i386__)
  switch (path) {
    case TL_KERNEL_SCALAR: return true;
    case TL_KERNEL_SSE: return __builtin_cpu_supports("sse4.1");
    case TL_KERNEL_AVX2: return __builtin_cpu_supports("avx2");
    case TL_KERNEL_VNNI:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni");
    default: return false;
  }
#else
  return tl_kernel_path_built(path);
#endif
}

/* One model, filled rings, and what tl_model_run says about every row. */
typedef struct bench {
  opened m;
  void *memory;
  size_t memory_bytes;
  tl_window w;
  uint8_t *ring;
  uint32_t phase;
  int8_t *expected; /* [row][outputs] */
  int8_t *windows;  /* [row][inputs] */
} bench;

static void fill_ring(bench *b, dice *d)
{
  int8_t q[STRIDE];
  const uint32_t pushes = b->w.window + roll(d, 2 * b->w.window);
  b->ring = take(tl_window_ring_bytes(&b->w, STRIDE));
  tl_window_clear(&b->w, b->ring, STRIDE);
  b->phase = 0;
  for (uint32_t p = 0; p < pushes; p++) {
    for (uint32_t c = 0; c < b->w.channels; c++) {
      for (uint32_t r = 0; r < STRIDE; r++) /* extremes, wide and narrow signals side by side */
        q[r] = (int8_t)(r == 0   ? -128
                        : r == 1 ? 127
                        : r % 2  ? (int32_t)roll(d, 256) - 128
                                 : (int32_t)roll(d, 20) - 10 + (int32_t)r);
      tl_window_push(&b->w, b->ring, STRIDE, STRIDE, b->phase, c, q);
    }
    b->phase = (b->phase + 1) % b->w.window;
  }
}

static void expect_rows(bench *b)
{
  b->expected = take((size_t)ROWS * b->w.outputs);
  b->windows = take((size_t)ROWS * b->w.inputs);
  for (uint32_t r = 0; r < ROWS; r++) {
    const void *in = b->windows + (size_t)r * b->w.inputs;
    void *out = b->expected + (size_t)r * b->w.outputs;
    tl_window_gather(&b->w, b->ring, STRIDE, r, b->phase, b->windows + (size_t)r * b->w.inputs);
    assert_int_equal(
        tl_model_run(&b->m.model, b->m.arena, b->m.model.arena_bytes, b->m.state, &in, &out, NULL),
        TL_KERNEL_OK);
  }
}

static void start(bench *b, uint8_t *file, size_t bytes, uint32_t channels, dice *d)
{
  *b = (bench){0};
  if (!open_model(&b->m, file, bytes))
    fail_msg("model: node %d: %s", b->m.status.node, b->m.status.reason);
  b->memory_bytes = tl_window_pack_bytes(&b->m.model);
  b->memory = take(b->memory_bytes);
  if (tl_window_pack(&b->w, b->memory, b->memory_bytes, &b->m.model, channels, TL_KERNEL_SCALAR,
                     &b->m.status) != TL_KERNEL_OK)
    fail_msg("pack: %s", b->m.status.reason);
  fill_ring(b, d);
  expect_rows(b);
}

static void finish(bench *b)
{
  free(b->memory);
  free(b->ring);
  free(b->expected);
  free(b->windows);
  close_model(&b->m);
}

static int32_t expected_score(const bench *b, uint32_t row)
{
  int32_t sum = 0;
  for (uint32_t i = 0; i < b->w.inputs; i++) {
    const int32_t e =
        b->expected[(size_t)row * b->w.outputs + i] - b->windows[(size_t)row * b->w.inputs + i];
    sum += e * e;
  }
  return sum;
}

/* As tl_window_score and tl_window_outputs, with a path of the test's own (NULL: the window's). */
static void score(const bench *b, const tl_window_path *own, uint32_t first, int32_t *out)
{
  const uint8_t *ring = b->ring + 4 * (size_t)first;
  const tl_window_job job = {&b->w, ring, STRIDE * 4, ROWS - first,
                             b->w.inputs - b->phase * b->w.channels};
  if (own != NULL && b->w.layer_count > 1)
    own->score(&job, out);
  else
    tl_window_score(&b->w, ring, STRIDE, ROWS - first, b->phase, out);
}

static void outputs(const bench *b, const tl_window_path *own, int8_t *out)
{
  const tl_window_job job = {&b->w, b->ring, STRIDE * 4, ROWS,
                             b->w.inputs - b->phase * b->w.channels};
  if (own != NULL)
    own->outputs(&job, out, STRIDE);
  else
    tl_window_outputs(&b->w, b->ring, STRIDE, ROWS, b->phase, out);
}

/* Number of wrong outputs and scores of whatever b->w is packed for now. */
static uint32_t count_wrong(const bench *b, const tl_window_path *own)
{
  uint32_t wrong = 0;
  int8_t *out = take((size_t)b->w.outputs * STRIDE);
  int32_t scores[STRIDE];
  outputs(b, own, out);
  for (uint32_t r = 0; r < ROWS; r++)
    for (uint32_t o = 0; o < b->w.outputs; o++)
      wrong += out[(size_t)o * STRIDE + r] != b->expected[(size_t)r * b->w.outputs + o];
  for (uint32_t first = 0; first < 32 && b->w.reconstructs; first += 16) {
    score(b, own, first, scores);
    for (uint32_t r = first; r < ROWS; r++) wrong += scores[r - first] != expected_score(b, r);
  }
  free(out);
  return wrong;
}

/* Repacks for every path of this CPU, and for VNNI over stand-ins; returns how many rescale in the proved float form. */
static uint32_t check_paths(bench *b, uint32_t channels, const char *what)
{
  uint32_t proved = 0;
  for (int p = 0; p < TL_KERNEL_PATH_COUNT; p++) {
    const tl_kernel_path path = (tl_kernel_path)p;
    if (!tl_kernel_path_built(path) || !cpu_has(path)) continue;
    assert_int_equal(tl_window_pack(&b->w, b->memory, b->memory_bytes, &b->m.model, channels, path,
                                    &b->m.status),
                     TL_KERNEL_OK);
    const uint32_t wrong = count_wrong(b, NULL);
    if (wrong != 0)
      fail_msg("%s, path %s: %u values differ (proved %d)", what, tl_kernel_path_name(path), wrong,
               b->w.proved);
    proved = b->w.proved;
  }
  const tl_window_path *own = standin_path_vnni();
  assert_int_equal(tl_window_pack_words(&b->w, b->memory, b->memory_bytes, &b->m.model, channels,
                                        own->words, own->narrow, &b->m.status),
                   TL_KERNEL_OK);
  const uint32_t wrong = count_wrong(b, own);
  if (wrong != 0) fail_msg("%s, vnni over stand-ins: %u values differ", what, wrong);
  return proved;
}

static void paths_that_cannot_run_here_are_named(void **unused)
{
  (void)unused;
  for (int p = 0; p < TL_KERNEL_PATH_COUNT; p++) {
    const tl_kernel_path path = (tl_kernel_path)p;
    const bool runs = tl_kernel_path_built(path) && cpu_has(path);
    print_message("path %s: %s\n", tl_kernel_path_name(path), runs ? "run" : "not run");
  }
  assert_true(tl_kernel_path_built(TL_KERNEL_SCALAR));
}

static void the_synthetic_detector_scores_alike_on_every_path_at_every_phase(void **unused)
{
  (void)unused;
  dice d = {7};
  for (uint32_t round = 0; round < 24; round++) {
    size_t bytes;
    bench b;
    uint8_t *file = read_file(TL_SOURCE_DIR "/assets/models/w1-synthetic-int8.tflite", &bytes);
    start(&b, file, bytes, 1, &d);
    for (b.phase = round; b.phase < 64; b.phase += 24) {
      free(b.expected);
      free(b.windows);
      expect_rows(&b);
      assert_true(check_paths(&b, 1, "w1-synthetic"));
    }
    finish(&b);
  }
}

static void random_reconstructions_are_equal_on_every_path(void **unused)
{
  (void)unused;
  uint32_t proved = 0, rounds = 60;
  for (uint64_t seed = 1; seed <= rounds; seed++) {
    dice d = {seed};
    char what[160];
    const uint32_t layer_count = 2 + roll(&d, 4), channels = 1 + roll(&d, 3);
    uint32_t widths[8];
    widths[0] = channels * (1 + roll(&d, 70)); /* not always a multiple of 4 */
    for (uint32_t l = 1; l < layer_count; l++) widths[l] = 1 + roll(&d, 40);
    widths[layer_count] = widths[0];
    const bool per_channel = roll(&d, 3) == 0, relu = roll(&d, 4) != 0;
    size_t bytes;
    bench b;
    uint8_t *file = random_chain(&bytes, &d, widths, layer_count, 1 + (int32_t)roll(&d, 127),
                                 per_channel, relu);
    snprintf(what, sizeof what, "seed %llu: %u layers, %u inputs, %u channels",
             (unsigned long long)seed, layer_count, widths[0], channels);
    start(&b, file, bytes, channels, &d);
    proved += check_paths(&b, channels, what);
    finish(&b);
  }
  print_message("%u of %u models rescale in the proved float form\n", proved, rounds);
  assert_true(proved > rounds / 2);
}

static void random_classifiers_are_equal_on_every_path(void **unused)
{
  (void)unused;
  for (uint64_t seed = 1001; seed <= 1040; seed++) {
    dice d = {seed};
    char what[160];
    const uint32_t layer_count = 1 + roll(&d, 4);
    uint32_t widths[8];
    for (uint32_t l = 0; l <= layer_count; l++) widths[l] = 1 + roll(&d, 60);
    size_t bytes;
    bench b;
    uint8_t *file = random_chain(&bytes, &d, widths, layer_count, 127, roll(&d, 2) == 0, true);
    snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
    start(&b, file, bytes, 1, &d);
    check_paths(&b, 1, what);
    finish(&b);
  }
}

/* Scales far from any trained model: the integer form, saturation, multipliers above 1. */
static void extreme_scales_fall_back_to_integers_and_stay_equal(void **unused)
{
  (void)unused;
  const float scales[] = {1e-9f, 0.3f, 0.9999999f, 1.0f, 2.5f, 700.0f};
  uint32_t integer = 0;
  for (uint32_t s = 0; s < sizeof scales / sizeof scales[0]; s++) {
    dice d = {s};
    int8_t weights[2][12 * 12];
    int32_t bias[12];
    const float unit = 1.0f;
    for (uint32_t i = 0; i < 12 * 12; i++) {
      weights[0][i] = (int8_t)((int32_t)roll(&d, 7) - 3);
      weights[1][i] = (int8_t)((int32_t)roll(&d, 256) - 128); /* -128 occurs */
    }
    for (uint32_t i = 0; i < 12; i++) bias[i] = (int32_t)roll(&d, 41) - 20;
    const chain_layer layers[2] = {
        {12, 12, weights[0], bias, &unit, 1, 1.0f / scales[s], 5, 0, false},
        {12, 12, weights[1], NULL, &scales[s], 1, 1.0f, -7, 0, true},
    };
    size_t bytes;
    bench b;
    uint8_t *file = write_chain(&bytes, 1.0f, 3, layers, 2);
    start(&b, file, bytes, 2, &d);
    integer += check_paths(&b, 2, "extreme scales") == 0;
    finish(&b);
  }
  assert_true(integer > 0);
}

static void a_real_model_of_ten_layers_is_equal_on_every_path(void **unused)
{
  (void)unused;
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no models beside the project\n");
    skip();
  }
  dice d = {3};
  size_t bytes;
  bench b;
  uint8_t *file = read_file(TL_SHARED_DIR "/kernels/models/ad01_int8.tflite", &bytes);
  start(&b, file, bytes, 5, &d);
  check_paths(&b, 5, "ad01");
  finish(&b);
}

static void real_values_are_rounded_half_to_even_and_clamped(void **unused)
{
  (void)unused;
  size_t bytes;
  bench b;
  dice d = {1};
  uint8_t *file = read_file(TL_SOURCE_DIR "/assets/models/w1-synthetic-int8.tflite", &bytes);
  start(&b, file, bytes, 1, &d);
  const double value[] = {0.5 / 32, 1.5 / 32,      -0.5 / 32,  -1.5 / 32, 126.5 / 32,
                          1e300,    -1e300,        INFINITY,   -INFINITY, NAN,
                          0.0,      -3.49999 / 32, 127.4 / 32, 1e-320,    -128.5 / 32};
  const int8_t expected[] = {0, 2, 0, -2, 126, 127, -128, 127, -128, -128, 0, -3, 127, 0, -128};
  int8_t window[64];
  const uint32_t count = sizeof value / sizeof value[0];
  tl_window_push_real(&b.w, b.ring, STRIDE, count, 63, 0, value);
  for (uint32_t r = 0; r < count; r++) {
    tl_window_gather(&b.w, b.ring, STRIDE, r, 0, window);
    assert_int_equal(window[63], expected[r]);
  }
  finish(&b);
}

static void a_cleared_ring_holds_real_zero_in_time_order(void **unused)
{
  (void)unused;
  dice d = {11};
  const uint32_t widths[] = {9, 4, 9};
  size_t bytes;
  bench b;
  int8_t window[9];
  uint8_t *file = random_chain(&bytes, &d, widths, 2, 50, false, true);
  start(&b, file, bytes, 3, &d);
  tl_window_clear(&b.w, b.ring, STRIDE);
  const int8_t first[3] = {1, 4, 7}, second[3] = {2, 5, 8};
  for (uint32_t c = 0; c < 3; c++) {
    tl_window_push(&b.w, b.ring, STRIDE, 1, 0, c, &first[c]);
    tl_window_push(&b.w, b.ring, STRIDE, 1, 1, c, &second[c]);
  }
  tl_window_gather(&b.w, b.ring, STRIDE, 0, 2, window);
  const int8_t zero = (int8_t)b.w.input_zero_point;
  const int8_t expected[9] = {zero, zero, zero, 1, 4, 7, 2, 5, 8};
  assert_memory_equal(window, expected, 9);
  finish(&b);
}

static void what_cannot_be_batched_is_refused_with_a_reason(void **unused)
{
  (void)unused;
  dice d = {5};
  const uint32_t widths[] = {10, 600, 10};
  size_t bytes;
  opened m;
  tl_window w;
  uint8_t *wide = random_chain(&bytes, &d, widths, 2, 50, false, true);
  assert_true(open_model(&m, wide, bytes));
  assert_int_equal(tl_window_pack_bytes(&m.model), 0);
  assert_int_equal(tl_window_pack(&w, NULL, 0, &m.model, 1, TL_KERNEL_SCALAR, &m.status),
                   TL_KERNEL_E_UNSUPPORTED);
  assert_string_equal(m.status.reason,
                      "not a model for batched windows: a hidden layer is wider than 512");
  close_model(&m);

  uint8_t *good = random_chain(&bytes, &d, (const uint32_t[]){10, 6, 10}, 2, 50, false, true);
  assert_true(open_model(&m, good, bytes));
  const size_t pack_bytes = tl_window_pack_bytes(&m.model);
  uint8_t *memory = take(pack_bytes + 64);
  assert_int_equal(tl_window_pack(&w, memory, pack_bytes, &m.model, 3, TL_KERNEL_SCALAR, &m.status),
                   TL_KERNEL_E_ARG);
  assert_string_equal(m.status.reason, "the channels do not divide the inputs of the model");
  assert_int_equal(
      tl_window_pack(&w, memory, pack_bytes - 1, &m.model, 1, TL_KERNEL_SCALAR, &m.status),
      TL_KERNEL_E_MEMORY);
  assert_int_equal(
      tl_window_pack(&w, memory + 8, pack_bytes, &m.model, 1, TL_KERNEL_SCALAR, &m.status),
      TL_KERNEL_E_MEMORY);
  for (int p = 0; p < TL_KERNEL_PATH_COUNT; p++)
    if (!tl_kernel_path_built((tl_kernel_path)p))
      assert_int_equal(
          tl_window_pack(&w, memory, pack_bytes, &m.model, 1, (tl_kernel_path)p, &m.status),
          TL_KERNEL_E_UNSUPPORTED);
  free(memory);
  close_model(&m);
}

/* Every accumulator of a range, one by one, for many scales. */
static void a_proved_float_form_equals_the_integer_form_everywhere(void **unused)
{
  (void)unused;
  dice d = {99};
  uint32_t proved = 0, tries = 60;
  for (uint32_t t = 0; t < tries; t++) {
    const tl_scale scale = {(1 << 30) + (int32_t)roll(&d, 1u << 30),
                            (int16_t) - (int16_t)roll(&d, 10), TL_ROUNDING_DOUBLE};
    const int32_t zero = (int32_t)roll(&d, 256) - 128;
    const tl_range accumulators = {-(int32_t)roll(&d, 200000), (int32_t)roll(&d, 200000)};
    const tl_range range = {roll(&d, 2) ? -128 : zero, 127};
    tl_float_form form;
    if (!tl_window_prove(scale, zero, -range.low, range, accumulators, &form)) continue;
    proved++;
    for (int32_t acc = accumulators.low; acc <= accumulators.high; acc++) {
      const int32_t exact = tl_fixed_clamp(tl_fixed_mul(acc, scale) + zero, range.low, range.high);
      float x = (float)acc * form.scale;
      x = x + (acc < 0 ? form.below : form.above);
      const int32_t rounded = (int32_t)rintf(x) + range.low;
      if (tl_fixed_clamp(rounded, range.low, range.high) != exact)
        fail_msg("try %u, accumulator %d", t, acc);
    }
  }
  print_message("%u of %u scales have a float form\n", proved, tries);
  assert_true(proved > tries / 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_that_cannot_run_here_are_named),
      cmocka_unit_test(the_synthetic_detector_scores_alike_on_every_path_at_every_phase),
      cmocka_unit_test(random_reconstructions_are_equal_on_every_path),
      cmocka_unit_test(random_classifiers_are_equal_on_every_path),
      cmocka_unit_test(extreme_scales_fall_back_to_integers_and_stay_equal),
      cmocka_unit_test(a_real_model_of_ten_layers_is_equal_on_every_path),
      cmocka_unit_test(real_values_are_rounded_half_to_even_and_clamped),
      cmocka_unit_test(a_cleared_ring_holds_real_zero_in_time_order),
      cmocka_unit_test(what_cannot_be_batched_is_refused_with_a_reason),
      cmocka_unit_test(a_proved_float_form_equals_the_integer_form_everywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
