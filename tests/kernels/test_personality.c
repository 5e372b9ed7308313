/* Rounding once instead of twice gives other bytes, in so many places: the counts were published with the golden
 * tensors, by a re-implementation that is not ours, so they hold both personalities to account. There, every operator
 * read the golden tensors (nothing was passed on), and ADD kept its two roundings. */
#include "tests/kernels/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ADD = 0, FULLY_CONNECTED = 9, CASES = 32, FIRST_KEPT = 8, KEPT = 2, OP_CASES = 8 };

static char *shared(char text[512], const char *folder, const char *name, const char *suffix)
{
  snprintf(text, 512, "%s/kernels/%s/%s%s", TL_SHARED_DIR, folder, name, suffix);
  return text;
}

static void skip_without_golden(void)
{
  if (TL_SHARED_DIR[0] == '\0') {
    print_message("SKIP: no golden tensors beside the project\n");
    skip();
  }
}

static void set_differs(tl_model_options *options, int builtin)
{
  options->differs[builtin / 8] |= (uint8_t)(1u << builtin % 8);
}

static tl_model_options single_but_add(void)
{
  tl_model_options options = {.rounding = TL_ROUNDING_SINGLE};
  set_differs(&options, ADD);
  return options;
}

static bool open_as(opened *out, const char *path, const tl_model_options *options)
{
  size_t bytes;
  *out = (opened){0};
  out->file = read_file(path, &out->file_bytes);
  assert_non_null(out->file);
  if (tl_model_memory_bytes(&bytes, out->file, out->file_bytes, &out->status) != TL_KERNEL_OK)
    return false;
  out->memory = take(bytes);
  if (tl_model_open(&out->model, out->memory, bytes, out->file, out->file_bytes, options,
                    &out->status) != TL_KERNEL_OK)
    return false;
  out->arena = take(out->model.arena_bytes);
  out->state = take(out->model.state_bytes);
  return true;
}

/* ---- intermediate tensors of whole models ---- */

static size_t wrong_in_op(const opened *m, const char *name, uint32_t op, uint32_t kept,
                          size_t *total)
{
  char path[512], suffix[16];
  size_t file_bytes, wrong = 0;
  const tl_place place = {m->arena, m->state};
  const uint32_t tensor = tl_model_op_output(&m->model, op, 0);
  const size_t bytes = m->model.tensors[tensor].bytes;
  snprintf(suffix, sizeof suffix, ".op%02u.bin", op);
  uint8_t *golden = read_file(shared(path, "golden", name, suffix), &file_bytes);
  assert_non_null(golden);
  assert_int_equal(file_bytes, KEPT * bytes);
  const uint8_t *got = tl_model_tensor(&m->model, &place, tensor);
  for (size_t b = 0; b < bytes; b++) wrong += got[b] != golden[kept * bytes + b];
  *total += bytes;
  free(golden);
  return wrong;
}

/* Each operator of `once` reads what `twice` computed, which are the golden bytes. */
static void check_intermediates(const char *name, size_t expected_wrong, size_t expected_total)
{
  char path[512];
  opened once, twice;
  size_t in_bytes, wrong = 0, wrong_twice = 0, total = 0, total_twice = 0;
  const tl_model_options options = single_but_add();
  assert_true(open_as(&twice, shared(path, "models", name, ".tflite"), NULL));
  assert_true(open_as(&once, path, &options));
  uint8_t *in = read_file(shared(path, "golden", name, ".in.bin"), &in_bytes);
  for (uint32_t kept = 0; kept < KEPT; kept++) {
    const void *input = in + (FIRST_KEPT + kept) * (in_bytes / CASES);
    const tl_place place = {once.arena, once.state}, golden_place = {twice.arena, twice.state};
    tl_model_set_inputs(&twice.model, &golden_place, &input);
    for (uint32_t op = 0; op < twice.model.op_count; op++) {
      memcpy(once.arena, twice.arena, twice.model.arena_bytes);
      tl_model_run_op(&twice.model, &golden_place, op);
      tl_model_run_op(&once.model, &place, op);
      wrong_twice += wrong_in_op(&twice, name, op, kept, &total_twice);
      wrong += wrong_in_op(&once, name, op, kept, &total);
    }
  }
  print_message("%s: %zu of %zu bytes differ when rounded once\n", name, wrong, total);
  assert_int_equal(wrong_twice, 0);
  assert_int_equal(total, expected_total);
  assert_int_equal(wrong, expected_wrong);
  free(in);
  close_model(&once);
  close_model(&twice);
}

static void intermediates_differ_in_as_many_bytes_as_published(void **unused)
{
  (void)unused;
  skip_without_golden();
  check_intermediates("ad01_int8", 21, 3344);
  check_intermediates("sww_ref_model", 49, 29772);
  check_intermediates("kws_ref_model", 239, 144304);
  check_intermediates("ic_pretrainedResnet_quant", 175, 229672);
  check_intermediates("vww_96_int8", 966, 464136);
}

/* ---- models of one operator ---- */

typedef struct
    published { /* over a larger set of generated models than the one here: an upper bound */
  const char *op;
  size_t wrong_max;
  size_t wrong, total;
  int models, refused;
} published;

static size_t wrong_in_model(opened *m, const char *name, size_t *total)
{
  char path[512];
  size_t in_bytes, out_bytes, wrong = 0;
  uint8_t *in = read_file(shared(path, "ops", name, ".in.bin"), &in_bytes);
  uint8_t *golden = read_file(shared(path, "ops", name, ".out.bin"), &out_bytes);
  uint8_t *got = take(out_bytes);
  assert_int_equal(m->model.output_count, 1);
  for (size_t c = 0; c < OP_CASES; c++) {
    const void *inputs[8];
    const uint8_t *at = in + c * (in_bytes / OP_CASES);
    void *output = got + c * (out_bytes / OP_CASES);
    for (uint32_t i = 0; i < m->model.input_count; at += tl_model_input(&m->model, i++)->bytes)
      inputs[i] = at;
    assert_int_equal(tl_model_run(&m->model, m->arena, m->model.arena_bytes, m->state, inputs,
                                  &output, &m->status),
                     TL_KERNEL_OK);
  }
  for (size_t b = 0; b < out_bytes; b++) wrong += got[b] != golden[b];
  *total += out_bytes;
  free(in);
  free(golden);
  free(got);
  return wrong;
}

static void add_model(published *row, const char *name)
{
  char path[512];
  opened once, twice;
  size_t total = 0;
  const tl_model_options options = single_but_add();
  if (open_as(&once, shared(path, "ops", name, ".tflite"), &options)) {
    assert_true(open_as(&twice, path, NULL));
    assert_int_equal(wrong_in_model(&twice, name, &total), 0);
    row->wrong += wrong_in_model(&once, name, &row->total);
    row->models++;
    close_model(&twice);
  } else {
    row->refused++;
  }
  close_model(&once);
}

static void models_of_one_operator_differ_no_more_than_published(void **unused)
{
  (void)unused;
  skip_without_golden();
  published rows[] = {{.op = "CONV_2D", .wrong_max = 45},
                      {.op = "DEPTHWISE_CONV_2D", .wrong_max = 50},
                      {.op = "FULLY_CONNECTED", .wrong_max = 10},
                      {.op = "MEAN", .wrong_max = 39},
                      {.op = "MUL", .wrong_max = 25},
                      {.op = "TRANSPOSE_CONV", .wrong_max = 12},
                      {.op = "QUANTIZE", .wrong_max = 1}};
  char path[512], line[4096], name[128], op[128];
  FILE *manifest = fopen(shared(path, "ops", "manifest", ".csv"), "r");
  size_t wrong = 0;
  assert_non_null(manifest);
  while (fgets(line, sizeof line, manifest) != NULL)
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
      if (sscanf(line, "%127[^,],%127[^,]", name, op) == 2 && strcmp(op, rows[r].op) == 0 &&
          strncmp(name, "net_", 4) != 0)
        add_model(&rows[r], name);
  fclose(manifest);
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
    print_message("%s: %zu of %zu bytes differ in %d models, %d refused\n", rows[r].op,
                  rows[r].wrong, rows[r].total, rows[r].models, rows[r].refused);
    assert_int_equal(rows[r].refused, 0);
    assert_true(rows[r].models > 0);
    assert_true(rows[r].wrong <= rows[r].wrong_max);
    wrong += rows[r].wrong;
  }
  assert_true(wrong > 0); /* or the set could not tell them apart */
}

/* ---- per operator ---- */

/* Bytes of the anomaly detector's outputs for case 8. */
static void run_detector(const tl_model_options *options, uint8_t out[640])
{
  char path[512];
  opened m;
  size_t in_bytes;
  assert_true(open_as(&m, shared(path, "models", "ad01_int8", ".tflite"), options));
  uint8_t *in = read_file(shared(path, "golden", "ad01_int8", ".in.bin"), &in_bytes);
  const void *input = in + FIRST_KEPT * (in_bytes / CASES);
  void *output = out;
  assert_int_equal(
      tl_model_run(&m.model, m.arena, m.model.arena_bytes, m.state, &input, &output, NULL),
      TL_KERNEL_OK);
  free(in);
  close_model(&m);
}

static void an_operator_named_alone_rounds_otherwise_alone(void **unused)
{
  (void)unused;
  skip_without_golden();
  uint8_t twice[640], once[640], dense[640], other[640], exempt[640];
  tl_model_options options = {.rounding = TL_ROUNDING_SINGLE};
  run_detector(NULL, twice);
  run_detector(&options, once);
  set_differs(&options, FULLY_CONNECTED);
  run_detector(&options, exempt);
  options = (tl_model_options){0};
  set_differs(&options, FULLY_CONNECTED);
  run_detector(&options, dense);
  options = (tl_model_options){0};
  set_differs(&options, ADD);
  run_detector(&options, other);
  assert_memory_not_equal(twice, once, sizeof twice);
  assert_memory_equal(once, dense, sizeof once);    /* all its operators are FULLY_CONNECTED */
  assert_memory_equal(twice, other, sizeof twice);  /* it has no ADD */
  assert_memory_equal(twice, exempt, sizeof twice); /* single, but not these */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intermediates_differ_in_as_many_bytes_as_published),
      cmocka_unit_test(models_of_one_operator_differ_no_more_than_published),
      cmocka_unit_test(an_operator_named_alone_rounds_otherwise_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
