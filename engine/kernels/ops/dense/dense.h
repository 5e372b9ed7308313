/* dense.h: operators that sum weights times inputs.
 *
 * Why: their cost is multiplications, so each file holds the reference that every SIMD path equals.
 * prepare() checks types and shapes and turns real scales into integers; eval() trusts it.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_DENSE_H
#define TL_KERNELS_DENSE_H

#include "kernels/op_table.h"

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

/* One spatial axis of a convolution: output o reads inputs o * stride - before + k * dilation, and
 * those outside of 0 .. in - 1 as zero (the input's zero point). */
typedef struct tl_conv_axis {
  int32_t in, out, kernel, stride, dilation, before;
} tl_conv_axis;

/* conv.c: y[o] = sum w[o, taps, i] (x[taps, i] - input_zero) + bias[o], rescaled; in groups, output
 * o of group g sums only that group's inputs.
 * depthwise.c: output c * multiplier + j sums over the taps of input channel c alone. */
typedef struct tl_conv_data {
  const int8_t *weights;  /* conv: [outputs][y][x][group_inputs]; depthwise: [y][x][outputs] */
  const uint8_t *bias;    /* outputs x int32, or int64 if sum64, in the file; or NULL */
  const tl_scale *scales; /* scale_count of them: 1 or outputs */
  uint32_t scale_count;
  tl_conv_axis y, x;
  uint32_t batches, inputs, outputs;    /* channels */
  uint32_t group_inputs, group_outputs; /* conv; without groups: all. depthwise: 1, multiplier */
  int32_t input_zero, output_zero;
  tl_range range; /* of the output, from type and fused activation */
  bool wide;      /* int16 activations */
  bool sum64;     /* int16 activations: sums have 64 bits, not 32 that wrap */
} tl_conv_data;
TL_OP(conv);
TL_OP(depthwise);
/* What both check and fill in: types, bias, scales, activation (option number `activation`), the
 * two axes (strides in options 1 and 2, dilations from option `dilation` on; width first). */
tl_kernel_code tl_conv_prepare_common(const tl_op_setup *setup, uint32_t activation,
                                      uint32_t dilation, uint32_t channel_dim);
/* An output from its sum, to which this adds the bias. */
int32_t tl_conv_finish(const tl_conv_data *conv, uint32_t output, int64_t sum);

#endif
