#include "tools/golden_kernels/check.h"

#include "base/text.h"
#include "tools/model/compare.h"
#include "tools/model/file.h"
#include "tools/model/runner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct check { /* one model, loaded, with its inputs */
  const golden_manifest *manifest;
  const golden_options *options;
  const char *model_name;
  model_file file, in;
  model_loaded loaded;
  uint64_t case_count; /* in `in` */
  bool is_stream;
  tl_error err;
} check;

/* FOLDER/../models/NAME.tflite or FOLDER/NAME.tflite; where a row is a model only the latter. */
static void model_path(char *out, size_t bytes, const golden_manifest *manifest, const char *name)
{
  snprintf(out, bytes, "%s../models/%s.tflite", manifest->folder, name);
  FILE *file = manifest->has_models ? NULL : fopen(out, "rb");
  if (file)
    fclose(file);
  else
    snprintf(out, bytes, "%s%s.tflite", manifest->folder, name);
}

static void say(const check *c, const char *what, const char *text)
{
  printf("%s %s: %s\n", what, c->model_name, text);
}

/* --- one tensor list against one file ------------------------------------------------------------ */
typedef struct miss {
  uint64_t differing, bytes, case_index;
  uint32_t output, element;
  double got, expected;
} miss;

static void compare_case(miss *m, const tl_model *model, uint64_t case_index, const uint8_t *got,
                         const uint8_t *expected)
{
  for (uint32_t o = 0; o < model->output_count; o++) {
    const tl_tensor *tensor = tl_model_output(model, o);
    const uint32_t element_bytes = (uint32_t)model_element_bytes(tensor);
    for (uint32_t b = 0; b < tensor->bytes; b++) {
      if (got[b] == expected[b]) continue;
      if (m->differing++ > 0) continue;
      m->case_index = case_index;
      m->output = o;
      m->element = b / element_bytes;
      m->got = model_element(tensor, got, m->element);
      m->expected = model_element(tensor, expected, m->element);
    }
    m->bytes += tensor->bytes;
    got += tensor->bytes;
    expected += tensor->bytes;
  }
}

static bool report(const check *c, const char *label, const miss *m)
{
  if (m->differing == 0) {
    if (c->options->is_verbose)
      printf("pass %s%s: %" PRIu64 " bytes\n", c->model_name, label, m->bytes);
    return true;
  }
  printf("MISS %s%s: %" PRIu64 " of %" PRIu64 " bytes differ; first: case %" PRIu64
         ", output %u, element %u: got %.9g, expected %.9g\n",
         c->model_name, label, m->differing, m->bytes, m->case_index, m->output, m->element, m->got,
         m->expected);
  return false;
}

/* Runs the wanted cases of `model` (the loaded one or a part of it) and compares them with a file. A stream runs
 * all cases up to the last, in order. */
static tl_code run_and_compare(const check *c, const tl_model *model, const char *wanted,
                               const char *path, miss *out, tl_error *err)
{
  model_runner runner = {0};
  model_file golden = {0};
  uint64_t wanted_count = 0;
  const model_run_options how = {.path = c->options->path,
                                 .batch = c->is_stream ? 1 : c->options->batch,
                                 .is_independent = !c->is_stream};
  tl_code code = model_runner_open(&runner, model, &how, err);
  if (code == TL_OK && !golden_cases_count(wanted, &wanted_count))
    code = tl_fail(err, TL_E_FORMAT, NULL, "'%s' is no list of cases", wanted);
  if (code == TL_OK) code = model_file_read(&golden, path, err);
  if (code == TL_OK && golden.bytes != wanted_count * runner.out_bytes)
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %zu bytes, expected %" PRIu64 " cases of %zu", path,
                   golden.bytes, wanted_count, runner.out_bytes);
  uint8_t *got = code == TL_OK ? model_take(runner.out_bytes * c->case_count) : NULL;
  if (code == TL_OK && !got) code = tl_fail(err, TL_E_LIMIT, NULL, "out of memory");
  /* Cases stand where their number says; runs of neighbours go together. */
  uint64_t done = 0;
  for (uint64_t n = 0; code == TL_OK && n < wanted_count;) {
    const uint64_t first = golden_cases_at(wanted, n);
    uint64_t count = 1;
    while (n + count < wanted_count && golden_cases_at(wanted, n + count) == first + count) count++;
    const uint64_t from = c->is_stream ? done : first;
    if (first + count > c->case_count || from > first) {
      code = tl_fail(err, TL_E_FORMAT, NULL, "case %" PRIu64 " has no input", first + count - 1);
      break;
    }
    code = model_runner_run(&runner, got + from * runner.out_bytes,
                            c->in.data + from * runner.in_bytes, first + count - from, err);
    done = first + count;
    for (uint64_t k = 0; code == TL_OK && k < count; k++)
      compare_case(out, model, first + k, got + (first + k) * runner.out_bytes,
                   golden.data + (n + k) * runner.out_bytes);
    n += count;
  }
  free(got);
  model_file_free(&golden);
  model_runner_close(&runner);
  return code;
}

/* The model as far as one operator, whose outputs are the model's outputs then. */
static tl_code cut_after(tl_model *out, int32_t outputs[64], const tl_model *model, int64_t op,
                         tl_error *err)
{
  if (op >= model->op_count || tl_model_op_output_count(model, (uint32_t)op) > 64)
    return tl_fail(err, TL_E_FORMAT, NULL, "no operator %" PRId64 ", or too many outputs", op);
  *out = *model;
  out->op_count = (uint32_t)op + 1;
  out->output_count = tl_model_op_output_count(model, (uint32_t)op);
  for (uint32_t o = 0; o < out->output_count; o++)
    outputs[o] = (int32_t)tl_model_op_output(model, (uint32_t)op, o);
  out->outputs = outputs;
  return TL_OK;
}

static bool check_row(check *c, const golden_row *row)
{
  char path[1024], label[64] = "";
  int32_t outputs[64];
  tl_model part = c->loaded.model;
  miss m = {0};
  tl_error err;
  tl_code code = TL_OK;
  snprintf(path, sizeof path, "%s%s", c->manifest->folder, row->file);
  if (row->kind == GOLDEN_INTERMEDIATE) {
    code = cut_after(&part, outputs, &c->loaded.model, row->op, &err);
    if (code == TL_OK)
      snprintf(label, sizeof label, " node %" PRId64 " (%s)", row->op,
               tl_model_op_name(&c->loaded.model, (uint32_t)row->op));
  }
  if (code == TL_OK) code = run_and_compare(c, &part, row->cases, path, &m, &err);
  if (code == TL_OK) return report(c, label, &m);
  say(c, "FAIL", err.text);
  return false;
}

/* --- models -------------------------------------------------------------------------------------- */
/* The model and its inputs.  errors  TL_E_MODEL: refused; others: the files */
static tl_code open_check(check *c, const char *model, const char *in, const char *state,
                          tl_error *err)
{
  c->is_stream = strcmp(state, "stream") == 0;
  tl_code code = model_file_read(&c->file, model, err);
  if (code == TL_OK) code = model_load(&c->loaded, &c->file, &c->options->personality, err);
  if (code == TL_OK) code = model_file_read(&c->in, in, err);
  const size_t case_bytes = code == TL_OK ? model_in_bytes(&c->loaded.model) : 1;
  c->case_count = c->in.bytes / case_bytes;
  if (code == TL_OK && (c->in.bytes == 0 || c->in.bytes % case_bytes != 0))
    code = tl_fail(err, TL_E_FORMAT, NULL, "%s: %zu bytes are no whole number of cases of %zu", in,
                   c->in.bytes, case_bytes);
  return code;
}

static void close_check(check *c)
{
  model_unload(&c->loaded);
  model_file_free(&c->file);
  model_file_free(&c->in);
}

/* Counts `rows` results at once when a model cannot be run. */
static void count_unopened(golden_counts *out, const check *c, tl_code code, const tl_error *err,
                           uint32_t rows)
{
  const bool is_skipped = code == TL_E_MODEL && c->options->allows_refused;
  say(c, code != TL_E_MODEL ? "FAIL" : is_skipped ? "skip" : "REFUSED", err->text);
  *(is_skipped ? &out->skipped : &out->failed) += rows;
}

static void check_model_row(golden_counts *out, const golden_manifest *manifest,
                            const golden_options *options, const golden_row *row)
{
  check c = {.manifest = manifest, .options = options, .model_name = row->model};
  char model[1024], in[1024], file[512], cases[64];
  tl_error err;
  uint64_t count = 0;
  model_path(model, sizeof model, manifest, row->model);
  snprintf(in, sizeof in, "%s%s.in.bin", manifest->folder, row->model);
  snprintf(file, sizeof file, "%s.out.bin", row->model);
  tl_code code = open_check(&c, model, in, row->state, &err);
  if (code == TL_OK && (!tl_text_parse_uint64(&count, row->cases) || count != c.case_count))
    code = tl_fail(&err, TL_E_FORMAT, NULL, "%s: %" PRIu64 " cases, the list says %s", in,
                   c.case_count, row->cases);
  if (code != TL_OK) {
    count_unopened(out, &c, code, &err, 1);
  } else {
    snprintf(cases, sizeof cases, "0-%" PRIu64, count - 1);
    const golden_row whole = {.file = file, .cases = cases, .kind = GOLDEN_OUTPUT};
    *(check_row(&c, &whole) ? &out->passed : &out->failed) += 1;
  }
  close_check(&c);
}

/* All files of the model that row `first` is the input of. */
static void check_model_files(golden_counts *out, const golden_manifest *manifest,
                              const golden_options *options, const golden_row *input)
{
  check c = {.manifest = manifest, .options = options, .model_name = input->model};
  char model[1024], in[1024];
  tl_error err;
  uint32_t rows = 0;
  model_path(model, sizeof model, manifest, input->model);
  snprintf(in, sizeof in, "%s%s", manifest->folder, input->file);
  const tl_code code = open_check(&c, model, in, input->state, &err);
  for (uint32_t r = 0; r < manifest->row_count; r++) {
    const golden_row *row = &manifest->rows[r];
    if (strcmp(row->model, input->model) != 0 || row->kind == GOLDEN_INPUT) continue;
    rows++;
    if (code == TL_OK) *(check_row(&c, row) ? &out->passed : &out->failed) += 1;
  }
  if (code != TL_OK) count_unopened(out, &c, code, &err, rows);
  close_check(&c);
}

void golden_check(golden_counts *out, const golden_manifest *manifest,
                  const golden_options *options)
{
  *out = (golden_counts){0};
  for (uint32_t r = 0; r < manifest->row_count; r++) {
    const golden_row *row = &manifest->rows[r];
    if (options->filter && !strstr(row->model, options->filter)) continue;
    if (manifest->has_models)
      check_model_row(out, manifest, options, row);
    else if (row->kind == GOLDEN_INPUT)
      check_model_files(out, manifest, options, row);
  }
}
