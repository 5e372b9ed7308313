/* reduce.h: operators that make one element, or a row that depends on all of it, from many.
 *
 * Why: their work is a loop over an axis or a window, without weights.
 * prepare() checks types and shapes and turns real scales into integers; eval() trusts it.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_REDUCE_H
#define TL_KERNELS_REDUCE_H

#include "kernels/op_table.h"

/* pool.c: AVERAGE_POOL_2D and MAX_POOL_2D, int8 and int16 */
typedef struct tl_pool_data {
  tl_tensor_type type;
  int32_t batches, channels;
  int32_t height, width, out_height, out_width;
  int32_t filter_height, filter_width, stride_height, stride_width;
  int32_t pad_top, pad_left;
  tl_range range;
} tl_pool_data;
TL_OP(average_pool);
TL_OP(max_pool);

/* softmax.c: int8 to int8 or int16, int16 to int16, along the last axis */
typedef struct tl_softmax_data {
  tl_tensor_type from, to;
  uint32_t rows, depth;
  tl_scale scale;         /* int8: of a difference, to Q5.26; int16: to 65535 for 10.0 */
  int32_t difference_min; /* int8: what is further below the largest element counts as 0 */
} tl_softmax_data;
TL_OP(softmax);

/* log_softmax.c: int8, along the last axis */
typedef struct tl_log_softmax_data {
  uint32_t rows, depth;
  tl_scale scale, back;   /* of a difference, to Q5.26 and back */
  int32_t difference_min; /* what is further below the largest element counts as 0 */
} tl_log_softmax_data;
TL_OP(log_softmax);

/* l2_normalization.c: int8, along the last axis */
typedef struct tl_l2_data {
  uint32_t rows, depth;
  int32_t zero_in;
  int16_t rounding; /* tl_rounding of the multipliers that eval() makes */
} tl_l2_data;
TL_OP(l2_normalization);

/* cumsum.c: along one axis of [outer][depth][inner] */
typedef struct tl_cumsum_data {
  uint32_t outer, depth, inner;
  tl_scale scale_in, scale_out; /* int8 */
  int32_t zero_in, zero_out;
  bool exclusive, reverse;
  bool plain; /* int32 */
} tl_cumsum_data;
TL_OP(cumsum);

#endif
