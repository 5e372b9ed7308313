/* fuzz_tflite.c: any bytes as a .tflite file: an error, or a model that runs once and packs.
 *
 * The survey must agree with opening: what opens has no refused operator. Both roundings are run, for they reach
 * other arithmetic.
 * The input is copied into a block of exactly its size, so that the address sanitizer sees the
 * first byte read beyond it. Huge but sound models are skipped, to keep the executions fast. */
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

static void run_once(const tl_model *model)
{
  enum { OPERANDS_MAX = 16 };
  const void *inputs[OPERANDS_MAX];
  void *outputs[OPERANDS_MAX];
  if (model->arena_bytes > ARENA_MAX || model->state_bytes > ARENA_MAX ||
      model->input_count > OPERANDS_MAX || model->output_count > OPERANDS_MAX)
    return;
  uint64_t work = 0;
  for (uint32_t t = 0; t < model->tensor_count; t++) work += model->tensors[t].element_count;
  if (work > ELEMENTS_MAX) return;
  uint64_t macs = 0;
  for (uint32_t op = 0; op < model->op_count && macs <= MACS_MAX; op++)
    macs += tl_model_op_mac_count(model, op);
  if (macs > MACS_MAX) return;
  uint8_t *in = take(ARENA_MAX), *arena = take(model->arena_bytes);
  uint8_t *state = take(model->state_bytes);
  for (uint32_t b = 0, word = 1; b < ARENA_MAX; b++)
    in[b] = (uint8_t)((word = word * 69069u + 1u) >> 24);
  for (uint32_t i = 0; i < model->input_count; i++) inputs[i] = in + (i % 16) * 16;
  for (uint32_t o = 0; o < model->output_count; o++)
    outputs[o] = take(tl_model_output(model, o)->bytes);
  tl_model_reset(model, state);
  for (int run = 0; run < 2; run++) /* the second finds the state of the first */
    if (tl_model_run(model, arena, model->arena_bytes, state, inputs, outputs, NULL) !=
        TL_KERNEL_OK)
      abort();
  for (uint32_t o = 0; o < model->output_count; o++) free(outputs[o]);
  free(in);
  free(arena);
  free(state);
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
