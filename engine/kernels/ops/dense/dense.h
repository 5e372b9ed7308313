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

#endif
