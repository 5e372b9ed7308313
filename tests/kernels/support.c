#include "tests/kernels/support.h"

#include "tests/kernels/graph.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *read_file(const char *path, size_t *bytes)
{
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  fseek(file, 0, SEEK_END);
  *bytes = (size_t)ftell(file);
  fseek(file, 0, SEEK_SET);
  uint8_t *data = malloc(*bytes + 1);
  assert(data != NULL);
  const size_t got = fread(data, 1, *bytes, file);
  assert(got == *bytes);
  fclose(file);
  return data;
}

void *take(size_t bytes)
{
  const size_t rounded = (bytes + 64) / 64 * 64;
  void *data = aligned_alloc(64, rounded);
  assert(data != NULL);
  memset(data, 0, rounded);
  return data;
}

bool open_model(opened *out, uint8_t *file, size_t file_bytes)
{
  size_t bytes;
  *out = (opened){.file = file, .file_bytes = file_bytes};
  if (tl_model_memory_bytes(&bytes, file, file_bytes, &out->status) != TL_KERNEL_OK) return false;
  out->memory = take(bytes);
  if (tl_model_open(&out->model, out->memory, bytes, file, file_bytes, NULL, &out->status) !=
      TL_KERNEL_OK)
    return false;
  assert(out->model.memory_bytes <= bytes);
  out->arena = take(out->model.arena_bytes);
  out->state = take(out->model.state_bytes);
  tl_model_reset(&out->model, out->state);
  return true;
}

bool open_model_file(opened *out, const char *path)
{
  size_t bytes = 0;
  uint8_t *file = read_file(path, &bytes);
  assert(file != NULL);
  return open_model(out, file, bytes);
}

void close_model(opened *model)
{
  free(model->file);
  free(model->memory);
  free(model->arena);
  free(model->state);
  *model = (opened){0};
}

bool run_case(opened *m, const uint8_t *in, uint8_t *out)
{
  enum { ENDS_MAX = 64 };
  const void *inputs[ENDS_MAX];
  void *outputs[ENDS_MAX];
  assert(m->model.input_count <= ENDS_MAX && m->model.output_count <= ENDS_MAX);
  for (uint32_t i = 0; i < m->model.input_count; i++) {
    inputs[i] = in;
    in += tl_model_input(&m->model, i)->bytes;
  }
  for (uint32_t o = 0; o < m->model.output_count; o++) {
    outputs[o] = out;
    out += tl_model_output(&m->model, o)->bytes;
  }
  return tl_model_run(&m->model, m->arena, m->model.arena_bytes, m->state, inputs, outputs,
                      &m->status) == TL_KERNEL_OK;
}

enum { CHAIN_MAX = 16, RESHAPE = 22, FULLY_CONNECTED = 9 };

/* Tensors: 0 input; then for each layer reshaped, weights, bias, output. */
uint8_t *write_chain(size_t *bytes, float input_scale, int32_t input_zero,
                     const chain_layer *layers, uint32_t layer_count)
{
  assert(layer_count <= CHAIN_MAX);
  graph_tensor tensors[1 + 4 * CHAIN_MAX];
  graph_op ops[2 * CHAIN_MAX];
  uint32_t op_count = 0;
  graph_tensor flow = {.type = GRAPH_INT8,
                       .rank = 2,
                       .dims = {1, (int32_t)layers[0].inputs},
                       .scale_count = 1,
                       .scales = &input_scale,
                       .zero = input_zero};
  tensors[0] = flow;
  for (uint32_t l = 0; l < layer_count; l++) {
    const chain_layer *layer = &layers[l];
    const int32_t outputs = (int32_t)layer->outputs, base = 4 * (int32_t)l;
    tensors[1 + base] = flow;
    tensors[2 + base] = (graph_tensor){.type = GRAPH_INT8,
                                       .rank = 2,
                                       .dims = {outputs, (int32_t)layer->inputs},
                                       .scale_count = layer->scale_count,
                                       .scales = layer->weight_scales,
                                       .data = layer->weights,
                                       .bytes = layer->inputs * layer->outputs};
    tensors[3 + base] = (graph_tensor){.type = GRAPH_INT32,
                                       .rank = 1,
                                       .dims = {outputs},
                                       .data = layer->bias,
                                       .bytes = layer->bias != NULL ? 4 * layer->outputs : 0};
    flow.dims[1] = outputs;
    flow.scales = &layer->output_scale;
    flow.zero = layer->output_zero;
    tensors[4 + base] = flow;
    if (layer->reshape_before)
      ops[op_count++] =
          (graph_op){.builtin = RESHAPE, .inputs = {base}, .input_count = 1, .output = base + 1};
    ops[op_count++] = (graph_op){.builtin = FULLY_CONNECTED,
                                 .inputs = {layer->reshape_before ? base + 1 : base, base + 2,
                                            layer->bias != NULL ? base + 3 : -1},
                                 .input_count = 3,
                                 .output = base + 4,
                                 .option_count = 1,
                                 .options = {layer->activation}};
  }
  return write_graph(bytes, tensors, 1 + 4 * layer_count, ops, op_count, 0,
                     4 * (int32_t)layer_count);
}

uint32_t roll(dice *d, uint32_t sides)
{
  uint64_t z = d->state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return (uint32_t)((z >> 32) * sides >> 32);
}

uint8_t *random_chain(size_t *bytes, dice *d, const uint32_t *widths, uint32_t layer_count,
                      int32_t weight_size, bool per_channel, bool relu)
{
  chain_layer layers[CHAIN_MAX] = {0};
  void *owned[3 * CHAIN_MAX] = {0};
  const float input_scale = 0.01f + 0.0001f * (float)roll(d, 1000);
  const int32_t input_zero = (int32_t)roll(d, 256) - 128;
  float scale = input_scale;
  for (uint32_t l = 0; l < layer_count; l++) {
    chain_layer *layer = &layers[l];
    const uint32_t in = widths[l], out = widths[l + 1];
    int8_t *weights = owned[3 * l] = take((size_t)in * out);
    int32_t *bias = owned[3 * l + 1] = take(4ull * out);
    float *scales = owned[3 * l + 2] = take(4ull * out);
    for (uint32_t i = 0; i < in * out; i++)
      weights[i] = (int8_t)((int32_t)roll(d, 2 * (uint32_t)weight_size + 1) - weight_size);
    for (uint32_t o = 0; o < out; o++) {
      bias[o] = (int32_t)roll(d, 20001) - 10000;
      scales[o] = 0.001f + 0.00001f * (float)roll(d, 1000);
    }
    /* spread: standard deviation of the accumulator to about 60 steps of the output */
    const float deviation = 70.0f * 0.58f * (float)weight_size * sqrtf((float)in);
    *layer = (chain_layer){in,      out,
                           weights, roll(d, 4) == 0 ? NULL : bias,
                           scales,  per_channel ? out : 1,
                           0.0f,    (int32_t)roll(d, 256) - 128,
                           0,       roll(d, 4) == 0};
    layer->output_scale =
        scale * scales[0] * deviation / 60.0f * (0.5f + 0.001f * (float)roll(d, 1000));
    if (relu && l + 1 < layer_count) layer->activation = (uint8_t)(roll(d, 4) == 0 ? 3 : 1);
    if (relu && l + 1 < layer_count && roll(d, 2) == 0) layer->output_zero = -128;
    scale = layer->output_scale;
  }
  uint8_t *file = write_chain(bytes, input_scale, input_zero, layers, layer_count);
  for (uint32_t i = 0; i < 3 * layer_count; i++) free(owned[i]);
  return file;
}
