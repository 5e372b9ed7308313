/* model_writer.h: any small .tflite from a description, right or wrong, for tests of the reader. */
#ifndef TL_TESTS_KERNELS_MODEL_WRITER_H
#define TL_TESTS_KERNELS_MODEL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITE_MAX = 8, WRITE_OPS_MAX = 4200 };

typedef struct write_tensor {
  uint32_t type, buffer, rank;
  int32_t dims[WRITE_MAX];
  uint32_t scale_count, zero_count;
  float scales[WRITE_MAX];
  int64_t zeros[WRITE_MAX];
  int32_t quantized_dimension;
  bool is_variable, is_sparse;
} write_tensor;

typedef struct write_op {
  uint32_t code; /* index in the list of codes */
  int32_t inputs[WRITE_MAX], outputs[WRITE_MAX];
  uint32_t input_count, output_count;
  uint32_t options[WRITE_MAX],
      option_count; /* 4 bytes each; a reader of one byte sees the lowest */
} write_op;

typedef struct write_code {
  int32_t builtin;
  const char *custom; /* NULL: none */
} write_code;

typedef struct write_buffer {
  const void *data;
  uint32_t bytes;
  bool is_outside;       /* after the flatbuffer, reached by offset and size */
  uint64_t offset, size; /* if not 0: written as they are */
} write_buffer;

typedef struct write_model {
  uint32_t version, subgraph_count, tensor_count, op_count, code_count, buffer_count;
  write_tensor tensors[WRITE_MAX];
  const write_op *ops;
  write_op op; /* if ops is NULL: the only one */
  write_code codes[WRITE_MAX];
  write_buffer buffers[WRITE_MAX];
  int32_t inputs[WRITE_MAX], outputs[WRITE_MAX];
  uint32_t input_count, output_count;
  bool has_metadata; /* metadata and metadata_buffer, as converters leave them */
} write_model;

/* int8 [1,4] through FULLY_CONNECTED 4 -> 3 with a bias: a sound model to make wrong. Buffers 1 and 2 hold
 * weights and bias; its tensors are input, weights, bias, output. */
write_model sound_model(void);

/* The file, allocated. */
uint8_t *write_file(size_t *bytes, const write_model *model);

#endif
