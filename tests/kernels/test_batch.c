/* The batched runner against tl_model_run: any model, any number of devices, every path. */
#include "tests/kernels/batch_check.h"

#include "kernels/batch/fast.h"
#include "tests/kernels/random_net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every model of a shared list (first column of a manifest) that opens. */
static int check_list(const char *folder, const char *list, uint32_t devices)
{
  char path[512], line[8192];
  int checked = 0;
  snprintf(path, sizeof path, "%s/kernels/%s/%s", TL_SHARED_DIR, list, "manifest.csv");
  FILE *manifest = fopen(path, "r");
  assert_non_null(manifest);
  while (fgets(line, sizeof line, manifest) != NULL) {
    opened m;
    dice d = {(uint64_t)checked + 1};
    line[strcspn(line, ",.")] = '\0';
    snprintf(path, sizeof path, "%s/kernels/%s/%.100s.tflite", TL_SHARED_DIR, folder, line);
    size_t bytes;
    uint8_t *file = read_file(path, &bytes);
    if (file == NULL) continue; /* the header, and lines of intermediate tensors */
    if (open_model(&m, file, bytes)) {
      check_batches(&m, devices, &d, line);
      checked++;
    }
    close_model(&m);
  }
  fclose(manifest);
  return checked;
}

static void every_generated_model_gives_the_bytes_of_one_device_at_a_time(void **unused)
{
  (void)unused;
  if (TL_SHARED_DIR[0] == '\0') skip();
  const int checked = check_list("ops", "ops", 11);
  print_message("%d generated models equal on every path\n", checked);
  assert_true(checked >= 56);
}

static void the_models_of_mlperf_tiny_give_the_bytes_of_one_device_at_a_time(void **unused)
{
  (void)unused;
  static const char *const names[] = {
      "ad01_int8",     "kws_ref_model",    "ic_pretrainedResnet_quant", "vww_96_int8",
      "sww_ref_model", "hello_world_int8", "micro_speech_quantized",    "person_detect"};
  if (TL_SHARED_DIR[0] == '\0') skip();
  for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
    char path[512];
    opened m;
    dice d = {n};
    snprintf(path, sizeof path, "%s/kernels/models/%s.tflite", TL_SHARED_DIR, names[n]);
    if (open_model_file(&m, path)) {
      const uint32_t fast = check_batches(&m, n == 0 ? 70 : 9, &d, names[n]);
      print_message("%s: %u of %u operators have vector code\n", names[n], fast, m.model.op_count);
    } else {
      print_message("%s: not opened: %s\n", names[n], m.status.reason);
    }
    close_model(&m);
  }
}

static void random_chains_of_fully_connected_layers_are_equal(void **unused)
{
  (void)unused;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    dice d = {seed};
    char what[64];
    const uint32_t layer_count = 1 + roll(&d, 4);
    uint32_t widths[8];
    for (uint32_t l = 0; l <= layer_count; l++) widths[l] = 1 + roll(&d, 150);
    size_t bytes;
    opened m;
    uint8_t *file = random_chain(&bytes, &d, widths, layer_count, 1 + (int32_t)roll(&d, 127),
                                 roll(&d, 2) == 0, roll(&d, 4) != 0);
    snprintf(what, sizeof what, "chain of seed %llu", (unsigned long long)seed);
    assert_true(open_model(&m, file, bytes));
    check_batches(&m, 1 + roll(&d, 140), &d, what);
    close_model(&m);
  }
}

static void random_convolutions_are_equal(void **unused)
{
  (void)unused;
  uint32_t fast = 0, all = 0;
  for (uint64_t seed = 1; seed <= 200; seed++) {
    dice d = {seed};
    char net[1000], what[1100];
    size_t bytes;
    opened m;
    uint8_t *file = random_net(&bytes, &d, 1 + roll(&d, 4), net, sizeof net);
    snprintf(what, sizeof what, "seed %llu:%s", (unsigned long long)seed, net);
    if (!open_model(&m, file, bytes)) fail_msg("%s: %s", what, m.status.reason);
    fast += check_batches(&m, 1 + roll(&d, 6), &d, what);
    all += m.model.op_count;
    close_model(&m);
  }
  print_message("%u of %u layers have vector code\n", fast, all);
  assert_true(fast > all * 9 / 10);
}

/* Scales and sums as layers have them; all sums are tried, not only those at the steps. */
static void a_proved_float_form_gives_the_integer_result_for_every_sum(void **unused)
{
  (void)unused;
  uint32_t proved = 0, shifted = 0, rounds = 60;
  for (uint64_t seed = 1; seed <= rounds; seed++) {
    dice d = {seed};
    const double real =
        (0.5 + 0.5 * (double)roll(&d, 1000000) / 1e6) / (double)(1u << roll(&d, 11));
    const tl_scale scale = tl_scale_of(real, TL_ROUNDING_DOUBLE);
    const int32_t zero = roll(&d, 2) == 0 ? -128 : (int32_t)roll(&d, 256) - 128;
    const tl_range range = {-128, roll(&d, 4) == 0 ? 60 : 127};
    const tl_range sums = {-(int32_t)roll(&d, 400000), (int32_t)roll(&d, 400000)};
    tl_fast_float form;
    tl_fast_shifted other;
    const bool has = tl_fast_prove(scale, zero, range, sums, true, &form);
    const bool has_other = tl_fast_prove_shifted(scale, zero, range, sums, &other);
    for (int32_t sum = sums.low; sum <= sums.high; sum++) {
      const int32_t exact = tl_fixed_clamp(tl_fixed_mul(sum, scale) + zero, range.low, range.high);
      const float add = sum < 0 ? form.below : form.above;
      if (has) {
        const float real_sum = fmaf((float)sum, form.scale, add);
        assert_int_equal(tl_fixed_clamp((int32_t)rintf(real_sum), range.low, range.high), exact);
      }
      if (has_other) {
        const float whole = fmaf(12582912.0f + (float)(sum + other.shift), other.scale, other.add);
        assert_int_equal(tl_fixed_clamp((int32_t)(whole - 12582912.0f), range.low, range.high),
                         exact);
      }
    }
    proved += has;
    shifted += has_other;
  }
  print_message("%u of %u scales have the float form, %u the shifted one\n", proved, rounds,
                shifted);
  assert_true(proved > rounds * 3 / 4);
}

/* A pruned filter: no weights, a bias below the output's zero. Whatever form the tables chose, the sum that the
 * vector code starts from must come out as the reference's constant. */
static void outputs_without_weights_keep_their_bias(void **unused)
{
  (void)unused;
  static const int32_t biases[4] = {-2000, 1500, -700, 40};
  static const int8_t weights[4 * 8] = {0, 0, 0, 0, 0, 0, 0, 0, 3, -2, 5, 1, -4, 2, 6, -1,
                                        0, 0, 0, 0, 0, 0, 0, 0, 1, 2,  3, 4, -1, 5, 7, 2};
  static uint8_t memory[4096];
  const tl_fast_path path = {.unit = TL_UNIT_BYTES, .lanes = 4, .vectors = 1, .fused = true};
  uint32_t shifted = 0;
  for (int k = 0; k < 200; k++) { /* not every scale has the shifted form */
    const tl_scale scale =
        tl_scale_of((0.5 + 0.0025 * k) / (double)(8u << k % 9), TL_ROUNDING_DOUBLE);
    const tl_sums sums = {.weights = {weights, 8, 1, 4, 8},
                          .scales = &scale,
                          .scale_count = 1,
                          .bias = (const uint8_t *)biases,
                          .output_zero = 5,
                          .range = {-128, 127},
                          .unit = TL_UNIT_BYTES};
    tl_cutter cutter = {memory, 0};
    tl_rescaling r;
    assert_true(tl_rescaling_pack(&r, &sums, &path, 4, &cutter));
    if (r.form != TL_FORM_SHIFTED) continue;
    shifted++;
    for (int o = 0; o < 4; o += 2) {
      float bits;
      memcpy(&bits, &r.start[o], sizeof bits);
      const float whole = fmaf(bits, r.scale[o], r.above[o]) - 12582912.0f;
      const int32_t exact = tl_fixed_clamp(tl_fixed_mul(biases[o], scale) + 5, -128, 127);
      assert_true(whole == (float)exact);
    }
  }
  print_message("%u scales with the shifted form\n", shifted);
  assert_true(shifted > 4);
}

static void single_rounding_runs_and_equals_itself(void **unused)
{
  (void)unused;
  uint32_t fast = 0;
  for (uint64_t seed = 301; seed <= 310; seed++) {
    dice d = {seed};
    char net[1000];
    size_t bytes, memory_bytes;
    opened m;
    const tl_model_options single = {.rounding = TL_ROUNDING_SINGLE};
    uint8_t *file = random_net(&bytes, &d, 3, net, sizeof net);
    assert_true(open_model(&m, file, bytes));
    assert_int_equal(tl_model_memory_bytes(&memory_bytes, file, bytes, NULL), TL_KERNEL_OK);
    assert_int_equal(
        tl_model_open(&m.model, m.memory, memory_bytes, file, bytes, &single, &m.status),
        TL_KERNEL_OK);
    fast += check_batches(&m, 3, &d, net);
    close_model(&m);
  }
  print_message("%u operators have vector code that rounds once\n", fast);
}

static void wrong_memory_is_refused(void **unused)
{
  (void)unused;
  opened m;
  tl_batch batch;
  assert_true(open_model_file(&m, TL_SOURCE_DIR "/assets/models/w1-synthetic-int8.tflite"));
  const size_t bytes = tl_batch_pack_bytes(&m.model);
  uint8_t *memory = take(bytes + 1), in[64] = {0}, out[64];
  assert_int_equal(
      tl_batch_pack(&batch, memory, bytes - 1, &m.model, TL_KERNEL_SCALAR, &m.status) |
          tl_batch_pack(&batch, memory + 1, bytes, &m.model, TL_KERNEL_SCALAR, &m.status),
      TL_KERNEL_E_MEMORY);
  assert_string_equal(m.status.reason,
                      "memory for the packed model is too small or not aligned to 64 bytes");
  const tl_kernel_path absent =
      tl_kernel_path_built(TL_KERNEL_NEON) ? TL_KERNEL_SSE : TL_KERNEL_NEON;
  assert_int_equal(tl_batch_pack(&batch, memory, bytes, &m.model, absent, &m.status),
                   TL_KERNEL_E_UNSUPPORTED);
  assert_int_equal(tl_batch_pack(&batch, memory, bytes, &m.model, TL_KERNEL_SCALAR, &m.status),
                   TL_KERNEL_OK);
  uint8_t *arena = take(batch.arena_bytes);
  const void *inputs[1] = {in};
  void *outputs[1] = {out};
  assert_int_equal(
      tl_model_run_batch(&batch, arena, batch.arena_bytes - 1, NULL, 1, inputs, outputs, &m.status),
      TL_KERNEL_E_MEMORY);
  assert_string_equal(m.status.reason, "the arena is too small or not aligned");
  free(arena);
  free(memory);
  close_model(&m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_generated_model_gives_the_bytes_of_one_device_at_a_time),
      cmocka_unit_test(the_models_of_mlperf_tiny_give_the_bytes_of_one_device_at_a_time),
      cmocka_unit_test(random_chains_of_fully_connected_layers_are_equal),
      cmocka_unit_test(random_convolutions_are_equal),
      cmocka_unit_test(a_proved_float_form_gives_the_integer_result_for_every_sum),
      cmocka_unit_test(outputs_without_weights_keep_their_bias),
      cmocka_unit_test(single_rounding_runs_and_equals_itself),
      cmocka_unit_test(wrong_memory_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
