/* graph.h: writes a .tflite of any tensors and operators, from our own FlatBuffers bytes. */
#ifndef TL_TESTS_KERNELS_GRAPH_H
#define TL_TESTS_KERNELS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  GRAPH_OPTIONS_MAX = 8,
  GRAPH_FLOAT32 = 0,
  GRAPH_INT32 = 2,
  GRAPH_INT64 = 4,
  GRAPH_INT16 = 7,
  GRAPH_INT8 = 9
};

typedef struct graph_tensor {
  uint32_t type, rank;
  int32_t dims[4];
  uint32_t scale_count; /* 0: not quantised */
  const float *scales;
  int32_t zero, dimension;
  const void *data; /* constant; NULL: computed */
  uint32_t bytes;   /* of the data */
} graph_tensor;

typedef struct graph_op {
  int32_t builtin;
  int32_t inputs[3]; /* -1: absent */
  uint32_t input_count;
  int32_t output;
  uint32_t option_count;
  int32_t options[GRAPH_OPTIONS_MAX]; /* fields of the schema's options table, bytes too */
} graph_op;

/* Allocated; one model input and one output. */
uint8_t *write_graph(size_t *bytes, const graph_tensor *tensors, uint32_t tensor_count,
                     const graph_op *ops, uint32_t op_count, int32_t input, int32_t output);

#endif
