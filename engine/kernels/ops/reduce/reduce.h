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
/* axes.c: the elements of a tensor as a rectangle inside of a rectangle: `kept` has one index an
 * output, `over` those that an output is made from, both in the order of the input. */
typedef struct tl_reduce_side {
  uint32_t dims[TL_TENSOR_RANK_MAX], step[TL_TENSOR_RANK_MAX]; /* elements */
  uint32_t rank, count;
} tl_reduce_side;

typedef struct tl_reduce_walk {
  tl_reduce_side kept, over;
} tl_reduce_walk;

/* Where a walk over one side is; starts zeroed. */
typedef struct tl_reduce_at {
  uint32_t index[TL_TENSOR_RANK_MAX], offset; /* elements */
} tl_reduce_at;

/* From operand 1, the constant axes, and the option keep_dims; checks the output's shape. */
tl_kernel_code tl_reduce_prepare(const tl_op_setup *setup, tl_reduce_walk *walk);
void tl_reduce_next(const tl_reduce_side *side, tl_reduce_at *at);

/* Any integer or bool element. */
bool tl_reduce_is_integer(tl_tensor_type type);
int64_t tl_reduce_load(const void *data, tl_tensor_type type, uint32_t index);

/* mean.c: MEAN and SUM; int8, int16, float32 */
typedef struct tl_mean_data {
  tl_reduce_walk walk;
  tl_tensor_type type;
  tl_scale scale;
  int64_t zero_sum; /* zero point times count */
  int32_t zero_out;
  tl_range range;
  bool divides;
} tl_mean_data;
TL_OP(mean);
tl_kernel_code tl_sum_prepare(const tl_op_setup *setup);

/* extreme.c: REDUCE_MAX and REDUCE_MIN (integers, float32), REDUCE_ALL and REDUCE_ANY (bool) */
typedef struct tl_extreme_data {
  tl_reduce_walk walk;
  tl_tensor_type type;
  bool largest; /* ANY, too */
} tl_extreme_data;
tl_kernel_code tl_reduce_max_prepare(const tl_op_setup *setup);
tl_kernel_code tl_reduce_min_prepare(const tl_op_setup *setup);
tl_kernel_code tl_reduce_all_prepare(const tl_op_setup *setup);
tl_kernel_code tl_reduce_any_prepare(const tl_op_setup *setup);
void tl_extreme_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* arg.c: ARG_MAX and ARG_MIN: integers or float32 to int32 or int64 */
typedef struct tl_arg_data {
  tl_tensor_type from, to;
  uint32_t outer, size, inner;
  bool largest;
} tl_arg_data;
tl_kernel_code tl_arg_max_prepare(const tl_op_setup *setup);
tl_kernel_code tl_arg_min_prepare(const tl_op_setup *setup);
void tl_arg_eval(const tl_model *model, const tl_op *op, const tl_place *place);

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
