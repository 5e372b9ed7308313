/* pointwise.h: one output element from one element of each input.
 *
 * Why: one folder for what works element by element, with broadcasting where the schema allows it.
 * prepare() checks types and shapes and turns real scales into integers; eval() trusts it.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_POINTWISE_H
#define TL_KERNELS_POINTWISE_H

#include "kernels/op_table.h"

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

/* logistic.c: LOGISTIC and TANH, int8 */
typedef struct tl_logistic_data {
  uint32_t count;
  tl_scale scale; /* of the input, to Q4.27 */
  int32_t zero_in, radius;
} tl_logistic_data;
TL_OP(logistic);
TL_OP(tanh);

#endif
