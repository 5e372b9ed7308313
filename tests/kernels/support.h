/* support.h: what the tests of the kernels share: files, opened models, and random
 * fully-connected models. */
#ifndef TL_TESTS_KERNELS_SUPPORT_H
#define TL_TESTS_KERNELS_SUPPORT_H

#include "kernels/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole file, allocated; NULL when it is not there. */
uint8_t *read_file(const char *path, size_t *bytes);

/* A model with everything it needs, allocated; its state starts cleared. */
typedef struct opened {
  tl_model model;
  uint8_t *file, *memory, *arena, *state;
  size_t file_bytes;
  tl_kernel_status status;
} opened;

/* True when the model opened; takes the file over. */
bool open_model(opened *out, uint8_t *file, size_t file_bytes);
bool open_model_file(opened *out, const char *path);
void close_model(opened *model);

/* Runs one case: inputs one after the other, outputs alike. */
bool run_case(opened *m, const uint8_t *in, uint8_t *out);

/* Aligned to 64 bytes, zeroed; free() releases it. */
void *take(size_t bytes);

typedef struct chain_layer {
  uint32_t inputs, outputs;
  const int8_t *weights;      /* [outputs][inputs] */
  const int32_t *bias;        /* NULL: absent */
  const float *weight_scales; /* scale_count: 1 or outputs */
  uint32_t scale_count;
  float output_scale;
  int32_t output_zero;
  uint8_t activation; /* 0 NONE, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6 */
  bool reshape_before;
} chain_layer;

/* A .tflite of fully-connected layers, allocated. */
uint8_t *write_chain(size_t *bytes, float input_scale, int32_t input_zero,
                     const chain_layer *layers, uint32_t layer_count);

/* Random numbers of tests: print the seed when something fails. */
typedef struct dice {
  uint64_t state;
} dice;
uint32_t roll(dice *d, uint32_t sides); /* 0 .. sides - 1 */

/* A random chain: layer_count + 1 widths. Weights are -127 .. 127 at the given size (1 .. 127),
 * multipliers such that outputs spread over the int8 range; per channel when asked. */
uint8_t *random_chain(size_t *bytes, dice *d, const uint32_t *widths, uint32_t layer_count,
                      int32_t weight_size, bool per_channel, bool relu);

#endif
