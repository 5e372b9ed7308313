#include "tests/kernels/support.h"

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

/* ---- FlatBuffers: a table is written before its children; their places are patched in ---- */

typedef struct writer {
  uint8_t *data;
  size_t used, capacity;
} writer;

static size_t put(writer *w, const void *data, size_t bytes, size_t align)
{
  while (w->used % align != 0) w->data[w->used++] = 0;
  assert(w->used + bytes + 64 < w->capacity);
  const size_t at = w->used;
  if (bytes > 0) memcpy(w->data + at, data, bytes);
  w->used += bytes;
  return at;
}

static void point(writer *w, size_t from, size_t to)
{
  const uint32_t offset = (uint32_t)(to - from);
  memcpy(w->data + from, &offset, 4);
}

/* A table of `count` fields of 4 bytes each (bytes and references fit); places[f] is where field f
 * stands. values[f]: initial value. */
static size_t put_table(writer *w, uint32_t count, const uint32_t *values, size_t *places)
{
  uint16_t vtable[16] = {0};
  vtable[0] = (uint16_t)(4 + 2 * count);
  vtable[1] = (uint16_t)(4 + 4 * count);
  for (uint32_t f = 0; f < count; f++) vtable[2 + f] = (uint16_t)(4 + 4 * f);
  const size_t at_vtable = put(w, vtable, vtable[0], 4);
  const size_t at = put(w, values, 0, 4);
  const int32_t back = (int32_t)(at - at_vtable);
  put(w, &back, 4, 4);
  for (uint32_t f = 0; f < count; f++) places[f] = put(w, &values[f], 4, 4);
  return at;
}

static size_t put_vector(writer *w, const void *data, uint32_t count, size_t element, size_t align)
{
  while ((w->used + 4) % align != 0) w->data[w->used++] = 0;
  const size_t at = put(w, &count, 4, 4);
  put(w, data, count * element, 1);
  return at;
}

/* A vector of references, to be pointed at their tables later. */
static size_t put_references(writer *w, uint32_t count, size_t *places)
{
  const size_t at = put(w, &count, 4, 4);
  const uint32_t zero = 0;
  for (uint32_t i = 0; i < count; i++) places[i] = put(w, &zero, 4, 4);
  return at;
}

typedef struct tensor_text {
  uint32_t type, buffer, rank, scale_count;
  int32_t dims[2];
  const float *scales;
  int64_t zero;
} tensor_text;

static void put_tensor(writer *w, size_t reference, const tensor_text *t)
{
  size_t fields[5], quantisation[4];
  const uint32_t values[5] = {0, t->type, t->buffer, 0, 0};
  point(w, reference, put_table(w, 5, values, fields));
  point(w, fields[0], put_vector(w, t->dims, t->rank, 4, 4));
  point(w, fields[3], put_vector(w, "t", 1, 1, 4));
  /* an empty quantisation table for what is not quantised */
  const uint32_t none[4] = {0};
  point(w, fields[4], put_table(w, 4, none, quantisation));
  int64_t zeros[1024];
  assert(t->scale_count <= 1024);
  for (uint32_t c = 0; c < t->scale_count; c++) zeros[c] = t->zero;
  point(w, quantisation[0], put_vector(w, NULL, 0, 4, 4)); /* min, max: empty */
  point(w, quantisation[1], put_vector(w, NULL, 0, 4, 4));
  point(w, quantisation[2], put_vector(w, t->scales, t->scale_count, 4, 4));
  point(w, quantisation[3], put_vector(w, zeros, t->scale_count, 8, 8));
}

enum { CHAIN_MAX = 16, TYPE_INT32 = 2, TYPE_INT8 = 9 };

static void put_op(writer *w, size_t reference, uint32_t code, const int32_t *inputs,
                   uint32_t input_count, int32_t output, uint32_t activation)
{
  size_t fields[5], options[1];
  const uint32_t values[5] = {code, 0, 0, code == 0 ? 8u : 17u, 0};
  point(w, reference, put_table(w, 5, values, fields));
  point(w, fields[1], put_vector(w, inputs, input_count, 4, 4));
  point(w, fields[2], put_vector(w, &output, 1, 4, 4));
  point(w, fields[4], put_table(w, code == 0 ? 1 : 0, &activation, options));
}

uint8_t *write_chain(size_t *bytes, float input_scale, int32_t input_zero,
                     const chain_layer *layers, uint32_t layer_count)
{
  assert(layer_count <= CHAIN_MAX);
  size_t capacity = 65536;
  for (uint32_t l = 0; l < layer_count; l++)
    capacity += (size_t)layers[l].inputs * layers[l].outputs + 32ull * layers[l].outputs + 1024;
  writer w = {calloc(1, capacity), 0, capacity};
  size_t model[5], graph[4], refs[8 * CHAIN_MAX], ops[2 * CHAIN_MAX], fields[4];
  const uint32_t none[5] = {3, 0, 0, 0, 0};

  put(&w, "\0\0\0\0TFL3", 8, 4);
  point(&w, 0, put_table(&w, 5, none, model));

  point(&w, model[1], put_references(&w, 2, refs)); /* operator codes: FULLY_CONNECTED, RESHAPE */
  for (uint32_t c = 0; c < 2; c++) {
    const uint32_t builtin = c == 0 ? 9 : 22;
    const uint32_t code[4] = {builtin, 0, 1, builtin};
    uint16_t skip = 0; /* no custom name */
    const size_t at = put_table(&w, 4, code, fields);
    memcpy(w.data + at - 8, &skip, 2);
    point(&w, refs[c], at);
  }

  /* Buffers: 0 none, then weights and bias of each layer. */
  const uint32_t buffer_count = 1 + 2 * layer_count;
  point(&w, model[4], put_references(&w, buffer_count, refs));
  for (uint32_t b = 0; b < buffer_count; b++) {
    const uint32_t empty = 0;
    const chain_layer *layer = b == 0 ? NULL : &layers[(b - 1) / 2];
    const bool is_bias = b % 2 == 0;
    point(&w, refs[b], put_table(&w, 1, &empty, fields));
    const uint32_t count = b == 0    ? 0
                           : is_bias ? (layer->bias != NULL ? 4 * layer->outputs : 0)
                                     : layer->inputs * layer->outputs;
    const void *data = b == 0 ? NULL : is_bias ? (const void *)layer->bias : layer->weights;
    point(&w, fields[0], put_vector(&w, data, count, 1, 16));
  }

  point(&w, model[2], put_references(&w, 1, refs));
  const uint32_t graph_values[4] = {0};
  point(&w, refs[0], put_table(&w, 4, graph_values, graph));

  /* Tensors: 0 input; then for each layer reshaped, weights, bias, output. */
  const uint32_t tensor_count = 1 + 4 * layer_count;
  point(&w, graph[0], put_references(&w, tensor_count, refs));
  tensor_text flow = {TYPE_INT8, 0, 2, 1, {1, (int32_t)layers[0].inputs}, &input_scale, input_zero};
  put_tensor(&w, refs[0], &flow);
  for (uint32_t l = 0; l < layer_count; l++) {
    const chain_layer *layer = &layers[l];
    const tensor_text weights = {TYPE_INT8,
                                 1 + 2 * l,
                                 2,
                                 layer->scale_count,
                                 {(int32_t)layer->outputs, (int32_t)layer->inputs},
                                 layer->weight_scales,
                                 0};
    const tensor_text bias = {TYPE_INT32, layer->bias != NULL ? 2 + 2 * l : 0, 1,
                              0,          {(int32_t)layer->outputs, 0},        NULL,
                              0};
    put_tensor(&w, refs[1 + 4 * l], &flow);
    put_tensor(&w, refs[2 + 4 * l], &weights);
    put_tensor(&w, refs[3 + 4 * l], &bias);
    flow.dims[1] = (int32_t)layer->outputs;
    flow.scales = &layer->output_scale;
    flow.zero = layer->output_zero;
    put_tensor(&w, refs[4 + 4 * l], &flow);
  }
  const int32_t input = 0, output = (int32_t)tensor_count - 1;
  point(&w, graph[1], put_vector(&w, &input, 1, 4, 4));
  point(&w, graph[2], put_vector(&w, &output, 1, 4, 4));

  uint32_t op_count = layer_count, op = 0;
  for (uint32_t l = 0; l < layer_count; l++) op_count += layers[l].reshape_before;
  point(&w, graph[3], put_references(&w, op_count, ops));
  for (uint32_t l = 0; l < layer_count; l++) {
    const int32_t base = 4 * (int32_t)l;
    int32_t inputs[3] = {base, base + 2, layers[l].bias != NULL ? base + 3 : -1};
    if (layers[l].reshape_before) {
      put_op(&w, ops[op++], 1, inputs, 1, base + 1, 0);
      inputs[0] = base + 1;
    }
    put_op(&w, ops[op++], 0, inputs, 3, base + 4, layers[l].activation);
  }
  *bytes = w.used;
  return w.data;
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
