/* pointwise.h: one output element from one element of each input.
 *
 * Why: one folder for what works element by element, with broadcasting where the schema allows it.
 * prepare() checks types and shapes and turns real scales into integers; eval() trusts it.
 * Threads: see op_table.h. */
#ifndef TL_KERNELS_POINTWISE_H
#define TL_KERNELS_POINTWISE_H

#include "kernels/curve_int16.h"
#include "kernels/ops/pointwise/broadcast.h"

/* ---- checks.c: what the prepare functions of this folder ask ---- */

/* Ratios of scales must stay below, so that shifts stay far below 32; NaN fails `<`, too. */
#define TL_POINTWISE_RATIO_MAX 65536.0

/* int32 that stands for itself. */
bool tl_pointwise_int32(const tl_tensor *tensor);

/* tl_op_quantised, and uint8 and int32 as well. */
bool tl_pointwise_quantised(const tl_tensor *tensor);

/* tl_op_activation, and for int32 the clamp to 0, 1 or 6 itself. */
bool tl_pointwise_activation(uint8_t activation, const tl_tensor *output, tl_range *out);

/* scaled + zero, kept in the range (of int8 or int16); scaled may be any int32. */
static inline int32_t tl_pointwise_place(int32_t scaled, int32_t zero, tl_range range)
{
  return tl_fixed_clamp(scaled, range.low - zero, range.high - zero) + zero;
}

/* ---- arithmetic.c: ADD, SUB, SQUARED_DIFFERENCE with broadcasting; ADD_N ---- */
typedef struct tl_pair_data {
  tl_broadcast plan; /* ADD_N: only count and type */
  tl_scale scale1, scale2, scale_out;
  int32_t zero1, zero2, zero_out;
  int32_t left_shift;
  tl_range range;
} tl_pair_data;
TL_OP(add);
TL_OP(sub);
TL_OP(squared_difference);
TL_OP(add_n);

/* ---- multiply.c: MUL, DIV, FLOOR_DIV, FLOOR_MOD with broadcasting ---- */
typedef struct tl_multiply_data {
  tl_broadcast plan;
  tl_scale scale;
  int32_t zero1, zero2, zero_out;
  tl_range range;
} tl_multiply_data;
TL_OP(mul);
TL_OP(div);
TL_OP(floor_div);
void tl_floor_mod_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* ---- compare.c: the six comparisons with broadcasting; the other three prepare as LESS ---- */
typedef struct tl_compare_data {
  tl_broadcast plan;
  tl_scale scale1, scale2;
  int32_t zero1, zero2;
  bool scaled;
} tl_compare_data;
TL_OP(equal);
TL_OP(less);
TL_OP(greater);
void tl_not_equal_eval(const tl_model *model, const tl_op *op, const tl_place *place);
void tl_less_equal_eval(const tl_model *model, const tl_op *op, const tl_place *place);
void tl_greater_equal_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* ---- choose.c: MAXIMUM, MINIMUM, LOGICAL_*, SELECT, SELECT_V2 with broadcasting ---- */
typedef struct tl_choose_data {
  tl_broadcast plan;
} tl_choose_data;
TL_OP(maximum);
TL_OP(minimum);
TL_OP(select);
tl_kernel_code tl_select_v2_prepare(const tl_op_setup *setup);
tl_kernel_code tl_logical_prepare(const tl_op_setup *setup);
void tl_logical_and_eval(const tl_model *model, const tl_op *op, const tl_place *place);
void tl_logical_or_eval(const tl_model *model, const tl_op *op, const tl_place *place);
void tl_logical_not_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* ---- relu.c: RELU rescales, RELU6 only clamps; LEAKY_RELU, PRELU ---- */
typedef struct tl_relu_data {
  tl_broadcast plan;
  tl_scale scale, scale_below; /* below zero */
  int32_t zero_in, zero_alpha, zero_out;
  tl_range range;
  bool negates; /* what scale_below gives */
} tl_relu_data;
TL_OP(relu);
TL_OP(relu6);
TL_OP(leaky_relu);
TL_OP(prelu);

/* ---- hard_swish.c ---- */
typedef struct tl_hard_swish_data {
  tl_broadcast plan;
  int8_t table[256]; /* from the lowest value on */
} tl_hard_swish_data;
TL_OP(hard_swish);

/* ---- logistic.c: LOGISTIC and TANH ---- */
typedef struct tl_logistic_data {
  tl_broadcast plan;
  int8_t table[256];    /* int8: from the lowest value on */
  tl_curve_int16 curve; /* int16 */
} tl_logistic_data;
TL_OP(logistic);
TL_OP(tanh);

/* ---- table.c: EXP, LOG, ELU ---- */
typedef struct tl_table_data {
  tl_broadcast plan;
  int16_t table[513]; /* int8: the first 256, from the lowest value on */
} tl_table_data;
tl_kernel_code tl_exp_prepare(const tl_op_setup *setup);
tl_kernel_code tl_log_prepare(const tl_op_setup *setup);
tl_kernel_code tl_elu_prepare(const tl_op_setup *setup);
void tl_table_eval(const tl_model *model, const tl_op *op, const tl_place *place);

/* ---- elementwise.c: ABS, NEG, RSQRT, functions of float32, ZEROS_LIKE (which needs no data) ---- */
typedef struct tl_elementwise_data {
  tl_broadcast plan;
  tl_scale scale;
  int32_t zero_in, zero_out;
  tl_range range;
  bool plain, rescales;
} tl_elementwise_data, tl_rsqrt_data;
TL_OP(abs);
TL_OP(neg);
TL_OP(rsqrt);
TL_OP(sqrt);
TL_OP(square);
TL_OP(floor);
TL_OP(ceil);
TL_OP(round);
TL_OP(zeros_like);

/* ---- quantize.c: QUANTIZE, DEQUANTIZE ---- */
typedef struct tl_quantize_data {
  tl_broadcast plan;
  float real_scale; /* of the quantised side, when the other one is float */
  tl_scale scale;   /* integer to integer */
  int32_t zero_in, zero_out;
  tl_range range;
} tl_quantize_data;
TL_OP(quantize);
TL_OP(dequantize);

/* ---- cast.c ---- */
typedef struct tl_cast_data {
  tl_broadcast plan; /* not where one side is int64 */
  uint32_t count;
  tl_tensor_type from, to;
} tl_cast_data;
TL_OP(cast);

#endif
