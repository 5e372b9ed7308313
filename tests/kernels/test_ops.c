/* Every model of tests/golden/ops (tools/models/make_op_models.py made them and their golden bytes,
 * with TensorFlow 2.17.1's reference kernels where the manifest does not say otherwise). */
#include "tests/kernels/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct path {
  char text[512];
} path;

static path golden(const char *name, const char *suffix)
{
  path p;
  snprintf(p.text, sizeof p.text, "%s/tests/golden/ops/%s%s", TL_SOURCE_DIR, name, suffix);
  return p;
}

/* Runs all cases, the state cleared before each unless they are a stream. */
static void check_model(const char *name, bool stream)
{
  opened m;
  size_t in_bytes, out_bytes, in_at = 0, out_at = 0, in_case = 0, out_case = 0, wrong = 0;
  if (!open_model_file(&m, golden(name, ".tflite").text))
    fail_msg("%s: node %d: %s", name, m.status.node, m.status.reason);
  uint8_t *in = read_file(golden(name, ".in.bin").text, &in_bytes);
  uint8_t *expected = read_file(golden(name, ".out.bin").text, &out_bytes);
  assert_true(in != NULL && expected != NULL);
  for (uint32_t i = 0; i < m.model.input_count; i++) in_case += tl_model_input(&m.model, i)->bytes;
  for (uint32_t o = 0; o < m.model.output_count; o++)
    out_case += tl_model_output(&m.model, o)->bytes;
  uint8_t *got = take(out_case);
  for (; in_at + in_case <= in_bytes; in_at += in_case, out_at += out_case) {
    if (!stream) tl_model_reset(&m.model, m.state);
    assert_true(run_case(&m, in + in_at, got));
    assert_true(out_at + out_case <= out_bytes);
    for (size_t b = 0; b < out_case; b++) wrong += got[b] != expected[out_at + b];
  }
  if (wrong != 0 || in_at != in_bytes || out_at != out_bytes)
    fail_msg("%s: %zu of %zu bytes differ, golden has %zu", name, wrong, out_at, out_bytes);
  free(in);
  free(expected);
  free(got);
  close_model(&m);
}

static void every_model_of_the_folder_gives_the_golden_bytes(void **unused)
{
  (void)unused;
  FILE *manifest = fopen(golden("manifest", ".csv").text, "r");
  assert_non_null(manifest);
  char line[8192], name[128];
  int ran = 0;
  while (fgets(line, sizeof line, manifest) != NULL) {
    assert_non_null(strchr(line, '\n'));
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ","), line);
    if (strcmp(name, "model") == 0) continue;
    check_model(name, strstr(line, ",stream,") != NULL);
    ran++;
  }
  fclose(manifest);
  print_message("%d models of tests/golden/ops equal\n", ran);
  assert_true(ran >= 57);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_model_of_the_folder_gives_the_golden_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
