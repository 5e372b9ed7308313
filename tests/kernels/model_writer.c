#include "tests/kernels/model_writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
  uint8_t *data;
  size_t used, capacity;
} bytes;

static size_t put(bytes *out, const void *data, size_t count, size_t align)
{
  if (out->used + count + 64 > out->capacity) {
    const size_t grown = 2 * (out->used + count + 64);
    out->data = realloc(out->data, grown);
    assert(out->data != NULL);
    memset(out->data + out->capacity, 0, grown - out->capacity);
    out->capacity = grown;
  }
  while (out->used % align != 0) out->data[out->used++] = 0;
  const size_t at = out->used;
  if (count > 0 && data != NULL) memcpy(out->data + at, data, count);
  if (count > 0 && data == NULL) memset(out->data + at, 0, count);
  out->used += count;
  return at;
}

static void point(bytes *out, size_t from, size_t to)
{
  const uint32_t offset = (uint32_t)(to - from);
  memcpy(out->data + from, &offset, 4);
}

/* Fields of 4 bytes, or 8 where the bit of `wide` is set; absent where the bit of `absent` is. */
static size_t put_table(bytes *out, uint32_t count, const uint64_t *values, uint32_t absent,
                        uint32_t wide, size_t *places)
{
  uint16_t vtable[16] = {0};
  uint16_t at = 4;
  for (uint32_t f = 0; f < count; f++) {
    if (absent >> f & 1) continue;
    vtable[2 + f] = at;
    at = (uint16_t)(at + (wide >> f & 1 ? 8 : 4));
  }
  vtable[0] = (uint16_t)(4 + 2 * count);
  vtable[1] = at;
  const size_t at_vtable = put(out, vtable, vtable[0], 4);
  const size_t table = put(out, NULL, at, 4);
  const int32_t back = (int32_t)(table - at_vtable);
  memcpy(out->data + table, &back, 4);
  for (uint32_t f = 0; f < count; f++) {
    places[f] = table + vtable[2 + f];
    if (!(absent >> f & 1)) memcpy(out->data + places[f], &values[f], wide >> f & 1 ? 8 : 4);
  }
  return table;
}

static size_t put_vector(bytes *out, const void *data, uint32_t count, size_t element, size_t align)
{
  while ((out->used + 4) % align != 0) put(out, NULL, 1, 1);
  const size_t at = put(out, &count, 4, 4);
  put(out, data, count * element, 1);
  return at;
}

/* A vector of references; *first is where the first of them stands. */
static size_t put_references(bytes *out, uint32_t count, size_t *first)
{
  const size_t at = put(out, &count, 4, 4);
  *first = put(out, NULL, 4ull * count, 4);
  return at;
}

static void put_tensor(bytes *out, size_t reference, const write_tensor *t)
{
  size_t fields[7], quantisation[7];
  const uint64_t values[7] = {0, t->type, t->buffer, 0, 0, t->is_variable, 0};
  point(out, reference, put_table(out, 7, values, t->is_sparse ? 0 : 1u << 6, 0, fields));
  point(out, fields[0], put_vector(out, t->dims, t->rank, 4, 4));
  point(out, fields[3], put_vector(out, "name", 4, 1, 4));
  const uint64_t none[7] = {0, 0, 0, 0, 0, 0, (uint32_t)t->quantized_dimension};
  point(out, fields[4], put_table(out, 7, none, 3u | 3u << 4, 0, quantisation));
  point(out, quantisation[2], put_vector(out, t->scales, t->scale_count, 4, 4));
  point(out, quantisation[3], put_vector(out, t->zeros, t->zero_count, 8, 8));
  if (t->is_sparse) point(out, fields[6], put_table(out, 0, none, 0, 0, quantisation));
}

static void put_op(bytes *out, size_t reference, const write_op *op)
{
  size_t fields[5], options[WRITE_MAX];
  uint64_t values[WRITE_MAX] = {op->code, 0, 0, 8, 0};
  point(out, reference, put_table(out, 5, values, 0, 0, fields));
  point(out, fields[1], put_vector(out, op->inputs, op->input_count, 4, 4));
  point(out, fields[2], put_vector(out, op->outputs, op->output_count, 4, 4));
  for (uint32_t o = 0; o < op->option_count; o++) values[o] = op->options[o];
  point(out, fields[4], put_table(out, op->option_count, values, 0, 0, options));
}

static void put_codes(bytes *out, size_t field, const write_model *model)
{
  size_t first, fields[4];
  point(out, field, put_references(out, model->code_count, &first));
  for (uint32_t c = 0; c < model->code_count; c++) {
    const write_code *code = &model->codes[c];
    const uint64_t values[4] = {(uint32_t)(code->builtin < 127 ? code->builtin : 127), 0, 1,
                                (uint32_t)code->builtin};
    point(out, first + 4 * c, put_table(out, 4, values, code->custom == NULL ? 2 : 0, 0, fields));
    if (code->custom != NULL)
      point(out, fields[1], put_vector(out, code->custom, (uint32_t)strlen(code->custom), 1, 4));
  }
}

/* Where each buffer's offset field stands, 0 if it has none. */
static void put_buffers(bytes *out, size_t field, const write_model *model, size_t *offsets)
{
  size_t first, fields[3];
  point(out, field, put_references(out, model->buffer_count, &first));
  for (uint32_t b = 0; b < model->buffer_count; b++) {
    const write_buffer *buffer = &model->buffers[b];
    const bool is_outside = buffer->is_outside || buffer->offset != 0 || buffer->size != 0;
    const uint64_t values[3] = {0, buffer->offset,
                                buffer->is_outside ? buffer->bytes : buffer->size};
    const uint32_t absent = is_outside ? 1 : 6;
    point(out, first + 4 * b, put_table(out, 3, values, absent, 6, fields));
    offsets[b] = buffer->is_outside ? fields[1] : 0;
    if (!is_outside) point(out, fields[0], put_vector(out, buffer->data, buffer->bytes, 1, 16));
  }
}

static void put_graph(bytes *out, size_t reference, const write_model *model)
{
  size_t fields[4], first;
  const uint64_t none[4] = {0};
  const write_op *ops = model->ops != NULL ? model->ops : &model->op;
  point(out, reference, put_table(out, 4, none, 0, 0, fields));
  point(out, fields[0], put_references(out, model->tensor_count, &first));
  for (uint32_t t = 0; t < model->tensor_count; t++)
    put_tensor(out, first + 4 * t, &model->tensors[t]);
  point(out, fields[1], put_vector(out, model->inputs, model->input_count, 4, 4));
  point(out, fields[2], put_vector(out, model->outputs, model->output_count, 4, 4));
  point(out, fields[3], put_references(out, model->op_count, &first));
  for (uint32_t op = 0; op < model->op_count; op++) put_op(out, first + 4 * op, &ops[op]);
}

static void put_metadata(bytes *out, const size_t *fields)
{
  size_t first, entry[2];
  const uint64_t values[2] = {0, 1};
  const int32_t buffer = 1;
  point(out, fields[5], put_vector(out, &buffer, 1, 4, 4));
  point(out, fields[6], put_references(out, 1, &first));
  point(out, first, put_table(out, 2, values, 0, 0, entry));
  point(out, entry[0], put_vector(out, "min_runtime_version", 19, 1, 4));
}

uint8_t *write_file(size_t *file_bytes, const write_model *model)
{
  bytes out = {NULL, 0, 0};
  size_t fields[7], first, offsets[WRITE_MAX];
  const uint64_t values[7] = {model->version};
  put(&out, "\0\0\0\0TFL3", 8, 4);
  const uint32_t absent = 1u << 3 | (model->has_metadata ? 0 : 3u << 5);
  point(&out, 0, put_table(&out, 7, values, absent, 0, fields));
  put_codes(&out, fields[1], model);
  put_buffers(&out, fields[4], model, offsets);
  point(&out, fields[2], put_references(&out, model->subgraph_count, &first));
  for (uint32_t g = 0; g < model->subgraph_count; g++) put_graph(&out, first + 4 * g, model);
  if (model->has_metadata) put_metadata(&out, fields);
  for (uint32_t b = 0; b < model->buffer_count; b++) {
    if (offsets[b] == 0) continue;
    const uint64_t at = put(&out, model->buffers[b].data, model->buffers[b].bytes, 16);
    memcpy(out.data + offsets[b], &at, 8);
  }
  *file_bytes = out.used;
  return out.data;
}

write_model sound_model(void)
{
  enum { INT32 = 2, INT8 = 9, FULLY_CONNECTED = 9 };
  static const int8_t weights[12] = {1, -2, 3, 4, -5, 6, 7, 8, -9, 10, 11, -12};
  static const int32_t bias[3] = {100, -200, 300};
  write_model m = {.version = 3,
                   .subgraph_count = 1,
                   .tensor_count = 4,
                   .op_count = 1,
                   .code_count = 1,
                   .buffer_count = 3,
                   .input_count = 1,
                   .output_count = 1};
  m.tensors[0] = (write_tensor){INT8, 0, 2, {1, 4}, 1, 1, {0.5f}, {-3}, 0, false, false};
  m.tensors[1] = (write_tensor){INT8, 1, 2, {3, 4}, 1, 1, {0.25f}, {0}, 0, false, false};
  m.tensors[2] = (write_tensor){INT32, 2, 1, {3}, 1, 1, {0.125f}, {0}, 0, false, false};
  m.tensors[3] = (write_tensor){INT8, 0, 2, {1, 3}, 1, 1, {2.0f}, {5}, 0, false, false};
  m.codes[0].builtin = FULLY_CONNECTED;
  m.buffers[1] = (write_buffer){.data = weights, .bytes = sizeof weights};
  m.buffers[2] = (write_buffer){.data = bias, .bytes = sizeof bias};
  m.op = (write_op){0, {0, 1, 2}, {3}, 3, 1, {0}, 4};
  m.outputs[0] = 3;
  return m;
}
