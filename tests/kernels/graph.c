/* graph.c: FlatBuffers by hand: a table is written before its children; their places are patched in. */
#include "tests/kernels/graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GRAPH_MAX = 256 /* tensors, operators */ };

typedef struct writer {
  uint8_t *data;
  size_t used, capacity;
} writer;

static size_t put(writer *w, const void *data, size_t bytes, size_t align)
{
  while (w->used % align != 0) w->data[w->used++] = 0;
  assert(w->used + bytes + 64 < w->capacity);
  const size_t at = w->used;
  if (bytes > 0 && data != NULL) memcpy(w->data + at, data, bytes);
  w->used += bytes;
  return at;
}

static void point(writer *w, size_t from, size_t to)
{
  const uint32_t offset = (uint32_t)(to - from);
  memcpy(w->data + from, &offset, 4);
}

/* A table of `count` fields of 4 bytes each (bytes and references fit); places[f] is where field f
 * stands, values[f] its first value. Fields whose bit is set in `absent` are left out of the vtable. */
static size_t put_table(writer *w, uint32_t count, const uint32_t *values, uint32_t absent,
                        size_t *places)
{
  uint16_t vtable[16] = {0};
  vtable[0] = (uint16_t)(4 + 2 * count);
  vtable[1] = (uint16_t)(4 + 4 * count);
  for (uint32_t f = 0; f < count; f++) vtable[2 + f] = (uint16_t)(absent >> f & 1 ? 0 : 4 + 4 * f);
  const size_t at_vtable = put(w, vtable, vtable[0], 4);
  const size_t at = put(w, NULL, 0, 4);
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

static void put_tensor(writer *w, size_t reference, const graph_tensor *t, uint32_t buffer)
{
  size_t fields[5], quantisation[7];
  const uint32_t values[5] = {0, t->type, buffer, 0, 0};
  point(w, reference, put_table(w, 5, values, 0, fields));
  point(w, fields[0], put_vector(w, t->dims, t->rank, 4, 4));
  point(w, fields[3], put_vector(w, "t", 1, 1, 4));
  /* min, max, scale, zero point, details (a union of two fields: none), dimension */
  const uint32_t none[7] = {0, 0, 0, 0, 0, 0, (uint32_t)t->dimension};
  point(w, fields[4], put_table(w, 7, none, 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5, quantisation));
  int64_t *zeros = calloc(t->scale_count + 1, sizeof *zeros);
  assert(zeros != NULL);
  for (uint32_t c = 0; c < t->scale_count; c++) zeros[c] = t->zero;
  point(w, quantisation[2], put_vector(w, t->scales, t->scale_count, 4, 4));
  point(w, quantisation[3], put_vector(w, zeros, t->scale_count, 8, 8));
  free(zeros);
}

static void put_op(writer *w, size_t reference, const graph_op *op, uint32_t code)
{
  size_t fields[5], options[GRAPH_OPTIONS_MAX];
  uint32_t words[GRAPH_OPTIONS_MAX];
  const uint32_t values[5] = {code, 0, 0, 1, 0};
  point(w, reference, put_table(w, 5, values, 0, fields));
  point(w, fields[1], put_vector(w, op->inputs, op->input_count, 4, 4));
  point(w, fields[2], put_vector(w, &op->output, 1, 4, 4));
  memcpy(words, op->options, sizeof words);
  point(w, fields[4], put_table(w, op->option_count, words, 0, options));
}

/* Operator codes: one an operator, equal ones not shared. */
static void put_codes(writer *w, size_t reference, const graph_op *ops, uint32_t op_count)
{
  size_t refs[GRAPH_MAX], fields[4];
  point(w, reference, put_references(w, op_count, refs));
  for (uint32_t o = 0; o < op_count; o++) {
    const uint32_t builtin = (uint32_t)ops[o].builtin, code[4] = {builtin, 0, 1, builtin};
    point(w, refs[o], put_table(w, 4, code, 1u << 1 /* no custom name */, fields));
  }
}

/* Buffers: 0 none, then one a tensor. */
static void put_buffers(writer *w, size_t reference, const graph_tensor *tensors, uint32_t count)
{
  size_t refs[GRAPH_MAX + 1], fields[1];
  const uint32_t empty = 0;
  point(w, reference, put_references(w, count + 1, refs));
  for (uint32_t b = 0; b <= count; b++) {
    const graph_tensor *t = b == 0 ? NULL : &tensors[b - 1];
    const bool constant = t != NULL && t->data != NULL;
    point(w, refs[b], put_table(w, 1, &empty, 0, fields));
    point(w, fields[0], put_vector(w, constant ? t->data : NULL, constant ? t->bytes : 0, 1, 16));
  }
}

uint8_t *write_graph(size_t *bytes, const graph_tensor *tensors, uint32_t tensor_count,
                     const graph_op *ops, uint32_t op_count, int32_t input, int32_t output)
{
  assert(tensor_count <= GRAPH_MAX && op_count <= GRAPH_MAX);
  size_t capacity = 65536;
  for (uint32_t t = 0; t < tensor_count; t++)
    capacity += tensors[t].bytes + 12ull * tensors[t].scale_count + 1024;
  writer w = {calloc(1, capacity), 0, capacity};
  assert(w.data != NULL);
  size_t model[5], graph[4], refs[GRAPH_MAX], root[1];
  const uint32_t version[5] = {3, 0, 0, 0, 0}, none[4] = {0};

  put(&w, "\0\0\0\0TFL3", 8, 4);
  point(&w, 0, put_table(&w, 5, version, 1u << 3 /* no description */, model));
  put_codes(&w, model[1], ops, op_count);
  put_buffers(&w, model[4], tensors, tensor_count);
  point(&w, model[2], put_references(&w, 1, root));
  point(&w, root[0], put_table(&w, 4, none, 0, graph));
  point(&w, graph[0], put_references(&w, tensor_count, refs));
  for (uint32_t t = 0; t < tensor_count; t++)
    put_tensor(&w, refs[t], &tensors[t], tensors[t].data != NULL ? t + 1 : 0);
  point(&w, graph[1], put_vector(&w, &input, 1, 4, 4));
  point(&w, graph[2], put_vector(&w, &output, 1, 4, 4));
  point(&w, graph[3], put_references(&w, op_count, refs));
  for (uint32_t o = 0; o < op_count; o++) put_op(&w, refs[o], &ops[o], o);
  *bytes = w.used;
  return w.data;
}
