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

#endif
