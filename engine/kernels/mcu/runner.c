/* runner.c: models of the host run on the core, byte for byte against files of the host.
 *
 * The argument is a job file, a line a model:
 *
 *     MODEL.tflite IN.bin OUT.bin independent|stream FIRST COUNT OPS|-
 *
 * IN and OUT hold cases one after the other, as `twinloop model run` takes and gives them; cases
 * FIRST .. FIRST + COUNT - 1 are compared (all before FIRST run, too, where the state streams).
 * OPS is a prefix: OPS + "NN.bin" is the first output of operator NN for cases 8 and 9.
 * Prints the first difference of a model, and at the end what the script of the test reads:
 * "N cases passed, N failed, N tensors, N models refused". Exit 0 when nothing failed. */
#include "kernels/mcu/machine.h"
#include "kernels/op_table.h"

#include <string.h>

enum { OPERANDS_MAX = 16, LINE_BYTES = 1024, FIRST_KEPT_CASE = 8, KEPT_CASES = 2 };

typedef struct job {
  const char *model, *in, *out, *ops; /* words of `line`; ops NULL: none */
  uint32_t first, count;
  bool streams;
  char line[LINE_BYTES];
} job;

typedef struct runner {
  tl_memory pool;
  uint32_t passed, failed, tensors, refused;
} runner;

/* A model with everything that it needs to run. */
typedef struct bench {
  tl_model model;
  tl_place place;
  const void *inputs[OPERANDS_MAX];
  void *outputs[OPERANDS_MAX];
  uint8_t *in, *out, *expected; /* one case each */
  size_t in_bytes, out_bytes;
} bench;

static void print_number(uint32_t number)
{
  char text[12];
  tl_host_print(tl_kernel_number(text, (int32_t)number));
}

static void complain(const char *model, const char *what)
{
  tl_host_print(model);
  tl_host_print(": ");
  tl_host_print(what);
  tl_host_print("\n");
}

/* --- the job file --- */
static uint32_t number_of(const char *text)
{
  uint32_t number = 0;
  for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (uint32_t)(*text - '0');
  return number;
}

/* Cuts the line at its spaces; false when it has not seven words. */
static bool parse_job(job *out)
{
  char *words[7], *at = out->line;
  for (int w = 0; w < 7; w++) {
    while (*at == ' ') at++;
    if (*at == '\0') return false;
    words[w] = at;
    while (*at != '\0' && *at != ' ') at++;
    if (*at == ' ') *at++ = '\0';
  }
  out->model = words[0];
  out->in = words[1];
  out->out = words[2];
  out->streams = words[3][0] == 's';
  out->first = number_of(words[4]);
  out->count = number_of(words[5]);
  out->ops = words[6][0] == '-' ? NULL : words[6];
  return true;
}

/* The next line of the jobs; false at their end. */
static bool next_line(job *out, const char **jobs, const char *end)
{
  size_t bytes = 0;
  for (; *jobs < end && **jobs != '\n'; (*jobs)++)
    if (bytes + 1 < sizeof out->line) out->line[bytes++] = **jobs;
  out->line[bytes] = '\0';
  if (*jobs == end) return bytes > 0;
  (*jobs)++;
  return true;
}

/* --- files --- */
static void *load(tl_memory *memory, const char *path, size_t *bytes)
{
  const int32_t file = tl_host_open(path, TL_HOST_READ);
  const int32_t length = file < 0 ? -1 : tl_host_length(file);
  void *data = length < 0 ? NULL : tl_memory_take(memory, (size_t)length);
  if (data != NULL && !tl_host_read(file, data, (size_t)length)) data = NULL;
  if (file >= 0) tl_host_close(file);
  *bytes = data == NULL ? 0 : (size_t)length;
  return data;
}

static bool read_at(const char *path, size_t at, void *out, size_t bytes)
{
  const int32_t file = tl_host_open(path, TL_HOST_READ);
  if (file < 0) return false;
  const bool ok = tl_host_seek(file, (uint32_t)at) && tl_host_read(file, out, bytes);
  tl_host_close(file);
  return ok;
}

/* --- one model --- */
static bool share_out(bench *b, tl_memory *memory)
{
  const tl_model *model = &b->model;
  if (model->input_count > OPERANDS_MAX || model->output_count > OPERANDS_MAX) return false;
  for (uint32_t i = 0; i < model->input_count; i++) b->in_bytes += tl_model_input(model, i)->bytes;
  for (uint32_t o = 0; o < model->output_count; o++)
    b->out_bytes += tl_model_output(model, o)->bytes;
  b->place.arena = tl_memory_take(memory, model->arena_bytes);
  b->place.state = tl_memory_take(memory, model->state_bytes);
  b->in = tl_memory_take(memory, b->in_bytes);
  b->out = tl_memory_take(memory, b->out_bytes);
  b->expected = tl_memory_take(memory, b->out_bytes);
  if (!b->place.arena || !b->place.state || !b->in || !b->out || !b->expected) return false;
  size_t at = 0;
  for (uint32_t i = 0; i < model->input_count; i++) {
    b->inputs[i] = b->in + at;
    at += tl_model_input(model, i)->bytes;
  }
  at = 0;
  for (uint32_t o = 0; o < model->output_count; o++) {
    b->outputs[o] = b->out + at;
    at += tl_model_output(model, o)->bytes;
  }
  return true;
}

static bool open_bench(runner *r, bench *b, const job *j, tl_memory *memory)
{
  tl_kernel_status status;
  size_t file_bytes, memory_bytes;
  const void *file = load(memory, j->model, &file_bytes);
  if (file == NULL) {
    r->failed++;
    complain(j->model, "cannot be read, or is too large");
    return false;
  }
  tl_kernel_code code = tl_model_memory_bytes(&memory_bytes, file, file_bytes, &status);
  void *tables = code == TL_KERNEL_OK ? tl_memory_take(memory, memory_bytes) : NULL;
  if (code == TL_KERNEL_OK)
    code = tl_model_open(&b->model, tables, memory_bytes, file, file_bytes, NULL, &status);
  if (code != TL_KERNEL_OK) {
    r->refused++;
    tl_host_print("refused ");
    complain(j->model, status.reason);
    return false;
  }
  if (share_out(b, memory)) return true;
  r->failed++;
  complain(j->model, "does not fit into memory");
  return false;
}

static void report_difference(const job *j, uint32_t number, const char *what, const uint8_t *got,
                              const uint8_t *expected, size_t bytes)
{
  size_t at = 0;
  while (at < bytes && got[at] == expected[at]) at++;
  tl_host_print(j->model);
  tl_host_print(what);
  print_number(number);
  tl_host_print(", byte ");
  print_number((uint32_t)at);
  tl_host_print(": expected ");
  print_number(expected[at]);
  tl_host_print(", got ");
  print_number(got[at]);
  tl_host_print("\n");
}

/* OPS + "NN.bin"; `text` has room. */
static const char *op_file(char *text, const char *ops, uint32_t op)
{
  const size_t bytes = strlen(ops);
  memcpy(text, ops, bytes);
  text[bytes] = (char)('0' + op / 10 % 10);
  text[bytes + 1] = (char)('0' + op % 10);
  memcpy(text + bytes + 2, ".bin", 5);
  return text;
}

/* Every operator's first output, as it stands right after the operator. */
static bool run_compared(runner *r, bench *b, const job *j, uint32_t kept, tl_memory memory)
{
  char path[LINE_BYTES + 8];
  tl_model_set_inputs(&b->model, &b->place, b->inputs);
  for (uint32_t op = 0; op < b->model.op_count; op++) {
    tl_model_run_op(&b->model, &b->place, op);
    const uint32_t tensor = tl_model_op_output(&b->model, op, 0);
    const uint32_t bytes = b->model.tensors[tensor].bytes;
    tl_memory rest = memory;
    uint8_t *expected = tl_memory_take(&rest, bytes);
    if (!expected || !read_at(op_file(path, j->ops, op), (size_t)kept * bytes, expected, bytes)) {
      complain(j->model, "an operator's golden file cannot be read");
      return false;
    }
    const uint8_t *got = tl_model_tensor(&b->model, &b->place, tensor);
    if (memcmp(got, expected, bytes) != 0) {
      report_difference(j, op, ": operator ", got, expected, bytes);
      return false;
    }
    r->tensors++;
  }
  tl_model_get_outputs(&b->model, &b->place, b->outputs);
  return true;
}

static bool run_case(runner *r, bench *b, const job *j, uint32_t number, tl_memory memory)
{
  if (number == 0 || !j->streams) tl_model_reset(&b->model, b->place.state);
  if (!read_at(j->in, number * b->in_bytes, b->in, b->in_bytes) ||
      !read_at(j->out, number * b->out_bytes, b->expected, b->out_bytes)) {
    complain(j->model, "the case cannot be read");
    return false;
  }
  const bool is_kept = number >= FIRST_KEPT_CASE && number < FIRST_KEPT_CASE + KEPT_CASES;
  if (j->ops != NULL && is_kept) {
    if (!run_compared(r, b, j, number - FIRST_KEPT_CASE, memory)) return false;
  } else {
    tl_model_set_inputs(&b->model, &b->place, b->inputs);
    for (uint32_t op = 0; op < b->model.op_count; op++) tl_model_run_op(&b->model, &b->place, op);
    tl_model_get_outputs(&b->model, &b->place, b->outputs);
  }
  if (memcmp(b->out, b->expected, b->out_bytes) == 0) return true;
  report_difference(j, number, ": case ", b->out, b->expected, b->out_bytes);
  return false;
}

static void run_job(runner *r, const job *j)
{
  tl_memory memory = r->pool; /* given back at the end */
  bench b = {0};
  if (!open_bench(r, &b, j, &memory)) return;
  for (uint32_t c = j->streams ? 0 : j->first; c < j->first + j->count; c++) {
    if (run_case(r, &b, j, c, memory))
      r->passed++;
    else {
      r->failed++;
      return; /* one message a model is enough */
    }
  }
}

int main(void)
{
  char text[LINE_BYTES];
  runner r = {.pool = tl_machine_pool()};
  size_t bytes;
  const char *path = tl_host_arguments(text, sizeof text);
  const char *jobs = load(&r.pool, path, &bytes);
  if (jobs == NULL) {
    complain(path, "the job file cannot be read");
    return 2;
  }
  const char *end = jobs + bytes;
  job j;
  while (next_line(&j, &jobs, end)) {
    if (parse_job(&j))
      run_job(&r, &j);
    else {
      r.failed++;
      complain(j.line, "not a job: seven words wanted");
    }
  }
  print_number(r.passed);
  tl_host_print(" cases passed, ");
  print_number(r.failed);
  tl_host_print(" failed, ");
  print_number(r.tensors);
  tl_host_print(" tensors, ");
  print_number(r.refused);
  tl_host_print(" models refused\n");
  return r.failed == 0 && r.passed > 0 ? 0 : 1;
}
