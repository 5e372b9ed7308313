/* arithmetic.c: ADD, SUB, ADD_N and SQUARED_DIFFERENCE: int8 and int16 on a common scale, int32 as
 * it stands.
 *
 * With t twice the larger input scale (so that both multipliers are at most 1/2) and n bits of
 * headroom, both inputs become (x - zero) * 2^n * (scale / t); the sum or difference is rescaled by
 * t / (2^n * output scale), the square of the difference by t^2 / (2^2n * output scale).
 * n is 20 (int8) or 15 (int16); for squares 7 and 0. Ratios are formed in double. int32 wraps;
 * SUB then obeys its fused activation, ADD ignores it there, as TFLite Micro does (TFLite does not). */
#include "kernels/ops/pointwise/pointwise.h"

/* Fused activation and shapes; for quantised types also zero points and range. */
static tl_kernel_code prepare_pair(const tl_op_setup *setup, bool has_activation)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_pair_data *pair = setup->op->data;
  uint8_t activation = 0;
  if (has_activation && !tl_flat_u8(setup->flat, &setup->options, 0, &activation))
    return tl_op_refuse(setup, "options leave the file");
  const bool plain = tl_pointwise_int32(x1) && tl_pointwise_int32(x2) && tl_pointwise_int32(y);
  const bool quantised = tl_op_quantised(x1) && tl_op_quantised(x2) && tl_op_quantised(y) &&
                         x1->type == y->type && x2->type == y->type;
  if (!plain && !quantised)
    return tl_op_refuse(setup, "inputs and output must all be int8 or all int16, quantised per "
                               "tensor, or all int32, not quantised");
  if (!tl_broadcast_plan(&pair->plan, setup, 2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  if (!tl_pointwise_activation(activation, y, &pair->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  if (plain) return TL_KERNEL_OK;
  if (y->type == TL_TENSOR_INT16 &&
      (x1->zero_point != 0 || x2->zero_point != 0 || y->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  pair->zero1 = x1->zero_point;
  pair->zero2 = x2->zero_point;
  pair->zero_out = y->zero_point;
  return TL_KERNEL_OK;
}

/* The three scales, `ratio1`, `ratio2` <= 1/2. */
static tl_kernel_code set_scales(const tl_op_setup *setup, double ratio1, double ratio2, double out,
                                 double out_max)
{
  tl_pair_data *pair = setup->op->data;
  if (!(ratio1 <= 0.5) || !(ratio2 <= 0.5)) return tl_op_refuse(setup, "scales out of range");
  if (!(out < out_max)) return tl_op_refuse(setup, "output scale is too small for the inputs");
  pair->scale1 = tl_op_scale(setup, ratio1);
  pair->scale2 = tl_op_scale(setup, ratio2);
  pair->scale_out = tl_op_scale(setup, out);
  return TL_KERNEL_OK;
}

/* ADD's scales for inputs 0 and `second`. */
static tl_kernel_code set_add_scales(const tl_op_setup *setup, uint32_t second)
{
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_pair_data *pair = setup->op->data;
  const double s1 = (double)tl_op_input(setup->model, setup->op, 0)->scale;
  const double s2 = (double)tl_op_input(setup->model, setup->op, second)->scale;
  const double twice = 2.0 * (s1 > s2 ? s1 : s2);
  pair->left_shift = y->type == TL_TENSOR_INT16 ? 15 : 20;
  return set_scales(setup, s1 / twice, s2 / twice,
                    twice / ((double)(1 << pair->left_shift) * (double)y->scale), 1.0);
}

/* ADD and SUB */
static tl_kernel_code prepare_sum(const tl_op_setup *setup)
{
  const tl_kernel_code code = prepare_pair(setup, true);
  const tl_pair_data *pair = setup->op->data;
  if (code != TL_KERNEL_OK || pair->plan.type_out == TL_TENSOR_INT32) return code;
  return set_add_scales(setup, 1);
}

tl_kernel_code tl_add_prepare(const tl_op_setup *setup)
{
  const tl_kernel_code code = prepare_sum(setup);
  tl_pair_data *pair = setup->op->data;
  if (pair->plan.type_out == TL_TENSOR_INT32) pair->range = (tl_range){INT32_MIN, INT32_MAX};
  return code;
}

tl_kernel_code tl_sub_prepare(const tl_op_setup *setup) { return prepare_sum(setup); }

tl_kernel_code tl_squared_difference_prepare(const tl_op_setup *setup)
{
  const tl_kernel_code code = prepare_pair(setup, false);
  tl_pair_data *pair = setup->op->data;
  if (code != TL_KERNEL_OK || pair->plan.type_out == TL_TENSOR_INT32) return code;
  const double s1 = (double)tl_op_input(setup->model, setup->op, 0)->scale;
  const double s2 = (double)tl_op_input(setup->model, setup->op, 1)->scale;
  const double twice = 2.0 * (s1 > s2 ? s1 : s2);
  pair->left_shift = pair->plan.type_out == TL_TENSOR_INT16 ? 0 : 7;
  const double headroom = (double)(1 << 2 * pair->left_shift);
  const double scale_out = (double)tl_op_output(setup->model, setup->op, 0)->scale;
  return set_scales(setup, s1 / twice, s2 / twice, twice * twice / (headroom * scale_out),
                    TL_POINTWISE_RATIO_MAX);
}

/* ---- eval ---- */

static int32_t common(int32_t x, int32_t zero, int32_t left_shift, tl_scale scale)
{
  return tl_fixed_mul(tl_fixed_shift_left(x - zero, left_shift), scale);
}

static void rescale_lanes(const tl_pair_data *pair, int32_t *restrict y, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_pointwise_place(tl_fixed_mul(y[i], pair->scale_out), pair->zero_out, pair->range);
}

static void add_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y, uint32_t count)
{
  const tl_pair_data *pair = data;
  for (uint32_t i = 0; i < count; i++)
    y[i] = common(x[0][i], pair->zero1, pair->left_shift, pair->scale1) +
           common(x[1][i], pair->zero2, pair->left_shift, pair->scale2);
  rescale_lanes(pair, y, count);
}

static void sub_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y, uint32_t count)
{
  const tl_pair_data *pair = data;
  for (uint32_t i = 0; i < count; i++)
    y[i] = common(x[0][i], pair->zero1, pair->left_shift, pair->scale1) -
           common(x[1][i], pair->zero2, pair->left_shift, pair->scale2);
  rescale_lanes(pair, y, count);
}

static void square_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                         uint32_t count)
{
  const tl_pair_data *pair = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t difference = common(x[0][i], pair->zero1, pair->left_shift, pair->scale1) -
                               common(x[1][i], pair->zero2, pair->left_shift, pair->scale2);
    y[i] = difference * difference; /* at most 2^30 */
  }
  rescale_lanes(pair, y, count);
}

static void add_int32_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  const tl_range range = ((const tl_pair_data *)data)->range;
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_fixed_clamp((int32_t)((uint32_t)x[0][i] + (uint32_t)x[1][i]), range.low, range.high);
}

static void sub_int32_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  const tl_range range = ((const tl_pair_data *)data)->range;
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_fixed_clamp((int32_t)((uint32_t)x[0][i] - (uint32_t)x[1][i]), range.low, range.high);
}

static void square_int32_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                               uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t difference = (uint32_t)x[0][i] - (uint32_t)x[1][i];
    y[i] = (int32_t)(difference * difference);
  }
}

static void run(const tl_model *model, const tl_op *op, const tl_place *place, tl_lanes_fn lanes,
                tl_lanes_fn int32_lanes)
{
  const tl_pair_data *pair = op->data;
  tl_broadcast_run(&pair->plan, model, op, place,
                   pair->plan.type_out == TL_TENSOR_INT32 ? int32_lanes : lanes);
}

void tl_add_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  run(model, op, place, add_lanes, add_int32_lanes);
}

void tl_sub_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  run(model, op, place, sub_lanes, sub_int32_lanes);
}

void tl_squared_difference_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  run(model, op, place, square_lanes, square_int32_lanes);
}

/* ---- ADD_N: the same shape, scale and zero point for all inputs ----
 *
 * TFLite Micro's sum begins with the term of a raw 0, that is -zero, instead of nothing. */

tl_kernel_code tl_add_n_prepare(const tl_op_setup *setup)
{
  const tl_tensor *first = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_pair_data *pair = setup->op->data;
  const bool plain = tl_pointwise_int32(first) && tl_pointwise_int32(y);
  if (!plain && (!tl_op_quantised(first) || !tl_op_quantised(y) || first->type != TL_TENSOR_INT8 ||
                 y->type != TL_TENSOR_INT8))
    return tl_op_refuse(setup, "inputs and output must all be int8, quantised per tensor, or all "
                               "int32, not quantised");
  for (uint32_t i = 0; i < setup->op->input_count; i++) {
    const tl_tensor *x = tl_op_input(setup->model, setup->op, i);
    if (x == NULL || x->type != first->type || x->scale_count != first->scale_count ||
        x->scale != first->scale || x->zero_point != first->zero_point)
      return tl_op_refuse(setup, "all inputs must have the same type, scale and zero point");
    if (x->element_count != y->element_count)
      return tl_op_refuse(setup, "inputs and output differ in size");
  }
  pair->plan.count = y->element_count;
  pair->plan.type_out = y->type;
  pair->range = plain ? (tl_range){INT32_MIN, INT32_MAX} : (tl_range){INT8_MIN, INT8_MAX};
  pair->zero1 = first->zero_point;
  pair->zero_out = y->zero_point;
  /* 2^20 * 255 / 2 below 2^27: sums of 15 inputs and the first term cannot overflow */
  if (!plain && setup->op->input_count > 15)
    return tl_op_refuse(setup, "more than 15 inputs of int8");
  return plain ? TL_KERNEL_OK : set_add_scales(setup, 0);
}

void tl_add_n_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_pair_data *pair = op->data;
  const tl_tensor_type type = pair->plan.type_out;
  uint8_t *out = tl_op_write(model, op, 0, place);
  for (uint32_t begin = 0; begin < pair->plan.count; begin += TL_LANES) {
    const uint32_t left = pair->plan.count - begin;
    const uint32_t count = left < TL_LANES ? left : TL_LANES;
    int32_t x[TL_LANES], sum[TL_LANES];
    for (uint32_t i = 0; i < count; i++)
      sum[i] = type == TL_TENSOR_INT32 ? 0 : common(0, pair->zero1, pair->left_shift, pair->scale1);
    for (uint32_t input = 0; input < op->input_count; input++) {
      tl_lanes_load(x, tl_op_read(model, op, input, place), type, begin, 1, count);
      for (uint32_t i = 0; i < count; i++) {
        const int32_t term = type == TL_TENSOR_INT32
                                 ? x[i]
                                 : common(x[i], pair->zero1, pair->left_shift, pair->scale1);
        sum[i] = (int32_t)((uint32_t)sum[i] + (uint32_t)term);
      }
    }
    if (type != TL_TENSOR_INT32) rescale_lanes(pair, sum, count);
    tl_lanes_store(out, type, begin, sum, count);
  }
}
