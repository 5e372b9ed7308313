/* hard_swish.c: HARD_SWISH int8: x * min(max(x + 3, 0), 6) / 6 in 16 bits.
 *
 * Source: the reference kernel of TFLite. x, times 2^7, is brought once to the output's scale (but
 * for a last shift to the right) and once to the scale on which 3 is 2^15, saturating, so that the
 * second becomes a factor in [0, 1]. The steps round differently on purpose: their biases cancel.
 * All 256 results are computed when the model opens. */
#include "kernels/ops/pointwise/pointwise.h"

typedef struct steps {
  int32_t shift_out, shift_factor; /* to the right, to the left */
  int32_t zero_out;
  int16_t multiplier_out, multiplier_factor;
} steps;

/* The 16 high bits of a multiplier. */
static int16_t narrow(tl_scale scale)
{
  const int32_t half = 1 << 15;
  return (int16_t)(scale.multiplier >= INT32_MAX - half ? INT16_MAX
                                                        : (scale.multiplier + half) >> 16);
}

static int16_t saturate(int32_t x) { return (int16_t)tl_fixed_clamp(x, INT16_MIN, INT16_MAX); }

/* a * b / 2^15, halves up; b >= 0. */
static int16_t high_mul(int16_t a, int16_t b)
{
  const int32_t product = a * b;
  return (int16_t)((product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

/* x / 2^exponent, halves away from zero. Beyond 15 the reference's mask of 16 bits is all ones, so
 * that 1 is added to what is left: 0 and above give 1, the rest -1. */
static int16_t shift_right(int16_t x, int32_t exponent)
{
  if (exponent > 15) return x >= 0 ? 1 : -1;
  return (int16_t)tl_fixed_shift_right(x, exponent);
}

/* The factor in [0, 1] as Q0.15. */
static int16_t factor_of(const steps *swish, int16_t fine)
{
  const int32_t shift = swish->shift_factor;
  int16_t x = fine;
  if (shift > 0) x = saturate(x * (1 << (shift - 1)));
  x = high_mul(x, swish->multiplier_factor);
  if (shift > 0) x = saturate(x * 2);
  if (shift < 0) x = shift_right(x, -shift);
  return (int16_t)((x + (1 << 15)) >> 1);
}

static int8_t hard_swish(const steps *swish, int32_t v)
{
  const int16_t fine = (int16_t)(v * (1 << 7));
  const int16_t scaled = high_mul(fine, swish->multiplier_out);
  const int16_t product = (int16_t)(factor_of(swish, fine) * scaled / (1 << 15));
  const int32_t shifted = shift_right(product, swish->shift_out);
  return (int8_t)tl_fixed_clamp((int16_t)(shifted + swish->zero_out), INT8_MIN, INT8_MAX);
}

tl_kernel_code tl_hard_swish_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_hard_swish_data *swish = setup->op->data;
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != TL_TENSOR_INT8 ||
      output->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "input and output must be int8, quantised per tensor");
  if (!tl_broadcast_plan_flat(&swish->plan, setup))
    return tl_op_refuse(setup, "input and output differ in size");
  const float fine = (1.0f / 128.0f) * input->scale, reluish = 3.0f / 32768.0f;
  const float ratio_out = fine / output->scale, ratio_factor = fine / reluish;
  if (!(ratio_out < 1.0f)) return tl_op_refuse(setup, "ratio of scales out of range");
  if (!(ratio_factor < 65536.0f)) return tl_op_refuse(setup, "input scale out of range");
  const tl_scale out = tl_op_scale(setup, (double)ratio_out);
  const tl_scale factor = tl_op_scale(setup, (double)ratio_factor);
  if (out.shift > 0) return tl_op_refuse(setup, "ratio of scales out of range");
  const steps s = {.multiplier_out = narrow(out),
                   .shift_out = -out.shift,
                   .multiplier_factor = narrow(factor),
                   .shift_factor = factor.shift,
                   .zero_out = output->zero_point};
  for (int32_t x = INT8_MIN; x <= INT8_MAX; x++)
    swish->table[x - INT8_MIN] = hard_swish(&s, x - input->zero_point);
  return TL_KERNEL_OK;
}

static void hard_swish_lanes(const void *data, int32_t (*x)[TL_LANES], int32_t *restrict y,
                             uint32_t count)
{
  const int8_t *table = ((const tl_hard_swish_data *)data)->table;
  for (uint32_t i = 0; i < count; i++) y[i] = table[x[0][i] - INT8_MIN];
}

void tl_hard_swish_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  tl_broadcast_run(&((const tl_hard_swish_data *)op->data)->plan, model, op, place,
                   hard_swish_lanes);
}
