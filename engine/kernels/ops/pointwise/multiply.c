/* multiply.c: MUL, DIV, FLOOR_DIV and FLOOR_MOD.
 *
 * MUL int8, int16: (x1 - zero1) * (x2 - zero2) * (scale1 * scale2 / output scale), one multiplier.
 * DIV int8: |x2 - zero2| becomes a reciprocal in Q0.31 by Newton's method (curve.h) with its
 * exponent apart; x1 - zero1, shifted left as far as it goes, is multiplied by it, and the rest is
 * one multiplication by scale1 / (scale2 * output scale), computed in float as TFLite does.
 * int32 wraps. Dividing by zero, where TFLite Micro is undefined: the largest or smallest result by
 * the sign of x1, 0 / 0 is 0 (its zero point), FLOOR_MOD gives 0. */
#include "kernels/ops/pointwise/pointwise.h"

#include "kernels/curve.h"

/* What the four have in common: types, shapes, activation. `takes`: quantised types. */
static tl_kernel_code prepare(const tl_op_setup *setup, uint8_t activation, bool takes_int16)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_multiply_data *multiply = setup->op->data;
  const bool plain = tl_pointwise_int32(x1) && tl_pointwise_int32(x2) && tl_pointwise_int32(y);
  const bool quantised = tl_op_quantised(x1) && tl_op_quantised(x2) && tl_op_quantised(y) &&
                         x1->type == y->type && x2->type == y->type &&
                         (takes_int16 || y->type == TL_TENSOR_INT8);
  if (!plain && !quantised)
    return tl_op_refuse(setup, takes_int16
                                   ? "inputs and output must all be int8 or all int16, quantised "
                                     "per tensor, or all int32, not quantised"
                                   : "inputs and output must all be int8, quantised per tensor, or "
                                     "all int32, not quantised");
  if (!tl_broadcast_plan(&multiply->plan, setup, 2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  if (!tl_pointwise_activation(activation, y, &multiply->range))
    return tl_op_refuse(setup, "fused activation is not supported");
  multiply->zero1 = x1->zero_point;
  multiply->zero2 = x2->zero_point;
  multiply->zero_out = y->zero_point;
  return TL_KERNEL_OK;
}

static tl_kernel_code set_scale(const tl_op_setup *setup, double ratio)
{
  tl_multiply_data *multiply = setup->op->data;
  if (multiply->plan.type_out == TL_TENSOR_INT32) return TL_KERNEL_OK;
  if (!(ratio < TL_POINTWISE_RATIO_MAX)) return tl_op_refuse(setup, "ratio of scales out of range");
  multiply->scale = tl_op_scale(setup, ratio);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_mul_prepare(const tl_op_setup *setup)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  uint8_t activation = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &activation))
    return tl_op_refuse(setup, "options leave the file");
  const tl_kernel_code code = prepare(setup, activation, true);
  if (code != TL_KERNEL_OK) return code;
  if (y->type == TL_TENSOR_INT16 &&
      (x1->zero_point != 0 || x2->zero_point != 0 || y->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  return set_scale(setup, (double)x1->scale * (double)x2->scale / (double)y->scale);
}

static void mul_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y, uint32_t count)
{
  const tl_multiply_data *multiply = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t product = (x[0][i] - multiply->zero1) * (x[1][i] - multiply->zero2);
    y[i] = tl_pointwise_place(tl_fixed_mul(product, multiply->scale), multiply->zero_out,
                              multiply->range);
  }
}

static void mul_int32_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  const tl_range range = ((const tl_multiply_data *)data)->range;
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_fixed_clamp((int32_t)((uint32_t)x[0][i] * (uint32_t)x[1][i]), range.low, range.high);
}

void tl_mul_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_multiply_data *multiply = op->data;
  tl_broadcast_run(&multiply->plan, model, op, place,
                   multiply->plan.type_out == TL_TENSOR_INT32 ? mul_int32_lanes : mul_lanes);
}

/* ---- division ---- */

/* A constant divisor is read now, so that one with a zero is an error of the model. */
static bool divides_by_constant_zero(const tl_op_setup *setup)
{
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  for (uint32_t i = 0; x2->data != NULL && i < x2->element_count; i++) {
    int32_t divisor;
    tl_lanes_load(&divisor, x2->data, x2->type, i, 1, 1);
    if (divisor == x2->zero_point) return true;
  }
  return false;
}

tl_kernel_code tl_div_prepare(const tl_op_setup *setup)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  uint8_t activation = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &activation))
    return tl_op_refuse(setup, "options leave the file");
  const tl_kernel_code code = prepare(setup, activation, false);
  if (code != TL_KERNEL_OK) return code;
  if (divides_by_constant_zero(setup)) return tl_op_refuse(setup, "divides by a constant zero");
  const float product = x2->scale * y->scale;
  const float ratio = x1->scale / product;
  return set_scale(setup, (double)ratio);
}

static uint32_t leading_zeros(uint32_t x) /* x > 0 */
{
  uint32_t count = 0;
  for (; (x & 0x80000000u) == 0; x <<= 1) count++;
  return count;
}

/* How far x goes to the left and stays an int32; 31 for 0. */
static uint32_t headroom_of(int32_t x)
{
  const uint32_t magnitude = x < 0 ? ~(uint32_t)x : (uint32_t)x;
  return magnitude == 0 ? 31 : leading_zeros(magnitude) - 1;
}

/* x1 / x2 * scale for x2 != 0, both within +-255. */
static int32_t quotient(int32_t x1, int32_t x2, tl_scale scale)
{
  const int32_t numerator = x2 < 0 ? -x1 : x1;
  const uint32_t divisor = (uint32_t)(x2 < 0 ? -x2 : x2);
  const uint32_t zeros = leading_zeros(divisor);
  const int32_t over_one = (int32_t)((divisor << zeros) - 0x80000000u); /* divisor/2^k - 1, Q0.31 */
  const int32_t inverse = tl_curve_saturate(2 * (int64_t)tl_curve_reciprocal(over_one));
  const uint32_t headroom = headroom_of(numerator);
  const int32_t whole =
      tl_fixed_high_mul(tl_fixed_shift_left(numerator, (int32_t)headroom), inverse);
  const int32_t shift = scale.shift - (31 - (int32_t)zeros) - (int32_t)headroom;
  if (shift < -31) return 0; /* below half a step */
  scale.shift = (int16_t)shift;
  return tl_fixed_mul(whole, scale);
}

static void div_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y, uint32_t count)
{
  const tl_multiply_data *divide = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t x1 = x[0][i] - divide->zero1, x2 = x[1][i] - divide->zero2;
    const int32_t scaled = x2 != 0 ? quotient(x1, x2, divide->scale)
                                   : (x1 > 0   ? INT32_MAX
                                      : x1 < 0 ? INT32_MIN
                                               : 0);
    y[i] = tl_pointwise_place(scaled, divide->zero_out, divide->range);
  }
}

/* Toward zero; INT32_MIN / -1 wraps. */
static int32_t truncated(int32_t x1, int32_t x2)
{
  if (x2 == 0) return x1 > 0 ? INT32_MAX : x1 < 0 ? INT32_MIN : 0;
  return (int32_t)(uint32_t)((int64_t)x1 / x2);
}

static void div_int32_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  const tl_range range = ((const tl_multiply_data *)data)->range;
  for (uint32_t i = 0; i < count; i++)
    y[i] = tl_fixed_clamp(truncated(x[0][i], x[1][i]), range.low, range.high);
}

void tl_div_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_multiply_data *divide = op->data;
  tl_broadcast_run(&divide->plan, model, op, place,
                   divide->plan.type_out == TL_TENSOR_INT32 ? div_int32_lanes : div_lanes);
}

/* ---- FLOOR_DIV, FLOOR_MOD: integers that stand for themselves ---- */

tl_kernel_code tl_floor_div_prepare(const tl_op_setup *setup)
{
  const tl_tensor *x1 = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *x2 = tl_op_input(setup->model, setup->op, 1);
  const tl_tensor *y = tl_op_output(setup->model, setup->op, 0);
  tl_multiply_data *divide = setup->op->data;
  if ((y->type != TL_TENSOR_INT8 && y->type != TL_TENSOR_INT16 && y->type != TL_TENSOR_INT32) ||
      x1->type != y->type || x2->type != y->type)
    return tl_op_refuse(setup, "inputs and output must all be int8, all int16 or all int32");
  if (x1->scale_count != 0 || x2->scale_count != 0 || y->scale_count != 0)
    return tl_op_refuse(setup, "quantised tensors are not supported");
  if (!tl_broadcast_plan(&divide->plan, setup, 2))
    return tl_op_refuse(setup, "shapes do not broadcast to the output");
  if (divides_by_constant_zero(setup)) return tl_op_refuse(setup, "divides by a constant zero");
  return TL_KERNEL_OK;
}

static void floor_div_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t x1 = x[0][i], x2 = x[1][i];
    const bool below = x2 != 0 && (x1 < 0) != (x2 < 0) && (int64_t)x1 % x2 != 0;
    y[i] = truncated(x1, x2) - (below ? 1 : 0);
  }
}

static void floor_mod_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++) {
    const int64_t x1 = x[0][i], x2 = x[1][i];
    const int64_t rest = x2 == 0 ? 0 : x1 % x2;
    y[i] = (int32_t)(rest != 0 && (x2 < 0) != (rest < 0) ? rest + x2 : rest);
  }
}

void tl_floor_div_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(&((const tl_multiply_data *)op->data)->plan, model, op, place, floor_div_lanes);
}

void tl_floor_mod_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(&((const tl_multiply_data *)op->data)->plan, model, op, place, floor_mod_lanes);
}
