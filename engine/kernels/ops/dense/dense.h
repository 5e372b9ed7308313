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
  const int8_t *weights;  /* [outputs][inputs] in the file; NULL if not constant */
  const uint8_t *bias;    /* outputs x int32 (int64 if sum64) in the file, or NULL */
  const tl_scale *scales; /* scale_count of them: 1 or outputs */
  uint32_t scale_count;
  uint32_t batches, inputs, outputs;
  int32_t input_zero, weight_zero, output_zero;
  tl_range range; /* of the output, from type and fused activation */
  bool wide;      /* int16 activations */
  bool sum64;     /* int16 activations: sums have 64 bits, not 32 that wrap */
  bool varies;    /* weights or bias are computed: only eval() knows them */
} tl_fc_data;
TL_OP(fc);
/* One row of int8 inputs: the reference that window.h must equal. */
void tl_fc_row(const tl_fc_data *fc, const int8_t *x, int8_t *y);

/* transpose_conv.c: each input pixel adds its weighted copy of the kernel to the output */
typedef struct tl_tconv_axis {
  int32_t in, out, kernel, stride, before; /* input i, tap k: output i * stride - before + k */
} tl_tconv_axis;
typedef struct tl_tconv_data {
  const int8_t *weights; /* [outputs][y][x][inputs] in the file */
  const uint8_t *bias;   /* outputs of bias_type in the file, or NULL */
  const tl_scale *scales;
  uint32_t scale_count; /* 1 or outputs */
  tl_tensor_type type, bias_type;
  tl_tconv_axis y, x;
  uint32_t batches, inputs, outputs;
  int32_t input_zero, output_zero;
  tl_range range;
  bool sum64; /* sums have 64 bits, not 32 that wrap */
} tl_tconv_data;
TL_OP(tconv);

/* svdf.c: filters with a memory of their last results; the state is a variable tensor */
typedef struct tl_svdf_data {
  const int8_t *feature; /* [units * rank][inputs] in the file */
  const uint8_t *time;   /* [units * rank][memory] of state_type in the file */
  const uint8_t *bias;   /* units x int32 in the file, or NULL */
  tl_tensor_type state_type;
  uint32_t batches, inputs, units, rank, memory;
  tl_scale scale_state, scale_output;
  int32_t input_zero, state_zero, output_zero;
} tl_svdf_data;
TL_OP(svdf);

/* lstm.c: UNIDIRECTIONAL_SEQUENCE_LSTM; hidden and cell state are variable tensors */
enum { TL_LSTM_GATES = 4 /* input, forget, cell, output: the order of the schema */ };
typedef struct tl_lstm_gate {
  const int8_t *weights, *recurrent; /* [units][inputs], [units][units] in the file */
  const uint8_t *bias;               /* units x int32 (int64 for int16 activations) in the file */
  tl_scale scale_input, scale_recurrent;
} tl_lstm_gate;
typedef struct tl_lstm_options {
  uint8_t activation;
  float cell_clip;
  bool diagonal;
} tl_lstm_options;
typedef struct tl_lstm_data {
  tl_lstm_gate gates[TL_LSTM_GATES];
  tl_scale scale_forget, scale_input, scale_hidden;
  uint32_t batches, steps, inputs, units;
  int32_t input_zero, hidden_zero;
  int32_t cell_left, cell_right; /* shifts that bring the cell to the argument of its tanh */
  int32_t clip;
  bool has_clip, time_major;
  bool wide; /* int16 activations */
} tl_lstm_data;
TL_OP(lstm);

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
/* An output from its sum, to which these add the bias; sums of 32 bits wrap as they do on the MCU. */
static inline int32_t tl_conv_place(const tl_conv_data *conv, int32_t scaled)
{
  return tl_fixed_clamp(scaled, conv->range.low - conv->output_zero,
                        conv->range.high - conv->output_zero) +
         conv->output_zero;
}
static inline int32_t tl_conv_finish(const tl_conv_data *conv, uint32_t output, uint32_t sum)
{
  uint32_t bias = 0;
  if (conv->bias != NULL) {
    const uint8_t *b = conv->bias + 4ull * output;
    bias = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
  }
  return tl_conv_place(
      conv, tl_fixed_mul((int32_t)(sum + bias), conv->scales[conv->scale_count == 1 ? 0 : output]));
}
/* The same for outputs first .. first + count - 1, to y. What they share is copied, since stores of bytes
 * could change it. */
static inline void tl_conv_finish_row(const tl_conv_data *conv, uint32_t first,
                                      const uint32_t *restrict sum, int8_t *restrict y,
                                      uint32_t count)
{
  const tl_conv_data own = *conv;
  for (uint32_t i = 0; i < count; i++) y[i] = (int8_t)tl_conv_finish(&own, first + i, sum[i]);
}
int32_t tl_conv_finish64(const tl_conv_data *conv, uint32_t output, int64_t sum);

/* batch_matmul.c: both operands are tensors; batch axes broadcast */
enum { TL_MATMUL_BATCH_AXES = TL_TENSOR_RANK_MAX - 2 };
typedef struct tl_matmul_operand {
  uint32_t batch_step[TL_MATMUL_BATCH_AXES]; /* elements; 0 where it broadcasts */
  uint32_t rows, columns;                    /* after the transposition */
  uint32_t row_step, column_step;
  int32_t zero;
} tl_matmul_operand;
typedef struct tl_matmul_data {
  tl_matmul_operand x1, x2;
  uint32_t batch_dims[TL_MATMUL_BATCH_AXES];
  tl_tensor_type type;
  tl_scale scale;
  int32_t output_zero;
} tl_matmul_data;
TL_OP(batch_matmul);

/* embedding_lookup.c: rows of an int8 table by number */
typedef struct tl_embedding_data {
  uint32_t count, row_bytes;
  int32_t rows;
} tl_embedding_data;
TL_OP(embedding);

#endif
