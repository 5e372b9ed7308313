/* fuzz_tflite.c: any bytes as a .tflite file: an error, or a model that runs and packs, in batches with the same bytes.
 *
 * The survey must agree with opening: what opens has no refused operator. Both roundings are run, for they reach
 * other arithmetic.
 * The input is copied into a block of exactly its size, so that the address sanitizer sees the
 * first byte read beyond it. Huge but sound models are skipped, to keep the executions fast. */
#include "kernels/batch.h"
#include "kernels/survey.h"
#include "kernels/window.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY_MAX = 1 << 20, ARENA_MAX = 1 << 20, ELEMENTS_MAX = 1 << 16, MACS_MAX = 1 << 22 };

static void *take(size_t bytes)
{
  void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
  if (memory == NULL) abort();
  memset(memory, 0x5A, (bytes + 64) / 64 * 64);
  return memory;
}

enum { OPERANDS_MAX = 16, DEVICES = 3 };

static bool is_small(const tl_model *model)
{
  if (model->arena_bytes > ARENA_MAX || model->state_bytes > ARENA_MAX ||
      model->input_count > OPERANDS_MAX || model->output_count > OPERANDS_MAX)
    return false;
  uint64_t work = 0, macs = 0;
  for (uint32_t t = 0; t < model->tensor_count; t++) work += model->tensors[t].element_count;
  for (uint32_t op = 0; op < model->op_count && macs <= MACS_MAX; op++)
    macs += tl_model_op_mac_count(model, op);
  return work <= ELEMENTS_MAX && macs <= MACS_MAX;
}

/* The devices' inputs and outputs, as batch.h wants them. */
typedef struct operands {
  uint8_t *inputs[OPERANDS_MAX], *outputs[OPERANDS_MAX];
} operands;

static void make_operands(operands *o, const tl_model *model)
{
  uint32_t word = 1;
  for (uint32_t i = 0; i < model->input_count; i++) {
    const uint32_t bytes = DEVICES * tl_model_input(model, i)->bytes;
    o->inputs[i] = take(bytes);
    for (uint32_t b = 0; b < bytes; b++)
      o->inputs[i][b] = (uint8_t)((word = word * 69069u + 1u) >> 24);
  }
  for (uint32_t i = 0; i < model->output_count; i++)
    o->outputs[i] = take(DEVICES * (size_t)tl_model_output(model, i)->bytes);
}

static void free_operands(operands *o, const tl_model *model)
{
  for (uint32_t i = 0; i < model->input_count; i++) free(o->inputs[i]);
  for (uint32_t i = 0; i < model->output_count; i++) free(o->outputs[i]);
}

/* Devices one after the other, each twice, so that the second run finds the state of the first. */
static void run_alone(const tl_model *model, const operands *o)
{
  uint8_t *arena = take(model->arena_bytes), *state = take(model->state_bytes);
  for (uint32_t d = 0; d < DEVICES; d++) {
    const void *inputs[OPERANDS_MAX];
    void *outputs[OPERANDS_MAX];
    for (uint32_t i = 0; i < model->input_count; i++)
      inputs[i] = o->inputs[i] + d * (size_t)tl_model_input(model, i)->bytes;
    for (uint32_t i = 0; i < model->output_count; i++)
      outputs[i] = o->outputs[i] + d * (size_t)tl_model_output(model, i)->bytes;
    tl_model_reset(model, state);
    for (int run = 0; run < 2; run++)
      if (tl_model_run(model, arena, model->arena_bytes, state, inputs, outputs, NULL) !=
          TL_KERNEL_OK)
        abort();
  }
  free(arena);
  free(state);
}

static bool cpu_has(tl_kernel_path path)
{
#if defined(__x86_64__)
  if (path == TL_KERNEL_SSE) return __builtin_cpu_supports("sse4.1") != 0;
  if (path == TL_KERNEL_AVX2) return __builtin_cpu_supports("avx2") != 0;
#endif
  return path == TL_KERNEL_SCALAR;
}

static void run_together(const tl_model *model, tl_kernel_path path, const operands *alone)
{
  tl_batch batch;
  operands o;
  const size_t bytes = tl_batch_pack_bytes(model);
  if (bytes > MEMORY_MAX || !cpu_has(path) || !tl_kernel_path_built(path)) return;
  uint8_t *memory = take(bytes);
  if (tl_batch_pack(&batch, memory, bytes, model, path, NULL) != TL_KERNEL_OK) abort();
  uint8_t *arena = take(batch.arena_bytes), *state = take(DEVICES * model->state_bytes);
  make_operands(&o, model);
  for (uint32_t d = 0; d < DEVICES; d++) tl_model_reset(model, state + d * model->state_bytes);
  const void *inputs[OPERANDS_MAX];
  void *outputs[OPERANDS_MAX];
  for (uint32_t i = 0; i < model->input_count; i++) inputs[i] = o.inputs[i];
  for (uint32_t i = 0; i < model->output_count; i++) outputs[i] = o.outputs[i];
  for (int run = 0; run < 2; run++)
    if (tl_model_run_batch(&batch, arena, batch.arena_bytes, state, DEVICES, inputs, outputs,
                           NULL) != TL_KERNEL_OK)
      abort();
  for (uint32_t i = 0; i < model->output_count; i++)
    if (memcmp(o.outputs[i], alone->outputs[i],
               DEVICES * (size_t)tl_model_output(model, i)->bytes) != 0)
      abort(); /* a path gives other bytes */
  free_operands(&o, model);
  free(arena);
  free(state);
  free(memory);
}

static void run_once(const tl_model *model)
{
  operands alone;
  if (!is_small(model)) return;
  make_operands(&alone, model);
  run_alone(model, &alone);
  for (int path = 0; path < TL_KERNEL_PATH_COUNT; path++)
    run_together(model, (tl_kernel_path)path, &alone);
  free_operands(&alone, model);
}

static void pack_once(const tl_model *model)
{
  tl_window window;
  tl_kernel_status status;
  const size_t bytes = tl_window_pack_bytes(model);
  if (bytes == 0 || bytes > MEMORY_MAX) return;
  uint8_t *memory = take(bytes);
  for (int path = 0; path < 2; path++) { /* scalar and SSE: what every x86-64 of today runs */
    if (tl_window_pack(&window, memory, bytes, model, 1, (tl_kernel_path)path, &status) !=
        TL_KERNEL_OK)
      continue;
    const size_t ring_bytes = tl_window_ring_bytes(&window, TL_WINDOW_ROWS);
    uint8_t *ring = take(ring_bytes);
    int8_t *out = take((size_t)window.outputs * TL_WINDOW_ROWS);
    int32_t score[TL_WINDOW_ROWS];
    tl_window_clear(&window, ring, TL_WINDOW_ROWS);
    tl_window_outputs(&window, ring, TL_WINDOW_ROWS, TL_WINDOW_ROWS, 0, out);
    if (window.reconstructs)
      tl_window_score(&window, ring, TL_WINDOW_ROWS, TL_WINDOW_ROWS, window.window - 1, score);
    free(ring);
    free(out);
  }
  free(memory);
}

static void survey_once(const uint8_t *file, size_t size, bool opens)
{
  tl_survey survey;
  tl_kernel_status status;
  size_t bytes;
  if (tl_survey_memory_bytes(&bytes, file, size, &status) != TL_KERNEL_OK || bytes > MEMORY_MAX)
    return;
  void *memory = take(bytes);
  const tl_kernel_code code = tl_survey_open(&survey, memory, bytes, file, size, &status);
  if (code == TL_KERNEL_E_MEMORY) abort();
  if (opens && (code != TL_KERNEL_OK || survey.refused_count != 0)) abort();
  free(memory);
}

static bool open_once(const uint8_t *file, size_t size, size_t bytes, tl_rounding rounding)
{
  tl_model model;
  tl_kernel_status status;
  const tl_model_options options = {.rounding = rounding};
  void *memory = take(bytes);
  const tl_kernel_code code = tl_model_open(&model, memory, bytes, file, size, &options, &status);
  if (code == TL_KERNEL_E_MEMORY) abort(); /* the bytes asked for must do */
  if (code == TL_KERNEL_OK) {
    run_once(&model);
    pack_once(&model);
  }
  free(memory);
  return code == TL_KERNEL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  tl_kernel_status status;
  size_t bytes;
  bool opens = false;
  uint8_t *file = malloc(size + (size == 0));
  if (file == NULL) abort();
  memcpy(file, data, size);
  if (tl_model_memory_bytes(&bytes, file, size, &status) == TL_KERNEL_OK && bytes <= MEMORY_MAX) {
    opens = open_once(file, size, bytes, TL_ROUNDING_DOUBLE);
    if (opens != open_once(file, size, bytes, TL_ROUNDING_SINGLE)) abort();
  }
  survey_once(file, size, opens);
  free(file);
  return 0;
}
