/* elementwise.c: ABS, NEG, RSQRT, ZEROS_LIKE; SQRT, SQUARE, FLOOR, CEIL and ROUND of float32.
 *
 * ABS int8, int16: |x - zero| (rescaled by scale in / out unless they are equal) + zero out; int16
 * without a scale, int32 and float32 as they stand. NEG: int32 and float32, as TFLite has it.
 * RSQRT int8, int16: 1 / sqrt of the integer by Newton's method in Q3.28, then one multiplication by
 * 1 / (sqrt(scale in) * scale out); 0 gives the highest value, and so does a negative input, where
 * TFLite stops. ZEROS_LIKE writes zero bytes, whatever the zero point.
 * Of float32, in a quantised model between DEQUANTIZE and QUANTIZE, stand those functions whose every
 * bit IEEE 754 fixes: no C library, no processor gives another (a root of a negative number is x86's
 * NaN, 0xFFC00000). TFLite has SQRT, SQUARE, FLOOR, CEIL and ROUND (halves to even) of nothing else. */
#include "kernels/ops/pointwise/pointwise.h"

#include "kernels/curve.h"
#include "kernels/real.h"

#include <string.h>

enum { RSQRT_SHIFT = 20 }; /* keeps 1 / sqrt(x) an integer */

/* ---- ABS, NEG ---- */

tl_kernel_code tl_abs_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_elementwise_data *data = setup->op->data;
  const bool plain = input->scale_count == 0 && output->scale_count == 0 &&
                     (input->type == TL_TENSOR_INT16 || input->type == TL_TENSOR_INT32 ||
                      input->type == TL_TENSOR_FLOAT32);
  data->plain = plain;
  if (input->type != output->type ||
      (!plain && (!tl_op_quantised(input) || !tl_op_quantised(output))))
    return tl_op_refuse(setup, "input and output must both be int8 or int16, quantised per tensor, "
                               "or int16, int32 or float32, not quantised");
  if (!tl_broadcast_plan_flat(&data->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  if (plain) return TL_KERNEL_OK;
  if (input->type == TL_TENSOR_INT16 && (input->zero_point != 0 || output->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  const double ratio = (double)input->scale / (double)output->scale;
  if (!(ratio < TL_POINTWISE_RATIO_MAX)) return tl_op_refuse(setup, "ratio of scales out of range");
  data->rescales = input->scale != output->scale;
  data->scale = tl_op_scale(setup, ratio);
  data->zero_in = input->zero_point;
  data->zero_out = output->zero_point;
  (void)tl_op_activation(0, output, &data->range);
  return TL_KERNEL_OK;
}

tl_kernel_code tl_neg_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_elementwise_data *data = setup->op->data;
  if (input->type != output->type ||
      (!tl_pointwise_int32(input) && input->type != TL_TENSOR_FLOAT32))
    return tl_op_refuse(setup, "input and output must both be int32, not quantised, or float32");
  if (!tl_broadcast_plan_flat(&data->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  return TL_KERNEL_OK;
}

static void abs_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y, uint32_t count)
{
  const tl_elementwise_data *abs = data;
  for (uint32_t i = 0; i < count; i++) {
    const int32_t v = x[0][i] - abs->zero_in, magnitude = v < 0 ? -v : v;
    y[i] = tl_pointwise_place(abs->rescales ? tl_fixed_mul(magnitude, abs->scale) : magnitude,
                              abs->zero_out, abs->range);
  }
}

static void abs_plain_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++)
    y[i] = x[0][i] < 0 ? (int32_t)(0u - (uint32_t)x[0][i]) : x[0][i];
}

static void abs_float_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++) y[i] = x[0][i] & INT32_MAX; /* without the sign */
}

static void neg_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y, uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++) y[i] = (int32_t)(0u - (uint32_t)x[0][i]);
}

static void neg_float_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                            uint32_t count)
{
  (void)data;
  for (uint32_t i = 0; i < count; i++) y[i] = x[0][i] ^ INT32_MIN; /* the sign */
}

void tl_abs_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_elementwise_data *data = op->data;
  tl_broadcast_run(&data->plan, model, op, place,
                   !data->plain                               ? abs_lanes
                   : data->plan.type_out == TL_TENSOR_FLOAT32 ? abs_float_lanes
                                                              : abs_plain_lanes);
}

void tl_neg_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_elementwise_data *data = op->data;
  tl_broadcast_run(&data->plan, model, op, place,
                   data->plan.type_out == TL_TENSOR_FLOAT32 ? neg_float_lanes : neg_lanes);
}

/* ---- functions of float32 ---- */

static float float_of(int32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int32_t bits_of(float value)
{
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float sqrt_of(float x)
{
  const int32_t bits = bits_of(x);
  if (x == 0.0f || x != x || bits == 0x7F800000) return x; /* with its sign; infinity */
  return x < 0.0f ? float_of(-0x400000) : (float)tl_real_sqrt(x);
}

static float floor_of(float x)
{
  if (!(x > -8388608.0f && x < 8388608.0f)) return x; /* whole already, or no number */
  const float whole = (float)(int32_t)x;
  if (whole > x) return whole - 1.0f;
  return whole == 0.0f ? float_of(bits_of(x) & INT32_MIN) : whole; /* -0 stays */
}

/* As TFLite writes it: what is rounded up to 0 from below has no sign. */
static float round_of(float x)
{
  const float low = floor_of(x), rest = x - low;
  if (rest < 0.5f || (rest == 0.5f && (int32_t)low % 2 == 0)) return low;
  return low + 1.0f;
}

static tl_kernel_code float_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_elementwise_data *data = setup->op->data;
  if (input->type != TL_TENSOR_FLOAT32 || output->type != TL_TENSOR_FLOAT32)
    return tl_op_refuse(setup, "takes and gives float32 alone: a quantised model has it between "
                               "DEQUANTIZE and QUANTIZE");
  if (!tl_broadcast_plan_flat(&data->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  return TL_KERNEL_OK;
}

#define FLOAT_LANES(name, value)                                                                   \
  static void name##_lanes(const void *data, int32_t(*x)[TL_LANES], int32_t *restrict y,           \
                           uint32_t count)                                                         \
  {                                                                                                \
    (void)data;                                                                                    \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      const float v = float_of(x[0][i]);                                                           \
      y[i] = bits_of(value);                                                                       \
    }                                                                                              \
  }
#define FLOAT_OP(name, value)                                                                      \
  FLOAT_LANES(name, value)                                                                         \
  tl_kernel_code tl_##name##_prepare(const tl_op_setup *setup) { return float_prepare(setup); }    \
  void tl_##name##_eval(const tl_model *model, const tl_op *op, const tl_place *place)             \
  {                                                                                                \
    const tl_elementwise_data *data = op->data;                                                    \
    tl_broadcast_run(&data->plan, model, op, place, name##_lanes);                                 \
  }
FLOAT_OP(sqrt, sqrt_of(v))
FLOAT_OP(square, v *v)
FLOAT_OP(floor, floor_of(v))
FLOAT_OP(ceil, -floor_of(-v))
FLOAT_OP(round, round_of(v))
FLOAT_LANES(rsqrt_float, 1.0f / sqrt_of(v))

/* ---- RSQRT ---- */

tl_kernel_code tl_rsqrt_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_elementwise_data *data = setup->op->data;
  if (input->type == TL_TENSOR_FLOAT32 && output->type == TL_TENSOR_FLOAT32)
    return float_prepare(setup);
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != output->type)
    return tl_op_refuse(setup, "input and output must both be int8 or both int16, quantised per "
                               "tensor, or float32");
  if (!tl_broadcast_plan_flat(&data->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  if (input->type == TL_TENSOR_INT16 && (input->zero_point != 0 || output->zero_point != 0))
    return tl_op_refuse(setup, "int16 needs zero points of 0");
  const double ratio = 1.0 / (tl_real_sqrt(input->scale) * (double)output->scale);
  if (!(ratio < 1073741824.0)) return tl_op_refuse(setup, "ratio of scales out of range");
  data->scale = tl_op_scale(setup, ratio);
  data->zero_in = input->zero_point;
  data->zero_out = output->zero_point;
  (void)tl_op_activation(0, output, &data->range);
  return TL_KERNEL_OK;
}

/* 1 / sqrt(x) for 1 <= x < 2^27, as a multiplier and a shift to the right (shift is negative).
 * Source: GetInvSqrtQuantizedMultiplierExp of TFLite. Brought to x' = x * 4^k in [1/4, 1) as Q3.28
 * halves; five Newton steps y = y * 3/2 - x'/2 * y^3 from y = 1; times sqrt(1/2). */
static tl_scale inverse_root(int32_t x, int16_t rounding)
{
  if (x <= 1) return (tl_scale){INT32_MAX, 0, rounding};
  int32_t pairs = 0;
  for (; x < 1 << 27; pairs++) x *= 4;
  const int32_t half = tl_fixed_shift_right(x >> 1, 1), one = 1 << 28;
  int32_t y = one;
  for (int step = 0; step < 5; step++) {
    /* y^3 in Q9.22, saturated to Q3.28 */
    const int32_t cube =
        tl_curve_saturate(64 * (int64_t)tl_fixed_high_mul(tl_fixed_high_mul(y, y), y));
    y = tl_curve_saturate(
        8 * ((int64_t)tl_fixed_high_mul(one + one / 2, y) - tl_fixed_high_mul(half, cube)));
  }
  y = tl_fixed_high_mul(y, 1518500250); /* sqrt(2) / 2 */
  int32_t shift = 11 - pairs;
  for (; shift < 0; shift++) y *= 2;
  return (tl_scale){y, (int16_t)-shift, rounding};
}

static void rsqrt_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                        uint32_t count)
{
  const tl_rsqrt_data *rsqrt = data;
  tl_scale scale = rsqrt->scale;
  scale.shift = (int16_t)(scale.shift - RSQRT_SHIFT);
  if (scale.shift < -31) scale = (tl_scale){0, 0, scale.rounding};
  for (uint32_t i = 0; i < count; i++) {
    const int32_t value = x[0][i] - rsqrt->zero_in;
    tl_scale inverse = inverse_root(value, scale.rounding);
    inverse.shift = (int16_t)(inverse.shift + RSQRT_SHIFT);
    const int32_t root = tl_fixed_mul(1, inverse);
    y[i] = value <= 0
               ? rsqrt->range.high
               : tl_pointwise_place(tl_fixed_mul(root, scale), rsqrt->zero_out, rsqrt->range);
  }
}

void tl_rsqrt_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_elementwise_data *data = op->data;
  tl_broadcast_run(&data->plan, model, op, place,
                   data->plan.type_out == TL_TENSOR_FLOAT32 ? rsqrt_float_lanes : rsqrt_lanes);
}

/* ---- ZEROS_LIKE ---- */

tl_kernel_code tl_zeros_like_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  if (input->type != output->type || input->element_count != output->element_count)
    return tl_op_refuse(setup, "input and output differ in type or size");
  return TL_KERNEL_OK;
}

void tl_zeros_like_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  memset(tl_op_write(model, op, 0, place), 0, tl_op_output(model, op, 0)->bytes);
}
