/* l2_normalization.c: y = x / sqrt(sum x^2) along the last axis, int8 to int8 (1/128, zero point 0).
 *
 * 1 / sqrt by five Newton steps in Q3.28 from 1, on a sum brought to [1/4, 1) by powers of 4. Source:
 * TFLite Micro's reference kernel; a sum of squares beyond int32 goes on by the same rule. */
#include "kernels/curve.h"
#include "kernels/ops/reduce/reduce.h"

#include <string.h>

tl_kernel_code tl_l2_normalization_prepare(const tl_op_setup *setup)
{
  const tl_tensor *input = tl_op_input(setup->model, setup->op, 0);
  const tl_tensor *output = tl_op_output(setup->model, setup->op, 0);
  tl_l2_data *l2 = setup->op->data;
  uint8_t activation = 0;
  if (!tl_flat_u8(setup->flat, &setup->options, 0, &activation))
    return tl_op_refuse(setup, "options leave the file");
  if (activation != 0) return tl_op_refuse(setup, "fused activation is not supported");
  if (!tl_op_quantised(input) || !tl_op_quantised(output) || input->type != TL_TENSOR_INT8 ||
      output->type != TL_TENSOR_INT8)
    return tl_op_refuse(setup, "input and output must be int8, quantised per tensor");
  if (output->scale != 1.0f / 128.0f || output->zero_point != 0)
    return tl_op_refuse(setup, "output must have scale 1/128 and zero point 0");
  if (input->rank == 0 || input->rank != output->rank ||
      memcmp(input->dims, output->dims, sizeof input->dims) != 0)
    return tl_op_refuse(setup, "input and output must have the same shape, not that of a scalar");
  l2->depth = (uint32_t)input->dims[input->rank - 1];
  l2->rows = input->element_count / l2->depth;
  l2->zero_in = input->zero_point;
  l2->rounding = tl_op_scale(setup, 1.0).rounding;
  return TL_KERNEL_OK;
}

static int32_t times_power(int32_t x, int32_t exponent)
{
  return tl_curve_saturate((int64_t)x * ((int64_t)1 << exponent));
}

/* 1 / sqrt(x / 2^29) * sqrt(1/2) in Q3.28, x in [2^27, 2^29). */
static int32_t inverse_root(int32_t x)
{
  enum { ONE = 1 << 28, THREE_HALVES = ONE + ONE / 2, SQRT_HALF = 1518500250 };
  const int32_t half = tl_fixed_shift_right(x >> 1, 1);
  int32_t root = ONE;
  for (int step = 0; step < 5; step++) {
    const int32_t square = tl_fixed_high_mul(root, root);
    const int32_t cube = times_power(tl_fixed_high_mul(square, root), 6);
    root = times_power(tl_fixed_high_mul(THREE_HALVES, root) - tl_fixed_high_mul(half, cube), 3);
  }
  return tl_fixed_high_mul(root, SQRT_HALF);
}

/* 1 / sqrt(sum) as a multiplier; 0 counts as 1. */
static tl_scale inverse_norm(uint64_t sum, int16_t rounding)
{
  if (sum <= 1) return (tl_scale){INT32_MAX, 0, rounding};
  int32_t shift = 11;
  for (; sum >= 1u << 29; sum /= 4) shift++;
  for (; sum < 1u << 27; sum *= 4) shift--;
  const int32_t root = inverse_root((int32_t)sum);
  if (shift >= 0) return (tl_scale){root, (int16_t)-shift, rounding};
  return (tl_scale){tl_fixed_shift_left(root, -shift), 0, rounding};
}

void tl_l2_normalization_eval(const tl_model *model, const tl_op *op, const tl_place *place)
{
  const tl_l2_data *l2 = op->data;
  const int8_t *x = tl_op_read(model, op, 0, place);
  int8_t *y = tl_op_write(model, op, 0, place);
  for (uint32_t r = 0; r < l2->rows; r++, x += l2->depth, y += l2->depth) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < l2->depth; i++)
      sum += (uint32_t)((x[i] - l2->zero_in) * (x[i] - l2->zero_in));
    tl_scale scale = inverse_norm(sum, l2->rounding);
    scale.shift = (int16_t)(scale.shift + 7); /* the output's 1/128 */
    for (uint32_t i = 0; i < l2->depth; i++)
      y[i] = (int8_t)tl_fixed_clamp(tl_fixed_mul(x[i] - l2->zero_in, scale), INT8_MIN, INT8_MAX);
  }
}
