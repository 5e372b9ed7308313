/* ops.h: the data and functions of every operator, as op_table.c lists them.
 *
 * Why: one header for the folder keeps a new operator at three places: its file, its lines here,
 * its row. prepare() checks types and shapes and turns real scales into integers; eval() trusts it.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_OPS_H
#define TL_KERNELS_OPS_H

#include "kernels/op_table.h"

#define TL_OP(name)                                                                                \
  tl_kernel_code tl_##name##_prepare(const tl_op_setup *setup);                                    \
  void tl_##name##_eval(const tl_model *model, const tl_op *op, void *arena)

/* fully_connected.c: y[b, o] = sum_i w[o, i] (x[b, i] - input_zero) + bias[o], rescaled */
typedef struct tl_fc_data {
  const int8_t *weights;  /* [outputs][inputs] in the file */
  const uint8_t *bias;    /* outputs x int32 (int64 for int16 activations) in the file, or NULL */
  const tl_scale *scales; /* scale_count of them: 1 or outputs */
  uint32_t scale_count;
  uint32_t batches, inputs, outputs;
  int32_t input_zero, weight_zero, output_zero;
  tl_range range; /* of the output, from type and fused activation */
  bool wide;      /* int16 activations */
} tl_fc_data;
TL_OP(fc);
/* One row of int8 inputs: the reference that window.h must equal. */
void tl_fc_row(const tl_fc_data *fc, const int8_t *x, int8_t *y);

/* add.c: y = x1 + x2 with broadcasting */
typedef struct tl_add_data {
  uint32_t dims[TL_TENSOR_RANK_MAX]; /* of the output, padded with 1 in front */
  uint32_t stride1[TL_TENSOR_RANK_MAX], stride2[TL_TENSOR_RANK_MAX]; /* 0 where it broadcasts */
  tl_scale scale1, scale2, scale_out;
  int32_t zero1, zero2, zero_out;
  int32_t left_shift;
  tl_range range;
  bool wide;
} tl_add_data;
TL_OP(add);

/* quantize.c: QUANTIZE and DEQUANTIZE */
typedef struct tl_quantize_data {
  uint32_t count;
  tl_tensor_type from, to;
  float real_scale; /* of the quantised side, when the other one is float */
  tl_scale scale;   /* integer to integer */
  int32_t zero_in, zero_out;
  tl_range range;
} tl_quantize_data;
TL_OP(quantize);
TL_OP(dequantize);

/* relu.c: RELU rescales, RELU6 only clamps */
typedef struct tl_relu_data {
  uint32_t count;
  tl_scale scale;
  int32_t zero_in, zero_out;
  tl_range range;
} tl_relu_data;
TL_OP(relu);
tl_kernel_code tl_relu6_prepare(const tl_op_setup *setup);

/* reshape.c: a copy */
TL_OP(reshape);

/* logistic.c: LOGISTIC and TANH, int8 */
typedef struct tl_logistic_data {
  uint32_t count;
  tl_scale scale; /* of the input, to Q4.27 */
  int32_t zero_in, radius;
} tl_logistic_data;
TL_OP(logistic);
TL_OP(tanh);

#undef TL_OP

/* Typed access to tensors that may stand anywhere in the file. */
int32_t tl_op_load(const void *data, tl_tensor_type type, uint32_t index);
void tl_op_store(void *data, tl_tensor_type type, uint32_t index, int32_t value);

#endif
