/* Byte for byte against TFLite Micro and TensorFlow's reference kernels: the golden tensors that
 * stand beside the project (skipped when they are not there). */
#include "tests/kernels/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OP_CASES = 8, MODEL_CASES = 32, FIRST_KEPT_CASE = 8, KEPT_CASES = 2 };

typedef struct path {
  char text[512];
} path;

static path shared(const char *folder, const char *name, const char *suffix)
{
  path p;
  snprintf(p.text, sizeof p.text, "%s/kernels/%s/%s%s", TL_SHARED_DIR, folder, name, suffix);
  return p;
}

static void skip_without_golden(void)
{
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no golden tensors beside the project\n");
    skip();
  }
}

/* Runs all cases of a single-op model; returns the number of wrong bytes. */
static size_t wrong_bytes(opened *m, const uint8_t *in, const uint8_t *expected, uint8_t *got,
                          size_t *out_bytes, int cases)
{
  const void *inputs[8];
  void *outputs[8];
  size_t wrong = 0, in_at = 0, out_at = 0;
  for (int c = 0; c < cases; c++) {
    for (uint32_t i = 0; i < m->model.input_count; i++) {
      inputs[i] = in + in_at;
      in_at += tl_model_input(&m->model, i)->bytes;
    }
    size_t end = out_at;
    for (uint32_t o = 0; o < m->model.output_count; o++) {
      outputs[o] = got + (end - out_at);
      end += tl_model_output(&m->model, o)->bytes;
    }
    assert_int_equal(
        tl_model_run(&m->model, m->arena, m->model.arena_bytes, m->state, inputs, outputs, NULL),
        TL_KERNEL_OK);
    for (size_t b = 0; b < end - out_at; b++) wrong += got[b] != expected[out_at + b];
    out_at = end;
  }
  *out_bytes = out_at;
  return wrong;
}

static void every_op_with_a_row_gives_the_golden_bytes(void **unused)
{
  (void)unused;
  skip_without_golden();
  FILE *manifest = fopen(shared("ops", "manifest", ".csv").text, "r");
  assert_non_null(manifest);
  char line[4096], name[128];
  int ran = 0, refused = 0;
  while (fgets(line, sizeof line, manifest) != NULL) {
    opened m;
    size_t in_bytes, out_bytes, checked;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ","), line);
    if (strcmp(name, "model") == 0) continue;
    if (!open_model_file(&m, shared("ops", name, ".tflite").text)) {
      assert_int_equal(m.status.code, TL_KERNEL_E_UNSUPPORTED);
      assert_true(m.status.node >= 0);
      refused++;
      close_model(&m);
      continue;
    }
    uint8_t *in = read_file(shared("ops", name, ".in.bin").text, &in_bytes);
    uint8_t *out = read_file(shared("ops", name, ".out.bin").text, &out_bytes);
    uint8_t *got = take(out_bytes);
    const size_t wrong = wrong_bytes(&m, in, out, got, &checked, OP_CASES);
    if (wrong != 0 || checked != out_bytes)
      fail_msg("%s: %zu of %zu bytes differ, golden has %zu", name, wrong, checked, out_bytes);
    ran++;
    free(in);
    free(out);
    free(got);
    close_model(&m);
  }
  fclose(manifest);
  print_message("%d generated models equal, %d refused by name\n", ran, refused);
  assert_true(ran >= 58);
}

/* Whole models, and every intermediate tensor of cases 8 and 9. */
static void check_model(const char *name, uint32_t op_count)
{
  opened m;
  size_t in_bytes, out_bytes, checked;
  assert_true(open_model_file(&m, shared("models", name, ".tflite").text));
  assert_int_equal(m.model.op_count, op_count);
  uint8_t *in = read_file(shared("golden", name, ".in.bin").text, &in_bytes);
  uint8_t *out = read_file(shared("golden", name, ".out.bin").text, &out_bytes);
  uint8_t *got = take(out_bytes);
  assert_int_equal(wrong_bytes(&m, in, out, got, &checked, MODEL_CASES), 0);
  assert_int_equal(checked, out_bytes);
  for (uint32_t c = 0; c < KEPT_CASES; c++) {
    const void *input = in + (FIRST_KEPT_CASE + c) * (in_bytes / MODEL_CASES);
    const tl_place place = {m.arena, m.state};
    tl_model_set_inputs(&m.model, &place, &input);
    for (uint32_t op = 0; op < op_count; op++) {
      char suffix[16];
      size_t bytes;
      snprintf(suffix, sizeof suffix, ".op%02u.bin", op);
      uint8_t *expected = read_file(shared("golden", name, suffix).text, &bytes);
      tl_model_run_op(&m.model, &place, op);
      const uint32_t tensor = tl_model_op_output(&m.model, op, 0);
      assert_int_equal(m.model.tensors[tensor].bytes, bytes / KEPT_CASES);
      assert_memory_equal(tl_model_tensor(&m.model, &place, tensor),
                          expected + c * (bytes / KEPT_CASES), bytes / KEPT_CASES);
      free(expected);
    }
  }
  print_message("%s: %zu output bytes equal, arena %zu bytes\n", name, out_bytes,
                m.model.arena_bytes);
  free(in);
  free(out);
  free(got);
  close_model(&m);
}

static void the_anomaly_detector_of_mlperf_tiny_gives_the_golden_bytes(void **unused)
{
  (void)unused;
  skip_without_golden();
  check_model("ad01_int8", 10);
}

static void hello_world_gives_the_golden_bytes(void **unused)
{
  (void)unused;
  skip_without_golden();
  check_model("hello_world_int8", 3);
}

/* The models that the project ships, against what TensorFlow 2.17.1's reference kernels made of them
 * (tools/models/check_with_tensorflow.py wrote the files). */
static void shipped_model(const char *name)
{
  char model[256], in_path[256], out_path[256];
  snprintf(model, sizeof model, "%s/assets/models/%s.tflite", TL_SOURCE_DIR, name);
  snprintf(in_path, sizeof in_path, "%s/tests/golden/%s.in.bin", TL_SOURCE_DIR, name);
  snprintf(out_path, sizeof out_path, "%s/tests/golden/%s.out.bin", TL_SOURCE_DIR, name);
  opened m;
  size_t in_bytes, out_bytes, checked;
  assert_true(open_model_file(&m, model));
  uint8_t *in = read_file(in_path, &in_bytes);
  uint8_t *out = read_file(out_path, &out_bytes);
  assert_non_null(in);
  assert_non_null(out);
  assert_int_equal(in_bytes, out_bytes);
  uint8_t *got = take(out_bytes);
  assert_int_equal(wrong_bytes(&m, in, out, got, &checked, (int)(in_bytes / 64)), 0);
  assert_int_equal(checked, out_bytes);
  free(in);
  free(out);
  free(got);
  close_model(&m);
}

static void the_shipped_detectors_give_the_bytes_of_tensorflow(void **unused)
{
  (void)unused;
  shipped_model("w1-synthetic-int8");
  shipped_model("incubator-detector-int8");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_op_with_a_row_gives_the_golden_bytes),
      cmocka_unit_test(the_anomaly_detector_of_mlperf_tiny_gives_the_golden_bytes),
      cmocka_unit_test(hello_world_gives_the_golden_bytes),
      cmocka_unit_test(the_shipped_detectors_give_the_bytes_of_tensorflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
