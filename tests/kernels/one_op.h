/* one_op.h: a single operator on tensors made by a test, without a file. */
#ifndef TL_TESTS_KERNELS_ONE_OP_H
#define TL_TESTS_KERNELS_ONE_OP_H

#include "kernels/op_table.h"

enum { ONE_OP_TENSORS = 5, ONE_OP_ROOM = 8192 }; /* bytes of a tensor, and of the operator's data */

/* Inputs are tensors 0 .., the output is the last. */
typedef struct one_op {
  tl_model model;
  tl_tensor tensors[ONE_OP_TENSORS];
  tl_op op;
  int32_t inputs[ONE_OP_TENSORS], output;
  tl_scale scales[ONE_OP_TENSORS];
  tl_kernel_status status;
  _Alignas(16) uint8_t data[ONE_OP_ROOM];
  _Alignas(16) uint8_t arena[ONE_OP_TENSORS * ONE_OP_ROOM];
} one_op;

typedef struct shape {
  uint32_t rank;
  int32_t dims[TL_TENSOR_RANK_MAX];
} shape;

/* A tensor to prepare with; scale 0: not quantised. */
tl_tensor tensor(tl_tensor_type type, float scale, int32_t zero, shape s);
tl_tensor vector(tl_tensor_type type, float scale, int32_t zero, int32_t count);

/* tensors: input_count + 1 of them. The operator, by its name in the schema, has no options. */
tl_kernel_code one_op_prepare(one_op *b, const char *name, uint32_t input_count,
                              const tl_tensor *tensors, tl_rounding rounding);
void one_op_ready(one_op *b, const char *name, uint32_t input_count, const tl_tensor *tensors);

/* Bytes of a tensor; runs and gives those of the output. */
void *one_op_place(one_op *b, uint32_t tensor);
void *one_op_run(one_op *b);

#endif
